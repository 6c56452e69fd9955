"""Carry out the tasks of a plan: one pool of threads orders, another one fetches files.

Every change is in the log's journal before the next step begins, so that a run may end at any
instant and the next one asks only for what is missing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING

from tidegate.model.errors import Interrupted, TidegateError
from tidegate.plans.completing import problems
from tidegate.plans.download_desk import Desk, FileJob, Pace, Stopped, fault_of
from tidegate.plans.interrupts import Brake, pressing
from tidegate.plans.log import CANCELLED, COMPLETE, ERROR, NO_DATA, SKIPPED
from tidegate.plans.ordering import Ordering, ProductCancelled
from tidegate.plans.receiving import Gone, Receiving
from tidegate.transport.clock import SYSTEM, Clock
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.model.products import ProductSource
    from tidegate.plans.daily_window import DailyWindow
    from tidegate.plans.download_report import DownloadReport
    from tidegate.plans.files import Folder
    from tidegate.plans.journal import Journal
    from tidegate.plans.log import TaskEntry
    from tidegate.plans.resuming import Due

logger = logging.getLogger(__name__)

_LOOK_EVERY = 0.2


def download(
    source: ProductSource,
    journal: Journal,
    folder: Folder,
    due: Sequence[Due],
    *,
    window: DailyWindow,
    pace: Pace = Pace(),
    brake: Brake | None = None,
    progress: Progress = SILENT,
    clock: Clock = SYSTEM,
) -> DownloadReport:
    """Fetch the files of tasks.

    Args:
        source: the platform.
        journal: the log; every change is kept in it.
        folder: where the files go.
        due: what to do, in order.
        window: when something may begin.
        pace: how to go about it.
        brake: stops the run; SIGINT and SIGTERM press it meanwhile.
        progress: told of files and tasks.
        clock: what waiting goes by.

    Returns:
        The report; failures are in it, also one that ended the run.

    Raises:
        Interrupted: the brake was pressed twice; the log is saved.
    """
    brake = brake or Brake()
    began = time.monotonic()
    desk = Desk(
        source,
        journal,
        folder,
        pace=pace,
        window=window,
        brake=brake,
        progress=progress,
        clock=clock,
    )
    desk.report.planned = len(due)
    desk.report.enter_invalid((entry.label, fault) for entry, fault in problems(journal.log))
    folder.clean(task.task_id[:8] for _, task in journal.log.tasks())
    journal.start()
    try:
        with pressing(brake):
            _Pools(desk, due).run()
    finally:
        journal.close()
    desk.report.seconds = time.monotonic() - began
    desk.report.tasks += Counter(one.task.status for one in due)
    desk.report.interrupted = (
        brake.stop.is_set() and desk.report.fatal is None and not desk.report.outside
    )
    return desk.report


class _Pools:
    """The two pools; a condition guards what both of them look at."""

    def __init__(self, desk: Desk, due: Sequence[Due]) -> None:
        self._desk = desk
        self._ordering = Ordering(desk)
        self._receiving = Receiving(desk)
        self._turn = threading.Condition()
        self._tasks: deque[Due] = deque(due)
        self._files: deque[FileJob] = deque()
        self._open = len(due)
        self._left: Counter[str] = Counter()
        self._ordered_again: set[str] = set()
        self._planned = len(due)

    def run(self) -> None:
        """Work until every task is settled or the brake is pressed.

        Raises:
            Interrupted: it was pressed twice.
        """
        pace, count = self._desk.pace, self._open
        threads = [
            *self._threads("order", self._order, min(pace.run_threads, count)),
            *self._threads("file", self._fetch, pace.download_threads if count else 0),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK_EVERY)
                if self._desk.brake.abort.is_set():
                    raise Interrupted(
                        "stopped at once; files that were whole are kept",
                        hint="run the same command again to go on",
                    )

    @staticmethod
    def _threads(name: str, work: Callable[[], None], count: int) -> list[threading.Thread]:
        return [
            threading.Thread(target=work, name=f"{name}-{number}", daemon=True)
            for number in range(count)
        ]

    # ---- ordering ------------------------------------------------------------------------

    def _order(self) -> None:
        while (due := self._next_task()) is not None:
            try:
                self._desk.gate()
                self._put(due, self._ordering.jobs(due))
            except (Stopped, Interrupted):
                return
            except ProductCancelled as error:
                self._cancel(due, error)
            except Exception as error:  # noqa: BLE001 - one task never ends the others
                _log_unforeseen(error)
                self._desk.fail(due, error)
                self._settled(due)

    def _next_task(self) -> Due | None:
        with self._turn:
            while not self._is_over():
                if self._tasks:
                    return self._tasks.popleft()
                self._turn.wait(_LOOK_EVERY)
        return None

    def _put(self, due: Due, jobs: Sequence[FileJob]) -> None:
        """Hand files to the other pool; with a bounded queue this waits for room."""
        size = self._desk.pace.queue_size
        with self._turn:
            self._left[due.task.task_id] = len(jobs)
            for job in jobs:
                while size is not None and len(self._files) >= size and not self._is_over():
                    self._turn.wait(_LOOK_EVERY)
                self._files.append(job)
                self._turn.notify_all()
        if not jobs:
            self._settle(due)

    # ---- fetching ------------------------------------------------------------------------

    def _fetch(self) -> None:
        while (job := self._next_file()) is not None:
            try:
                self._receiving.fetch(job)
            except (Stopped, Interrupted):
                return
            except (Gone, ProductCancelled) as error:
                self._lost(job.due, error)
            except Exception as error:  # noqa: BLE001 - one file never ends the others
                _log_unforeseen(error)
                self._broke(job, error)
            self._done(job)

    def _next_file(self) -> FileJob | None:
        with self._turn:
            while not self._is_over():
                if self._files:
                    job = self._files.popleft()
                    self._turn.notify_all()
                    return job
                self._turn.wait(_LOOK_EVERY)
        return None

    def _is_over(self) -> bool:
        return self._open == 0 or self._desk.brake.stop.is_set()

    def _done(self, job: FileJob) -> None:
        task = job.due.task
        with self._turn:
            self._left[task.task_id] -= 1
            is_last = self._left[task.task_id] == 0
        if is_last:
            self._settle(job.due)

    def _broke(self, job: FileJob, error: Exception) -> None:
        with self._desk.journal.lock:
            job.due.task.error = fault_of(error)
        self._desk.tell(job.due, fault_of(error))
        self._desk.weigh(error)

    def _lost(self, due: Due, error: Gone | ProductCancelled) -> None:
        """The run has nothing any more: it is ordered again once, unless somebody cancelled it."""
        with self._desk.journal.lock:
            due.task.error = fault_of(error)
        if isinstance(error, ProductCancelled):
            due.task.status = CANCELLED

    # ---- settling ------------------------------------------------------------------------

    def _settle(self, due: Due) -> None:
        """Every file of a task was tried: how it stands now."""
        task, desk = due.task, self._desk
        if task.error is not None and task.error.code == Gone.code and self._again(due):
            return
        if task.status == CANCELLED and task.error is not None:
            desk.tell(due, task.error)
            desk.state(due, CANCELLED)
        else:
            desk.state(due, _outcome(task))
        self._settled(due)

    def _again(self, due: Due) -> bool:
        with self._turn:
            if due.task.task_id in self._ordered_again:
                return False
            self._ordered_again.add(due.task.task_id)
            with self._desk.journal.lock:
                due.task.error = None
                due.task.forget_request()
                self._desk.journal.task(due.task)
            self._tasks.append(due)
            self._turn.notify_all()
        return True

    def _cancel(self, due: Due, error: ProductCancelled) -> None:
        with self._desk.journal.lock:
            due.task.error = fault_of(error)
        self._desk.tell(due, fault_of(error))
        self._desk.state(due, CANCELLED)
        self._settled(due)

    def _settled(self, due: Due) -> None:
        self._desk.progress.update(
            f"task.{due.task.status}", total=self._planned, subject=due.definition.label
        )
        with self._turn:
            self._open -= 1
            self._turn.notify_all()


def _outcome(task: TaskEntry) -> str:
    """How a task stands by its files; its error is that of the first one that failed."""
    files = list(task.files())
    failed = next((entry for entry in files if entry.status not in {COMPLETE, SKIPPED}), None)
    if failed is not None:
        task.error = failed.error or task.error
        task.attempts += 1
        return ERROR
    if task.error is not None:
        return ERROR
    return COMPLETE if files else NO_DATA


def _log_unforeseen(error: Exception) -> None:
    if not isinstance(error, TidegateError):
        logger.error("a task failed in an unforeseen way", exc_info=error)
