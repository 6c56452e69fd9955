"""The journal of what was taken out: who, when, through which view, how many records of what.

One line of JSON for each taking, in a file of the store that only its owner reads. A line is
written in one piece at the end of the file, so that several programs may keep the same journal.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import BadFile, DiskFull
from tidegate.model.instants import now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME: Final = "takings.jsonl"
"""The journal's name in the folder of a store."""

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_END: Final = b"\n"


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """Records that left.

    Attributes:
        at: when, in UTC microseconds.
        actor: who took them: `owner` at the command line, else the name of a user or key.
        view: through which view; None for the owner's own export.
        connection: of which connection.
        module: of which module.
        records: how many.
        format: as what, e.g. `jsonl`.
        channel: by which way, e.g. `ocpi get` or `share`.
    """

    at: int = msgspec.field(default_factory=now)
    actor: str
    view: str | None = None
    connection: str
    module: str
    records: int
    format: str
    channel: str


def enter(folder: Path, taking: Taking) -> None:
    """Add a taking to the journal of the store in a folder.

    Raises:
        DiskFull: there is no room for it.
        BadFile: the journal cannot be written.
    """
    path = folder / NAME
    line = msgspec.json.encode(taking) + _END
    try:
        journal = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(journal, _mending(journal) + line)
        finally:
            os.close(journal)
    except OSError as problem:
        if problem.errno in _FULL:
            raise DiskFull(path) from problem
        why = (problem.strerror or str(problem)).lower()
        raise BadFile(path, why, hint="check the folder of the store") from problem


def takings(folder: Path, *, since: int | None = None) -> Iterator[Taking]:
    """The takings of a store, oldest first.

    A line that a crash cut off is passed over.

    Args:
        folder: of the store.
        since: only those at or after this instant, in UTC microseconds.
    """
    decoder = msgspec.json.Decoder(Taking)
    try:
        journal = (folder / NAME).open("rb")
    except FileNotFoundError:
        return
    with journal:
        for line in journal:
            try:
                taking = decoder.decode(line)
            except msgspec.DecodeError:
                continue
            if since is None or taking.at >= since:
                yield taking


def _mending(journal: int) -> bytes:
    """A line end where a crash left the last line without one."""
    size = os.fstat(journal).st_size
    return b"" if not size or os.pread(journal, 1, size - 1) == _END else _END
