"""Writing readings and reading them back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tidegate.model.errors import BadValue, NotFound
from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.windows import Window
from tidegate.store.messages import Counts, Version
from tidegate.store.verbs import NO_READINGS, READINGS

if TYPE_CHECKING:
    from tidegate.model.series import SeriesKey
    from tidegate.store.local import LocalStore

ALWAYS = Window(BEGINNING, FOREVER)
Rows = list[tuple[int, int, float | None, int]]


def rows(
    store: LocalStore, keys: list[SeriesKey], window: Window = ALWAYS, **version: object
) -> Rows:
    table = store.read(keys, window, version=Version(**version)).read_all()  # type: ignore[arg-type]
    assert table.schema == READINGS
    return [tuple(row.values()) for row in table.to_pylist()]


def last_instant(store: LocalStore) -> int:
    return store.audit_trail()[-1].at


def test_readings_come_back_sorted(store, keys, readings):
    """Readings come back by (series, ts), whatever the order in which they came in."""
    a, b, _ = keys
    mixed = [(b, 5, 1.0, 9), (a, 7, 2.0, 9), (b, 1, -0.5, 21), (a, 0, 4e300, 5)]
    assert store.merge_readings(readings(mixed)) == Counts(inserted=4, revision=1)
    assert rows(store, keys) == sorted(mixed)


def test_windows_are_half_open(store, keys, readings):
    """A reading belongs to the window that starts at it, not to the one that ends there."""
    store.merge_readings(readings([(keys[0], t, float(t), 9) for t in range(5)]))
    assert [ts for _, ts, _, _ in rows(store, keys, Window(1, 3))] == [1, 2]
    assert rows(store, keys, Window(3, 3)) == []
    assert rows(store, []) == []


def test_an_unchanged_merge_writes_nothing(store, keys, readings):
    """Equal readings count as equal and make no revision, nulls included."""
    batch = readings([(keys[0], 0, 1.5, 9), (keys[0], 1, None, 19), (keys[0], 2, None, 0)])
    store.merge_readings(batch)
    before = store.audit_trail()
    assert store.merge_readings(batch) == Counts(equal=3)
    assert store.audit_trail() == before
    assert store.status().superseded == 0


def test_a_merge_leaves_other_readings(store, keys, readings):
    """Merging inserts, changes and compares reading by reading; the rest stays."""
    a, b, c = keys
    store.merge_readings(readings([(a, 0, 1.0, 9), (a, 1, 2.0, 9), (a, 2, 3.0, 9), (b, 0, 5.0, 9)]))
    second = [(a, 1, 2.5, 9), (a, 2, 3.0, 9), (a, 9, 4.0, 9), (c, 0, 6.0, 9)]
    counts = store.merge_readings(readings(second))
    assert counts == Counts(inserted=2, changed=1, equal=1, revision=2)
    expected = [(a, 0, 1.0, 9), (a, 1, 2.5, 9), (a, 2, 3.0, 9), (a, 9, 4.0, 9)]
    assert rows(store, keys) == [*expected, (b, 0, 5.0, 9), (c, 0, 6.0, 9)]


def test_a_flag_alone_is_a_change(store, keys, readings):
    """A reading whose flag differs is another reading, with or without a number."""
    store.merge_readings(readings([(keys[0], 0, 1.0, 9), (keys[0], 1, None, 0)]))
    counts = store.merge_readings(readings([(keys[0], 0, 1.0, 21), (keys[0], 1, None, 19)]))
    assert counts == Counts(changed=2, revision=2)


def test_of_repeats_the_last_wins(store, keys, readings):
    """If a batch names one (series, ts) twice, its last reading of it counts."""
    batch = [(keys[0], 5, 1.0, 9), (keys[0], 0, 3.0, 9), (keys[0], 5, 2.0, 9), (keys[0], 5, 7.0, 9)]
    assert store.merge_readings(readings(batch)) == Counts(inserted=2, revision=1)
    assert rows(store, keys) == [(keys[0], 0, 3.0, 9), (keys[0], 5, 7.0, 9)]


def test_a_null_is_missing_unless_it_has_no_value(store, keys, readings):
    """A null under a flag that promises a number becomes Missing."""
    store.merge_readings(readings([(keys[0], 0, None, 9), (keys[0], 1, None, 0)]))
    assert rows(store, keys) == [(keys[0], 0, None, 19), (keys[0], 1, None, 0)]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_only_finite_numbers_are_stored(store, keys, readings, value):
    """A value that is no finite number is refused with its place, and nothing is written."""
    with pytest.raises(BadValue, match="value of series 1 at 1970-01-01T00:00:01Z"):
        store.merge_readings(readings([(keys[0], 0, 1.0, 9), (keys[0], 1_000_000, value, 9)]))
    assert rows(store, keys) == []


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ([(99, 0, 1.0, 9)], NotFound),
        ([(1, 0, 1.0, 8)], BadValue),
        ([(1, FOREVER, 1.0, 9)], BadValue),
        ([(1, None, 1.0, 9)], BadValue),
        ([(1, 0, 1.0, None)], BadValue),
    ],
)
def test_a_bad_reading_spoils_its_batch(store, keys, readings, bad, error):
    """An unknown series, flag or instant is refused, and nothing of the batch is written."""
    with pytest.raises(error):
        store.merge_readings(readings([(1, 0, 1.0, 9), *bad]))
    assert rows(store, keys) == []


def test_columns_may_be_wider_and_more(store, keys):
    """Columns are taken by name and cast where nothing is lost; a missing one is named."""
    table = pa.table(
        {"note": ["x"], "flag": [9], "ts": [5], "value": pa.array([2], pa.int8()), "series": [1]}
    )
    store.merge_readings(table)
    assert rows(store, keys) == [(1, 5, 2.0, 9)]
    with pytest.raises(BadValue, match="table of readings"):
        store.merge_readings(table.drop(["flag"]))
    with pytest.raises(BadValue, match="table of readings"):
        store.merge_readings(table.set_column(4, "series", pa.array([1 << 40])))


def test_replace_ends_what_vanished(store, keys, readings):
    """Replacing a window ends what it held and the batch does not; outside nothing changes."""
    a, b, _ = keys
    store.merge_readings(readings([(k, t, float(t), 9) for k in (a, b) for t in range(5)]))
    counts = store.replace_window(readings([(a, 1, 1.0, 9), (a, 2, 9.0, 9)]), [a], Window(1, 4))
    assert counts == Counts(changed=1, removed=1, equal=1, revision=2)
    kept = [(a, 0, 0.0, 9), (a, 1, 1.0, 9), (a, 2, 9.0, 9), (a, 4, 4.0, 9)]
    assert rows(store, keys) == [*kept, *((b, t, float(t), 9) for t in range(5))]


def test_replaced_readings_lie_in_the_window(store, keys, readings):
    """A reading outside the window, or of another series, is refused and named."""
    for stray in [(keys[0], 10, 1.0, 9), (keys[1], 5, 1.0, 9)]:
        with pytest.raises(BadValue, match=f"a reading of series {stray[0]} is") as caught:
            store.replace_window(readings([(keys[0], 5, 1.0, 9), stray]), [keys[0]], Window(0, 10))
        assert "within the window" in str(caught.value.hint)
    assert rows(store, keys) == []


def test_deleting_is_a_belief_too(store, keys, readings):
    """Deleted readings are no longer believed, and still known as of before."""
    store.merge_readings(readings([(keys[0], t, 1.0, 9) for t in range(3)]))
    then = last_instant(store)
    assert store.delete_readings([keys[0]], Window(1, 9)).removed == 2
    assert rows(store, keys) == [(keys[0], 0, 1.0, 9)]
    assert len(rows(store, keys, as_of=then)) == 3
    assert store.delete_readings(keys, Window(1, 9)) == Counts()


def test_a_correction_keeps_the_old_value(store, keys, readings):
    """Each belief is read back as of any instant while it was held."""
    instants = []
    for value in (1.0, 2.0, 3.0):
        store.merge_readings(readings([(keys[0], 0, value, 9)]))
        instants.append(last_instant(store))
    assert instants == sorted(set(instants))
    for instant, value in zip(instants, (1.0, 2.0, 3.0), strict=True):
        assert rows(store, keys, as_of=instant) == [(keys[0], 0, value, 9)]
    assert rows(store, keys, as_of=instants[1] - 1) == [(keys[0], 0, 1.0, 9)]
    assert rows(store, keys, as_of=instants[0] - 1) == []
    assert rows(store, keys, as_of=FOREVER - 1) == rows(store, keys)


def test_exactly_what_was_written_at_an_instant(store, keys, readings):
    """With `exact`, only what that very change wrote comes back, believed still or not."""
    store.merge_readings(readings([(keys[0], 0, 1.0, 9), (keys[0], 1, 1.0, 9)]))
    first = last_instant(store)
    store.merge_readings(readings([(keys[0], 0, 2.0, 9), (keys[0], 2, 2.0, 9)]))
    second = last_instant(store)
    assert rows(store, keys, as_of=first, exact=True) == [(1, 0, 1.0, 9), (1, 1, 1.0, 9)]
    assert rows(store, keys, as_of=second, exact=True) == [(1, 0, 2.0, 9), (1, 2, 2.0, 9)]
    assert rows(store, keys, as_of=first + 1, exact=True) == []


def test_instants_rise_though_the_clock_goes_back(store, keys, readings, monkeypatch):
    """A change is known from later than every change before, whatever the machine's clock says."""
    store.merge_readings(readings([(keys[0], 0, 1.0, 9)]))
    first = last_instant(store)
    monkeypatch.setattr("tidegate.store.changes.now", lambda: 1000)
    store.merge_readings(readings([(keys[0], 0, 2.0, 9)]))
    assert last_instant(store) == first + 1
    assert rows(store, keys, as_of=first) == [(keys[0], 0, 1.0, 9)]


def test_quotations_lie_beside_the_readings(store, keys, readings):
    """Named versions do not touch what is believed; per point the latest asked for is read."""
    a = keys[0]
    store.merge_readings(readings([(a, 0, 1.0, 9), (a, 1, 1.0, 9)]))
    store.merge_readings(readings([(a, 0, 10.0, 12), (a, 1, 11.0, 12)]), quotation=100)
    store.merge_readings(readings([(a, 1, 21.0, 12), (a, 2, 22.0, 12)]), quotation=200)
    assert [value for *_, value, _ in rows(store, keys)] == [1.0, 1.0]
    assert [value for *_, value, _ in rows(store, keys, quotation=150)] == [10.0, 11.0]
    assert [value for *_, value, _ in rows(store, keys, quotation=200)] == [10.0, 21.0, 22.0]
    exact = rows(store, keys, quotation=200, exact_quotation=True)
    assert [value for *_, value, _ in exact] == [21.0, 22.0]
    assert rows(store, keys, quotation=99) == []


def test_quotations_are_corrected_like_readings(store, keys, readings):
    """A named version written again keeps what it said before."""
    batch = readings([(keys[0], 0, 1.0, 12), (keys[0], 1, 1.0, 12)])
    store.merge_readings(batch, quotation=100)
    then = last_instant(store)
    assert store.merge_readings(batch, quotation=100) == Counts(equal=2)
    changed = store.merge_readings(readings([(keys[0], 0, 2.0, 12)]), quotation=100)
    assert changed == Counts(changed=1, revision=2)
    assert rows(store, keys, quotation=100)[0][2] == 2.0
    assert rows(store, keys, quotation=100, as_of=then)[0][2] == 1.0


def test_the_last_reading_before(store, keys, readings):
    """The last reading before an instant is found however far back it lies, null values too."""
    a, b, _ = keys
    day = 86_400_000_000
    store.merge_readings(
        readings([(a, 0, 1.0, 9), (a, 900 * day, None, 19), (b, -4000 * day, 2.0, 5)])
    )
    found = store.read_before(keys, 1000 * day).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        (a, 900 * day, None, 19),
        (b, -4000 * day, 2.0, 5),
    ]
    assert store.read_before([a], 0).num_rows == 0
    assert store.read_before([a], 0).schema == READINGS
    assert store.read_before([a], 900 * day)["value"].to_pylist() == [1.0]


def test_extents_say_first_last_and_count(store, keys, readings):
    """Extents have a row for each series that has readings."""
    store.merge_readings(readings([(keys[2], t, 1.0, 9) for t in (3, 8, 5)]))
    assert store.extents(keys).to_pylist() == [
        {"series": keys[2], "first": 3, "last": 8, "count": 3}
    ]


def test_a_large_answer_comes_in_parts(store, keys, readings, monkeypatch):
    """An answer over the size of one piece is the same, from one state of the store."""
    monkeypatch.setattr("tidegate.store.reading._PIECE", 5)
    batch = readings([(k, t, float(t), 9) for k in keys for t in range(4)])
    store.merge_readings(batch)
    reader = store.read(keys, ALWAYS)
    first = reader.read_next_batch()
    store.delete_readings(keys, ALWAYS)
    assert pa.Table.from_batches([first, *reader]) == batch
    assert rows(store, keys) == []


def test_a_long_batch_is_written_in_slices(store, keys, readings, monkeypatch):
    """A batch over the size of one slice is written the same, the removals between included."""
    monkeypatch.setattr("tidegate.store.batches._SLICE", 3)
    before = [(k, t, 1.0, 9) for k in keys for t in range(4)]
    assert store.merge_readings(readings(before)).inserted == 12
    after = [(keys[0], t, 2.0, 9) for t in range(4)] + [(keys[1], 0, 1.0, 9)]
    counts = store.replace_window(readings(after), keys, Window(0, 4))
    assert counts == Counts(changed=4, removed=7, equal=1, revision=2)
    assert rows(store, keys) == after


def test_nothing_in_nothing_out(store, keys):
    """An empty batch is a write that changes nothing."""
    assert store.merge_readings(NO_READINGS) == Counts()
    assert store.replace_window(NO_READINGS, keys, ALWAYS) == Counts()
    assert store.replace_window(NO_READINGS, [], ALWAYS) == Counts()
