"""Sums by the engine against the reference procedure, and the properties that they must have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.calc.engine import Filters, engine_sum
from tests.calc.reference import Given, Row, reference_in_steps, reference_sum

from tidegate.calc.calendar import edges
from tidegate.model.aggregation import Aggregation
from tidegate.model.instants import DAY, HOUR, MINUTE
from tidegate.model.instants import parse as at
from tidegate.model.instants import zone as zone_named
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from tidegate.calc.sum_answers import Totals

CHANGES = [int(at(text)) for text in ("2021-03-28T01:00Z", "2021-10-31T01:00Z", "2020-02-29")]
ZONES = ["UTC", "Europe/Vienna", "Asia/Kolkata", "Australia/Lord_Howe"]
RASTERS = [
    Interval(IntervalUnit.MINUTE, 30),
    Interval(IntervalUnit.HOUR),
    Interval(IntervalUnit.HOUR, 6),
    Interval(IntervalUnit.DAY),
    Interval(IntervalUnit.MONTH),
    Interval(IntervalUnit.NO),
]
BUCKETS = [*RASTERS[:-1], Interval(IntervalUnit.MINUTE, 20), Interval(IntervalUnit.TOTAL)]
FLAGS = [0, 5, 7, 9, 12, 19, 20, 21, 22]
VALUES = [None, "A", "B", " a "]

quick = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Spans of up to three days around a change of clocks or a leap day, on quarter hours."""
    start = draw(st.sampled_from(CHANGES)) + draw(st.integers(-96, 48)) * 15 * MINUTE
    return Window(start, start + draw(st.integers(1, 3 * 96)) * 15 * MINUTE)


@st.composite
def dated(draw: st.DrawFn, window: Window) -> dict[int, str | None]:
    """Values of an attribute that change in and around a window, on rasters and off."""
    instants = st.integers(window.start - 2 * DAY, window.end).map(lambda x: x // MINUTE * MINUTE)
    return draw(st.dictionaries(instants, st.sampled_from(VALUES), max_size=4))


@st.composite
def series(draw: st.DrawFn, window: Window, *, off_raster: bool = True) -> Given:
    """One candidate with gaps, flags, and attributes."""
    interval = draw(st.sampled_from(RASTERS if off_raster else RASTERS[:-1]))
    zone = draw(st.sampled_from(ZONES))
    if interval.is_spontaneous:
        instants = st.integers(window.start - DAY, window.end + DAY).map(lambda x: x // HOUR * HOUR)
        stamps = sorted(draw(st.sets(instants, max_size=6)))
    else:
        wider = Window(window.start - 40 * DAY, window.end + 40 * DAY)
        if interval.nominal <= DAY:
            wider = Window(window.start - 2 * DAY, window.end + 2 * DAY)
        stamps = [int(x) for x in edges(interval, wider, zone=zone_named(zone))]
    seed = draw(st.integers(0, 2**32 - 1))
    return Given(
        readings=_readings(stamps, np.random.default_rng(seed)),
        interval=interval,
        zone=zone,
        attributes={name: draw(dated(window)) for name in ("P", "Q")},
    )


def _readings(
    stamps: list[int], random: np.random.Generator
) -> list[tuple[int, float | None, int]]:
    rows: list[tuple[int, float | None, int]] = []
    for ts in stamps:
        if random.random() < 0.1:
            continue
        flag = 9 if random.random() < 0.7 else int(random.choice(FLAGS))
        value = float(random.normal(0, 10.0 ** int(random.integers(-3, 6))))
        rows.append((ts, None if flag in {0, 19} else value, flag))
    return rows


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Given], Window, dict[str, Any]]:
    """Candidates, a window and how the answer is laid out."""
    window = draw(windows())
    candidates = draw(st.lists(series(window), min_size=1, max_size=4))
    options = {
        "interval": draw(st.sampled_from(BUCKETS)),
        "zone": draw(st.sampled_from(ZONES)),
        "day_start": draw(st.sampled_from([0, 6 * HOUR])),
        "valid_if_any": draw(st.booleans()),
    }
    return candidates, window, options


def agree(expected: list[Row], actual: Totals) -> None:
    """Values within 1e-12 of what was added without sign; flags and presence exactly."""
    assert [row.flag for row in expected] == actual.flags.tolist()
    assert [row.has_number for row in expected] == actual.has_number.tolist()
    for row, value in zip(expected, actual.values.tolist(), strict=True):
        assert abs(row.value - value) <= 1e-12 * max(row.size, 1e-300)


FILTERS: list[Filters] = [
    [("P", "A")],
    [("P", "a"), ("Q", "B")],
    [("Q", None)],
    [],
]


@quick
@given(problems(), st.sampled_from(FILTERS))
def test_sums_of_amounts_equal_the_reference(problem: Any, filters: Filters) -> None:
    """Amounts are shared out by time and added as the reference procedure does."""
    candidates, window, options = problem
    plan, actual = engine_sum(
        candidates, filters, window, units=["kWh"] * len(candidates), **options
    )

    expected = reference_sum(
        candidates,
        filters,
        plan.buckets.tolist(),
        average=False,
        valid_if_any=options["valid_if_any"],
    )
    agree(expected, actual)


@quick
@given(problems(), st.sampled_from(FILTERS))
def test_averages_of_levels_equal_the_reference(problem: Any, filters: Filters) -> None:
    """Levels are averaged over the union of the members' time as the reference procedure does."""
    candidates, window, options = problem
    plan, actual = engine_sum(
        candidates, filters, window, units=["kW"] * len(candidates), **options
    )

    expected = reference_sum(
        candidates,
        filters,
        plan.buckets.tolist(),
        average=True,
        valid_if_any=options["valid_if_any"],
    )
    agree(expected, actual)


CONVERSIONS = {
    "kWh": [("kWh", 1.0, 0), ("MWh", 1e3, 0), ("kW", 1.0, 1), ("W", 1e-3, 1)],
    "MW": [("kW", 1e-3, 0), ("MW", 1.0, 0)],
    "kW": [("kWh", 1.0, -1), ("Wh", 1e-3, -1)],
}


@quick
@given(problems(), st.sampled_from(FILTERS), st.sampled_from(sorted(CONVERSIONS)), st.data())
def test_units_are_converted_cell_by_cell(
    problem: Any, filters: Filters, unit: str, data: st.DataObject
) -> None:
    """Scales, rates that become amounts and amounts that become rates all equal the reference."""
    candidates, window, options = problem
    ways = [data.draw(st.sampled_from(CONVERSIONS[unit])) for _ in candidates]
    candidates = [
        replace(candidate, scale=scale, hours=hours)
        for candidate, (_, scale, hours) in zip(candidates, ways, strict=True)
    ]
    average = unit != "kWh"
    plan, actual = engine_sum(
        candidates,
        filters,
        window,
        units=[name for name, _, _ in ways],
        unit=unit,
        aggregation=Aggregation.AVERAGE if average else Aggregation.SUM,
        **options,
    )

    expected = reference_sum(
        candidates,
        filters,
        plan.buckets.tolist(),
        average=average,
        valid_if_any=options["valid_if_any"],
    )
    agree(expected, actual)


@quick
@given(problems(), st.integers(100, 1000))
def test_questions_in_parts_give_one_answer(problem: Any, most_cells: int) -> None:
    """However the range is split at bucket borders, the joined answer is that of one call."""
    candidates, window, options = problem
    units = ["kW"] * len(candidates)

    _, whole = engine_sum(candidates, [("P", "A")], window, units=units, **options)
    _, parts = engine_sum(
        candidates, [("P", "A")], window, units=units, most_cells=most_cells, **options
    )

    assert whole.flags.tolist() == parts.flags.tolist()
    assert whole.has_number.tolist() == parts.has_number.tolist()
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-12, atol=1e-9)


@quick
@given(problems())
def test_calls_split_at_a_bucket_border_join_to_one(problem: Any) -> None:
    """Two calls that meet at a bucket border answer what one call answers."""
    candidates, window, options = problem
    if options["interval"].unit is IntervalUnit.TOTAL:
        options["interval"] = Interval(IntervalUnit.HOUR)
    units = ["kWh"] * len(candidates)

    plan, whole = engine_sum(candidates, [("P", "A")], window, units=units, **options)
    border = int(plan.buckets[len(plan.buckets) // 2])
    halves = [Window(plan.window.start, border), Window(border, plan.window.end)]
    answers = [
        engine_sum(candidates, [("P", "A")], half, units=units, **options)[1]
        for half in halves
        if half
    ]

    assert np.concatenate([part.flags for part in answers]).tolist() == whole.flags.tolist()
    joined = np.concatenate([part.values for part in answers])
    np.testing.assert_allclose(joined, whole.values, rtol=1e-12, atol=1e-9)


@quick
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_series_and_filters_does_not_matter(problem: Any, random: Any) -> None:
    """Shuffled candidates and filters give the same flags and, up to rounding, the same values."""
    candidates, window, options = problem
    shuffled = random.sample(candidates, len(candidates))
    units = ["kWh"] * len(candidates)

    _, one = engine_sum(candidates, [("P", "A"), ("Q", "B")], window, units=units, **options)
    _, other = engine_sum(shuffled, [("Q", "B"), ("P", "A")], window, units=units, **options)

    assert one.flags.tolist() == other.flags.tolist()
    np.testing.assert_allclose(other.values, one.values, rtol=1e-12, atol=1e-9)


@quick
@given(problems())
def test_groups_of_an_attribute_add_up_to_the_unfiltered_sum(problem: Any) -> None:
    """Amounts of every value of an attribute and of none together are those of everybody."""
    candidates, window, options = problem
    units = ["kWh"] * len(candidates)
    # a series without value is a group of its own; a made-up attribute names it
    for candidate in candidates:
        dated = candidate.attributes["P"]
        without = {at: "yes" if value is None else None for at, value in dated.items()}
        candidate.attributes["N"] = {int(window.start - 1000 * DAY): "yes", **without}
    groups: list[Filters] = [[("P", "A")], [("P", "B")], [("N", "yes")]]

    parts = [engine_sum(candidates, one, window, units=units, **options)[1] for one in groups]
    _, whole = engine_sum(candidates, [], window, units=units, **options)

    added = np.sum([part.values for part in parts], axis=0)
    size = np.sum([abs(part.values) for part in parts], axis=0)
    assert np.all(np.abs(added - whole.values) <= 1e-9 * np.maximum(size, 1.0))


@st.composite
def one_cyclic(draw: st.DrawFn) -> tuple[Given, Window, int, int]:
    """A series with one change of its attribute, and where within one cell that change may lie."""
    window = draw(windows())
    one = draw(series(window, off_raster=False))
    wider = Window(window.start - DAY, window.end + DAY)
    raster = edges(one.interval, wider, zone=zone_named(one.zone)).tolist()
    place = draw(st.integers(0, len(raster) - 2))
    earliest, latest = raster[place] + 1, raster[place + 1]
    return one, window, draw(st.integers(earliest, latest)), draw(st.integers(earliest, latest))


@quick
@given(one_cyclic())
def test_a_change_may_move_within_one_cell(problem: Any) -> None:
    """For cyclic series an attribute instant counts from the next cell start on."""
    one, window, first, second = problem
    before = window.start - 1000 * DAY
    answers = []
    for instant in (first, second):
        moved = replace(one, attributes={"P": {before: "A", instant: "B"}})
        _, found = engine_sum(
            [moved],
            [("P", "A")],
            window,
            units=["kWh"],
            interval=one.interval,
            zone=one.zone,
        )
        answers.append(found)

    assert answers[0].values.tolist() == answers[1].values.tolist()
    assert answers[0].flags.tolist() == answers[1].flags.tolist()


STEPWISE = [
    Aggregation.MIN,
    Aggregation.MAX,
    Aggregation.ABS_MIN,
    Aggregation.ABS_MAX,
    Aggregation.LAST_VALUE,
    Aggregation.AT_THE_MOMENT,
    Aggregation.MOST_FREQUENTLY,
]


@quick
@given(problems(), st.sampled_from(STEPWISE), st.sampled_from(["kWh", "kW"]))
def test_other_methods_apply_to_totals_of_calculation_steps(
    problem: Any, method: Aggregation, unit: str
) -> None:
    """Series come to the steps by their own method, are added there, and one total is picked."""
    candidates, window, options = problem
    plan, actual = engine_sum(
        candidates,
        [("P", "A")],
        window,
        units=[unit] * len(candidates),
        aggregation=method,
        **options,
    )

    expected = reference_in_steps(
        candidates,
        [("P", "A")],
        plan.steps.tolist(),
        buckets=plan.buckets.tolist(),
        method=method,
        average=unit == "kW",
    )
    lenient = options["valid_if_any"]
    assert [row.has_number for row in expected] == actual.has_number.tolist()
    assert [row.lenient if lenient else row.flag for row in expected] == actual.flags.tolist()
    for row, value in zip(expected, actual.values.tolist(), strict=True):
        assert abs(row.value - value) <= 1e-9 * max(row.size, 1e-300)
