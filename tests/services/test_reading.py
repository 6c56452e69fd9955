"""Reading series: on their own raster or another, one or many, stored or calculated."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import (
    BadValue,
    BadWindow,
    TooMuch,
    UnitNotConvertible,
    UnknownZone,
)
from tidegate.model.instants import DAY, HOUR, MINUTE, now, parse, zone
from tidegate.model.intervals import Interval, parse_interval
from tidegate.model.series import Formula, NewSeries, Series
from tidegate.services import reading
from tidegate.services.layouts import Shape
from tidegate.services.reading import read, read_each
from tidegate.store.messages import Version
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.store.local import LocalStore

VIENNA = zone("Europe/Vienna")
HOURLY = parse_interval("hour")
DAILY = parse_interval("day")
START = parse("2021-01-01")


def create(store: LocalStore, name: str, interval: str = "hour", **options: Any) -> Series:
    options.setdefault("unit", "kWh")
    new = NewSeries(name=name, interval=parse_interval(interval), **options)
    return store.create_series([new])[0]


def put(store: LocalStore, series: Series, ts: Sequence[int], values: Any, flags: Any = 9) -> None:
    columns = {
        "series": np.full(len(ts), series.key, np.int32),
        "ts": np.asarray(ts, np.int64),
        "value": pa.array(values, pa.float64()),
        "flag": np.broadcast_to(np.asarray(flags, np.int16), len(ts)),
    }
    store.merge_readings(pa.table(columns, schema=READINGS))


def hours(count: int, start: int = START) -> list[int]:
    return [start + n * HOUR for n in range(count)]


def shown(table: pa.Table) -> list[tuple[float | None, int]]:
    return list(zip(table["value"].to_pylist(), table["flag"].to_pylist(), strict=True))


def starts(table: pa.Table) -> list[int]:
    return [int(instant) for instant in table["from"].cast(pa.int64()).to_pylist()]


# ---- one series on its own raster -------------------------------------------------------------


def test_every_raster_point_is_returned(store):
    """Where nothing is stored the point is 0 with flag 19."""
    series = create(store, "A")
    put(store, series, [START, START + 2 * HOUR], [1.5, 2.5], [9, 21])
    table = read(store, [series], START - HOUR, START + 4 * HOUR)
    assert table.schema.names == ["from", "value", "flag"]
    assert starts(table) == hours(5, START - HOUR)
    assert shown(table) == [(0, 19), (1.5, 9), (0, 19), (2.5, 21), (0, 19)]
    assert table.schema.metadata == {b"unit": b"kWh", b"zone": b"UTC", b"interval": b"hour"}


def test_points_without_number_can_be_null(store):
    """`missing_as_null` shows null with the flag that says why."""
    series = create(store, "A")
    put(store, series, hours(2), [1, None], [9, 0])
    table = read(store, [series], START, START + 3 * HOUR, missing_as_null=True)
    assert shown(table) == [(1, 9), (None, 0), (None, 19)]


def test_vector_56_a_window_off_the_raster_is_widened(store):
    """From 10:30 to 11:30 gives the hours of 10:00 and 11:00 in full."""
    series = create(store, "A", "15m")
    put(store, series, [START + n * 15 * MINUTE for n in range(96)], np.ones(96))
    half = START + 10 * HOUR + 30 * MINUTE
    table = read(store, [series], half, half + HOUR, interval=HOURLY)
    assert starts(table) == [START + 10 * HOUR, START + 11 * HOUR]
    assert shown(table) == [(4, 9), (4, 9)]


@pytest.mark.parametrize("interval", [None, DAILY, parse_interval("total")])
def test_vector_57_from_equal_to_gives_no_points(store, interval):
    """An empty window is an empty answer that still names unit, zone and interval."""
    series = create(store, "A")
    put(store, series, hours(3), [1, 2, 3])
    table = read(store, [series], START + HOUR, START + HOUR, interval=interval)
    assert table.num_rows == 0
    assert table.schema.metadata[b"unit"] == b"kWh"


@pytest.mark.parametrize(("interval", "rows"), [("hour", 5), ("day", 2), ("month", 2), ("6h", 3)])
def test_without_bounds_everything_stored_is_read(store, interval, rows):
    """From the first reading to the end of the time that the last one covers."""
    series = create(store, "A", interval, zone="Europe/Vienna")
    start = parse("2021-01-01", naive=VIENNA)
    later = {"hour": start + 4 * HOUR, "6h": start + 12 * HOUR, "day": start + DAY}
    last = later.get(interval, parse("2021-02-01", naive=VIENNA))
    put(store, series, [start, last], [3, 4])
    table = read(store, [series])
    assert table.num_rows == rows
    assert shown(table)[0] == (3, 9)
    assert shown(table)[-1] == (4, 9)
    assert shown(read(store, [series], interval=parse_interval("total")))[0][0] == 7


def test_one_open_bound_reads_to_what_is_stored(store):
    """Only `start` reads on to the last reading, only `end` from the first one."""
    series = create(store, "A")
    put(store, series, hours(4), [1, 2, 3, 4])
    assert shown(read(store, [series], START + 2 * HOUR)) == [(3, 9), (4, 9)]
    assert shown(read(store, [series], None, START + HOUR)) == [(1, 9)]
    assert read(store, [series], START + 9 * HOUR).num_rows == 0
    assert read(store, [series], None, START - 9 * HOUR).num_rows == 0


def test_a_series_without_readings_has_no_bounds_of_its_own(store):
    """Nothing stored reads as nothing without a window, and as missing with one."""
    series = create(store, "A")
    assert read(store, [series]).num_rows == 0
    assert shown(read(store, [series], START, START + HOUR)) == [(0, 19)]


def test_the_raster_of_short_steps_is_in_phase_with_the_readings(store):
    """Hourly readings stamped on UTC hours stay whole in a zone that is half an hour off."""
    series = create(store, "A", zone="Asia/Kolkata")
    put(store, series, hours(3), [1, 2, 3])
    table = read(store, [series], START, START + 3 * HOUR)
    assert starts(table) == hours(3)
    assert shown(table) == [(1, 9), (2, 9), (3, 9)]


def test_readings_of_a_spontaneous_series_come_as_they_are(store):
    """Without an interval there is no raster: only what is stored, window half-open."""
    series = create(store, "A", "no", unit="kW")
    put(store, series, [START, START + 7, START + HOUR], [1, 2, 3], [9, 7, 9])
    table = read(store, [series], START, START + HOUR, unit="W")
    assert starts(table) == [START, START + 7]
    assert shown(table) == [(1000, 9), (2000, 7)]
    assert table.schema.metadata[b"interval"] == b"no"


# ---- one series on another raster -------------------------------------------------------------


def test_days_are_those_of_the_series_zone_unless_another_is_named(store):
    """A series of Vienna has days of 23 hours; in UTC they have 24."""
    series = create(store, "A", zone="Europe/Vienna")
    put(store, series, hours(96, parse("2021-03-27", naive=VIENNA)), np.ones(96))
    window = (parse("2021-03-28", naive=VIENNA), parse("2021-03-29", naive=VIENNA))
    assert shown(read(store, [series], *window, interval=DAILY)) == [(23, 9)]
    in_utc = read(store, [series], *window, interval=DAILY, zone="UTC")
    assert in_utc.schema.metadata[b"zone"] == b"UTC"
    assert shown(in_utc) == [(24, 9), (24, 9)]


def test_gas_days_begin_at_six(store):
    """`day_start` moves the border of the day."""
    series = create(store, "A")
    put(store, series, hours(48), np.arange(48.0))
    table = read(
        store, [series], START + 6 * HOUR, START + 30 * HOUR, interval=DAILY, day_start=6 * HOUR
    )
    assert starts(table) == [START + 6 * HOUR]
    assert shown(table) == [(sum(range(6, 30)), 9)]


def test_vector_29_power_is_read_as_energy(store):
    """10 kW on the day of the spring change: 10 kW on average, 230 kWh in all."""
    series = create(store, "A", "15m", unit="kW", zone="Europe/Vienna")
    start, end = parse("2021-03-28", naive=VIENNA), parse("2021-03-29", naive=VIENNA)
    ts = list(range(start, end, 15 * MINUTE))
    put(store, series, ts, np.full(len(ts), 10.0))
    assert shown(read(store, [series], start, end, interval=DAILY)) == [(10, 9)]
    energy = read(store, [series], start, end, interval=DAILY, unit="kwh")
    assert shown(energy) == [(230, 9)]
    assert energy.schema.metadata[b"unit"] == b"kWh"
    native = read(store, [series], start, end, unit="kWh")
    assert set(native["value"].to_pylist()) == {2.5}


def test_a_value_that_began_before_the_window_counts(store):
    """A daily amount is spread to the hours of its afternoon."""
    series = create(store, "A", "day")
    put(store, series, [START], [24])
    table = read(store, [series], START + 12 * HOUR, START + 14 * HOUR, interval=HOURLY)
    assert shown(table) == [(1, 9), (1, 9)]


def test_vector_40_a_held_value_reaches_into_the_window(store):
    """The last value before the window is in force until the next one."""
    series = create(store, "A", "no", unit="kW")
    put(store, series, [START, START + 2 * HOUR], [10, 30])
    table = read(store, [series], START + HOUR, START + 4 * HOUR, interval=HOURLY)
    assert shown(table) == [(10, 9), (30, 9), (30, 9)]
    before = read(store, [series], START - HOUR, START, interval=HOURLY)
    assert shown(before) == [(0, 19)]


def test_an_amount_is_shared_over_the_time_until_the_next_reading(store):
    """The end of a spontaneous amount is found far behind the window."""
    series = create(store, "A", "no", unit="kWh")
    put(store, series, [START, START + 100 * DAY], [100, 1])
    assert shown(read(store, [series], START, START + DAY, interval=DAILY)) == [(1, 9)]


def test_the_aggregation_of_the_request_wins(store):
    """A request for the maximum overrides the sum of the unit."""
    series = create(store, "A")
    put(store, series, hours(24), np.arange(24.0))
    day = (START, START + DAY)
    assert shown(read(store, [series], *day, interval=DAILY)) == [(276, 9)]
    greatest = read(store, [series], *day, interval=DAILY, aggregation=Aggregation.MAX)
    assert shown(greatest) == [(23, 9)]


def test_missing_time_can_count_as_zero_in_averages(store):
    """`missing_as_zero` divides by the whole time."""
    series = create(store, "A", unit="kW")
    put(store, series, hours(12), np.full(12, 8.0))
    day = (START, START + DAY)
    assert shown(read(store, [series], *day, interval=DAILY)) == [(8, 19)]
    assert shown(read(store, [series], *day, interval=DAILY, missing_as_zero=True)) == [(4, 19)]


def test_what_was_known_earlier_can_be_read(store):
    """`version` reads the value before its correction."""
    series = create(store, "A")
    put(store, series, [START], [1])
    then = now()
    put(store, series, [START], [2])
    hour = (START, START + HOUR)
    assert shown(read(store, [series], *hour)) == [(2, 9)]
    assert shown(read(store, [series], *hour, version=Version(as_of=then))) == [(1, 9)]


# ---- formulas ---------------------------------------------------------------------------------


def test_formula_series_read_like_stored_ones(store):
    """A formula condenses, names its gaps and is rounded only where it is shown."""
    one, other = create(store, "A"), create(store, "B")
    put(store, one, hours(24), np.full(24, 1 / 3))
    put(store, other, hours(23), np.full(23, 1.0))
    formula = Formula(
        text="a+b", language="dcs", aliases={"a": one.key, "b": other.key}, decimal_places=2
    )
    both = create(store, "A+B", formula=formula, aggregation=Aggregation.SUM)
    native = read(store, [both], START + 22 * HOUR, START + 24 * HOUR)
    assert shown(native) == [(1.33, 9), (0, 19)]
    day = read(store, [both], interval=DAILY)
    assert day["value"].to_pylist() == [pytest.approx(30.67)]
    assert day["flag"].to_pylist() == [19]


# ---- several series ---------------------------------------------------------------------------


def test_several_series_come_one_below_the_other_in_the_order_given(store):
    """Id and name stand before each row; metadata tell only what all share."""
    one = create(store, "A")
    other = create(store, "B", unit="kW", id=77)
    put(store, one, hours(2), [1, 2])
    put(store, other, hours(2), [3, 4])
    table = read(store, [other, one], START, START + 2 * HOUR)
    assert table.schema.names == ["id", "name", "from", "value", "flag"]
    assert table["id"].to_pylist() == [77, 77, one.id, one.id]
    assert table["name"].to_pylist() == ["B", "B", "A", "A"]
    assert table["value"].to_pylist() == [3, 4, 1, 2]
    assert b"unit" not in table.schema.metadata
    assert table.schema.metadata[b"interval"] == b"hour"


def test_no_series_give_an_empty_table(store):
    """A pattern that means nothing reads as nothing."""
    table = read(store, [], START, START + HOUR)
    assert table.schema.names == ["id", "name", "from", "value", "flag"]
    assert table.num_rows == 0


def test_many_series_are_read_piece_by_piece(store):
    """An answer starts before all readings are in memory, and each has its own bounds."""
    series = [create(store, f"S{n}") for n in range(reading.AT_ONCE + 5)]
    for n, one in enumerate(series):
        put(store, one, hours(2, START + n * HOUR), [n, n])
    seen = [(one.name, starts(table)) for one, table in read_each(store, series)]
    assert seen == [(f"S{n}", hours(2, START + n * HOUR)) for n in range(len(series))]


@pytest.fixture
def mixture(store):
    """Ten series of several kinds with gaps, nulls, flags and a correction."""
    rng = np.random.default_rng(7)
    kinds = [
        ("15m", "kWh", "Europe/Vienna"),
        ("hour", "kW", "Europe/Vienna"),
        ("day", "kWh", "Europe/Vienna"),
        ("month", "MWh", None),
        ("no", "kW", None),
        ("30m", "MW", "Asia/Kolkata"),
        ("hour", "kWh", None),
        ("no", "kWh", "Europe/Vienna"),
        ("hour", "kW", None),
        ("hour", "kW", None),
    ]
    made = []
    start = parse("2021-03-20", naive=VIENNA)
    for place, (interval, unit, local) in enumerate(kinds):
        series = create(store, f"S{place}", interval, unit=unit, zone=local)
        made.append(series)
        own = {"day": VIENNA, "month": zone("UTC"), "30m": zone("Asia/Kolkata")}.get(
            interval, VIENNA
        )
        ts = raster_of(series.interval, start, own, rng)
        kept = np.sort(rng.choice(ts, size=max(1, len(ts) * 4 // 5), replace=False))
        flags = rng.choice([9, 9, 9, 9, 21, 22, 7, 19, 0], size=len(kept))
        if place == 8:
            flags[:] = 19
        values = [None if flag in {0, 19} else float(rng.normal()) for flag in flags]
        put(store, series, kept.tolist(), values, flags)
    return made


def raster_of(interval: Interval, start: int, local: Any, rng: np.random.Generator) -> Any:
    from tidegate.calc.calendar import edges
    from tidegate.model.windows import Window

    if interval.is_spontaneous:
        return start + np.sort(rng.choice(14 * 24 * 60, size=60, replace=False)) * MINUTE
    return edges(interval, Window(start, start + 14 * DAY), zone=local)[:-1]


@pytest.mark.parametrize("interval", ["hour", "week", "total", "15m"])
def test_the_engine_gives_what_arrays_give(mixture, store, monkeypatch, interval):
    """Many series read through the engine equal the same ones read one by one."""
    window = (parse("2021-03-26T05:20"), parse("2021-03-30T17:00"))
    methods = [None, Aggregation.SUM, Aggregation.AVERAGE]
    for unit, aggregation in itertools.product([None, "kWh", "kW"], methods):
        found = []
        for few in (0, 10**9):
            monkeypatch.setattr(reading, "FEW", few)
            table = read(
                store,
                mixture,
                *window,
                interval=parse_interval(interval),
                unit=unit,
                aggregation=aggregation,
            )
            found.append(table)
        engine, arrays = found
        assert engine.drop_columns("value").equals(arrays.drop_columns("value"))
        values = arrays["value"].to_pylist()
        assert engine["value"].to_pylist() == pytest.approx(values, rel=1e-12, abs=1e-12)


def test_many_series_without_bounds_keep_their_own(mixture, store, monkeypatch):
    """The engine answers for all at once; each series shows its own time only."""
    monkeypatch.setattr(reading, "FEW", 0)
    engine = read(store, mixture, interval=DAILY)
    monkeypatch.setattr(reading, "FEW", 10**9)
    arrays = read(store, mixture, interval=DAILY)
    assert engine.drop_columns("value").equals(arrays.drop_columns("value"))


# ---- refusals ---------------------------------------------------------------------------------


def test_a_window_that_ends_before_it_starts_is_refused(store):
    """From after to is named as such."""
    with pytest.raises(BadWindow):
        read(store, [create(store, "A")], START, START - 1)


def test_a_unit_that_cannot_be_is_refused_before_the_first_answer(store):
    """One series that cannot be converted stops the request, not the third answer."""
    good, bad = create(store, "A"), create(store, "B", unit="EUR")
    answers = read_each(store, [good, bad], START, START + HOUR, shape=Shape(unit="MWh"))
    with pytest.raises(UnitNotConvertible):
        next(answers)


def test_a_held_value_has_no_amount_without_a_raster(store):
    """Power that holds until replaced is no energy of its own."""
    series = create(store, "A", "no", unit="kW")
    with pytest.raises(BadValue, match="interval") as caught:
        read(store, [series], START, START + DAY, unit="kWh")
    assert "such as hour" in str(caught.value.hint)


def test_too_many_points_are_refused(store):
    """A thousand years in seconds never reach the store."""
    series = create(store, "A")
    with pytest.raises(TooMuch):
        read(
            store, [series], parse("1000-01-01"), parse("2000-01-01"), interval=parse_interval("1s")
        )


def test_an_unknown_zone_is_refused(store):
    """The zone of a request must be one that there is."""
    with pytest.raises(UnknownZone):
        read(store, [create(store, "A")], START, START + DAY, interval=DAILY, zone="Mars/Olympus")
