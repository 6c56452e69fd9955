"""The field rules that a person asks for: a profile, and a pass list on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.gate.passlist import parse_pass_list
from tidegate.gate.verdicts import Verdict
from tidegate.platforms.ocpi.rules import field_rules
from tidegate.platforms.ocpi.settings import read_settings
from tidegate.services.connection_files import NotLoggedIn
from tidegate.services.connection_files import connection as connection_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.gate.rules import FieldRules


_USUAL: Final = "2.2.1"
"""The version shown where no connection tells one."""


class ShownField(msgspec.Struct, frozen=True):
    """One field of a module and what happens to it.

    Attributes:
        path: dotted; lists on the way are not named.
        type: as the protocol names it.
        verdict: `pass`, `blank`, `hash` or `omit`.
        because: `profile`, or `pass list` where the profile alone would not let it pass.
    """

    path: str
    type: str
    verdict: str
    because: str


def spoken_version(folder: Path, connection: str | None = None) -> str:
    """The version of OCPI that a connection speaks; the usual one where there is no connection.

    Args:
        folder: of the store.
        connection: its name; the only one to an OCPI platform unless given.

    Raises:
        NotFound: there is no connection of that name.
        Ambiguous: no name is given and there are several.
    """
    try:
        record, _ = connection_of(folder, connection, platform="ocpi")
    except NotLoggedIn:
        if connection is not None:
            raise
        return _USUAL
    return read_settings(record.settings).version


def ocpi_rules(
    module: str,
    version: str,
    *,
    profile: str = "default",
    privacy_pass: str | None = None,
    extensions: bool = False,
) -> FieldRules:
    """The rules of an OCPI module under a profile and a pass list.

    Args:
        module: e.g. `sessions`.
        version: of the protocol, e.g. `2.2.1`.
        profile: `default`, `parity`, `strict` or `full`.
        privacy_pass: comma-separated paths that shall pass as well.
        extensions: take unknown last names of the pass list for fields that the platform added.

    Raises:
        UnknownName: no such module, version or profile.
        BadPassList: the pass list names nothing, or what is not there.
    """
    rules = field_rules(module, version, profile)
    if privacy_pass is None:
        return rules
    return rules.passing(parse_pass_list(privacy_pass), extensions=extensions)


def shown_fields(rules: FieldRules) -> Iterator[ShownField]:
    """Every field of a module with its verdict, in the order of the protocol.

    Last come structures that pass whole: in them unknown fields leave too.
    """
    plain = {
        field.path: field.verdict
        for field in field_rules(rules.module, rules.version, rules.profile).fields()
    }
    for field in rules.fields():
        by_list = field.verdict is Verdict.PASS is not plain.get(field.path)
        because = "pass list" if by_list else "profile"
        yield ShownField(field.path, field.type, field.verdict, because)
    for path in rules.opened():
        within = "*" if path == "." else f"{path}.*"
        because = "profile" if rules.profile == "full" else "pass list"
        yield ShownField(within, "unknown fields", Verdict.PASS, because)
