"""Upkeep of an open store: compaction while nobody writes, and a look at its health."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import StoreError
from tidegate.model.instants import FOREVER
from tidegate.model.windows import Window
from tidegate.store.compaction import (
    month_name,
    month_worth_sorting,
    sort_month,
    unsorted_months,
)
from tidegate.store.files import size_of
from tidegate.store.messages import StoreStatus

if TYPE_CHECKING:
    from tidegate.store.engine.duckdb import Engine

logger = logging.getLogger(__name__)

_QUIET_S: Final = 2.0
"""Seconds without a write after which compaction may begin."""
_CLOSING_S: Final = 2.0
"""Seconds after which compaction begins no other month when a store is closed."""


class Upkeep:
    """Compacts an open store in a thread that lives only while there is something to do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._written = 0.0

    def wake(self) -> None:
        """Note a write; what it left in disorder is sorted when writing pauses."""
        self._written = time.monotonic()
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(
                    target=self._work, name="tidegate-upkeep", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End the thread; who wrote sorts what is worth it, a reader does not wait for it."""
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join()
        until = time.monotonic() + _CLOSING_S
        try:
            while self._written and time.monotonic() < until and self._sort_one():
                pass
        except StoreError as error:
            logger.warning("compaction is put off: %s", error)

    def compact(self, months: int | None) -> int:
        """Sort up to `months` months, all unsorted ones unless given; how many were."""
        with self._engine.reading() as session:
            unsorted = unsorted_months(session)[:months]
        for month in unsorted:
            with self._engine.writing() as session:
                sort_month(session, month)
            self._engine.checkpoint()  # frees the room of the old rows for the next month
        return len(unsorted)

    def status(self) -> StoreStatus:
        """Sizes and health of the store."""
        with self._engine.reading() as session:
            row = session.row("SELECT format, id FROM store")
            assert row is not None
            first, last = session.rows("SELECT min(ts), max(ts) FROM readings")[0]
            return StoreStatus(
                id=row[1],
                format=row[0],
                series=session.value(
                    "SELECT count(*) FROM series WHERE known_to = $open", open=FOREVER
                ),
                readings=session.value("SELECT count(*) FROM readings"),
                superseded=session.value("SELECT count(*) FROM superseded"),
                bytes=size_of(self._engine.path),
                uncompacted_months=tuple(map(month_name, unsorted_months(session))),
                window=None if first is None else Window(first, last + 1),
            )

    def _work(self) -> None:
        try:
            while not self._stopping.wait(self._pause()):
                if self._is_quiet() and not self._tidy():
                    break
        except StoreError as error:
            logger.warning("compaction is put off: %s", error)
        finally:
            with self._lock:
                self._thread = None

    def _tidy(self) -> bool:
        """Do one piece of work; False if nothing is left. A write that is under way goes first."""
        if not self._engine.writer.acquire(blocking=False):
            self._written = time.monotonic()
            return True
        try:
            if self._sort_one():
                return True
            self._engine.checkpoint()  # corrections slow reading down until they are in
            return False
        finally:
            self._engine.writer.release()

    def _pause(self) -> float:
        return max(0.05, self._written + _QUIET_S - time.monotonic())

    def _is_quiet(self) -> bool:
        return time.monotonic() - self._written >= _QUIET_S

    def _sort_one(self) -> bool:
        with self._engine.writing() as session:
            month = month_worth_sorting(session)
            if month is None:
                return False
            logger.debug("sorting %s", month_name(month))
            sort_month(session, month)
        self._engine.checkpoint()
        return True
