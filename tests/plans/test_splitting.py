"""What is due, and how it is cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.connector import Capabilities, Task
from tidegate.model.coverage import ASKED_AGAIN, PROVISIONAL, Coverage, CoverageState
from tidegate.model.instants import DAY, FOREVER, HOUR, MINUTE, parse, to_text
from tidegate.model.windows import Window, WindowSet
from tidegate.plans.splitting import due, final_before, pieces, plan

STEP = 30 * MINUTE
T0 = parse("2024-01-01")
instants = st.integers(T0 - 400 * DAY, T0 + 400 * DAY)
steps = st.integers(-400 * 48, 400 * 48).map(lambda n: T0 + n * STEP)


@st.composite
def windows(draw: st.DrawFn, points: st.SearchStrategy[int] = instants) -> Window:
    """Any window around the first days of 2024."""
    start, end = sorted((draw(points), draw(points)))
    return Window(start, end)


@st.composite
def coverages(draw: st.DrawFn) -> list[Coverage]:
    """Rows of one subject, sorted, without overlap, as a store gives them."""
    borders = sorted(draw(st.sets(steps, max_size=12)))
    rows = []
    for start, end in itertools.pairwise(borders):
        state = draw(st.sampled_from([None, *CoverageState]))
        if state is not None and state is not CoverageState.DUE:
            detail = draw(st.sampled_from(["", PROVISIONAL]))
            rows.append(row(Window(start, end), state, detail))
    return rows


def row(window: Window, state: CoverageState, detail: str = "", subject: str = "R1") -> Coverage:
    """One row of coverage."""
    return Coverage(subject=subject, window=window, state=state, asked_at=T0, detail=detail)


def day(number: int, length: float = 1) -> Window:
    """A window that starts some days after the first of January."""
    return Window(T0 + number * DAY, T0 + int((number + length) * DAY))


class TestDue:
    """What is to be asked for."""

    @given(windows(), coverages(), instants)
    def test_exactly_what_is_open(self, wanted: Window, rows: list[Coverage], now: int):
        """Due is what is wanted, past and not settled: not an instant more or less."""
        settled = WindowSet(
            r.window
            for r in rows
            if r.state in {CoverageState.DONE, CoverageState.EMPTY} and r.detail != PROVISIONAL
        )
        past = WindowSet([Window(wanted.start, max(wanted.start, min(wanted.end, now)))])
        assert due(wanted, rows, now=now) == past - settled

    @given(windows(), coverages(), instants)
    def test_alignment_widens(self, wanted: Window, rows: list[Coverage], now: int):
        """Borders are multiples of the alignment; nothing due is left out, nothing is future."""
        found = due(wanted, rows, alignment=STEP, now=now)
        exact = due(wanted, rows, now=now // STEP * STEP)
        assert all(w.start % STEP == 0 and w.end % STEP == 0 and w.end <= now for w in found)
        assert exact - found == WindowSet()
        assert found.length - exact.length < 2 * STEP * (len(exact) + 1)

    @pytest.mark.parametrize(
        ("state", "detail", "asked"),
        [
            (CoverageState.DONE, "", False),
            (CoverageState.EMPTY, "", False),
            (CoverageState.DONE, PROVISIONAL, True),
            (CoverageState.EMPTY, PROVISIONAL, True),
            (CoverageState.DONE, f"{ASKED_AGAIN}timed-out: x", True),
            (CoverageState.FAILED, "timed-out: x", True),
            (CoverageState.REFUSED, "forbidden: x", True),
        ],
    )
    def test_states(self, state: CoverageState, detail: str, asked: bool):
        """What was answered for good is not asked again; what failed or may change is."""
        found = due(day(0), [row(day(0), state, detail)], now=FOREVER)
        assert bool(found) is asked

    def test_the_future_is_left_for_later(self):
        """Nothing after now is asked for, nor a step that has not ended."""
        now = T0 + 5 * HOUR + 7 * MINUTE
        assert due(day(0, 9), [], alignment=STEP, now=now) == WindowSet([Window(T0, T0 + 5 * HOUR)])
        assert due(day(1), [], now=now) == WindowSet()

    def test_final_before_is_aligned(self):
        """The border between final and provisional lies a lag before the asking, on a step."""
        capabilities = Capabilities(lag=3 * DAY, alignment=STEP)
        assert final_before(T0 + 17 * MINUTE, capabilities) == T0 - 3 * DAY


class TestPieces:
    """How a window is cut."""

    @given(windows(steps), st.integers(12, 400 * 24).map(lambda n: n * HOUR))
    def test_tile(self, window: Window, longest: int):
        """Pieces tile the window in order, none is too long, and they are few."""
        capabilities = Capabilities(max_window=longest, alignment=STEP)
        found = list(pieces(window, capabilities))
        assert found[0].start == window.start
        assert found[-1].end == window.end
        assert all(a.end == b.start for a, b in itertools.pairwise(found))
        assert all(piece.length <= longest for piece in found)
        assert all(piece.start % STEP == 0 for piece in found)
        assert len(found) <= 2 * -(-window.length // longest) + 1

    @given(windows(), st.integers(1, 10**9), st.integers(1, 10**7))
    def test_odd_limits_end(self, window: Window, longest: int, alignment: int):
        """Limits that fit no calendar still give pieces that tile."""
        longest = max(longest, window.length // 200 + 1)
        found = list(pieces(window, Capabilities(max_window=longest, alignment=alignment)))
        assert WindowSet(found) == WindowSet([window])
        assert sum(piece.length for piece in found) == window.length

    def test_no_limit(self):
        """Without a limit a window stays whole."""
        assert list(pieces(day(0, 4000), Capabilities())) == [day(0, 4000)]

    @pytest.mark.parametrize(
        ("days", "borders"),
        [
            (31, ["2024-02-01", "2024-03-01", "2024-04-01"]),
            (100, ["2024-04-01", "2024-07-01", "2024-10-01"]),
            (400, ["2025-01-01", "2026-01-01", "2027-01-01"]),
            (1, ["2024-01-02", "2024-01-03", "2024-01-04"]),
        ],
    )
    def test_calendar(self, days: int, borders: list[str]):
        """Borders fall on years, months and days where the limit lets them."""
        found = list(pieces(day(0, 1500), Capabilities(max_window=days * DAY, alignment=STEP)))
        assert [to_text(piece.end)[:10] for piece in found[:3]] == borders

    def test_same_borders_from_another_start(self):
        """A run that begins elsewhere soon cuts at the same borders."""
        capabilities = Capabilities(max_window=31 * DAY, alignment=STEP)
        first = {piece.end for piece in pieces(day(0, 366), capabilities)}
        second = [piece.end for piece in pieces(day(12, 366), capabilities)]
        assert first.issuperset(second[:-1])


class TestPlan:
    """Tasks of several subjects."""

    @given(st.lists(coverages(), min_size=1, max_size=3), windows(), instants)
    def test_tasks_tile_what_is_due(self, tables: list[list[Coverage]], wanted: Window, now: int):
        """The tasks of each subject tile exactly its due windows, without overlap."""
        subjects = [f"R{number}" for number in range(len(tables))]
        rows = [
            row(r.window, r.state, r.detail, subject)
            for subject, table in zip(subjects, tables, strict=True)
            for r in table
        ]
        capabilities = Capabilities(max_window=5 * DAY, alignment=STEP)
        tasks = plan(subjects, wanted, rows, capabilities, now=now)
        for subject, table in zip(subjects, tables, strict=True):
            mine = [task.window for task in tasks if task.subject == subject]
            expected = due(wanted, table, alignment=STEP, now=now)
            assert WindowSet(mine) == expected
            assert sum(window.length for window in mine) == expected.length

    def test_order(self):
        """Tasks come subject by subject in the order given, each oldest first."""
        tasks = plan(["R9", "R1"], day(0, 2), [], Capabilities(max_window=DAY), now=FOREVER)
        assert tasks == [
            Task("R9", day(0)),
            Task("R9", day(1)),
            Task("R1", day(0)),
            Task("R1", day(1)),
        ]

    def test_again(self):
        """A run that asks again asks for everything, whatever is recorded."""
        rows = [row(day(0, 9), CoverageState.DONE)]
        assert plan(["R1"], day(0), rows, Capabilities(), now=FOREVER) == []
        assert plan(["R1"], day(0), rows, Capabilities(), now=FOREVER, again=True) == [
            Task("R1", day(0))
        ]

    def test_other_subjects_do_not_matter(self):
        """Coverage of subjects that are not asked for changes nothing."""
        rows = [row(day(0, 9), CoverageState.DONE, subject="R2")]
        assert len(plan(["R1"], day(0), rows, Capabilities(), now=FOREVER)) == 1


def test_forecasts_are_due_as_far_ahead_as_there_are_any():
    """What lies beyond now is asked for up to where the platform has readings, and each time."""
    capabilities = Capabilities(lag=0, ahead=7 * DAY)
    start, instant = 100 * DAY, 103 * DAY
    (task,) = plan(["a"], Window(start, start + 30 * DAY), [], capabilities, now=instant)
    assert task.window == Window(start, instant + 7 * DAY)
    (task,) = plan(["a"], Window(start, instant + DAY), [], capabilities, now=instant)
    assert task.window == Window(start, instant + DAY)
    assert final_before(instant, capabilities) == instant
