"""What a view makes of field rules, and what of it records in a store can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.gate.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.gate.rules import FieldRules
    from tidegate.model.views import View


def seen_rules(strict: FieldRules, view: View) -> FieldRules:
    """The rules by which records of a module leave through a view.

    Args:
        strict: the strict rules of the module, which the view starts from.
        view: a view that names the module.

    Raises:
        BadPassList: the view names a path that is not there.
    """
    wanted = view.modules[strict.module]
    rules = strict.passing(wanted.passed) if wanted.passed else strict
    rules = rules.hashing(wanted.hashed).rounding(
        view.round_times,
        view.round_places,
        postal=view.round_postal,
        energy=view.round_energy,
    )
    return without(rules, wanted.omitted) if wanted.omitted else rules


def without(rules: FieldRules, paths: Sequence[str]) -> FieldRules:
    """Rules under which what the paths name does not appear.

    Raises:
        BadPassList: a path that is not there.
    """
    for path in paths:
        rules.lets_out(path)  # tells whether it is there
    kept = [field.path for field in rules.fields() if not _is_at(field.path, paths)]
    return rules.narrowed(kept)


def not_held(seen: FieldRules, held: FieldRules, hashed: Iterable[str]) -> list[str]:
    """The paths that a view lets out and a store cannot, because it does not hold them.

    Args:
        seen: the rules of the view.
        held: the rules by which records came into the store.
        hashed: the paths that the view wants hashed.
    """
    kept = {field.path: field.verdict for field in held.fields()}
    wanted = tuple(hashed)
    return [
        field.path
        for field in seen.fields()
        if (field.verdict is Verdict.PASS and kept.get(field.path) is not Verdict.PASS)
        or (_is_at(field.path, wanted) and kept.get(field.path) is Verdict.BLANK)
    ]


def stored_rules(seen: FieldRules, held: FieldRules) -> FieldRules:
    """The rules of a view for records as a store holds them: what is hashed stays as it is."""
    kept = {field.path for field in held.fields() if field.verdict is Verdict.HASH}
    hashed = [
        field.path
        for field in seen.fields()
        if field.verdict is Verdict.HASH and field.path in kept
    ]
    return seen.passing(hashed) if hashed else seen


def narrowed(rules: FieldRules, names: Sequence[str]) -> tuple[FieldRules, list[str]]:
    """Rules under which only what a consumer names leaves, and the names that do not leave.

    A structure may be named; of it leaves what leaves anyway.
    """
    leaving = [
        field.path for field in rules.fields() if field.verdict in {Verdict.PASS, Verdict.HASH}
    ]
    refused = [name for name in names if not any(_is_at(path, [name]) for path in leaving)]
    return rules.narrowed([path for path in leaving if _is_at(path, names)]), refused


def _is_at(path: str, names: Sequence[str]) -> bool:
    """True if one of the names is the path, or a structure that it is in."""
    return any(path == name or path.startswith(f"{name}.") for name in names)
