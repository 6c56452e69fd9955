"""One series on another raster: the vectors, and agreement with a minute-by-minute reference."""

from __future__ import annotations

import itertools
import math
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.calc.calendar import edges, parse_day_start
from tidegate.calc.raster import Condensed, Points, convert, covered_until
from tidegate.calc.units import IDENTITY, Conversion, by_name, conversion
from tidegate.model.aggregation import Aggregation
from tidegate.model.flags import RANK, Flag
from tidegate.model.instants import FOREVER, HOUR, MINUTE, parse, to_text, zone
from tidegate.model.intervals import parse_interval
from tidegate.model.units import STARTER_UNITS
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import ArrayLike, NDArray

VIENNA = zone("Europe/Vienna")
UTC = zone("UTC")
UNITS = by_name(STARTER_UNITS)


def points(
    interval: str, ts: ArrayLike, values: Any, flags: ArrayLike = 9, local: ZoneInfo = UTC
) -> Points:
    """Points of numbers, where None is a stored null."""
    numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
    return Points.of(
        np.asarray(ts, dtype=np.int64),
        numbers,
        ~np.isnan(numbers),
        np.broadcast_to(np.asarray(flags, dtype=np.int16), numbers.shape),
        interval=parse_interval(interval),
        zone=local,
    )


def constant(interval: str, start: str, end: str, value: float, local: ZoneInfo = UTC) -> Points:
    """A series with the same number at every point of its own raster."""
    span = Window(parse(start, naive=local), parse(end, naive=local))
    ts = edges(parse_interval(interval), span, zone=local)[:-1]
    return points(interval, ts, np.full(len(ts), float(value)), local=local)


def buckets(
    interval: str, start: str, end: str, local: ZoneInfo = UTC, day_start: int = 0
) -> NDArray[np.int64]:
    span = Window(parse(start, naive=local), parse(end, naive=local))
    return edges(parse_interval(interval), span, zone=local, day_start=day_start)


def shown(found: Condensed) -> list[str]:
    return [f"{value:g}/{flag}" for value, flag in zip(found.values, found.flags, strict=True)]


# ---- vectors ----------------------------------------------------------------------------------

A_KILOWATT_HOUR_AN_HOUR = constant("hour", "2019-12-31", "2022-01-02", 1)


@pytest.mark.parametrize(
    ("start", "end", "local", "day_start", "expected"),
    [
        ("2021-03-27", "2021-03-30", VIENNA, "00:00", [24, 23, 24]),
        ("2021-10-30", "2021-11-02", VIENNA, "00:00", [24, 25, 24]),
        ("2021-03-27", "2021-03-30", UTC, "00:00", [24, 24, 24]),
        ("2021-03-27T06:00", "2021-03-29T06:00", VIENNA, "06:00", [23, 24]),
        ("2021-10-30T06:00", "2021-11-01T06:00", VIENNA, "06:00", [25, 24]),
    ],
)
def test_vectors_22_to_25_days_sum_their_real_hours(start, end, local, day_start, expected):
    """One kWh an hour gives a day as many kWh as it has hours, gas days included."""
    borders = buckets("day", start, end, local, parse_day_start(day_start))
    found = convert(A_KILOWATT_HOUR_AN_HOUR, borders, Aggregation.SUM)
    assert found.values.tolist() == expected
    assert set(found.flags) == {9}


@pytest.mark.parametrize(
    ("interval", "start", "end", "local", "expected"),
    [
        ("year", "2020-01-01", "2022-01-01", UTC, [8784, 8760]),
        ("month", "2020-02-01", "2020-03-01", UTC, [696]),
        ("month", "2021-02-01", "2021-03-01", UTC, [672]),
        ("month", "2021-03-01", "2021-04-01", VIENNA, [743]),
        ("quarter", "2021-01-01", "2021-04-01", VIENNA, [2159]),
    ],
)
def test_vectors_26_and_27_months_and_years(interval, start, end, local, expected):
    """Calendar lengths count: leap days, and the hour that March lacks."""
    borders = buckets(interval, start, end, local)
    found = convert(A_KILOWATT_HOUR_AN_HOUR, borders, Aggregation.SUM)
    assert found.values.tolist() == expected


def test_vector_28_a_day_is_spread_over_its_real_hours():
    """24 kWh give 24/23 an hour on the day of the change; without a unit the value is repeated."""
    daily = constant("day", "2021-03-27", "2021-03-30", 24, VIENNA)
    short = buckets("hour", "2021-03-28", "2021-03-29", VIENNA)
    usual = buckets("hour", "2021-03-29", "2021-03-30", VIENNA)
    amounts = convert(daily, short, Aggregation.SUM).values
    assert amounts.tolist() == pytest.approx([1.0434782609] * 23)
    assert convert(daily, usual, Aggregation.SUM).values.tolist() == [1] * 24
    assert convert(daily, short, Aggregation.AVERAGE).values.tolist() == [24] * 23


def test_vector_29_constant_power_over_a_short_day():
    """10 kW on a day of 23 hours are 10 kW on average and 230 kWh."""
    power = constant("hour", "2021-03-27", "2021-03-30", 10, VIENNA)
    day = buckets("day", "2021-03-28", "2021-03-29", VIENNA)
    assert convert(power, day, Aggregation.AVERAGE).values.tolist() == [10]
    way = conversion(UNITS, "kW", "kWh")
    assert convert(power, day, Aggregation.SUM, conversion=way).values.tolist() == [230]


QUARTERS = [parse("2021-01-01") + n * 15 * MINUTE for n in range(4)]
MIXED = points("15m", QUARTERS, [0, 10, 20, 30], [19, 9, 9, 20])


def test_vector_34_an_amount_with_a_missing_part():
    """Quarter-hours 0/19, 10/9, 20/9, 30/20 sum to 60/19."""
    assert shown(
        convert(MIXED, buckets("hour", "2021-01-01", "2021-01-01T01:00"), Aggregation.SUM)
    ) == ["60/19"]


def test_vector_35_a_mean_with_a_missing_part():
    """The same as power is 20/19, or 15/19 where missing time counts as 0."""
    hour = buckets("hour", "2021-01-01", "2021-01-01T01:00")
    assert shown(convert(MIXED, hour, Aggregation.AVERAGE)) == ["20/19"]
    zero = convert(MIXED, hour, Aggregation.AVERAGE, missing_as_zero=True)
    assert shown(zero) == ["15/19"]


def test_vector_38_power_and_energy_of_a_quarter_of_an_hour():
    """4 kW for 15 minutes are 1 kWh; 1 kWh in 15 minutes is 4 kW."""
    raster = buckets("15m", "2021-01-01", "2021-01-01T00:15")
    power = points("15m", QUARTERS[:1], [4])
    energy = points("15m", QUARTERS[:1], [1])
    there, back = conversion(UNITS, "kW", "kWh"), conversion(UNITS, "kWh", "kW")
    assert convert(power, raster, Aggregation.SUM, conversion=there).values.tolist() == [1]
    assert convert(energy, raster, Aggregation.AVERAGE, conversion=back).values.tolist() == [4]


def test_vector_40_spontaneous_values_hold_until_the_next():
    """Before the first value there is nothing; each holds on, the last for ever."""
    start = parse("2020-01-01")
    held = points("no", [start + n * HOUR for n in (0, 2, 3, 5)], [10, 30, 35, 100])
    hourly = convert(held, buckets("hour", "2020-01-01", "2020-01-01T07:00"), Aggregation.AVERAGE)
    assert hourly.values.tolist() == [10, 10, 30, 35, 35, 100, 100]
    whole = convert(held, buckets("6h", "2020-01-01", "2020-01-01T06:00"), Aggregation.AVERAGE)
    assert whole.values.tolist() == pytest.approx([36.6666666667])
    before = buckets("hour", "2019-12-31T22:00", "2020-01-01")
    assert shown(convert(held, before, Aggregation.AVERAGE)) == ["0/19", "0/19"]


# ---- methods ----------------------------------------------------------------------------------

HOURS = [parse("2021-01-01") + n * HOUR for n in range(6)]
HOURLY = points("hour", HOURS, [2, -5, 4, 4, 3, 1])


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (Aggregation.SUM, 9),
        (Aggregation.AVERAGE, 1.5),
        (Aggregation.MIN, -5),
        (Aggregation.MAX, 4),
        (Aggregation.ABS_MIN, 1),
        (Aggregation.ABS_MAX, -5),
        (Aggregation.MOST_FREQUENTLY, 4),
        (Aggregation.AT_THE_MOMENT, 2),
        (Aggregation.LAST_VALUE, 1),
    ],
)
def test_every_method_condenses(method, expected):
    """Six hourly values become one by each method; extremes by magnitude keep their sign."""
    six = buckets("6h", "2021-01-01", "2021-01-01T06:00")
    assert shown(convert(HOURLY, six, method)) == [f"{expected:g}/9"]


@pytest.mark.parametrize("method", list(Aggregation))
def test_every_method_leaves_a_series_on_its_own_raster_as_it_is(method):
    """On the raster of the series each bucket is exactly one stored value."""
    values = [0.1, 0.2, 0.30000000000000004, 1e300, -1e-300, 7]
    own = points(
        "month", buckets("month", "2021-01-01", "2021-07-01", VIENNA)[:-1], values, local=VIENNA
    )
    raster = buckets("month", "2021-01-01", "2021-07-01", VIENNA)
    assert convert(own, raster, method).values.tolist() == values


@pytest.mark.parametrize("method", [m for m in Aggregation if m is not Aggregation.SUM])
def test_levels_are_repeated_when_spread(method):
    """Every method but Sum gives finer buckets the value that holds in them."""
    found = convert(HOURLY, buckets("20m", "2021-01-01", "2021-01-01T02:00"), method)
    assert found.values.tolist() == [2, 2, 2, -5, -5, -5]


def test_the_value_that_holds_longest_is_the_earlier_of_two():
    """Of values with the same total time, the one seen first is the most frequent."""
    series = points("hour", HOURS[:4], [7, 3, 3, 7])
    four = buckets("4h", "2021-01-01", "2021-01-01T04:00")
    assert convert(series, four, Aggregation.MOST_FREQUENTLY).values.tolist() == [7]


def test_a_value_that_sticks_out_counts_with_its_share():
    """Of an amount over two hours half belongs to each hour."""
    series = points("2h", [parse("2021-01-01")], [10])
    found = convert(
        series, buckets("hour", "2021-01-01T01:00", "2021-01-01T03:00"), Aggregation.SUM
    )
    assert shown(found) == ["5/9", "0/19"]


def test_a_share_of_endless_time_is_nothing():
    """The last amount of a spontaneous series has no end to share it by, yet it is there."""
    last = points("no", [parse("2021-01-01")], [10])
    found = convert(last, buckets("hour", "2021-01-01", "2021-01-01T01:00"), Aggregation.SUM)
    assert shown(found) == ["0/9"]


# ---- flags and missing points -----------------------------------------------------------------


def test_time_without_a_point_is_missing():
    """A gap shows as flag 19 beside the number of what is there."""
    gap = points("hour", [HOURS[0], HOURS[2]], [1, 2])
    three = buckets("3h", "2021-01-01", "2021-01-01T06:00")
    assert shown(convert(gap, three, Aggregation.SUM)) == ["3/19", "0/19"]
    assert shown(convert(gap, three, Aggregation.AVERAGE)) == ["1.5/19", "0/19"]


def test_no_value_is_left_out_and_does_not_mark():
    """NoValue points count neither in the mean nor as worst flag; alone they give 0/0."""
    series = points("hour", HOURS[:3], [5, None, 7], [9, 0, 9])
    assert shown(
        convert(series, buckets("3h", "2021-01-01", "2021-01-01T03:00"), Aggregation.AVERAGE)
    ) == ["6/9"]
    alone = points("hour", HOURS[:1], [None], 0)
    assert shown(
        convert(alone, buckets("hour", "2021-01-01", "2021-01-01T01:00"), Aggregation.SUM)
    ) == ["0/0"]


@pytest.mark.parametrize(
    ("value", "flag", "expected"),
    [
        (None, 9, "0/19"),
        (None, 19, "0/19"),
        (3, 19, "0/19"),
        (3, 0, "0/0"),
        (None, 7, "0/7"),
        (3, 7, "3/7"),
    ],
)
def test_what_a_stored_point_without_number_is(value, flag, expected):
    """A null is missing, and so is a number flagged as missing; a failed calculation stays 7."""
    series = points("hour", HOURS[:1], [value], flag)
    hour = buckets("hour", "2021-01-01", "2021-01-01T01:00")
    assert shown(convert(series, hour, Aggregation.SUM)) == [expected]


def test_the_flag_of_no_number_is_that_of_what_kept_it_away():
    """The value at the start is absent: valid ones later neither help nor hide it."""
    series = points("hour", HOURS[:2], [None, 5], [0, 9])
    two = buckets("2h", "2021-01-01", "2021-01-01T02:00")
    assert shown(convert(series, two, Aggregation.AT_THE_MOMENT)) == ["0/0"]


def test_a_series_without_points_is_missing_throughout():
    """Nothing stored gives every bucket 0/19; no bucket gives nothing."""
    hour = buckets("hour", "2021-01-01", "2021-01-01T02:00")
    assert shown(convert(Points.none(), hour, Aggregation.SUM)) == ["0/19", "0/19"]
    assert shown(convert(HOURLY, hour[:1], Aggregation.SUM)) == []


def test_a_reading_ends_at_the_latest_where_the_next_begins():
    """Covered times never overlap, even where stamps are closer than the raster."""
    ts = np.array([0, HOUR // 2, 2 * HOUR])
    assert covered_until(ts, parse_interval("hour"), UTC).tolist() == [
        HOUR // 2,
        HOUR // 2 + HOUR,
        3 * HOUR,
    ]
    assert covered_until(ts, parse_interval("no"), UTC).tolist() == [HOUR // 2, 2 * HOUR, FOREVER]
    month = covered_until(np.array([parse("2021-02-01")]), parse_interval("month"), UTC)
    assert to_text(int(month[0])) == "2021-03-01T00:00:00Z"


# ---- precision and speed ----------------------------------------------------------------------


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=200))
def test_sums_are_exact_but_for_the_last_rounding(values):
    """A total of numbers of any size and sign equals their exact sum, rounded once or twice."""
    ts = np.arange(len(values)) * MINUTE
    found = convert(points("m", ts, values), np.array([0, len(values) * MINUTE]), Aggregation.SUM)
    exact = math.fsum(values)
    assert found.values[0] == pytest.approx(exact, rel=4e-16, abs=1e-15 * max(map(abs, values)))


def test_small_numbers_survive_beside_large_ones():
    """Cancelling giants leave the small rest whole."""
    found = convert(
        points("m", np.arange(4) * MINUTE, [1e16, 1.0, -1e16, 1.0]),
        np.array([0, 4 * MINUTE]),
        Aggregation.SUM,
    )
    assert found.values.tolist() == [2.0]


def test_a_million_points_take_about_a_second():
    """There is no Python loop over points."""
    ts = np.arange(1_000_000, dtype=np.int64) * MINUTE
    series = points("m", ts, np.ones(len(ts)))
    days = edges(parse_interval("day"), Window(0, 1_000_000 * MINUTE), zone=VIENNA)
    began = time.perf_counter()
    for method in (Aggregation.SUM, Aggregation.AVERAGE, Aggregation.MAX):
        convert(series, days, method)
    assert time.perf_counter() - began < 10


# ---- agreement with a minute-by-minute reference ----------------------------------------------


def by_the_minute(series: Points, first: int, last: int) -> dict[int, int]:
    """The place of the point in force at each minute that has one."""
    found = {}
    for place in range(len(series.starts)):
        for minute in range(
            max(series.starts[place], first), min(series.ends[place], last), MINUTE
        ):
            found[minute] = place
    return found


def naive(
    series: Points, borders: list[int], method: Aggregation
) -> list[tuple[float | None, int]]:
    """Value and flag of each bucket, minute by minute."""
    force = by_the_minute(series, borders[0], borders[-1])
    answer: list[tuple[float | None, int]] = []
    for start, end in itertools.pairwise(borders):
        minutes = range(start, end, MINUTE)
        numbers = [(m, force[m]) for m in minutes if m in force and series.has_number[force[m]]]
        flags = [int(series.flags[force[m]]) if m in force else 19 for m in minutes]
        if method is Aggregation.AT_THE_MOMENT and (not numbers or numbers[0][0] != start):
            numbers = []
        if numbers:
            answer.append((naive_value(series, numbers, method), max(flags, key=rank)))
        else:
            without = [
                f
                for m, f in zip(minutes, flags, strict=True)
                if m not in force or not series.has_number[force[m]]
            ]
            answer.append((None, max(without, key=rank)))
    return answer


def rank(flag: int) -> int:
    return RANK[Flag(flag)]


def naive_value(series: Points, numbers: list[tuple[int, int]], method: Aggregation) -> float:
    values = [float(series.values[place]) for _, place in numbers]
    if method is Aggregation.SUM:
        shares = (
            float(series.values[p]) * MINUTE / float(series.ends[p] - series.starts[p])
            for _, p in numbers
        )
        return math.fsum(shares)
    if method is Aggregation.MOST_FREQUENTLY:
        held: dict[float, int] = defaultdict(int)
        for value in values:
            held[value] += 1
        return max(held, key=lambda value: held[value])
    picks = {
        Aggregation.AVERAGE: lambda: math.fsum(values) / len(values),
        Aggregation.MIN: lambda: min(values),
        Aggregation.MAX: lambda: max(values),
        Aggregation.ABS_MIN: lambda: min(values, key=abs),
        Aggregation.ABS_MAX: lambda: max(values, key=abs),
        Aggregation.AT_THE_MOMENT: lambda: values[0],
        Aggregation.LAST_VALUE: lambda: values[-1],
    }
    return picks[method]()


@given(
    stamps=st.sets(st.integers(0, 40), min_size=1),
    interval=st.sampled_from(["no", "m", "5m", "7m"]),
    cuts=st.sets(st.integers(-10, 60), min_size=2, max_size=8),
    method=st.sampled_from(list(Aggregation)),
    data=st.data(),
)
def test_conversion_equals_a_reference_by_the_minute(stamps, interval, cuts, method, data):
    """Whatever the points, gaps, flags and buckets: the result is what counting minutes gives."""
    ts = np.array(sorted(stamps)) * MINUTE
    number = st.none() | st.integers(-4, 4)
    values = data.draw(st.lists(number, min_size=len(ts), max_size=len(ts)))
    flags = data.draw(st.lists(st.sampled_from(list(Flag)), min_size=len(ts), max_size=len(ts)))
    series = points(interval, ts, values, [int(flag) for flag in flags])
    borders = [cut * MINUTE for cut in sorted(cuts)]
    found = convert(series, np.array(borders), method)
    expected = naive(series, borders, method)
    assert found.flags.tolist() == [flag for _, flag in expected]
    assert found.has_number.tolist() == [value is not None for value, _ in expected]
    if interval == "no" and method is Aggregation.SUM:
        return
    assert found.values.tolist() == pytest.approx([value or 0 for value, _ in expected])


@given(st.floats(0.001, 1000), st.sampled_from(["hour", "day", "6h"]))
def test_energy_does_not_depend_on_the_raster(level, interval):
    """A level held for two days gives the same energy whatever the buckets."""
    power = constant("15m", "2021-01-01", "2021-01-03", level)
    way: Conversion = conversion(UNITS, "kW", "kWh")
    found = convert(
        power, buckets(interval, "2021-01-01", "2021-01-03"), Aggregation.SUM, conversion=way
    )
    assert math.fsum(found.values) == pytest.approx(48 * level)
    assert IDENTITY.is_identity
