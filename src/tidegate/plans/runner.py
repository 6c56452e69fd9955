"""Carry out tasks: threads fetch, the caller's thread writes, every batch is one transaction.

A task is recorded in the transaction that stores its readings, so that a run may end at any
instant: what is not recorded is due, and the next run asks for it.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.model.errors import Interrupted, TidegateError, UsageError
from tidegate.model.instants import now
from tidegate.model.series import MAIN
from tidegate.plans.fetching import Fetching, Outcome, refused_by_store
from tidegate.plans.interrupts import Brake, pressing
from tidegate.plans.pipe import Pipe
from tidegate.plans.report import Ledger, RunReport
from tidegate.plans.shelves import Shelves
from tidegate.store.messages import RunState
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tidegate.model.connector import Connector, Task
    from tidegate.model.series import SeriesKey
    from tidegate.store.verbs import Verbs

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How much is confirmed at once.

    Attributes:
        readings: that make a batch.
        seconds: after which a smaller batch is confirmed too, so that a kill loses little.
        ahead: readings that may wait to be written before fetching pauses.
    """

    readings: int = 500_000
    seconds: float = 1.0
    ahead: int = 1_000_000


def run(
    store: Verbs,
    connector: Connector,
    connection: str,
    tasks: Sequence[Task],
    keys: Mapping[tuple[str, str], SeriesKey],
    *,
    progress: Progress = SILENT,
    batching: Batching = Batching(),
    brake: Brake | None = None,
    request: str = "",
    repository: str = MAIN,
    clock: Callable[[], int] = now,
) -> RunReport:
    """Fetch every task and keep what comes.

    Args:
        store: where to.
        connector: where from, open.
        connection: its name.
        tasks: what to ask for.
        keys: the series of each (subject, quantity); other quantities are not kept.
        progress: told of each task and batch.
        batching: how much to confirm at once.
        brake: stops the run early; SIGINT and SIGTERM press it meanwhile.
        request: the run in words, for the list of runs.
        repository: of the series that are derived from records.
        clock: the instant at which a task is asked for.

    Returns:
        The report; failures of the platform are in it, also one that stopped the run.

    Raises:
        StoreError: the store cannot take more; what was confirmed is kept.
        Interrupted: the brake was pressed twice.
    """
    brake = brake or Brake()
    if not tasks:
        return _Books(Shelves(store, connection, 0), 0, progress).report(None, brake)
    number = store.start_run(connection, request)
    subjects = {subject for subject, _ in keys}
    shelves = Shelves(store, connection, number, repository=repository, subjects=subjects)
    books = _Books(shelves, len(tasks), progress)
    threads = min(max(1, connector.capabilities.parallel), len(tasks))
    pipe: Pipe[Outcome] = Pipe(producers=threads, capacity=batching.ahead)
    fetching = Fetching(connector, tasks, keys, pipe, brake, clock=clock)
    try:
        with pressing(brake):
            fetching.start(threads)
            _drain(pipe, books, batching, brake)
    except BaseException as error:
        fetching.end()
        pipe.abort()
        books.close_broken(error)
        raise
    return books.close(fetching.fatal, brake)


def _drain(pipe: Pipe[Outcome], books: _Books, batching: Batching, brake: Brake) -> None:
    enough, patience = batching.readings, batching.seconds
    while outcomes := pipe.take(enough=enough, patience=patience, until=brake.abort):
        books.confirm(outcomes)
    if brake.abort.is_set():
        raise Interrupted(
            "stopped at once; what was confirmed before is kept",
            hint="run the same command again to go on",
        )


class _Books:
    """The writing side of a run: confirms outcomes and keeps count of them."""

    def __init__(self, shelves: Shelves, planned: int, progress: Progress) -> None:
        self._shelves = shelves
        self._planned = planned
        self._progress = progress
        self._ledger = Ledger()
        self._began = time.monotonic()

    def confirm(self, outcomes: Sequence[Outcome]) -> None:
        """Store outcomes in one transaction; one that the store refuses fails by itself."""
        try:
            counts = self._shelves.put(outcomes)
        except UsageError as error:
            if any(outcome.piece is not None for outcome in outcomes):
                raise  # a later piece would confirm what this one lacks
            if len(outcomes) > 1:
                for outcome in outcomes:
                    self.confirm([outcome])
                return
            outcomes = [refused_by_store(outcomes[0], error)]
            counts = self._shelves.put(outcomes)
        self._ledger.add(counts)
        for outcome in outcomes:
            self._enter(outcome)

    def report(self, fatal: TidegateError | None, brake: Brake) -> RunReport:
        """What was done so far."""
        ledger = self._ledger
        is_whole = sum(ledger.states.values()) == self._planned
        return RunReport(
            run=self._shelves.run or None,
            planned=self._planned,
            states=dict(ledger.states),
            received=ledger.received,
            counts=ledger.counts,
            records=ledger.records,
            causes=ledger.causes(),
            seconds=time.monotonic() - self._began,
            interrupted=brake.stop.is_set() and fatal is None and not is_whole,
            fatal=fatal,
        )

    def close(self, fatal: TidegateError | None, brake: Brake) -> RunReport:
        """Record how the run ended."""
        report = self.report(fatal, brake)
        self._shelves.end(report.state, report.summary())
        logger.debug("run ended as %s after %.1f s", report.state.value, report.seconds)
        return report

    def close_broken(self, error: BaseException) -> None:
        """Record, if the store still can, that the run was broken off."""
        stopped = isinstance(error, Interrupted | KeyboardInterrupt)
        state = RunState.INTERRUPTED if stopped else RunState.FAILED
        summary = self.report(None, Brake()).summary()
        with suppress(TidegateError):
            self._shelves.end(state, summary)

    def _enter(self, outcome: Outcome) -> None:
        subject = outcome.task.subject
        what = "readings" if outcome.piece is None else "records"
        self._ledger.received += outcome.received
        self._progress.update(f"{what}.stored", amount=outcome.received, subject=subject)
        if not outcome.is_last:
            return
        self._ledger.enter(outcome.task, outcome.state, outcome.error)
        self._progress.update(f"task.{outcome.state.value}", total=self._planned, subject=subject)
