"""Coverage in words: what is recorded, what is due, and where the gaps are."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tidegate.model.catalogue import Entry
from tidegate.model.coverage import PROVISIONAL, Coverage, CoverageState
from tidegate.model.errors import NotFound
from tidegate.model.instants import DAY, HOUR, parse
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.series import Formula, NewSeries, Origin
from tidegate.model.windows import Window
from tidegate.services.coverage import coverage_report
from tidegate.services.gaps import gaps
from tidegate.store.messages import Confirmation, ConnectionRecord
from tidegate.store.verbs import NO_READINGS, READINGS

START = parse("2024-03-01")
HOURLY = Interval(IntervalUnit.HOUR, 1)


def register(number, name):
    origin = Origin("campus", f"R{number}", "period")
    series = NewSeries(name=name, unit="kWh", interval=HOURLY, origin=origin)
    return Entry(subject=f"R{number}", kind="register", name=name, series=(series,))


@pytest.fixture
def campus(store):
    """A connection with two registers, a formula over them and a meter."""
    store.put_connection(ConnectionRecord(name="campus", platform="dcs", url="u"))
    formula = Formula(
        text="A", language="dcs", alias_origins={"A": Origin("campus", "R1", "period")}
    )
    virtual = NewSeries(
        name="Both", unit="kWh", interval=HOURLY, formula=formula,
        origin=Origin("campus", "VM1", "formula"),
    )  # fmt: skip
    entries = [
        Entry(subject="M1", kind="meter", name="Hall"),
        register(1, "Hall: Import"),
        register(2, "Hall: Export"),
        Entry(subject="VM1", kind="virtual meter", name="Both", series=(virtual,)),
    ]
    store.record_catalogue("campus", entries)
    return store


def record(store, subject, days, state, *, asked_at=0, detail=""):
    window = Window(START + days[0] * DAY, START + days[1] * DAY)
    coverage = Coverage(
        subject=subject, window=window, state=state, asked_at=asked_at, detail=detail
    )
    run = store.start_run("campus", "test")
    store.confirm("campus", run, [Confirmation(coverage=coverage)], NO_READINGS)


def shown(report):
    """Rows as (first day, last day, state) by subject."""
    return {
        one.subject: [
            ((row.window.start - START) // DAY, (row.window.end - START) // DAY, row.state.value)
            for row in one.rows
        ]
        for one in report
    }


def test_what_nobody_asked_for_is_due(campus):
    """Within the time of any subject, what has no row is due; meters and formulas have none."""
    record(campus, "R1", (2, 5), CoverageState.DONE)
    record(campus, "R2", (0, 2), CoverageState.FAILED)

    assert shown(coverage_report(campus, "campus")) == {
        "R1": [(0, 2, "due"), (2, 5, "done")],
        "R2": [(0, 2, "failed"), (2, 5, "due")],
    }


def test_touching_rows_of_one_state_are_one(campus):
    """Rows of several runs that touch and say the same are one, as old as the oldest of them."""
    record(campus, "R1", (0, 2), CoverageState.EMPTY, asked_at=11)
    record(campus, "R1", (2, 4), CoverageState.EMPTY, asked_at=12)
    record(campus, "R1", (4, 5), CoverageState.EMPTY, asked_at=30, detail=PROVISIONAL)

    (one,) = coverage_report(campus, "campus", subjects=["R1"])
    assert shown([one])["R1"] == [(0, 4, "empty"), (4, 5, "empty")]
    assert [(row.asked_at, row.detail) for row in one.rows] == [(11, ""), (30, PROVISIONAL)]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, [(0, 4, "done")]),
        (2, None, [(2, 4, "done")]),
        (None, 3, [(0, 3, "done")]),
        (3, 6, [(3, 4, "done"), (4, 6, "due")]),
        (-2, 1, [(-2, 0, "due"), (0, 1, "done")]),
    ],
)
def test_either_end_may_be_given(campus, start, end, expected):
    """A start or an end alone clips the report; what lies outside of all rows is due."""
    record(campus, "R1", (0, 4), CoverageState.DONE)
    first, last = (None if day is None else START + day * DAY for day in (start, end))

    report = coverage_report(campus, "campus", subjects=["R1"], start=first, end=last)

    assert shown(report)["R1"] == expected


def test_subjects_are_named_as_everywhere(campus):
    """Subjects, names and patterns choose; one that nothing is like is an error."""
    record(campus, "R1", (0, 1), CoverageState.DONE)

    assert set(shown(coverage_report(campus, "campus", subjects=["%Export"]))) == {"R2"}
    assert set(shown(coverage_report(campus, "campus", subjects=["r1", "Hall: Export"]))) == {
        "R1",
        "R2",
    }
    with pytest.raises(NotFound):
        coverage_report(campus, "campus", subjects=["R9"])


def test_nothing_recorded_is_no_time_at_all(campus):
    """Before the first pull every subject is listed, with nothing to say of it."""
    assert shown(coverage_report(campus, "campus")) == {"R1": [], "R2": []}


def test_gaps_are_runs_of_raster_points_without_a_number(campus):
    """A gap is a run of points between the first and the last reading, or up to a given end."""
    (series,) = [one for one in campus.find_series() if one.name == "Hall: Import"]
    rows = [
        (series.key, START + hour * HOUR, None if hour == 5 else 1.0, 19 if hour == 5 else 9)
        for hour in (0, 1, 4, 5, 6)
    ]
    columns = dict(zip(READINGS.names, zip(*rows, strict=True), strict=True))
    campus.merge_readings(pa.table(columns, schema=READINGS))

    def found(**bounds):
        return [
            ((gap.window.start - START) // HOUR, (gap.window.end - START) // HOUR, gap.points)
            for gap in gaps(campus, [series], **bounds)
        ]

    assert found() == [(2, 4, 2), (5, 6, 1)]
    assert found(end=START + 9 * HOUR) == [(2, 4, 2), (5, 6, 1), (7, 9, 2)]
    assert found(start=START + 3 * HOUR) == [(3, 4, 1), (5, 6, 1)]
    assert found(end=START - HOUR) == []
