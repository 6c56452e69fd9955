"""Borders of buckets: vectors of the calendar, and agreement with a naive reference."""

# ruff: noqa: DTZ001 - wall-clock times have no zone
from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.calc.calendar import MOST_BUCKETS, edges, off_raster, parse_day_start
from tidegate.calc.zones import LocalTime
from tidegate.model.errors import BadValue, TooMuch
from tidegate.model.instants import BEGINNING, DAY, FOREVER, HOUR, MINUTE, parse, to_text
from tidegate.model.intervals import Interval, IntervalUnit, parse_interval
from tidegate.model.windows import Window

VIENNA = ZoneInfo("Europe/Vienna")
UTC_ZONE = ZoneInfo("UTC")
ZONES = [
    "UTC",
    "Europe/Vienna",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Pacific/Chatham",
]


def window(start: str, end: str, zone: ZoneInfo = UTC_ZONE) -> Window:
    return Window(parse(start, naive=zone), parse(end, naive=zone))


def borders(
    interval: str, start: str, end: str, zone: ZoneInfo = UTC_ZONE, day_start: int = 0
) -> list[str]:
    found = edges(
        parse_interval(interval), window(start, end, zone), zone=zone, day_start=day_start
    )
    return [to_text(int(edge)) for edge in found]


def hours(found: list[str]) -> list[int]:
    instants = [parse(text) for text in found]
    return [(b - a) // HOUR for a, b in itertools.pairwise(instants)]


# ---- the vectors of the specification ---------------------------------------------------------


def test_vector_21_six_hour_buckets_of_a_day_with_a_clock_change():
    """Six-hour buckets follow wall-clock marks: the first is 5 h long in March, 7 h in October."""
    assert borders("6h", "2021-03-28", "2021-03-29", VIENNA) == [
        "2021-03-27T23:00:00Z",
        "2021-03-28T04:00:00Z",
        "2021-03-28T10:00:00Z",
        "2021-03-28T16:00:00Z",
        "2021-03-28T22:00:00Z",
    ]
    assert borders("6h", "2021-10-31", "2021-11-01", VIENNA)[:4] == [
        "2021-10-30T22:00:00Z",
        "2021-10-31T05:00:00Z",
        "2021-10-31T11:00:00Z",
        "2021-10-31T17:00:00Z",
    ]


def test_vector_22_the_day_of_the_spring_change_has_23_hours():
    """Local days around 28 March 2021 have 24, 23 and 24 hours."""
    found = borders("day", "2021-03-27", "2021-03-30", VIENNA)
    assert found[:3] == ["2021-03-26T23:00:00Z", "2021-03-27T23:00:00Z", "2021-03-28T22:00:00Z"]
    assert hours(found) == [24, 23, 24]


def test_vector_23_the_day_of_the_autumn_change_has_25_hours():
    """Local days around 31 October 2021 have 24, 25 and 24 hours."""
    found = borders("day", "2021-10-30", "2021-11-02", VIENNA)
    assert found[:3] == ["2021-10-29T22:00:00Z", "2021-10-30T22:00:00Z", "2021-10-31T23:00:00Z"]
    assert hours(found) == [24, 25, 24]


def test_vector_24_utc_days_have_24_hours():
    """Days in UTC ignore the clock changes of Vienna."""
    assert hours(borders("day", "2021-03-27", "2021-03-30")) == [24, 24, 24]


def test_vector_25_gas_days_begin_at_six_local():
    """With a day start of 06:00 the changes fall on the gas day before."""
    six = parse_day_start("06:00")
    spring = borders("day", "2021-03-27T06:00", "2021-03-29T06:00", VIENNA, six)
    assert spring[:2] == ["2021-03-27T05:00:00Z", "2021-03-28T04:00:00Z"]
    assert hours(spring) == [23, 24]
    autumn = borders("day", "2021-10-30T06:00", "2021-11-01T06:00", VIENNA, six)
    assert autumn[:2] == ["2021-10-30T04:00:00Z", "2021-10-31T05:00:00Z"]
    assert hours(autumn) == [25, 24]


def test_vector_26_years_and_februaries_have_their_leap_day():
    """2020 has 8784 hours and a February of 696, 2021 has 8760 and 672."""
    assert hours(borders("year", "2020-01-01", "2022-01-01")) == [8784, 8760]
    assert hours(borders("month", "2020-02-01", "2020-03-01")) == [696]
    assert hours(borders("month", "2021-02-01", "2021-03-01")) == [672]


def test_vector_27_months_and_quarters_with_a_clock_change():
    """March 2021 in Vienna has 743 hours, the first quarter 2159."""
    assert hours(borders("month", "2021-03-01", "2021-04-01", VIENNA)) == [743]
    assert hours(borders("quarter", "2021-01-01", "2021-04-01", VIENNA)) == [2159]


def test_vector_56_edge_buckets_are_whole():
    """A window from 10:30 to 11:30 touches the hours of 10:00 and 11:00 in full."""
    assert borders("hour", "2021-01-01T10:30", "2021-01-01T11:30") == [
        "2021-01-01T10:00:00Z",
        "2021-01-01T11:00:00Z",
        "2021-01-01T12:00:00Z",
    ]


def test_vector_57_an_empty_window_has_no_bucket():
    """From = to gives a single border and so no bucket, whatever the interval."""
    for interval in ("hour", "total", "month"):
        assert len(borders(interval, "2021-01-01", "2021-01-01")) == 1


# ---- anchors ----------------------------------------------------------------------------------


def test_total_is_exactly_the_window():
    """One value over a range is not widened to any raster."""
    assert borders("total", "2021-01-01T10:17", "2021-02-03T11:30") == [
        "2021-01-01T10:17:00Z",
        "2021-02-03T11:30:00Z",
    ]


def test_weeks_begin_on_monday():
    """A week that holds a Sunday begins on the Monday before it."""
    assert borders("week", "2021-01-03", "2021-01-04") == [
        "2020-12-28T00:00:00Z",
        "2021-01-04T00:00:00Z",
    ]


def test_multiples_of_weeks_count_from_the_first_monday_of_1970():
    """Two-week buckets begin an even number of weeks after 1970-01-05."""
    (first, *_) = edges(parse_interval("2w"), window("2021-01-03", "2021-01-04"), zone=UTC_ZONE)
    assert (int(first) - parse("1970-01-05")) % (14 * DAY) == 0


@pytest.mark.parametrize(
    ("interval", "step"), [("7m", 7 * MINUTE), ("5h", 5 * HOUR), ("5d", 5 * DAY)]
)
def test_uneven_multipliers_count_from_1970(interval, step):
    """What divides no day evenly is counted from 1970-01-01."""
    found = edges(parse_interval(interval), window("2021-06-01", "2021-06-30"), zone=UTC_ZONE)
    assert set(found % step) == {0}


@pytest.mark.parametrize(
    ("interval", "first"), [("5mo", "2021-04-01T00:00:00Z"), ("7y", "2019-01-01T00:00:00Z")]
)
def test_uneven_months_and_years_count_from_1970(interval, first):
    """What divides no year evenly is counted from January 1970."""
    assert borders(interval, "2021-06-01", "2021-06-02")[0] == first


def test_uneven_minutes_count_from_the_local_start_of_1970():
    """Seven-minute buckets in New York are in phase with 1970-01-01T05:00Z."""
    zone = ZoneInfo("America/New_York")
    found = edges(parse_interval("7m"), window("2021-06-01", "2021-06-02"), zone=zone)
    assert (int(found[0]) - 5 * HOUR) % (7 * MINUTE) == 0


def test_hours_of_a_half_hour_zone_begin_at_its_midnight():
    """Hours in Kolkata begin half past the UTC hour."""
    zone = ZoneInfo("Asia/Kolkata")
    assert borders("hour", "2021-01-01", "2021-01-01T02:00", zone) == [
        "2020-12-31T18:30:00Z",
        "2020-12-31T19:30:00Z",
        "2020-12-31T20:30:00Z",
    ]


def test_hours_keep_their_phase_over_a_half_hour_change():
    """Lord Howe moves its clock by half an hour; its hours stay an hour of elapsed time."""
    zone = ZoneInfo("Australia/Lord_Howe")
    found = edges(parse_interval("hour"), window("2021-04-03", "2021-04-06", zone), zone=zone)
    assert set(np.diff(found)) == {HOUR}
    assert found[0] == parse("2021-04-03", naive=zone)


def test_a_mark_that_is_skipped_moves_to_the_first_instant_after_the_gap():
    """A day that should begin at 02:30 on the night of the spring change begins at 03:00."""
    found = borders("day", "2021-03-28T12:00", "2021-03-28T13:00", VIENNA, parse_day_start("2:30"))
    assert found == ["2021-03-28T01:00:00Z", "2021-03-29T00:30:00Z"]


def test_a_mark_that_comes_twice_is_its_first_occurrence():
    """A day that begins at 02:30 on the night of the autumn change begins in summer time."""
    found = borders("day", "2021-10-31T12:00", "2021-10-31T13:00", VIENNA, parse_day_start("2:30"))
    assert found == ["2021-10-31T00:30:00Z", "2021-11-01T01:30:00Z"]


def test_a_day_that_a_zone_skipped_is_no_bucket():
    """Samoa had no 30 December 2011: the day before it is followed by the 31st."""
    zone = ZoneInfo("Pacific/Apia")
    assert borders("day", "2011-12-29", "2012-01-01", zone) == [
        "2011-12-29T10:00:00Z",
        "2011-12-30T10:00:00Z",
        "2011-12-31T10:00:00Z",
    ]


def test_the_shift_of_the_day_moves_months_and_years_too():
    """A gas year begins at six o'clock of its first day."""
    found = borders(
        "year", "2021-01-01T03:00", "2021-01-01T04:00", VIENNA, parse_day_start("06:00")
    )
    assert found == ["2020-01-01T05:00:00Z", "2021-01-01T05:00:00Z"]


# ---- refusals ---------------------------------------------------------------------------------


def test_a_thousand_years_in_seconds_are_refused_at_once():
    """Too many buckets are refused before any work, with the remedy in the hint."""
    began = time.perf_counter()
    with pytest.raises(TooMuch, match="31,556,") as caught:
        edges(parse_interval("1s"), window("1000-01-01", "2000-01-01"), zone=VIENNA)
    assert time.perf_counter() - began < 0.1
    assert "coarser" in str(caught.value.hint)


def test_a_spontaneous_interval_has_no_buckets():
    """Only rasters can be tiled."""
    with pytest.raises(BadValue):
        edges(Interval(IntervalUnit.NO), window("2020-01-01", "2021-01-01"), zone=VIENNA)


@pytest.mark.parametrize("day_start", [-1, DAY])
def test_a_day_start_outside_a_day_is_refused(day_start):
    """The shift of the day is less than a day and never negative."""
    with pytest.raises(BadValue):
        edges(
            parse_interval("day"),
            window("2020-01-01", "2021-01-01"),
            zone=VIENNA,
            day_start=day_start,
        )


@pytest.mark.parametrize("text", ["24:00", "6", "06:60", "noon", "-1:00"])
def test_a_day_start_that_is_no_time_of_day_is_refused(text):
    """Day starts are written HH:MM."""
    with pytest.raises(BadValue):
        parse_day_start(text)


def test_the_whole_of_time_can_be_tiled_by_years():
    """From year 1 to year 9999 there are as many buckets as years."""
    found = edges(parse_interval("year"), Window(BEGINNING, FOREVER), zone=VIENNA)
    assert len(found) in {10_000, 10_001}
    assert found[0] <= BEGINNING
    assert found[-1] >= FOREVER


def test_a_million_local_hours_take_well_under_a_second():
    """Clock changes are found once per zone and year, never per point."""
    span = window("1925-01-01", "2039-02-01")
    edges(parse_interval("day"), span, zone=VIENNA)
    began = time.perf_counter()
    assert len(edges(parse_interval("hour"), span, zone=VIENNA)) > 1_000_000
    assert len(edges(parse_interval("2h"), span, zone=VIENNA)) > 500_000
    assert time.perf_counter() - began < 1.0
    assert MOST_BUCKETS >= 1_000_000


# ---- agreement with a naive reference ---------------------------------------------------------


def first_reached(shown: datetime, zone: ZoneInfo) -> int:
    """The first instant at which the wall clock has reached a time, minute by minute."""
    before = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    after = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if before.astimezone(zone).replace(tzinfo=None) == shown:
        return parse(before.isoformat())
    moment = min(before, after)
    while moment.astimezone(zone).replace(tzinfo=None) < shown:
        moment += timedelta(minutes=1)
    return parse(moment.isoformat())


def naive_marks(unit: str, count: int, first: datetime, last: datetime) -> list[datetime]:
    """Wall-clock marks by plain `datetime` arithmetic."""
    epoch = datetime(1970, 1, 5) if unit == "w" else datetime(1970, 1, 1)
    if unit in {"mo", "q", "y"}:
        months = count * {"mo": 1, "q": 3, "y": 12}[unit]
        number = ((first.year - 1970) * 12 + first.month - 1) // months * months
        marks: list[datetime] = []
        while not marks or marks[-1] < last:
            marks.append(datetime(1970 + number // 12, number % 12 + 1, 1))
            number += months
        return marks
    step = count * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}[unit]
    mark = epoch + (first - epoch) // step * step
    marks = [mark]
    while marks[-1] < last:
        marks.append(marks[-1] + step)
    return marks


def naive_edges(unit: str, count: int, span: Window, zone: ZoneInfo, day_start: int) -> list[int]:
    shift = timedelta(microseconds=day_start if unit != "h" else 0)
    epoch = datetime(1970, 1, 1)
    first = epoch + timedelta(microseconds=span.start) - timedelta(days=3)
    last = epoch + timedelta(microseconds=span.end) + timedelta(days=3)
    marks = naive_marks(unit, count, first, last)
    instants = sorted({first_reached(mark + shift, zone) for mark in marks})
    start = max(instant for instant in instants if instant <= span.start)
    end = min(instant for instant in instants if instant >= span.end)
    return [instant for instant in instants if start <= instant <= end]


@settings(deadline=None, max_examples=150)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    raster=st.tuples(
        st.sampled_from(["h", "d", "w", "mo", "q", "y"]), st.sampled_from([2, 3, 5, 6, 12])
    ),
    start=st.integers(parse("1975-01-01"), parse("2036-01-01")),
    length=st.integers(1, 400 * DAY),
    day_start=st.sampled_from([0, 6 * HOUR, 2 * HOUR + 30 * MINUTE]),
)
def test_edges_equal_a_naive_reference(zone, raster, start, length, day_start):
    """Wall-clock buckets are those of plain `datetime` arithmetic in many zones."""
    unit, count = raster
    span = Window(start, start + min(length, 40 * DAY if unit == "h" else length))
    found = edges(parse_interval(f"{count}{unit}"), span, zone=zone, day_start=day_start)
    assert found.tolist() == naive_edges(unit, count, span, zone, day_start)


@settings(deadline=None, max_examples=150)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    interval=st.sampled_from(["10m", "15m", "h", "7m", "90m", "5h", "d", "w", "mo", "q", "3y"]),
    start=st.integers(parse("1850-01-01"), parse("2100-01-01")),
    length=st.integers(1, 60 * DAY),
    day_start=st.sampled_from([0, 6 * HOUR]),
)
def test_edges_tile_the_window(zone, interval, start, length, day_start):
    """Borders rise strictly, and exactly the edge buckets reach over the window."""
    span = Window(start, start + length)
    found = edges(parse_interval(interval), span, zone=zone, day_start=day_start)
    assert np.all(np.diff(found) > 0)
    assert found[0] <= span.start < found[1]
    assert found[-2] < span.end <= found[-1]


@settings(deadline=None, max_examples=100)
@given(
    zone=st.sampled_from([name for name in ZONES if name != "Australia/Lord_Howe"]).map(ZoneInfo),
    interval=st.sampled_from(["15m", "h", "6h", "d", "w", "mo"]),
    start=st.integers(parse("1975-01-01"), parse("2036-01-01")),
    length=st.integers(1, 300 * DAY),
    data=st.data(),
)
def test_a_window_split_at_a_border_gives_the_same_buckets(zone, interval, start, length, data):
    """Joining the buckets of two halves gives the buckets of the whole."""
    whole = edges(parse_interval(interval), Window(start, start + length), zone=zone)
    cut = int(data.draw(st.sampled_from(whole.tolist())))
    if not start <= cut <= start + length:
        return
    left = edges(parse_interval(interval), Window(start, cut), zone=zone)
    right = edges(parse_interval(interval), Window(cut, start + length), zone=zone)
    joined = [*left.tolist(), *right.tolist()]
    assert sorted(set(joined)) == sorted({*whole.tolist(), cut})


# ---- wall clocks ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    instants=st.lists(st.integers(parse("1850-01-01"), parse("2100-01-01")), min_size=1),
)
def test_the_wall_clock_equals_that_of_datetime(zone, instants):
    """What an array of instants shows on the wall is what `datetime` says one by one."""
    at = np.array(sorted(instants))
    local = LocalTime.over(zone, Window(int(at[0]), int(at[-1])))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for instant, shown in zip(at.tolist(), local.from_utc(at).tolist(), strict=True):
        moment = (epoch + timedelta(microseconds=instant)).astimezone(zone).replace(tzinfo=UTC)
        assert shown == (moment - epoch) // timedelta(microseconds=1)


@settings(deadline=None, max_examples=100)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    shown=st.lists(st.integers(parse("1975-01-01"), parse("2036-01-01")), min_size=2),
)
def test_later_wall_times_are_never_earlier_instants(zone, shown):
    """The way back from the wall clock keeps order, through gaps and repeated hours."""
    times = np.array(sorted(shown))
    local = LocalTime.over(zone, Window(int(times[0]), int(times[-1])))
    assert np.all(np.diff(local.to_utc(times)) >= 0)
    ahead = local.from_utc(local.to_utc(times))
    assert np.all(ahead >= times)


class TestOffRaster:
    @settings(max_examples=60, deadline=None)
    @given(
        zone=st.sampled_from(["UTC", "Europe/London", "Asia/Kolkata", "Pacific/Chatham"]),
        interval=st.sampled_from(["1m", "7m", "15m", "hour", "6h", "day", "week", "month"]),
        shift=st.sampled_from([0, 1, MINUTE, 20 * MINUTE]),
    )
    def test_what_begins_no_bucket_is_off(self, zone: str, interval: str, shift: int) -> None:
        """The starts of buckets are on the raster; what lies beside them is not."""
        raster, local = parse_interval(interval), ZoneInfo(zone)
        span = Window(parse("2024-03-29"), parse("2024-04-02"))
        borders = edges(raster, span, zone=local)
        instants = (borders + shift)[borders + shift < borders[-1]]

        off = off_raster(instants, raster, local)
        assert off.tolist() == (~np.isin(instants, borders)).tolist()

    def test_two_instants_years_apart(self) -> None:
        """A fine raster over a long time costs no more than its instants."""
        instants = np.array([parse("1900-01-01"), parse("2024-07-01T00:00:30Z")])

        assert off_raster(instants, parse_interval("1s"), VIENNA).tolist() == [False, False]

    def test_values_that_hold_have_no_raster(self) -> None:
        """Any instant suits a spontaneous series."""
        spontaneous = Interval(IntervalUnit.NO)

        assert not off_raster(np.array([1, 2]), spontaneous, UTC_ZONE).any()
