"""The fetching side of a run: a few threads that turn tasks into outcomes."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tidegate.model.connector import Fetched
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

    from tidegate.model.connector import Capabilities, Connector, Task
    from tidegate.model.records import RecordPiece
    from tidegate.model.series import SeriesKey
    from tidegate.plans.interrupts import Brake
    from tidegate.plans.pipe import Pipe

logger = logging.getLogger(__name__)

_OVERHEAD: Final = 100
"""What a task counts in a batch besides its readings, so that empty ones fill it up too."""

_READING: Final = 64
"""Bytes of records that count as one reading, to bound what waits to be written."""

_GONE: Final = 5
_GONE_SUBJECTS: Final = 3
"""Tasks in a row, and subjects among them, without any answer: the platform is not there.

One subject alone proves nothing, since a platform may break on it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One task or a piece of it, fetched: how it is recorded, and what to store with that."""

    task: Task
    state: CoverageState
    confirmations: tuple[Confirmation, ...]
    readings: pa.Table
    error: Exception | None = None
    piece: RecordPiece | None = None
    is_last: bool = True

    @property
    def size(self) -> int:
        """What it counts in a batch, in readings."""
        size = int(self.readings.num_rows) + _OVERHEAD
        if self.piece is not None:
            size += int(self.piece.records.nbytes + self.piece.contributions.nbytes) // _READING
        return size

    @property
    def received(self) -> int:
        """Readings or records in it."""
        table = self.readings if self.piece is None else self.piece.records
        return int(table.num_rows)


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
                for outcome in self._outcomes(task):
                    if not self._may_go_on(outcome):
                        break
                    self._pipe.put(outcome, outcome.size)
        finally:
            self._pipe.leave()

    def _next(self) -> Task | None:
        with self._lock:
            return None if self._is_over() else next(self._tasks, None)

    def _is_over(self) -> bool:
        return self._ended.is_set() or self._brake.stop.is_set()

    def _outcomes(self, task: Task) -> Iterator[Outcome]:
        """What came of a task, piece by piece; one that is stopped between two stays due."""
        asked_at = self._clock()
        try:
            answer = self._connector.fetch(task)
            for fetched in (answer,) if isinstance(answer, Fetched) else answer:
                yield outcome_of(fetched, asked_at, self._keys, self._connector.capabilities)
                if not fetched.is_last and self._is_over():
                    return
        except Interrupted:
            return
        except Exception as error:
            if not isinstance(error, TidegateError):
                logger.exception("fetching %s failed in an unforeseen way", task.subject)
            yield failure_of(task, asked_at, error)

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
    if not fetched.is_last:
        return Outcome(task, state, (), READINGS.empty_table(), None, fetched.piece, is_last=False)
    kept = {
        keys[task.subject, quantity]: table
        for quantity, table in fetched.readings.items()
        if (task.subject, quantity) in keys
    }
    is_done = state is CoverageState.DONE
    replaced = tuple(kept) if is_done else ()
    window = _answered(task.window, fetched.clock)
    asked_there = asked_at if fetched.clock is None else min(asked_at, fetched.clock)
    horizon = min(max(final_before(asked_there, capabilities), window.start), window.end)
    parts = (
        (Window(window.start, horizon), ""),
        (Window(horizon, window.end), PROVISIONAL),
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
    return Outcome(task, state, confirmations, readings, None, fetched.piece)


def _answered(window: Window, clock: int | None) -> Window:
    """The part of a window that the platform can have answered for, by its own clock."""
    if clock is None:
        return window
    return Window(window.start, min(max(clock, window.start), window.end))


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
