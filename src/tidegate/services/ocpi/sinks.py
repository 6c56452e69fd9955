"""Where exported records go: standard output, a file, a folder of files, or files that rotate.

A sink gives one writer for each run of an export. What was written counts when the run has left the
writer without an error: then it is on the disk, or with whoever reads standard output.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import msgspec

from tidegate.formats.files import replacing
from tidegate.model.errors import BadFile, BadValue
from tidegate.model.instants import now, to_datetime
from tidegate.services.ocpi.progress import OpenFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from tidegate.formats.records import RecordWriter
    from tidegate.services.ocpi.outlet import Outlet
    from tidegate.services.ocpi.progress import Export, Progress

_OWNER_ONLY = 0o600


class Sink(Protocol):
    """Takes the records of one run after the other.

    Attributes:
        is_atomic: True if nothing of a run that failed is left.
    """

    is_atomic: bool

    def writing(self, outlet: Outlet) -> AbstractContextManager[RecordWriter]:
        """A writer for one run; leaving it without an error makes its records last."""

    def remembered(self, progress: Progress) -> Progress:
        """The progress of the export with what this sink has to remember."""

    def finish(self, export: Export) -> None:
        """No run follows."""


class _Plain:
    """A sink that remembers nothing."""

    is_atomic = True

    def remembered(self, progress: Progress) -> Progress:
        """The progress as it is."""
        return progress

    def finish(self, export: Export) -> None:
        """Nothing is open."""


class StandardOutput(_Plain):
    """Standard output: a page is out as soon as it is written."""

    is_atomic = False

    def __init__(self) -> None:
        self._goes_on = False

    @contextmanager
    def writing(self, outlet: Outlet) -> Iterator[RecordWriter]:
        """A writer for one run; a header is written in the first only."""
        stream = sys.stdout.buffer
        writer = outlet.writer(stream, goes_on=self._goes_on)
        self._goes_on = True
        with _whole(writer):
            yield writer
        stream.flush()
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            os.fsync(stream.fileno())


class OneFile(_Plain):
    """A file, which takes the place of an earlier one when a run is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def writing(self, outlet: Outlet) -> Iterator[RecordWriter]:
        """A writer for one run."""
        with replacing(self._path) as stream:
            _protect(stream, outlet)
            with _whole(outlet.writer(stream)) as writer:
                yield writer


class FileForEachRun(_Plain):
    """A folder with a file for each run that has records, named by module and instant."""

    def __init__(self, folder: Path) -> None:
        self._folder = existing(folder)

    @contextmanager
    def writing(self, outlet: Outlet) -> Iterator[RecordWriter]:
        """A writer for one run."""
        with ExitStack() as stack:
            late = _Late(
                stack, self._folder / f"{_stem(outlet, now())}.{outlet.wanted.format}", outlet
            )
            with _whole(late):
                yield late


class _Late:
    """A writer whose file comes to be with its first record."""

    def __init__(self, stack: ExitStack, path: Path, outlet: Outlet) -> None:
        self._stack = stack
        self._path = path
        self._outlet = outlet
        self._writer: RecordWriter | None = None

    def write(self, lines: bytes) -> None:
        """Write the records of some JSON lines."""
        if not lines:
            return
        if self._writer is None:
            stream = self._stack.enter_context(replacing(self._path))
            _protect(stream, self._outlet)
            self._writer = self._outlet.writer(stream)
        self._writer.write(lines)

    def close(self) -> None:
        """Write what comes after the last record."""
        if self._writer is not None:
            self._writer.close()

    def drop(self) -> None:
        """Write nothing more."""
        if self._writer is not None:
            self._writer.drop()


class RotatingFiles:
    """A folder with a file for each interval; it appears under its name when the interval is over.

    Until then its records lie in a hidden file beside it. What a run that failed has left there is
    cut off when the next one begins, so that no record comes twice.

    Args:
        folder: of the files.
        step: length of an interval, microseconds.
        export: remembers the file that is open.
    """

    is_atomic = True

    def __init__(self, folder: Path, step: int, export: Export) -> None:
        self._folder = existing(folder)
        self._step = step
        self._export = export
        self._open: OpenFile | None = None

    @contextmanager
    def writing(self, outlet: Outlet) -> Iterator[RecordWriter]:
        """A writer for one run, to the file of the interval that it begins in."""
        start = now() // self._step * self._step
        known = self._export.progress.file
        path = self._folder / f".{_stem(outlet, start)}.{outlet.wanted.format}.part"
        if known is not None and known.path != str(path):
            self.finish(self._export)
            known = None
        length = known.length if known is not None and path.exists() else 0
        with path.open("r+b" if path.exists() else "x+b") as stream:
            _protect(stream, outlet)
            stream.truncate(length)
            stream.seek(length)
            with _whole(outlet.writer(stream, goes_on=length > 0)) as writer:
                yield writer
            stream.flush()
            os.fsync(stream.fileno())
            self._open = OpenFile(str(path), stream.tell())

    def remembered(self, progress: Progress) -> Progress:
        """The progress with the file that is open."""
        return msgspec.structs.replace(progress, file=self._open)

    def finish(self, export: Export) -> None:
        """Give the open file its name; one of the same name is kept beside it."""
        known = export.progress.file
        if known is None:
            return
        part = Path(known.path)
        if part.exists():
            with part.open("r+b") as stream:
                stream.truncate(known.length)
                os.fsync(stream.fileno())
            part.rename(_free(part))
        export.confirm(msgspec.structs.replace(export.progress, file=None))


def existing(folder: Path) -> Path:
    """A folder for files, made if it is not there.

    Raises:
        BadValue: something else has its name.
        BadFile: it cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise BadValue("--out", str(folder), "a folder with --follow; a file comes for each run")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        why = (problem.strerror or str(problem)).lower()
        raise BadFile(folder, why, hint="check the path") from problem
    return folder.resolve()


@contextmanager
def _whole(writer: RecordWriter) -> Iterator[RecordWriter]:
    """A writer that is closed if all went well, and dropped otherwise."""
    try:
        yield writer
    except BaseException:
        writer.drop()
        raise
    writer.close()


def _free(part: Path) -> Path:
    """The final name of a hidden part, or one with a number if that is taken."""
    final = part.with_name(part.name.removeprefix(".").removesuffix(".part"))
    number = 1
    while final.exists():
        number += 1
        final = final.with_stem(f"{final.stem.partition('~')[0]}~{number}")
    return final


def _stem(outlet: Outlet, instant: int) -> str:
    return f"{outlet.wanted.module}-{to_datetime(instant):%Y%m%dT%H%M%SZ}"


def _protect(stream: BinaryIO, outlet: Outlet) -> None:
    """Keep a file of records to its owner if it holds more than the default profile lets out."""
    if outlet.is_personal and stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        os.fchmod(stream.fileno(), _OWNER_ONLY)
