"""A platform whose every reading is known, and a store that knows its series."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pytest

from tidegate.model.catalogue import Entry
from tidegate.model.connector import Capabilities, Fetched, Task
from tidegate.model.coverage import CoverageState
from tidegate.model.instants import DAY, HOUR, parse
from tidegate.model.series import NewSeries, Origin
from tidegate.store.messages import ConnectionRecord, SeriesSelection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tidegate.model.series import SeriesKey
    from tidegate.model.windows import Window
    from tidegate.store.local import LocalStore

START = parse("2024-01-01")
STEP = HOUR // 2
QUANTITIES = ("period", "total")


def readings_of(subject: str, quantity: str, window: Window, version: int = 0) -> pa.Table:
    """What the platform holds: one reading each half hour, told apart by all of its names."""
    ts = np.arange(-(-window.start // STEP) * STEP, window.end, STEP, dtype=np.int64)
    base = int(subject[1:]) * 1000 + QUANTITIES.index(quantity) * 500 + version
    values = base + (ts // STEP % 97) / 8
    return pa.table({"ts": ts, "value": values, "flag": np.full(len(ts), 9, np.int16)})


@dataclass
class KnownPlatform:
    """A connector to it; `trouble` may answer a task otherwise, or raise."""

    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(max_window=DAY, parallel=3, alignment=STEP)
    )
    version: int = 0
    trouble: Callable[[Task], Fetched | None] = lambda _task: None
    asked: list[Task] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    open_now: int = 0
    most_open: int = 0

    def greet(self) -> dict[str, Any]:
        """It says nothing of itself."""
        return {}

    def discover(self) -> Iterator[Entry]:
        """Nothing: the tests know its subjects."""
        return iter(())

    def fetch(self, task: Task) -> Fetched:
        """The readings of one task."""
        with self.lock:
            self.asked.append(task)
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
        try:
            return self.trouble(task) or self.good(task)
        finally:
            with self.lock:
                self.open_now -= 1

    def good(self, task: Task) -> Fetched:
        """What the platform holds."""
        tables = {q: readings_of(task.subject, q, task.window, self.version) for q in QUANTITIES}
        return Fetched(task=task, state=CoverageState.DONE, readings=tables)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


@pytest.fixture
def platform() -> KnownPlatform:
    """The platform of the tests."""
    return KnownPlatform()


def enrol(store: LocalStore, subjects: Sequence[str]) -> dict[tuple[str, str], SeriesKey]:
    """Make the connection `known` and the series of its subjects; their keys."""
    store.put_connection(ConnectionRecord(name="known", platform="dcs", url="https://x.example"))
    entries = [
        Entry(
            subject=subject,
            kind="register",
            name=subject,
            series=tuple(
                NewSeries(name=f"{subject} {q}", origin=Origin("known", subject, q))
                for q in QUANTITIES
            ),
        )
        for subject in subjects
    ]
    store.record_catalogue("known", entries)
    return series_keys(store)


def series_keys(store: LocalStore) -> dict[tuple[str, str], SeriesKey]:
    """The series of each (subject, quantity)."""
    found = store.find_series(SeriesSelection(connection="known"))
    return {(s.origin.subject, s.origin.quantity): s.key for s in found if s.origin}


def stored(store: LocalStore, key: SeriesKey, window: Window) -> pa.Table:
    """What the store holds of one series, without its key."""
    return store.read([key], window).read_all().select(["ts", "value", "flag"])
