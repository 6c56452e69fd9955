"""One writer for all who write at once: it drains a queue and answers after the commit.

A commit costs the same for one reading as for thousands, so writes that wait for each other are
kept in one transaction.
"""

from __future__ import annotations

import logging
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from tidegate.model.closing import Closing
from tidegate.model.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.store.verbs import Verbs

logger = logging.getLogger(__name__)

MOST_READINGS: Final = 500_000
"""Readings after which a transaction takes in no other write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Readings that somebody wants kept; `done` is told when they are on disk."""

    readings: pa.Table
    quotation: int | None
    actor: str
    done: Future[None] = field(default_factory=Future)


class WriteQueue(Closing):
    """Takes writes from any thread and gives them to the store in groups; a context manager."""

    def __init__(self, store: Verbs) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="tidegate-writer", daemon=True)
        self._thread.start()

    def submit(
        self, readings: pa.Table, *, quotation: int | None = None, actor: str = "owner"
    ) -> Future[None]:
        """Merge readings as `Verbs.merge_readings` does; the answer is done when they are on disk.

        Who cancels it before the writer has taken it up takes the write back.

        Raises:
            StoreError: the queue is closed.
        """
        write = Write(readings=readings, quotation=quotation, actor=actor)
        with self._closing:
            if self._closed:
                raise StoreError("the service is stopping", hint="write again when it is back")
            self._waiting.put(write)
        return write.done

    def close(self) -> None:
        """Take no more writes; those that wait are kept first."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        left: Write | None = None
        while True:
            first = left or self._waiting.get()
            if first is None:
                return
            group = _Group(first)
            left = None
            while left is None and (following := self._next()) is not None:
                left = None if group.takes(following) else following
            self._keep([one for one in group.writes if one.done.set_running_or_notify_cancel()])

    def _next(self) -> Write | None:
        """The next write, if one waits; None also for the end, which is put back."""
        try:
            following = self._waiting.get_nowait()
        except queue.Empty:
            return None
        if following is None:
            self._waiting.put(None)
        return following

    def _keep(self, writes: Sequence[Write]) -> None:
        """One transaction for all; if it fails, one for each, so that each gets its own error."""
        if not writes:
            return
        first = writes[0]
        readings = pa.concat_tables([write.readings for write in writes])
        try:
            self._store.merge_readings(readings, quotation=first.quotation, actor=first.actor)
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            if len(writes) == 1:
                first.done.set_exception(error)
                return
            logger.debug("a group of %s writes failed; one by one", len(writes))
            for write in writes:
                self._keep([write])
            return
        for write in writes:
            write.done.set_result(None)


class _Group:
    """Writes for one transaction: of one actor and version, none of which hides another."""

    def __init__(self, first: Write) -> None:
        self.writes = [first]
        self._size = first.readings.num_rows
        self._series = _series_of(first)

    def takes(self, write: Write) -> bool:
        """Take a write in, unless it must wait for the next transaction."""
        first = self.writes[0]
        series = _series_of(write)
        size = self._size + write.readings.num_rows
        alike = (write.actor, write.quotation) == (first.actor, first.quotation)
        if not alike or size > MOST_READINGS or not self._series.isdisjoint(series):
            return False
        self.writes.append(write)
        self._series |= series
        self._size = size
        return True


def _series_of(write: Write) -> set[int]:
    return set(pc.unique(write.readings["series"]).to_pylist())
