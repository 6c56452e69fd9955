"""The objects of OCPI: every field of every class in each version, from the files in `privacy`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES: Final = ("cdrs", "locations", "sessions", "tariffs", "tokens")
VERSIONS: Final = ("2.1.1", "2.2.1", "2.3.0")

_FILES: Final = Path(__file__).with_name("privacy")


class Member(msgspec.Struct, frozen=True):
    """One field of a class.

    Attributes:
        name: as on the wire.
        type: of a value (`cs36`, `dt`, `num`, an enumeration, …), or the name of a class.
        many: a list.
        required: a conforming object has it; a required list has an element.
        foreign: a field of another version that servers are seen to send.
        tool: verdict of ocpi-tool, `P`, `N` or `-`; empty for objects.
        strict: strict verdict, `P`, `N` or `H`; empty for objects.
    """

    name: str
    type: str
    many: bool
    required: bool
    foreign: bool
    tool: str
    strict: str


class Objects(msgspec.Struct, frozen=True):
    """The objects of one version.

    Attributes:
        version: e.g. `2.2.1`.
        modules: class of the records, by module.
        classes: members by class, in the order of the protocol.
        open: paths by module that the default profile lets pass although the strict one does not.
        within: verdicts `tool strict` by module and path that go before those of the class.
        coarse: last names of the paths that rounding applies to, by kind.
    """

    version: str
    modules: Mapping[str, str]
    classes: Mapping[str, tuple[Member, ...]]
    open: Mapping[str, frozenset[str]]
    within: Mapping[str, Mapping[str, str]]
    coarse: Mapping[str, frozenset[str]]


@cache
def objects(version: str) -> Objects:
    """The objects of a version.

    Raises:
        UnknownName: no such version.
    """
    if version not in VERSIONS:
        raise UnknownName("version of OCPI", version, VERSIONS)
    data = tomllib.loads((_FILES / f"{version}.toml").read_text(encoding="utf-8"))
    modules, opened, within, coarse = (
        data.pop(name) for name in ("modules", "open", "within", "coarse")
    )
    return Objects(
        version,
        modules,
        {name: _members(rows) for name, rows in data.items()},
        {module: frozenset(paths) for module, paths in opened.items()},
        within,
        {kind: frozenset(names) for kind, names in coarse.items()},
    )


def _members(rows: Mapping[str, Any]) -> tuple[Member, ...]:
    return tuple(_member(name, *text.split()) for name, text in rows.items())


def _member(name: str, type: str, cardinality: str, tool: str = "", strict: str = "") -> Member:
    count = cardinality[-1]
    return Member(
        name, type, count in "*+", count in "1+", cardinality.startswith("~"), tool, strict
    )
