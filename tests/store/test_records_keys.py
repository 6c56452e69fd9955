"""Keys of records at hand: whatever their digests, records are told apart by their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from tidegate.store import records_keys
from tidegate.store.local import LocalStore
from tidegate.store.messages import ConnectionRecord, RunState
from tidegate.store.records_energy import CONTRIBUTIONS
from tidegate.store.records_keys import KnownKeys
from tidegate.store.records_writing import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tidegate.store.messages import Counts

NAME = "ocpi"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    with LocalStore.open(tmp_path / "store") as opened:
        opened.put_connection(ConnectionRecord(name=NAME, platform="ocpi", url="http://x"))
        yield opened


def put(store: LocalStore, run: int, keys: Sequence[str], text: str = "{}") -> Counts:
    """Store records of these keys with one document."""
    count = len(keys)
    columns = [
        ["tokens"] * count,
        list(keys),
        [1] * count,
        [text] * count,
        [[] for _ in keys],
        [None] * count,
    ]
    batch = pa.table(columns, schema=RECORDS)
    counts = store.confirm_records(NAME, run, [], batch, CONTRIBUTIONS.empty_table()).records
    assert counts is not None
    return counts


def broken(*_: object) -> None:
    raise RuntimeError("no room")


def test_numbers_of_digests_are_found_in_whatever_order_they_came() -> None:
    random = np.random.default_rng(1)
    digests = random.permutation(np.arange(1, 5_001, dtype=np.uint64) * np.uint64(2**51 + 7))
    known = KnownKeys(digests[:0], np.empty(0, np.int64))
    for start in range(0, 5_000, 70):
        part = np.arange(start, min(start + 70, 5_000))
        known.add(digests[part], part + 1)
    assert known.count == 5_000
    assert (known.numbers(digests) == np.arange(1, 5_001)).all()
    assert not known.numbers(digests + np.uint64(1)).any()


def test_records_of_equal_digests_stay_apart(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_keys, "DIGEST", "(length(key) % 2)::UBIGINT")
    run = store.start_run(NAME, "")
    assert put(store, run, ["A", "BB", "C", "A"]).inserted == 3
    second = put(store, run, ["D", "C", "A", "EE"])
    assert (second.inserted, second.equal) == (2, 2)
    third = put(store, run, ["BB", "EE", "D"], text='{"a":1}')
    assert (third.inserted, third.changed) == (0, 3)
    assert [record.key for record in store.records(NAME, "tokens")] == ["BB", "C", "A", "D", "EE"]


def test_what_is_undone_is_not_known(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.start_run(NAME, "")
    assert put(store, run, ["A"]).inserted == 1
    with monkeypatch.context() as patch:
        patch.setattr("tidegate.store.local_records.coverage_rows.record_coverage", broken)
        with pytest.raises(RuntimeError, match="no room"):
            put(store, run, ["B"])
    again = put(store, run, ["A", "B"])
    assert (again.inserted, again.equal) == (1, 1)


def test_records_of_a_connection_that_was_removed_are_new(store: LocalStore) -> None:
    put(store, store.start_run(NAME, ""), ["A", "B"])
    store.remove_connection(NAME)
    store.put_connection(ConnectionRecord(name=NAME, platform="ocpi", url="http://x"))
    assert put(store, store.start_run(NAME, ""), ["B"]).inserted == 1
    assert [record.key for record in store.records(NAME, "tokens")] == ["B"]


def test_keys_are_let_go_with_the_run(store: LocalStore) -> None:
    run = store.start_run(NAME, "")
    put(store, run, ["A"])
    with store._engine.writing() as session:
        assert session.latest is not None
        assert session.latest.keys
    store.end_run(run, RunState.COMPLETE, {})
    with store._engine.writing() as session:
        assert session.latest is not None
        assert not session.latest.keys
