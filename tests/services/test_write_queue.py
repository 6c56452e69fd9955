"""One writer for all: groups, order, errors and ends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tidegate.model.errors import NotFound, StoreError
from tidegate.model.series import NewSeries, SeriesKey
from tidegate.model.windows import Window
from tidegate.services.write_queue import WriteQueue
from tidegate.store.local import LocalStore
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = Window(0, 10**9)


class Watched:
    """A store that counts transactions, and holds them back until let go."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store
        self.sizes: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def merge_readings(self, readings, *, quotation=None, actor="owner"):
        self.entered.set()
        self.gate.wait(10)
        self.sizes.append(readings.num_rows)
        return self.store.merge_readings(readings, quotation=quotation, actor=actor)


@pytest.fixture
def watched(tmp_path) -> Iterator[Watched]:
    with LocalStore.open(tmp_path / "store") as store:
        store.create_series([NewSeries(name=f"s{n}") for n in range(10)])
        yield Watched(store)


def one(key: int, ts: int, value: float = 1.0) -> pa.Table:
    return pa.table([[key], [ts], [value], [9]], schema=READINGS)


def values(watched: Watched, key: int) -> list[float]:
    found = watched.store.read([SeriesKey(key)], WINDOW).read_all()["value"].to_pylist()
    return [value for value in found if value is not None]


def test_what_waits_is_kept_together(watched):
    """Writes that come during a transaction share the next one."""
    with WriteQueue(watched) as queue:
        watched.gate.clear()
        first = queue.submit(one(1, 1))
        assert watched.entered.wait(5)
        others = [queue.submit(one(key, 1)) for key in range(2, 9)]
        watched.gate.set()
        for write in (first, *others):
            write.result(10)
    assert watched.sizes == [1, 7]
    assert [values(watched, key) for key in range(1, 9)] == [[1.0]] * 8


def test_done_means_on_disk(watched, tmp_path):
    """When a write is done, another opening of the store reads it."""
    with WriteQueue(watched) as queue:
        queue.submit(one(1, 5, 7.0)).result(10)
        assert values(watched, 1) == [7.0]


def test_a_write_taken_back_while_it_waits_is_not_kept(watched):
    with WriteQueue(watched) as queue:
        watched.gate.clear()
        queue.submit(one(1, 1))
        assert watched.entered.wait(5)
        back, alone, kept = (queue.submit(one(key, 2)) for key in (2, 2, 3))
        assert back.cancel()
        assert alone.cancel()
        watched.gate.set()
        kept.result(10)
        assert queue.submit(one(4, 2)).result(10) is None
    assert [values(watched, key) for key in (2, 3, 4)] == [[], [1.0], [1.0]]


def test_a_bad_write_fails_alone(watched):
    """Of writes that share a transaction only the one that cannot be kept gets an error."""
    with WriteQueue(watched) as queue:
        watched.gate.clear()
        queue.submit(one(1, 1))
        assert watched.entered.wait(5)
        good, bad, fine = (queue.submit(one(key, 2)) for key in (2, 99, 3))
        watched.gate.set()
        good.result(10)
        fine.result(10)
        with pytest.raises(NotFound):
            bad.result(10)
    assert (values(watched, 2), values(watched, 3)) == ([1.0], [1.0])


def test_writes_to_one_series_keep_their_order(watched):
    """Nothing that was acknowledged is hidden in one transaction: every belief is on record."""
    with WriteQueue(watched) as queue:
        watched.gate.clear()
        writes = [queue.submit(one(1, 1, float(n))) for n in range(5)]
        watched.gate.set()
        for write in writes:
            write.result(10)
    assert values(watched, 1) == [4.0]
    assert len(watched.store.modifications([SeriesKey(1)], WINDOW)) == 5


def test_actors_and_versions_are_kept_apart(watched):
    """A transaction is of one actor and one version."""
    with WriteQueue(watched) as queue:
        watched.gate.clear()
        writes = [
            queue.submit(one(1, 1), actor="a"),
            queue.submit(one(2, 1), actor="a"),
            queue.submit(one(3, 1), actor="b"),
            queue.submit(one(4, 1), actor="b", quotation=5),
        ]
        watched.gate.set()
        for write in writes:
            write.result(10)
    actors = [record.actor for record in watched.store.audit_trail() if "merge" in record.verb]
    assert actors[-2:] == ["b", "b"]
    assert set(actors) == {"a", "b"}
    assert values(watched, 4) == []


def test_closing_keeps_what_waits(watched):
    """What was submitted before the end is kept; what comes later is refused."""
    queue = WriteQueue(watched)
    watched.gate.clear()
    writes = [queue.submit(one(key, 1)) for key in range(1, 6)]
    closing = threading.Thread(target=queue.close)
    closing.start()
    watched.gate.set()
    closing.join(10)
    assert all(write.done() and write.exception() is None for write in writes)
    with pytest.raises(StoreError):
        queue.submit(one(6, 1))
    queue.close()


def test_many_writers_at_once(watched):
    """Every write of many threads is kept, in far fewer transactions than writes."""
    with WriteQueue(watched) as queue, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: queue.submit(one(1 + n % 8, n)).result(10), range(160)))
    assert sum(len(values(watched, key)) for key in range(1, 9)) == 160
    assert sum(watched.sizes) == 160
