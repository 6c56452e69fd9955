"""What a platform believed before the store knew it can be read as known then."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tidegate.model.errors import BadValue, NotFound
from tidegate.model.instants import FOREVER
from tidegate.model.windows import Window
from tidegate.store.messages import Version
from tidegate.store.verbs import HISTORY

DAY = Window(0, 100)


def told(rows):
    columns = zip(*rows, strict=True)
    return pa.table(dict(zip(HISTORY.names, columns, strict=True)), schema=HISTORY)


def values(store, key, **version):
    table = store.read([key], DAY, version=Version(**version)).read_all()
    return dict(zip(table["ts"].to_pylist(), table["value"].to_pylist(), strict=True))


def test_earlier_beliefs_are_read_as_known_then(store, keys, readings):
    """A reading pulled today was known to the platform since long ago, first otherwise."""
    key = keys[0]
    store.merge_readings(readings([(key, 5, 3.0, 9)]))

    added = store.record_history(
        told([(key, 5, 1.0, 9, 1000, 2000), (key, 5, 3.0, 9, 2000, FOREVER)])
    )

    assert added == 2
    assert values(store, key, as_of=999) == {}
    assert values(store, key, as_of=1000) == {5: 1.0}
    assert values(store, key, as_of=1999) == {5: 1.0}
    assert values(store, key, as_of=2000) == {5: 3.0}
    assert values(store, key) == {5: 3.0}
    assert values(store, key, as_of=2000, exact=True) == {5: 3.0}
    assert store.modifications([key], DAY)[:2] == [1000, 2000]


def test_the_same_history_again_adds_nothing(store, keys, readings):
    """A history may be told twice: the second time everything is known, and nothing is written."""
    key = keys[0]
    store.merge_readings(readings([(key, 5, 3.0, 9)]))
    history = told([(key, 5, 1.0, 9, 1000, 2000), (key, 5, 3.0, 9, 2000, FOREVER)])
    store.record_history(history)
    before = store.audit_trail()

    assert store.record_history(history) == 0
    assert store.audit_trail() == before


def test_what_the_store_believed_itself_stays(store, keys, readings):
    """A belief of the platform ends where the store's own begins, though they overlap."""
    key = keys[0]
    store.merge_readings(readings([(key, 5, 1.0, 9)]))
    (first,) = store.modifications([key], DAY)
    store.merge_readings(readings([(key, 5, 2.0, 9)]))

    store.record_history(
        told([(key, 5, 1.0, 9, 1000, first + 1), (key, 5, 2.0, 9, first + 1, FOREVER)])
    )

    assert values(store, key, as_of=1500) == {5: 1.0}
    assert values(store, key, as_of=first + 1) == {5: 1.0}
    assert values(store, key) == {5: 2.0}


def test_a_reading_that_the_platform_removed_is_known_until_then(store, keys):
    """What ended before the store ever asked is read as known then, and is not there now."""
    key = keys[0]

    assert store.record_history(told([(key, 7, 4.0, 9, 1000, 2000)])) == 1
    assert values(store, key, as_of=1500) == {7: 4.0}
    assert values(store, key, as_of=2000) == {}
    assert values(store, key) == {}


def test_what_was_never_pulled_is_left_out(store, keys):
    """A belief that still holds does not become a reading: only a pull brings these."""
    key = keys[0]

    assert store.record_history(told([(key, 7, 4.0, 9, 1000, FOREVER)])) == 0
    assert values(store, key, as_of=1500) == {}


def test_a_history_that_cannot_be(store, keys):
    """A belief that ends before it begins, an infinite value or an unknown series is refused."""
    with pytest.raises(BadValue):
        store.record_history(told([(keys[0], 1, 1.0, 9, 20, 10)]))
    with pytest.raises(BadValue):
        store.record_history(told([(keys[0], 1, float("inf"), 9, 10, 20)]))
    with pytest.raises(NotFound):
        store.record_history(told([(999, 1, 1.0, 9, 10, 20)]))
