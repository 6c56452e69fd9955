"""The log on disk, and the journal beside it that holds what changed since it was last written.

A change is one line at the end of the journal, so that a plan of many tasks does not rewrite its
log for each of them. The log itself is written whole beside its name and renamed; journals that it
contains are removed afterwards. A kill at any byte loses at most the line that was being written.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import BadFile, StoreBusy
from tidegate.model.instants import now, to_datetime
from tidegate.plans.files import told_of
from tidegate.plans.log import FORMAT, FileEntry, Log, TaskEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

_AT_MOST_EVERY: Final = 1.0
_SHARE: Final = 20
"""Writing the log takes at most this part of the time, however large it is."""


class LogBusy(StoreBusy):
    """Another process works on the same log."""

    code = "log-busy"

    def __init__(self, path: object) -> None:
        super().__init__(
            f"another process works on {path}",
            hint="wait until it ends, or stop it",
            path=str(path),
        )


class _Line(msgspec.Struct, omit_defaults=True):
    """One change: a whole task, or one file of a run of it."""

    id: str
    task: TaskEntry | None = None
    run: int | None = None
    file: FileEntry | None = None


class Journal:
    """Keeps a log on disk, up to the last change.

    Every change of a task or file is told here, from any thread; the caller holds `lock` while it
    changes the log and tells of it, so that what is written is whole.

    Args:
        path: of the log; its journals lie beside it.
        log: as `read_log` gave it, or a new one.

    Attributes:
        lock: to hold while the log is changed.
    """

    def __init__(self, path: Path, log: Log) -> None:
        self.path = path
        self.log = log
        self.lock = threading.RLock()
        self._saving = threading.Lock()
        self._encoder = msgspec.json.Encoder()
        self._number = max([0, *(number for number, _ in _journals(path))])
        self._file: int | None = None
        self._written = 0.0
        self._took = 0.0
        self._is_dirty = threading.Event()
        self._ended = threading.Event()
        self._writer: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write: the log as it is now, and from then on what changes."""
        self.save()
        self._writer = threading.Thread(target=self._write_on, name="log", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """Write the log as it is and stop."""
        self._ended.set()
        self._is_dirty.set()
        if self._writer is not None:
            self._writer.join()
        self.save()
        with self.lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            for _, journal in _journals(self.path):
                journal.unlink(missing_ok=True)

    def task(self, task: TaskEntry) -> None:
        """A task changed."""
        self._append(_Line(id=task.task_id, task=task))

    def file(self, task: TaskEntry, run: int, file: FileEntry) -> None:
        """A file of a task changed."""
        self._append(_Line(id=task.task_id, run=run, file=file))

    def save(self) -> None:
        """Write the whole log now.

        Raises:
            DiskFull, StoreError: it cannot be written; the old one is as it was.
        """
        with self._saving:
            began = time.monotonic()
            with self.lock:
                self.log.count()
                text = self._encoder.encode(self.log)
                self._turn()
            write_whole(self.path, msgspec.json.format(text, indent=1))
            for number, journal in _journals(self.path):
                if number < self._number:
                    journal.unlink(missing_ok=True)
            self._written = time.monotonic()
            self._took = self._written - began

    def _append(self, line: _Line) -> None:
        with self.lock:
            if self._file is None:
                return
            with told_of(self.path):
                os.write(self._file, self._encoder.encode(line) + b"\n")
        self._is_dirty.set()

    def _turn(self) -> None:
        """Begin the next journal: what comes from now on is not in the log that is written."""
        if self._file is not None:
            os.close(self._file)
        self._number += 1
        with told_of(self.path):
            self._file = os.open(
                _journal(self.path, self._number), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
            )

    def _write_on(self) -> None:
        while not self._ended.is_set():
            self._is_dirty.wait()
            pause = self._written + max(_AT_MOST_EVERY, _SHARE * self._took) - time.monotonic()
            if pause > 0 and self._ended.wait(pause):
                return
            self._is_dirty.clear()
            try:
                self.save()
            except Exception:
                logger.exception("%s could not be written; it is tried again", self.path)


def read_log(path: Path) -> Log:
    """A log with everything that its journals add; a torn last line is left out.

    Raises:
        BadFile: it is no log of a plan. One that is broken is kept aside as `NAME.broken-TIME`.
    """
    log = _decoded(path)
    journals = _journals(path)
    by_id = {task.task_id: task for _, task in log.tasks()} if journals else {}
    decoder = msgspec.json.Decoder(_Line)
    for _, journal in journals:
        for text in journal.read_bytes().split(b"\n"):
            if not text:
                continue
            try:
                line = decoder.decode(text)
            except msgspec.MsgspecError:
                break
            if line.id in by_id:
                _replay(by_id[line.id], line)
    return log


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only process that works on a log.

    Raises:
        LogBusy: another one does.
    """
    import fcntl

    with told_of(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise LogBusy(path) from None
    try:
        yield
    finally:
        os.close(handle)


def write_whole(path: Path, text: bytes, *, is_private: bool = False) -> None:
    """Put a file in place of another one in one step: written beside it, flushed, renamed.

    Args:
        path: of the file.
        text: what it is to hold.
        is_private: nobody but its owner may read it.

    Raises:
        DiskFull, StoreError: it cannot be written; the old one is as it was.
    """
    aside = path.with_name(f".{path.name}.new")
    with told_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("wb") as file:
                if is_private:
                    os.fchmod(file.fileno(), 0o600)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def _replay(task: TaskEntry, line: _Line) -> None:
    if line.task is not None:
        for name in TaskEntry.__struct_fields__:
            setattr(task, name, getattr(line.task, name))
    elif line.file is not None and line.run is not None:
        run = task.run(line.run)
        entry = run.file(line.file.index, line.file.name)
        run.files[run.files.index(entry)] = line.file


def _decoded(path: Path) -> Log:
    try:
        log = msgspec.json.decode(path.read_bytes(), type=Log)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        aside = path.with_name(f"{path.name}.broken-{to_datetime(now()):%Y%m%dT%H%M%S}")
        path.rename(aside)
        hint = "mend it and give it its name again, or begin anew from the workbook"
        why = f"cannot be read as the log of a plan ({problem}); it is kept as {aside.name}"
        raise BadFile(path, why, hint=hint) from problem
    except OSError as problem:
        raise BadFile(path, problem.strerror or "cannot be read") from problem
    if log.format_version > FORMAT:
        raise BadFile(path, "was written by a later release", hint="upgrade tidegate")
    return log


def _journal(path: Path, number: int) -> Path:
    return path.with_name(f".{path.name}.journal-{number}")


def _journals(path: Path) -> list[tuple[int, Path]]:
    """The journals of a log, the oldest first."""
    begin = f".{path.name}.journal-"
    found = path.parent.glob(f"{_glob_safe(begin)}*")
    return sorted((int(one.name.removeprefix(begin)), one) for one in found)


def _glob_safe(text: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)
