"""The connections of a store in a file beside its database, for commands that need no database.

The database is what counts: the file is written after it and mended when a store is opened. It
holds no secret.
"""

from __future__ import annotations

import logging
import os
import uuid
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import Ambiguous, NotFound
from tidegate.store.messages import ConnectionRecord  # noqa: TC001 (read at run time)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tidegate.store.verbs import Verbs

logger = logging.getLogger(__name__)

FILE: Final = "connections.json"


class Known(msgspec.Struct, frozen=True):
    """The connections of one store.

    Attributes:
        store: id of the store, under which its secrets are kept.
        connections: by name.
    """

    store: str
    connections: list[ConnectionRecord]


class NotLoggedIn(NotFound):
    """No connection to an OCPI platform, where one is needed."""

    code = "not-logged-in"

    def __init__(self) -> None:
        super().__init__(
            "connection", "ocpi", hint="tidegate ocpi login URL --party XX-YYY makes one"
        )
        self.message = "not logged in to an OCPI platform"
        self.args = (self.message,)


def mirror(store: Verbs, folder: Path) -> None:
    """Write the connections of a store into its file, unless that tells them already."""
    records = store.connections()
    known = _read(folder)
    if known is None and not records:
        return
    if known is None or known.connections != records:
        _write(folder, Known(store.status().id, records))


def connection(
    folder: Path, name: str | None = None, *, platform: str | None = None
) -> tuple[ConnectionRecord, str]:
    """The connection of a name, or the only one, and the id of its store.

    The database is not loaded, except where there is one but no file yet.

    Raises:
        NotFound: there is no such connection.
        Ambiguous: no name is given and there are several.
    """
    known = _read(folder) or _from_database(folder)
    record = chosen(known.connections if known else [], name, platform=platform)
    assert known is not None
    return record, known.store


def connections(folder: Path, *, platform: str) -> tuple[list[ConnectionRecord], str]:
    """The connections to a platform, and the id of their store; without a database, as above."""
    known = _read(folder) or _from_database(folder) or Known("", [])
    return [one for one in known.connections if one.platform == platform], known.store


def chosen(
    connections: Sequence[ConnectionRecord], name: str | None, *, platform: str | None = None
) -> ConnectionRecord:
    """The connection of a name; the only one (of a platform) where no name is given.

    Raises:
        NotFound: there is no such connection.
        Ambiguous: no name is given and there are several.
    """
    known = [one for one in connections if platform in {None, one.platform}]
    wanted = known if name is None else [one for one in known if one.name == name]
    if not known and platform == "ocpi":
        raise NotLoggedIn
    if not wanted:
        hint = f"tidegate connect {platform or 'dcs'} NAME URL makes one"
        if known:
            hint = "known: " + ", ".join(one.name for one in known)
        raise NotFound("connection", name or platform or "any", hint=hint)
    if len(wanted) > 1:
        option = "its name after the command" if platform is None else "--connection NAME"
        raise Ambiguous("connection", [one.name for one in wanted], option)
    return wanted[0]


def _from_database(folder: Path) -> Known | None:
    """What the store says, which writes the file as it is opened; None if there is no store."""
    if not folder.exists():
        return None
    from tidegate.store.files import DATABASE

    if not (folder / DATABASE).exists():
        return None
    from tidegate.services.opened import Store

    with Store.open(folder) as store:
        return _read(folder) or Known(store.verbs.status().id, store.connections())


def _read(folder: Path) -> Known | None:
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Known)
    except (OSError, msgspec.DecodeError):
        return None


def _write(folder: Path, known: Known) -> None:
    aside = folder / f".{FILE}.{uuid.uuid4().hex}"
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(known)) + b"\n")
        aside.replace(folder / FILE)
    except OSError as problem:
        logger.debug("%s is not written: %s", folder / FILE, problem)
    finally:
        aside.unlink(missing_ok=True)
