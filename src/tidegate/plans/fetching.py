"""The fetching side of a run: a few threads that turn tasks into outcomes."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tidegate.model.coverage import PROVISIONAL, Coverage, CoverageState
from tidegate.model.errors import (
    Interrupted,
    NotSignedIn,
    Refused,
    Throttled,
    TidegateError,
    TimedOut,
    Unreachable,
)
from tidegate.model.instants import now
from tidegate.model.windows import Window
from tidegate.plans.report import code_of
from tidegate.plans.splitting import final_before
from tidegate.store.messages import Confirmation
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tidegate.model.connector import Capabilities, Connector, Fetched, Task
    from tidegate.model.series import SeriesKey
    from tidegate.plans.interrupts import Brake
    from tidegate.plans.pipe import Pipe

logger = logging.getLogger(__name__)

_OVERHEAD: Final = 100
"""What a task counts in a batch besides its readings, so that empty ones fill it up too."""

_GONE: Final = 5
_GONE_SUBJECTS: Final = 3
"""Tasks in a row, and subjects among them, without any answer: the platform is not there.

One subject alone proves nothing, since a platform may break on it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One task, fetched: how it is recorded, and the readings to store with that."""

    task: Task
    state: CoverageState
    confirmations: tuple[Confirmation, ...]
    readings: pa.Table
    error: Exception | None = None


class Fetching:
    """Fetches tasks in threads and puts outcomes into a pipe.

    Attributes:
        fatal: the error after which no further task can succeed: the sign-in is gone, the platform
            wants to be left alone, or it has not answered several tasks in a row.
    """

    def __init__(
        self,
        connector: Connector,
        tasks: Sequence[Task],
        keys: Mapping[tuple[str, str], SeriesKey],
        pipe: Pipe[Outcome],
        brake: Brake,
        *,
        clock: Callable[[], int] = now,
    ) -> None:
        self._connector = connector
        self._keys = keys
        self._pipe = pipe
        self._brake = brake
        self._clock = clock
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._tasks: Iterator[Task] = iter(tasks)
        self._unanswered: list[str] = []
        self.fatal: TidegateError | None = None

    def start(self, threads: int) -> None:
        """Begin; the threads end by themselves and never keep the program alive."""
        for number in range(threads):
            threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True).start()

    def end(self) -> None:
        """Begin no further task."""
        self._ended.set()

    def _work(self) -> None:
        try:
            while (task := self._next()) is not None:
                outcome = self._outcome(task)
                if outcome is not None:
                    self._pipe.put(outcome, outcome.readings.num_rows + _OVERHEAD)
        finally:
            self._pipe.leave()

    def _next(self) -> Task | None:
        with self._lock:
            is_over = self._ended.is_set() or self._brake.stop.is_set()
            return None if is_over else next(self._tasks, None)

    def _outcome(self, task: Task) -> Outcome | None:
        """What came of a task; None if nothing is to be recorded of it."""
        asked_at = self._clock()
        try:
            fetched = self._connector.fetch(task)
            outcome = outcome_of(fetched, asked_at, self._keys, self._connector.capabilities)
        except Interrupted:
            return None
        except Exception as error:
            if not isinstance(error, TidegateError):
                logger.exception("fetching %s failed in an unforeseen way", task.subject)
            outcome = failure_of(task, asked_at, error)
        return outcome if self._may_go_on(outcome) else None

    def _may_go_on(self, outcome: Outcome) -> bool:
        """Judge the platform by an outcome; False if nothing is to be recorded of it."""
        error = outcome.error
        if isinstance(error, NotSignedIn | Throttled):
            self._give_up(error)
            return False
        if not isinstance(error, Unreachable | TimedOut):
            self._unanswered.clear()
            return True
        self._unanswered.append(outcome.task.subject)
        if len(self._unanswered) >= _GONE and len(set(self._unanswered)) >= _GONE_SUBJECTS:
            self._give_up(error)
        return True

    def _give_up(self, error: TidegateError) -> None:
        self.fatal = self.fatal or error
        self.end()


def outcome_of(
    fetched: Fetched,
    asked_at: int,
    keys: Mapping[tuple[str, str], SeriesKey],
    capabilities: Capabilities,
) -> Outcome:
    """How an answered task is recorded: final where it was asked late enough, else provisional."""
    task, state = fetched.task, fetched.state
    if fetched.error is not None:
        return failure_of(task, asked_at, fetched.error, state)
    kept = {
        keys[task.subject, quantity]: table
        for quantity, table in fetched.readings.items()
        if (task.subject, quantity) in keys
    }
    is_done = state is CoverageState.DONE
    replaced = tuple(kept) if is_done else ()
    horizon = min(max(final_before(asked_at, capabilities), task.window.start), task.window.end)
    parts = (
        (Window(task.window.start, horizon), ""),
        (Window(horizon, task.window.end), PROVISIONAL),
    )
    confirmations = tuple(
        Confirmation(
            coverage=Coverage(
                subject=task.subject, window=window, state=state, asked_at=asked_at, detail=detail
            ),
            replaced=replaced,
        )
        for window, detail in parts
        if window
    )
    tables = [_readings(key, kept[key], task.window) for key in sorted(replaced)]
    readings = pa.concat_tables(tables) if tables else READINGS.empty_table()
    return Outcome(task, state, confirmations, readings)


def failure_of(
    task: Task, asked_at: int, error: Exception, state: CoverageState | None = None
) -> Outcome:
    """How a failed task is recorded: with the code of its error, to be asked for again."""
    if state is None:
        refused = isinstance(error, Refused)
        state = CoverageState.REFUSED if refused else CoverageState.FAILED
    coverage = Coverage(
        subject=task.subject,
        window=task.window,
        state=state,
        asked_at=asked_at,
        detail=f"{code_of(error)}: {error}" if isinstance(error, TidegateError) else code_of(error),
    )
    return Outcome(task, state, (Confirmation(coverage=coverage),), READINGS.empty_table(), error)


def refused_by_store(outcome: Outcome, error: Exception) -> Outcome:
    """How a task is recorded whose readings the store does not take."""
    asked_at = outcome.confirmations[0].coverage.asked_at
    return failure_of(outcome.task, asked_at, error, CoverageState.FAILED)


def _readings(key: SeriesKey, table: pa.Table, window: Window) -> pa.Table:
    """The readings of one series; what lies outside of the window belongs to another task."""
    ts = table["ts"].to_numpy()
    first, last = np.searchsorted(ts, [window.start, window.end])
    part = table.slice(first, last - first)
    series = pa.array(np.full(len(part), key, np.int32))
    columns = [series, part["ts"], part["value"], part["flag"]]
    return pa.table(columns, schema=READINGS)
