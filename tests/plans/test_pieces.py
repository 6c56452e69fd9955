"""Tasks that are answered in pieces: what is kept, what is confirmed, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tidegate.model.catalogue import Entry
from tidegate.model.connector import Capabilities, Fetched, Task
from tidegate.model.coverage import PROVISIONAL, CoverageState
from tidegate.model.errors import Refused, StoreError
from tidegate.model.instants import HOUR, MINUTE, parse
from tidegate.model.records import ENERGY, RecordPiece
from tidegate.model.series import NewSeries, Origin
from tidegate.model.windows import Window
from tidegate.plans.interrupts import Brake
from tidegate.plans.runner import Batching, run
from tidegate.store.messages import ConnectionRecord, Counts
from tidegate.store.records_energy import CONTRIBUTIONS
from tidegate.store.records_writing import RECORDS

from .conftest import KnownPlatform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.plans.report import RunReport
    from tidegate.store.local import LocalStore

START = parse("2024-01-01")
TASK = Task("sessions", Window(START, START + HOUR))
SMALL = Batching(readings=1, seconds=0.01)


def piece(number: int, *, subject: str = "A", rows: int = 3) -> RecordPiece:
    """Records of their own, each with one kWh in one bin."""
    records: list[dict[str, Any]] = [
        {
            "module": "sessions",
            "key": f"{number}-{row}",
            "updated_at": START,
            "document": "{}",
            "places": [],
            "credits": None,
        }
        for row in range(rows)
    ]
    contributions = [
        {"record": row, "subject": subject, "ts": START, "energy": 10**9} for row in range(rows)
    ]
    new = NewSeries(name=subject, unit="kWh", origin=Origin("known", subject, ENERGY))
    return RecordPiece(
        records=pa.Table.from_pylist(records, schema=RECORDS),
        contributions=pa.Table.from_pylist(contributions, schema=CONTRIBUTIONS),
        mentioned=(Entry(subject=subject, kind="evse", name=subject, series=(new,)),),
    )


def answering(pieces: Callable[[], Iterator[Fetched]]) -> Any:
    """A platform that answers every task with these pieces."""
    platform = KnownPlatform(capabilities=Capabilities(lag=10 * MINUTE))
    platform.fetch = lambda _task: pieces()  # type: ignore[method-assign, assignment, return-value]
    return platform


def part(number: int, **more: Any) -> Fetched:
    """One piece, not the last unless it says so."""
    found = Fetched(task=TASK, state=CoverageState.DONE, piece=piece(number), is_last=False)
    return replace(found, **more)


@pytest.fixture
def pulled(store: LocalStore) -> Callable[..., RunReport]:
    """Run the one task against pieces."""
    store.put_connection(ConnectionRecord(name="known", platform="ocpi", url="https://x.example"))

    def go(pieces: Callable[[], Iterator[Fetched]], **options: Any) -> RunReport:
        given: dict[str, Any] = {"batching": SMALL, "clock": lambda: START + HOUR} | options
        return run(store, answering(pieces), "known", [TASK], {}, **given)

    return go


def kwh(store: LocalStore) -> list[float]:
    keys = [series.key for series in store.find_series()]
    return list(store.read(keys, Window(0, START + HOUR)).read_all()["value"].to_pylist())


@pytest.mark.parametrize("batching", [SMALL, Batching()])
def test_pieces_are_one_task(store: LocalStore, pulled: Any, batching: Batching):
    """All records and their energy are there; the task counts once, confirmed with its last."""
    report = pulled(lambda: iter([part(1), part(2), part(3, is_last=True)]), batching=batching)
    assert (report.planned, report.states) == (1, {CoverageState.DONE: 1})
    assert report.records == Counts(inserted=9)
    assert (report.received, report.exit_code) == (9, 0)
    assert kwh(store) == [9.0]
    rows = store.coverage("known")
    assert [(row.window, row.detail) for row in rows] == [
        (Window(START, START + 50 * MINUTE), ""),
        (Window(START + 50 * MINUTE, START + HOUR), PROVISIONAL),
    ]


def test_a_failure_between_pieces_keeps_what_came(store: LocalStore, pulled: Any):
    """Records before a failure stay, the window is failed, and asking again doubles nothing."""
    error = Refused("no", status=403)
    failed = Fetched(task=TASK, state=CoverageState.REFUSED, error=error)
    report = pulled(lambda: iter([part(1), failed]))
    assert report.failed == 1
    assert store.count_records("known", "sessions") == 3
    assert [row.state for row in store.coverage("known")] == [CoverageState.REFUSED]
    report = pulled(lambda: iter([part(1), part(2, is_last=True)]))
    assert report.records == Counts(inserted=3, equal=3)
    assert kwh(store) == [6.0]


def test_an_error_between_pieces_is_a_failure(store: LocalStore, pulled: Any):
    """What a connector raises after some pieces is recorded as that of any other task."""

    def pieces() -> Iterator[Fetched]:
        yield part(1)
        raise Refused("no", status=403)

    assert pulled(pieces).failed == 1
    assert store.count_records("known", "sessions") == 3


def test_a_stop_between_pieces_leaves_the_task_due(store: LocalStore, pulled: Any):
    """Pressing the brake ends the listing after the piece in hand, and confirms nothing."""
    brake = Brake()

    def pieces() -> Iterator[Fetched]:
        yield part(1)
        brake.press()
        yield part(2)
        raise AssertionError("asked for more")

    report = pulled(pieces, brake=brake)
    assert report.interrupted
    assert report.left == 1
    assert store.coverage("known") == []
    assert store.count_records("known", "sessions") == 6


def test_the_platforms_clock_bounds_what_is_confirmed(store: LocalStore, pulled: Any):
    """Nothing after the platform's own now is answered; its lag counts from there."""
    clock = START + 30 * MINUTE
    pulled(lambda: iter([part(1, is_last=True, clock=clock)]))
    assert [row.window for row in store.coverage("known")] == [
        Window(START, START + 20 * MINUTE),
        Window(START + 20 * MINUTE, clock),
    ]


def test_a_piece_that_the_store_refuses_ends_the_run(store: LocalStore, pulled: Any, tmp_path: Any):
    """A later piece never confirms what an earlier one lacks."""
    (tmp_path / "store").chmod(0o755)
    with pytest.raises(StoreError, match="entered by others"):
        pulled(lambda: iter([part(1), part(2, is_last=True)]))
    assert store.coverage("known") == []
