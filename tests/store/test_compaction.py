"""Compaction and the look at a store's health."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from tidegate.model.instants import DAY, parse
from tidegate.model.windows import Window
from tidegate.store.compaction import month_borders, month_name
from tidegate.store.local import LocalStore
from tidegate.store.schema import FORMAT
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.model.series import SeriesKey

START = parse("2024-01-01")


def days(keys: list[SeriesKey], count: int, first: int = 0) -> pa.Table:
    """Half-hourly readings of some days, day after day."""
    slots = np.arange(48, dtype=np.int64) * 1_800_000_000
    parts = [
        pa.table(
            {
                "series": np.repeat(np.asarray(keys, np.int32), 48),
                "ts": np.tile(START + day * DAY + slots, len(keys)),
                "value": np.arange(48.0 * len(keys)) + day,
                "flag": np.full(48 * len(keys), 9, np.int16),
            },
            schema=READINGS,
        )
        for day in range(first, first + count)
    ]
    return pa.concat_tables(parts)


def physical_order(store: LocalStore) -> list[tuple[int, int]]:
    with store._engine.reading() as session:
        return session.rows("SELECT series, ts FROM readings ORDER BY rowid")


def test_compaction_sorts_month_by_month(store, keys):
    """Readings written day by day lie by month and in it by series after compaction, unchanged."""
    for day in range(45):
        store.merge_readings(days(keys, 1, day))
    assert store.status().uncompacted_months == ("2024-01", "2024-02")
    before = store.read(keys, Window(START, START + 100 * DAY)).read_all()
    assert store.compact() == 2
    order = physical_order(store)
    border = month_borders(2024 * 12)[1]
    assert order == sorted(order, key=lambda place: (place[1] >= border, place))
    assert store.read(keys, Window(START, START + 100 * DAY)).read_all() == before
    assert store.status().uncompacted_months == ()


def test_compaction_may_be_rationed(store, keys):
    """Only so many months are sorted as asked for, the oldest first."""
    store.merge_readings(days(keys, 100))
    assert store.compact(months=1) == 1
    assert store.status().uncompacted_months == ("2024-02", "2024-03", "2024-04")
    assert store.compact() == 3
    assert store.compact() == 0


def test_compaction_goes_on_where_it_was_interrupted(store, keys, monkeypatch):
    """A month is sorted whole or not at all."""
    store.merge_readings(days(keys, 20))
    before = physical_order(store)
    monkeypatch.setattr("tidegate.store.compaction.month_borders", lambda month: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.compact()
    monkeypatch.undo()
    assert physical_order(store) == before
    assert store.compact() == 1


def test_months_in_disorder_are_sorted_when_writing_pauses(store, keys, monkeypatch):
    """A while after the last write, a thread sorts what is worth it and ends."""
    monkeypatch.setattr("tidegate.store.upkeep._QUIET_S", 0.05)
    monkeypatch.setattr("tidegate.store.compaction._WORTH", 100)
    store.merge_readings(days(keys, 20))
    until = time.monotonic() + 20
    while store.status().uncompacted_months and time.monotonic() < until:
        time.sleep(0.05)
    assert store.status().uncompacted_months == ()


def test_compaction_leaves_a_write_that_is_under_way_alone(store, keys, monkeypatch):
    """A long batch is no pause: nothing is sorted between it and the next."""
    monkeypatch.setattr("tidegate.store.upkeep._QUIET_S", 0.05)
    monkeypatch.setattr("tidegate.store.compaction._WORTH", 100)
    with store._engine.writing():
        store.merge_readings(days(keys, 20))
        time.sleep(0.3)  # the thread looks meanwhile
        monkeypatch.setattr("tidegate.store.upkeep._QUIET_S", 60.0)
    assert store._upkeep._thread is not None
    store._upkeep._thread.join(0.3)
    assert store.status().uncompacted_months != ()


def test_closing_sorts_what_is_worth_it(tmp_path, empty_store, monkeypatch):
    """Short processes compact as well: when they close the store."""
    from tidegate.model.series import NewSeries

    monkeypatch.setattr("tidegate.store.compaction._WORTH", 100)
    folder: Path = shutil.copytree(empty_store, tmp_path / "store")
    with LocalStore.open(folder) as store:
        keys = [store.create_series([NewSeries(name="a")])[0].key]
        store.merge_readings(days(keys, 20))
    with LocalStore.open(folder) as store:
        assert store.status().uncompacted_months == ()


def test_closing_after_reading_waits_for_nothing(tmp_path, empty_store, monkeypatch):
    """A process that only reads leaves disorder to those who write."""
    from tidegate.model.series import NewSeries

    folder: Path = shutil.copytree(empty_store, tmp_path / "store")
    with LocalStore.open(folder) as store:
        keys = [store.create_series([NewSeries(name="a")])[0].key]
        store.merge_readings(days(keys, 20))
    monkeypatch.setattr("tidegate.store.compaction._WORTH", 100)
    with LocalStore.open(folder) as store:
        assert store.read(keys, Window(START, START + DAY)).read_all().num_rows == 48
    with LocalStore.open(folder) as store:
        assert store.status().uncompacted_months == ("2024-01",)


def test_a_little_disorder_is_left(store, keys, monkeypatch):
    """A month is not rewritten for a share of its readings that does not matter."""
    from tidegate.store.compaction import month_worth_sorting

    monkeypatch.setattr("tidegate.store.compaction._WORTH", 100)
    store.merge_readings(days(keys, 30))
    store.compact()
    store.merge_readings(days(keys, 1, 30))
    with store._engine.reading() as session:
        assert month_worth_sorting(session) is None


def test_status_tells_sizes_and_window(store, keys, readings):
    """Status counts what is stored and says from when to when readings are."""
    empty = store.status()
    assert (empty.format, empty.series, empty.readings, empty.window) == (FORMAT, 3, 0, None)
    store.merge_readings(readings([(keys[0], 5, 1.0, 9), (keys[1], 8, 1.0, 9)]))
    store.merge_readings(readings([(keys[0], 5, 2.0, 9)]))
    status = store.status()
    assert (status.readings, status.superseded, status.window) == (2, 1, Window(5, 9))
    assert status.bytes > 0
    assert status.id == empty.id


def test_months_have_borders_and_names():
    """Months are counted from year 0 and end where the next begins."""
    assert month_borders(2024 * 12 + 11) == (parse("2024-12-01"), parse("2025-01-01"))
    assert month_name(2024 * 12) == "2024-01"
    assert month_name(1969 * 12 + 11) == "1969-12"
