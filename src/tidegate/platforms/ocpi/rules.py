"""Field rules of OCPI: the verdicts of a module, a version and a profile."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from tidegate.gate.passlist import EVERYTHING
from tidegate.gate.rules import Branch, FieldRules, Leaf
from tidegate.gate.verdicts import Verdict
from tidegate.model.errors import UnknownName
from tidegate.platforms.ocpi.objects import MODULES, VERSIONS, Member, Objects, objects

__all__ = ["MODULES", "PROFILES", "VERSIONS", "field_rules"]

PROFILES: Final = {
    "default": "passes what both ocpi-tool and the strict profile pass, and ids of sessions",
    "parity": "the verdicts of ocpi-tool 1.1.1",
    "strict": "also blanks ids of records, or hashes them where there is a key",
    "full": "passes everything",
}
"""What each profile does."""

_Judge = Callable[[str, str, str], Verdict]
_STRICT: Final = {"P": Verdict.PASS, "N": Verdict.BLANK, "H": Verdict.HASH}


@cache
def field_rules(module: str, version: str, profile: str = "default") -> FieldRules:
    """The rules of one module.

    Args:
        module: one of `MODULES`.
        version: one of `VERSIONS`.
        profile: one of `PROFILES`.

    Raises:
        UnknownName: no such module, version or profile.
    """
    if module not in MODULES:
        raise UnknownName("module", module, MODULES)
    if profile not in PROFILES:
        raise UnknownName("profile", profile, list(PROFILES))
    tables = objects(version)
    judge = _judge(tables, module, profile)
    rules = FieldRules(
        module=module,
        version=version,
        profile=profile,
        root=_branch(tables, tables.modules[module], "", judge, foreign=False),
        coarse=tables.coarse,
    )
    return rules.passing([EVERYTHING]) if profile == "full" else rules


def _judge(tables: Objects, module: str, profile: str) -> _Judge:
    within = tables.within.get(module, {})
    opened = tables.open.get(module, frozenset())

    def verdict(path: str, tool: str, strict: str) -> Verdict:
        if path in within:
            tool, strict = within[path].split()
        if profile == "strict":
            return _STRICT[strict]
        passes = strict == "P" if tool == "-" else tool == "P"
        if profile == "default":
            passes = passes and (strict == "P" or path in opened)
        return Verdict.PASS if passes else Verdict.BLANK

    return verdict


def _branch(tables: Objects, name: str, prefix: str, judge: _Judge, *, foreign: bool) -> Branch:
    return Branch(
        {
            member.name: _node(tables, member, prefix + member.name, judge, foreign=foreign)
            for member in tables.classes[name]
        }
    )


def _node(
    tables: Objects, member: Member, path: str, judge: _Judge, *, foreign: bool
) -> Leaf | Branch:
    foreign = foreign or member.foreign
    if member.type not in tables.classes:
        verdict = judge(path, member.tool, member.strict)
        return Leaf(member.type, member.many, member.required, verdict, foreign=foreign)
    branch = _branch(tables, member.type, f"{path}.", judge, foreign=foreign)
    return Branch(branch.children, member.many, member.required, foreign=foreign)
