"""The store against a dictionary that does the same."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidegate.model.series import NewSeries, SeriesKey
from tidegate.model.windows import Window
from tidegate.store.local import LocalStore
from tidegate.store.messages import Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

KEYS = [SeriesKey(1), SeriesKey(2), SeriesKey(4)]
HOUR = 3_600_000_000
Point = tuple[float | None, int]
Batch = list[tuple[int, int, Point]]
Belief = dict[tuple[int, int], Point]

keys = st.sampled_from(KEYS)
instants = st.integers(0, 12).map(lambda t: t * 100 * HOUR)
points = st.one_of(
    st.tuples(st.sampled_from([0.0, 1.0, 2.5]), st.sampled_from([9, 21])),
    st.tuples(st.none(), st.sampled_from([0, 19])),
)
batches = st.lists(st.tuples(keys, instants, points), max_size=25)
windows = st.tuples(instants, instants).map(lambda pair: Window(min(pair), max(pair)))
changes = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), batches),
        st.tuples(st.just("replace"), batches, st.sets(keys, min_size=1), windows),
        st.tuples(st.just("delete"), st.sets(keys, min_size=1), windows),
        st.tuples(st.just("compact")),
    ),
    max_size=8,
)


def merge(belief: Belief, batch: Batch) -> Belief:
    return belief | {(key, ts): point for key, ts, point in batch}


def replace(belief: Belief, batch: Batch, chosen: set[int], window: Window) -> Belief:
    kept = {
        (key, ts): point
        for (key, ts), point in belief.items()
        if key not in chosen or not window.start <= ts < window.end
    }
    return merge(kept, batch)


@pytest.fixture
def fresh(tmp_path: Path, empty_store: Path) -> Callable[[], LocalStore]:
    """A function that opens a new store with the series of `KEYS`."""
    folder = tmp_path / "fresh"

    def opened() -> LocalStore:
        shutil.rmtree(folder, ignore_errors=True)
        store = LocalStore.open(shutil.copytree(empty_store, folder))
        store.create_series([NewSeries(name=str(number)) for number in range(4)])
        return store

    return opened


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=changes)
def test_every_belief_is_what_a_dictionary_says(fresh, readings, steps):
    """After any changes, the store holds, now and as of every change, what a dictionary holds."""

    def table(batch: Batch) -> pa.Table:
        return readings([(key, ts, *point) for key, ts, point in batch])

    belief: Belief = {}
    known: list[tuple[int, Belief]] = []
    with fresh() as store:
        for kind, *details in steps:
            before = belief
            if kind == "merge":
                (batch,) = details
                belief = merge(belief, batch)
                counts = store.merge_readings(table(batch))
            elif kind == "compact":
                store.compact()
                continue
            else:
                batch, chosen, window = details if kind == "replace" else ([], *details)
                batch = [
                    one for one in batch if one[0] in chosen and window.start <= one[1] < window.end
                ]
                belief = replace(belief, batch, chosen, window)
                counts = store.replace_window(table(batch), sorted(chosen), window)
            assert counts.inserted == len(belief.keys() - before.keys())
            assert counts.removed == len(before.keys() - belief.keys())
            same = before.keys() & belief.keys()
            assert counts.changed == sum(before[place] != belief[place] for place in same)
            assert (counts.revision is None) == (before == belief)
            known.append((store.audit_trail()[-1].at, belief))
        assert held(store, Version()) == belief
        for instant, then in known:
            assert held(store, Version(as_of=instant)) == then
        assert store.status().readings == len(belief)


def held(store: LocalStore, version: Version) -> Belief:
    table = store.read(KEYS, Window(0, 10**15), version=version).read_all()
    columns = [column.to_pylist() for column in table.columns]
    places = list(zip(columns[0], columns[1], strict=True))
    assert places == sorted(set(places))
    return dict(zip(places, zip(columns[2], columns[3], strict=True), strict=True))
