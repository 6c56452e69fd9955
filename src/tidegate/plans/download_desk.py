"""What the threads of a run of downloads share: pace, brake, window, log, report."""

from __future__ import annotations

import logging
import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import (
    DiskFull,
    NotSignedIn,
    Refused,
    StoreError,
    Throttled,
    TidegateError,
    TimedOut,
    TransportError,
    Unreachable,
    UsageError,
)
from tidegate.plans.download_report import DownloadReport
from tidegate.plans.log import COMPLETE, ERROR, Fault, to_stamp
from tidegate.plans.report import code_of

if TYPE_CHECKING:
    from tidegate.model.products import ProductSource
    from tidegate.plans.daily_window import DailyWindow
    from tidegate.plans.files import Folder
    from tidegate.plans.interrupts import Brake
    from tidegate.plans.journal import Journal
    from tidegate.plans.log import FileEntry, RunEntry
    from tidegate.plans.resuming import Due
    from tidegate.transport.clock import Clock
    from tidegate.transport.progress import Progress

logger = logging.getLogger(__name__)

_GONE: Final = 5
"""Tasks in a row without any answer after which the platform is taken to be away."""
_LOOK_EVERY: Final = 60.0
"""Seconds after which a closed window is looked at again, for clocks that are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a run goes about its work.

    Attributes:
        run_threads: orders that may be queued or running at once.
        download_threads: files that may be fetched at once.
        queue_size: files that may wait to be fetched; None for any number.
        retries: how often a file is tried again after a passing failure.
        poll: least and most seconds between two questions after a run.
        back_off: first and longest pause in seconds before a file is tried again.
        include_metadata: fetch the metadata file of each run too.
        max_bytes: an order that is estimated to give more is not run; None for any.
        prefer_archive: take files from the archive where it has them, instead of ordering.
        layout: template of folders, as `naming.check_layout` takes it.
        wait: wait until the daily window opens, rather than end.
    """

    run_threads: int = 4
    download_threads: int = 10
    queue_size: int | None = None
    retries: int = 5
    poll: tuple[float, float] = (2.0, 30.0)
    back_off: tuple[float, float] = (1.0, 60.0)
    include_metadata: bool = True
    max_bytes: int | None = None
    prefer_archive: bool = True
    layout: str = ""
    wait: bool = True


@dataclass(frozen=True, slots=True)
class FileJob:
    """One file to fetch; without a `file` whatever comes after the last one known of the run."""

    due: Due
    run: RunEntry
    file: FileEntry | None = None


class Stopped(Exception):
    """Nothing more is to begin; what is under way stays due."""


class Desk:
    """What the threads share.

    Args:
        source: the platform.
        journal: the log.
        folder: the files.
        pace: how to go about it.
        window: when something may begin.
        brake: stops the run.
        progress: told of files and tasks.
        clock: what waiting goes by.
    """

    def __init__(
        self,
        source: ProductSource,
        journal: Journal,
        folder: Folder,
        *,
        pace: Pace,
        window: DailyWindow,
        brake: Brake,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self.source = source
        self.journal = journal
        self.folder = folder
        self.pace = pace
        self.brake = brake
        self.progress = progress
        self.clock = clock
        self.report = DownloadReport()
        self._window = window
        self._lock = threading.Lock()
        self._unanswered = 0
        self._claims = _claims(journal)

    def now(self) -> int:
        """The present instant by the clock of the run."""
        return int(self.clock.wall() * 1_000_000)

    def stamp(self) -> str:
        """The present instant as the log writes it."""
        return to_stamp(self.now())

    def gate(self) -> None:
        """Wait until something may begin.

        Raises:
            Stopped: nothing may begin any more.
        """
        while not self._window.is_open(self.now()):
            opening = self._window.next_opening(self.now())
            if not self.pace.wait:
                self.report.outside = True
                self.brake.stop.set()
            elif not self.brake.stop.is_set():
                logger.debug("outside the daily window until %s", to_stamp(opening))
                seconds = (opening - self.now()) / 1_000_000
                self.clock.wait(self.brake.stop, min(max(seconds, 0.001), _LOOK_EVERY))
            if self.brake.stop.is_set():
                break
        if self.brake.stop.is_set():
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: the run is to end.
        """
        if self.clock.wait(self.brake.stop, seconds):
            raise Stopped

    def back_off(self, tries: int, error: TransportError) -> None:
        """Wait before a further try: as long as the platform asks, else longer each time."""
        first, longest = self.pace.back_off
        seconds = random.uniform(0, min(longest, first * 2**tries))
        self.pause(seconds if error.retry_after is None else error.retry_after)

    def claim(self, path: str, task_id: str) -> bool:
        """True if no other task has, or is about to fetch, the file of the archive at a path."""
        with self._lock:
            return self._claims.setdefault(path, (task_id, ""))[0] == task_id

    def own(self, path: str, task_id: str, digest: str) -> None:
        """A task stored a file."""
        with self._lock:
            self._claims[path] = (task_id, digest)

    def owner(self, path: str, task_id: str) -> str | None:
        """The SHA-256 that another task stored under a path; None if none did."""
        with self._lock:
            found = self._claims.get(path)
        return found[1] if found is not None and found[0] != task_id and found[1] else None

    def state(self, due: Due, status: str) -> None:
        """A task goes on to another state."""
        task = due.task
        with self.journal.lock:
            is_news = task.status != status
            task.status = status
            self.journal.task(task)
        if is_news:
            label = f"{due.definition.label} {task.date_from[:19]}"
            logger.info("%s: %s", label, status)
            self.progress.update(f"state.{status}", subject=label)

    def answered(self) -> None:
        """The platform is there."""
        self._unanswered = 0

    def fail(self, due: Due, error: Exception) -> None:
        """A task failed; the others go on, unless nothing more can succeed."""
        fault = fault_of(error)
        with self.journal.lock:
            due.task.error = fault
            due.task.attempts += 1
        self.state(due, ERROR)
        self.tell(due, fault)
        self.weigh(error)

    def tell(self, due: Due, fault: Fault) -> None:
        """A failure is printed and counted."""
        label = f"{due.definition.label} {due.task.date_from[:19]}"
        logger.warning("%s failed: %s", label, fault.message)
        with self._lock:
            self.report.enter_failure(fault, label)

    def weigh(self, error: Exception) -> None:
        """End the run if an error means that nothing more can succeed."""
        if isinstance(error, NotSignedIn | DiskFull | StoreError):
            self.end(error)
        elif isinstance(error, Unreachable | TimedOut | Throttled):
            self._unanswered += 1
            if self._unanswered >= _GONE:
                self.end(error)

    def end(self, error: TidegateError) -> None:
        """Begin nothing more because of an error."""
        with self._lock:
            self.report.fatal = self.report.fatal or error
        self.brake.stop.set()

    def received(self, name: str, size: int) -> None:
        """A file came."""
        with self._lock:
            self.report.files += 1
            self.report.bytes += size
        self.progress.update("file.done", total=size, subject=name)


def fault_of(error: Exception) -> Fault:
    """What the log keeps of an error."""
    if not isinstance(error, TidegateError):
        return Fault(code=code_of(error), message=f"{type(error).__name__}: {error}")
    is_permanent = isinstance(error, Refused | UsageError) and not isinstance(error, NotSignedIn)
    return Fault(code=error.code, message=str(error), hint=error.hint, permanent=is_permanent)


def is_passing(error: Exception) -> bool:
    """True if trying again may help."""
    return isinstance(error, TransportError) and error.retryable


def _claims(journal: Journal) -> dict[str, tuple[str, str]]:
    """Which task stored which file, and its SHA-256."""
    return {
        entry.path: (task.task_id, entry.sha256)
        for _, task in journal.log.tasks()
        for entry in task.files()
        if entry.status == COMPLETE
    }
