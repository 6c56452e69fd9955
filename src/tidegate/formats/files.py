"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from tidegate.model.errors import BadFile, DiskFull

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` once it is written and on the disk.

    When the block fails nothing of it is left and an earlier file stays as it was. What is no
    regular file, such as a pipe, is written to directly.

    Raises:
        DiskFull: there is no room for the file.
        BadFile: the path cannot be written.
    """
    final = path.resolve()
    try:
        if final.exists() and not stat.S_ISREG(final.stat().st_mode):
            with final.open("wb") as stream:
                yield stream
            return
        with _beside(final) as stream:
            yield stream
    except OSError as problem:
        if problem.errno in _FULL:
            raise DiskFull(path) from problem
        if problem.errno == errno.EPIPE:
            raise
        why = (problem.strerror or str(problem)).lower()
        raise BadFile(path, why, hint="check the path") from problem


@contextmanager
def _beside(final: Path) -> Iterator[BinaryIO]:
    part = final.with_name(f".{final.name[:80]}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(final)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    _sync_folder(final.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
