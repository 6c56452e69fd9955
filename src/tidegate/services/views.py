"""Views: making, finding and describing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.gate.refusals import NotHeld
from tidegate.gate.transforms import TIMES
from tidegate.gate.verdicts import Verdict
from tidegate.gate.views import not_held, seen_rules, stored_rules
from tidegate.model.attributes import AttributeFilter
from tidegate.model.errors import BadValue, NotFound, UnknownName
from tidegate.model.instants import zone as zone_named
from tidegate.model.intervals import parse_interval
from tidegate.model.views import SHARED_MODULES, ModuleRules, Source
from tidegate.platforms.ocpi.ingest import ingest_rules
from tidegate.platforms.ocpi.rules import field_rules
from tidegate.platforms.ocpi.settings import read_settings
from tidegate.services.selection import connection as connection_of
from tidegate.services.selection import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.gate.rules import FieldRules
    from tidegate.model.views import View
    from tidegate.platforms.ocpi.settings import OcpiSettings
    from tidegate.store.verbs import Verbs


def view_named(store: Verbs, name: str) -> View:
    """The view of a name.

    Raises:
        NotFound: there is no such view.
    """
    for view in store.views():
        if view.name == name:
            return view
    raise NotFound("view", name, hint="tidegate view list shows the names")


def create_view(store: Verbs, view: View, *, actor: str = "owner") -> View:
    """Make a view, or put it in place of the one with its name; gives it as it is kept.

    A view of records whose connection is not named is one of the only OCPI connection.

    Raises:
        BadValue: a part of it has a value that it cannot have.
        UnknownName: a module that views do not show.
        BadPassList: a path that no record has.
        NotHeld: it passes a field that the store does not hold.
        NotFound, Ambiguous: there is no such connection, or more than one.
    """
    _check(view)
    if view.modules:
        record = connection_of(store, view.connection, platform="ocpi")
        view = msgspec.structs.replace(view, connection=record.name)
        settings = read_settings(record.settings)
        for module in view.modules:
            _check_fields(view, module, settings)
    elif view.connection is not None:
        connection_of(store, view.connection)
    store.put_view(view, actor=actor)
    return view


def view_rules(view: View, module: str, settings: OcpiSettings) -> FieldRules:
    """The rules by which records of a module leave through a view, wherever they come from.

    Records of a store hold hashes already where they came in hashed; these leave as they are.

    Raises:
        BadPassList: the view names a path that is not there.
    """
    seen = seen_rules(field_rules(module, settings.version, "strict"), view)
    return seen if view.source is Source.LIVE else stored_rules(seen, held_rules(module, settings))


def held_rules(module: str, settings: OcpiSettings) -> FieldRules:
    """The rules by which records of a module come into the store."""
    return ingest_rules(module, settings)


def modules_of(
    passed: Iterable[str], hashed: Iterable[str], omitted: Iterable[str], whole: Iterable[str]
) -> dict[str, ModuleRules]:
    """The rules of each module from paths such as `sessions.kwh`.

    Args:
        passed: paths that leave.
        hashed: paths that leave as hashes.
        omitted: paths that do not appear.
        whole: modules that leave by the strict profile at least.

    Raises:
        UnknownName: a path does not begin with a module that views show.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for module in whole:
        found[_module(module)] = {}
    for kind, paths in (("passed", passed), ("hashed", hashed), ("omitted", omitted)):
        for path in paths:
            module, _, rest = path.strip().partition(".")
            rules = found.setdefault(_module(module), {})
            if not rest:
                raise BadValue("path", path, f"a field of a module, such as {module}.id")
            rules.setdefault(kind, []).append(rest)
    return {
        module: ModuleRules(**{kind: tuple(paths) for kind, paths in rules.items()})
        for module, rules in found.items()
    }


def described(store: Verbs, view: View) -> Iterator[Mapping[str, Any]]:
    """Each field of each module of a view, and what becomes of it."""
    if not view.modules:
        return
    settings = read_settings(connection_of(store, view.connection).settings)
    for module in view.modules:
        for field in view_rules(view, module, settings).fields():
            yield {
                "module": module,
                "field": field.path,
                "verdict": field.verdict.value,
                "transform": field.transform if field.verdict is Verdict.PASS else "",
            }


def _check(view: View) -> None:
    if not view.name or not all(part.isalnum() for part in view.name.replace("_", "-").split("-")):
        raise BadValue("the name of a view", view.name, "letters, digits and hyphens")
    for module in view.modules:
        _module(module)
    for text in (view.since, view.until):
        if text is not None:
            instant(text)
    for text in view.selection.attributes:
        if not AttributeFilter.parse(text).name:
            raise BadValue("attribute", text, "a name, or Name|Value")
    if view.round_times is not None and view.round_times not in TIMES:
        raise UnknownName("way to round times", view.round_times, TIMES)
    if view.group.size < 1 or not 0 < view.group.share <= 100:
        raise BadValue("the smallest group", view.group.size, "1 or more, its share 1 to 100")
    parse_interval(view.group.interval)
    zone_named(view.group.zone)


def _check_fields(view: View, module: str, settings: OcpiSettings) -> None:
    strict = field_rules(module, settings.version, "strict")
    seen = seen_rules(strict, view)
    if view.source is Source.STORE:
        held = held_rules(module, settings)
        missing = not_held(seen, held, view.modules[module].hashed)
        if missing:
            raise NotHeld(view.name, view.connection or "", [f"{module}.{one}" for one in missing])


def _module(name: str) -> str:
    if name == "tokens":
        raise BadValue("module", name, f"one of {', '.join(SHARED_MODULES)}; tokens name customers")
    if name not in SHARED_MODULES:
        raise UnknownName("module of a view", name, SHARED_MODULES)
    return name
