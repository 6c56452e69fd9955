"""What leaves of the records of a module and what stays, field by field; nothing is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.gate.verdicts import Verdict
from tidegate.platforms.ocpi.settings import read_settings
from tidegate.services.connection_files import NotLoggedIn
from tidegate.services.connection_files import connection as connection_of
from tidegate.services.ocpi.outlet import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.services.ocpi.outlet import Wanted


UNKNOWN: Final = "unknown fields"
"""What the type is called of fields that the protocol does not name."""
_USUAL: Final = "2.2.1"
"""The version shown where no connection tells one."""


class ShownField(msgspec.Struct, frozen=True):
    """One field of a module and what happens to it.

    Attributes:
        path: dotted; lists on the way are not named. One that ends in `*` is of unknown fields.
        type: as the protocol names it.
        verdict: `pass`, `blank`, `hash` or `omit`.
        because: `profile`, or `pass list` where the profile alone would not let it pass.
    """

    path: str
    type: str
    verdict: str
    because: str

    @property
    def leaves(self) -> bool:
        """True if something of it leaves, be it a hash."""
        return self.verdict in {Verdict.PASS, Verdict.HASH}

    @property
    def is_known(self) -> bool:
        """False for what stands for unknown fields."""
        return self.type != UNKNOWN


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


def shown_fields(wanted: Wanted, version: str) -> Iterator[ShownField]:
    """Every field of what is wanted with its verdict, in the order of the protocol.

    Last come structures that pass whole: in them unknown fields leave too.

    Args:
        wanted: a module, and by which profile and pass list it would leave.
        version: of the protocol, e.g. `2.2.1`.

    Raises:
        BadPassList: a pass names what is not there.
        UnknownName: there is no such module, version or profile.
    """
    rules = rules_of(wanted, version)
    plain = rules_of(msgspec.structs.replace(wanted, passes=()), version)
    before = {field.path: field.verdict for field in plain.fields()}
    for field in rules.fields():
        by_list = field.verdict is Verdict.PASS is not before.get(field.path)
        because = "pass list" if by_list else "profile"
        yield ShownField(field.path, field.type, field.verdict, because)
    opened = plain.opened()
    for path in rules.opened():
        within = "*" if path == "." else f"{path}.*"
        because = "profile" if path in opened else "pass list"
        yield ShownField(within, UNKNOWN, Verdict.PASS, because)
