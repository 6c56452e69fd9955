"""Coverage: what was asked, and what came of it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidegate.model.coverage import ASKED_AGAIN, Coverage, CoverageState
from tidegate.model.errors import NotFound
from tidegate.model.windows import Window, WindowSet
from tidegate.store.messages import Confirmation, ConnectionRecord
from tidegate.store.verbs import NO_READINGS

if TYPE_CHECKING:
    from tidegate.store.local import LocalStore

DONE, EMPTY, FAILED = CoverageState.DONE, CoverageState.EMPTY, CoverageState.FAILED


@pytest.fixture
def campus(store: LocalStore) -> LocalStore:
    """The store with the connection `campus`."""
    store.put_connection(ConnectionRecord(name="campus", platform="dcs", url="http://x"))
    return store


def row(
    start: int,
    end: int,
    state: CoverageState = DONE,
    *,
    subject: str = "R1",
    asked_at: int = 1,
    detail: str = "",
) -> Coverage:
    window = Window(start, end)
    return Coverage(subject=subject, window=window, state=state, asked_at=asked_at, detail=detail)


def confirm(store: LocalStore, *rows: Coverage) -> None:
    run = store.start_run("campus", "{}")
    store.confirm("campus", run, [Confirmation(coverage=one) for one in rows], NO_READINGS)


def test_coverage_comes_back_as_it_was_recorded(campus):
    """Every member of a row comes back, sorted by subject and start."""
    rows = [row(5, 9, FAILED, subject="R2", asked_at=7, detail="timed-out"), row(0, 5, EMPTY)]
    confirm(campus, *rows)
    assert campus.coverage("campus") == rows[::-1]


def test_a_later_row_takes_its_window(campus):
    """A later row wins over the part of earlier ones that it overlaps."""
    confirm(campus, row(0, 100, EMPTY, asked_at=1))
    confirm(campus, row(40, 60, FAILED, asked_at=2))
    confirm(campus, row(50, 55, asked_at=3))
    assert campus.coverage("campus") == [
        row(0, 40, EMPTY, asked_at=1),
        row(40, 50, FAILED, asked_at=2),
        row(50, 55, asked_at=3),
        row(55, 60, FAILED, asked_at=2),
        row(60, 100, EMPTY, asked_at=1),
    ]


@pytest.mark.parametrize("state", [FAILED, CoverageState.REFUSED])
def test_a_failure_leaves_done_what_is_done(campus, state):
    """Asking again in vain keeps `done`, with the failure as detail; the rest is failed."""
    confirm(campus, row(0, 10, asked_at=1), row(20, 30, asked_at=1))
    confirm(campus, row(5, 25, state, asked_at=2, detail="timed-out: x"))
    again = f"{ASKED_AGAIN}timed-out: x"
    assert campus.coverage("campus") == [
        row(0, 5, asked_at=1),
        row(5, 10, asked_at=1, detail=again),
        row(10, 20, state, asked_at=2, detail="timed-out: x"),
        row(20, 25, asked_at=1, detail=again),
        row(25, 30, asked_at=1),
    ]

    confirm(campus, row(0, 30, state, asked_at=3, detail="throttled: y"))
    assert {one.detail for one in campus.coverage("campus")} == {
        "throttled: y",
        f"{ASKED_AGAIN}throttled: y",
    }
    confirm(campus, row(0, 30, asked_at=4))
    assert campus.coverage("campus") == [row(0, 30, asked_at=4)]


def test_done_windows_that_touch_are_one(campus):
    """Done windows join under the oldest of their instants, so nights do not pile up."""
    for night in range(5):
        confirm(campus, row(night * 10, night * 10 + 10, asked_at=night))
    assert campus.coverage("campus") == [row(0, 50, asked_at=0)]


def test_empty_windows_keep_the_instant_they_were_asked(campus):
    """Empty windows of different runs stay apart, since each was asked at an instant of its own."""
    confirm(campus, row(0, 10, EMPTY, asked_at=1), row(10, 20, EMPTY, asked_at=2))
    confirm(campus, row(20, 30, EMPTY, asked_at=3))
    assert campus.coverage("campus") == [
        row(0, 20, EMPTY, asked_at=1),
        row(20, 30, EMPTY, asked_at=3),
    ]


def test_coverage_is_clipped_and_narrowed(campus):
    """Only the subjects and the window asked for come back."""
    confirm(campus, row(0, 50), row(60, 90), row(0, 50, subject="R2"))
    assert campus.coverage("campus", subjects=["R1"], window=Window(40, 70)) == [
        row(40, 50),
        row(60, 70),
    ]
    assert campus.coverage("campus", subjects=[]) == []
    assert campus.coverage("campus", window=Window(50, 60)) == []


def test_what_is_due_is_not_recorded(campus):
    """Due is the absence of a row."""
    confirm(campus, row(0, 10, CoverageState.DUE))
    assert campus.coverage("campus") == []


def test_coverage_of_an_unknown_connection_is_an_error(campus):
    """A connection that does not exist is not one without coverage."""
    with pytest.raises(NotFound, match="no connection 'depot'"):
        campus.coverage("depot")


steps = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["R1", "R2"]),
            st.integers(0, 20),
            st.integers(0, 20),
            st.sampled_from([DONE, EMPTY, FAILED]),
        ),
        min_size=1,
        max_size=4,
    ),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=steps)
def test_coverage_is_a_set_of_windows_per_state(campus, steps):
    """Recording a row adds its window to one state and takes it from the others.

    Only what is done stays done under a failure.
    """
    if "campus" in {one.name for one in campus.connections()}:
        campus.remove_connection("campus")
    campus.put_connection(ConnectionRecord(name="campus", platform="dcs", url="http://x"))
    places = list(product(("R1", "R2"), (DONE, EMPTY, FAILED)))
    expected = dict.fromkeys(places, WindowSet())
    for asked_at, step in enumerate(steps):
        rows = []
        for subject, one, other, state in step:
            start, end = sorted((one, other))
            rows.append(row(start, end, state, subject=subject, asked_at=asked_at))
            laid = WindowSet([rows[-1].window])
            if state is FAILED:
                laid -= expected[subject, DONE]
            for place in [place for place in places if place[0] == subject]:
                expected[place] -= laid
            expected[subject, state] |= laid
        confirm(campus, *rows)
    recorded = campus.coverage("campus")
    for (subject, state), windows in expected.items():
        mine = [one.window for one in recorded if (one.subject, one.state) == (subject, state)]
        assert WindowSet(mine) == windows
        assert sum(window.length for window in mine) == windows.length
