"""The work of a batch of records, in rows read: it does not grow with what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.store.test_records import QUARTER, T0, entry, keep, record

from tidegate.store.engine.duckdb import Session
from tidegate.store.local import LocalStore
from tidegate.store.messages import ConnectionRecord

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.store.messages import RecordCounts

BATCH = 2_000


class Work:
    """Rows that statements read from tables of the store while it is watched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows = 0
        for name in ("rows", "table"):
            monkeypatch.setattr(Session, name, self._counted(getattr(Session, name)))

    def _counted(self, method: Any) -> Any:
        def counted(session: Session, sql: str, **parameters: Any) -> Any:
            cursor = session._cursor
            cursor.execute("PRAGMA enable_profiling = 'no_output'")
            answer = method(session, sql, **parameters)
            told = msgspec.json.decode(cursor.get_profiling_information("json"))
            self.rows += sum(map(_scanned, told.get("operator", ())))
            cursor.execute("PRAGMA disable_profiling")
            return answer

        return counted


def _scanned(operator: dict[str, Any]) -> int:
    below = sum(map(_scanned, operator.get("children", ())))
    return int(operator.get("rows_scanned", 0)) + below


def filled(folder: Path, stored: int) -> LocalStore:
    """A store that holds so many sessions of a quarter of an hour each, one after the other."""
    store = LocalStore.open(folder)
    store.put_connection(ConnectionRecord(name="cpo", platform="ocpi", url="https://x.example"))
    store.record_catalogue("cpo", [entry("A"), entry("B")])
    store.start_run("cpo", "test")
    with store._engine.writing() as session:
        numbers = f"FROM range(1, {stored + 1}) AS numbers(number)"
        ts = f"{T0} + number * {QUARTER}"
        session.run(
            f"INSERT INTO records SELECT 'cpo', 'sessions', 'K' || number, number,"
            f" {T0} + number, '{{}}', [], 1 {numbers}"
        )
        session.run(
            f"INSERT INTO contributions SELECT 'cpo', 'sessions', number, 1, {ts}, 5 {numbers}"
        )
        session.run(f"INSERT INTO readings SELECT 1, {ts}, 5e-9, 9, 1 {numbers}")
    store._engine.checkpoint()
    return store


def batch(store: LocalStore, first: int, *, at: int = 0, kwh: float = 5e-9) -> RecordCounts:
    """Keep a batch of records that begins with a number, each with its quarter."""
    numbers = range(first, first + BATCH)
    records = [record(f"K{number}", updated_at=T0 + number + at) for number in numbers]
    bins = [(row, "A", number, kwh) for row, number in enumerate(numbers)]
    return keep(store, records, bins)


@pytest.mark.parametrize(
    ("known", "sizes"),
    [(False, (50_000, 500_000)), (True, (200_000, 1_000_000))],  # a whole block is read at least
    ids=["new", "known"],
)
def test_a_batch_reads_no_more_from_a_larger_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool, sizes: tuple[int, int]
) -> None:
    """New records and records that are sent again cost what they cost with a few stored."""
    work: dict[int, int] = {}
    for stored in sizes:
        with monkeypatch.context() as patch, filled(tmp_path / str(stored), stored) as store:
            batch(store, stored + 1)  # the keys are read once in a run
            watched = Work(patch)
            first = stored // 2 if known else stored + 1 + BATCH
            counts = batch(store, first)
            work[stored] = watched.rows
            assert counts.records is not None
            assert counts.records.equal == (BATCH if known else 0)
            assert counts.records.inserted == (0 if known else BATCH)
    few, many = work.values()
    assert 0 < many <= 1.5 * few
