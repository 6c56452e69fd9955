"""Functions that look at other steps than the one they give a value for, and at the calendar."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tidegate.calc.flags import MISSING, masks
from tidegate.calc.formula.frame import widened
from tidegate.calc.formula.functions import Function, Parameter, Takes
from tidegate.calc.formula.triples import Triples
from tidegate.calc.raster import convert
from tidegate.calc.units import find_unit
from tidegate.model.instants import DAY, HOUR, SECOND
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.units import NO_UNIT
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.calc.formula.frame import Frame, Grid
    from tidegate.calc.zones import LocalTime
    from tidegate.model.aggregation import Aggregation

    _Instants = NDArray[np.int64]

_TOTAL: Final = Interval(IntervalUnit.TOTAL)
_MONTHS: Final = {IntervalUnit.MONTH: 1, IntervalUnit.QUARTER: 3, IntervalUnit.YEAR: 12}
_FIRST_MONDAY: Final = 4 * DAY


# ---- shifts -----------------------------------------------------------------------------------


def _shift(frame: Frame, operand: Triples, count: int, interval: Interval | None) -> Triples:
    """The value that many steps earlier, or at the same wall-clock time that much earlier."""
    size = len(frame)
    if interval is None:
        places = np.arange(size) - count
    else:
        local = frame.grid.local(_reached(frame.grid, frame.window, count, interval))
        sources = earlier(frame.starts, local, count, interval)
        places = np.searchsorted(frame.borders, sources, side="right") - 1
    return operand.over(size).at(places, (places >= 0) & (places < size))


def earlier(
    instants: _Instants, local: LocalTime, count: int, interval: Interval
) -> NDArray[np.int64]:
    """The instants at which the clock showed the same time, some calendar units earlier.

    A time that the clock skips gives the first instant after the gap, one that it shows twice the
    first of the two; a day that a month does not have gives the last one that it has.
    """
    wall = local.from_utc(instants)
    step = count * interval.multiplier
    if interval.unit not in _MONTHS:
        return local.to_utc(wall - step * Interval(interval.unit).nominal)
    return local.to_utc(_months_earlier(wall, step * _MONTHS[interval.unit]))


def _months_earlier(wall: _Instants, count: int) -> NDArray[np.int64]:
    stamps = wall.astype("datetime64[us]")
    months = stamps.astype("datetime64[M]")
    into = stamps - months.astype("datetime64[us]")
    target = months - count
    lasts = (target + 1).astype("datetime64[D]").astype("datetime64[us]") - np.timedelta64(1, "D")
    day = into.astype(np.int64) // DAY
    longest = (lasts - target.astype("datetime64[us]")).astype(np.int64) // DAY
    clock = into.astype(np.int64) % DAY
    shifted = target.astype("datetime64[us]").astype(np.int64) + np.minimum(day, longest) * DAY
    found: NDArray[np.int64] = shifted + clock
    return found


def _shift_reach(grid: Grid, window: Window, count: int, interval: Interval | None) -> Window:
    if interval is None:
        step = grid.interval
        # steps of the calendar differ in length
        length = step.elapsed if step.elapsed is not None and step.elapsed <= HOUR else None
        margin = abs(count) * (length or step.nominal * 11 // 10) + (0 if length else step.nominal)
        return widened(window, margin if count > 0 else 0, margin if count < 0 else 0)
    local = grid.local(_reached(grid, window, count, interval))
    ends = np.array([window.start, window.end], np.int64)
    first, last = (int(at) for at in earlier(ends, local, count, interval))
    return Window(min(window.start, first), max(window.end, last))


def _reached(grid: Grid, window: Window, count: int, interval: Interval) -> Window:
    """A window and everything that a shift may look at, generously."""
    margin = (abs(count) + 1) * (interval.nominal * 11 // 10) + 2 * grid.interval.nominal + 2 * DAY
    return widened(window, margin if count > 0 else 2 * DAY, margin if count < 0 else 2 * DAY)


def _lead(frame: Frame, operand: Triples, count: int) -> Triples:
    return _shift(frame, operand, -count, None)


def _lag(frame: Frame, operand: Triples, count: int) -> Triples:
    return _shift(frame, operand, count, None)


# ---- buckets ----------------------------------------------------------------------------------


def _resample(
    frame: Frame, operand: Triples, interval: Interval, count: int, method: Aggregation | None
) -> Triples:
    """The values condensed to buckets; each holds over its bucket."""
    borders = frame.buckets(Interval(interval.unit, interval.multiplier * count))
    way = method or find_unit(frame.units, operand.unit or NO_UNIT).aggregation
    found = convert(frame.points(operand), borders, way)
    values = Triples(found.values, found.has_number, masks(found.flags), operand.unit)
    places = np.searchsorted(borders, frame.starts, side="right") - 1
    return values.at(places, (places >= 0) & (places < len(borders) - 1))


def _resample_reach(grid: Grid, window: Window, interval: Interval, count: int, _: Any) -> Window:
    return _bucket_reach(grid, window, Interval(interval.unit, interval.multiplier * count))


def _bucket_reach(grid: Grid, window: Window, interval: Interval) -> Window:
    borders = grid.borders(window, interval)
    return Window(min(window.start, int(borders[0])), max(window.end, int(borders[-1])))


def _running_sum(frame: Frame, operand: Triples, interval: Interval) -> Triples:
    """The sum of each bucket so far; absent numbers are left out, their flags are not."""
    borders, full = frame.buckets(interval), operand.over(len(frame))
    bucket = np.searchsorted(borders, frame.starts, side="right") - 1
    inside = (bucket >= 0) & (bucket < len(borders) - 1)
    values = np.where(full.present, full.numbers, 0.0).astype(np.float64)
    firsts = np.flatnonzero(np.append(True, np.diff(bucket) != 0))
    so_far = partial(_so_far, firsts=firsts)
    present = so_far(np.logical_or, full.present) & inside
    numbers = so_far(np.add, values)
    seen = np.where(inside, so_far(np.bitwise_or, full.seen), np.int16(MISSING))
    return Triples(np.where(present, numbers, 0.0), present, seen.astype(np.int16), full.unit)


def _so_far(combine: Any, values: NDArray[Any], *, firsts: NDArray[np.intp]) -> NDArray[Any]:
    """What each run of values, beginning at `firsts`, combines to up to each of its places."""
    lengths = np.diff(np.append(firsts, len(values)))
    longest = int(lengths.max(initial=0))
    if longest * len(firsts) > 4 * len(values) + 1024:
        parts = np.split(values, firsts[1:])
        return np.concatenate([combine.accumulate(part) for part in parts])
    run = np.repeat(np.arange(len(firsts)), lengths)
    place = np.arange(len(values)) - np.repeat(firsts, lengths)
    table = np.zeros((len(firsts), longest), values.dtype)
    table[run, place] = values
    found: NDArray[Any] = combine.accumulate(table, axis=1)[run, place]
    return found


def _moving_mean(frame: Frame, operand: Triples, count: int) -> Triples:
    """The mean of the numbers of the last steps."""
    full = operand.over(len(frame))
    values = np.where(full.present, full.numbers, 0.0).astype(np.float64)
    totals = _last(np.add, values, count)
    numbers = _last(np.add, full.present.astype(np.float64), count)
    seen = _last(np.bitwise_or, full.seen, count).astype(np.int16)
    return Triples(totals / np.maximum(numbers, 1.0), numbers > 0, seen, full.unit)


def _last(combine: Any, values: NDArray[Any], count: int) -> NDArray[Any]:
    """What the last `count` values combine to at each place, in one pass whatever `count` is.

    Values are cut into blocks of `count`; the last values are the end of one block and the
    beginning of the next, so that nothing is ever subtracted.
    """
    count = max(min(count, len(values)), 1)
    blocks = -(-len(values) // count)
    table = np.zeros((blocks, count), values.dtype)
    table.reshape(-1)[: len(values)] = values
    heads = combine.accumulate(table, axis=1).reshape(-1)
    tails = combine.accumulate(table[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    place = np.arange(len(values))
    first = place - count + 1
    whole = (first < 0) | (first % count == 0)
    joined = combine(tails[np.maximum(first, 0)], heads[place])
    found: NDArray[Any] = np.where(whole, heads[place], joined)
    return found


def _moving_reach(grid: Grid, window: Window, count: int) -> Window:
    return _shift_reach(grid, window, count - 1, None)


# ---- calendar ---------------------------------------------------------------------------------


def _calendar(part: Callable[[_Instants], Any]) -> Callable[..., Triples]:
    """A function of the wall-clock time at which each step begins."""

    def apply(frame: Frame) -> Triples:
        wall = frame.grid.local(frame.window).from_utc(frame.starts)
        numbers = np.asarray(part(wall), np.float64)
        return Triples(numbers, np.ones(len(wall), np.bool_), np.zeros(len(wall), np.int16))

    return apply


def _year(wall: _Instants) -> Any:
    return wall.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970


def _month(wall: _Instants) -> Any:
    return wall.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12 + 1


def _day(wall: _Instants) -> Any:
    stamps = wall.astype("datetime64[us]")
    return (stamps - stamps.astype("datetime64[M]")).astype(np.int64) // DAY + 1


_INTERVAL: Final = Parameter(Takes.INTERVAL)

FUNCTIONS: Final = (
    Function(
        "Shift",
        _shift,
        parameters=(Parameter(Takes.WHOLE), Parameter(Takes.INTERVAL, None)),
        widen=_shift_reach,
    ),
    Function(
        "Lag",
        _lag,
        parameters=(Parameter(Takes.WHOLE, 1),),
        widen=lambda grid, window, count: _shift_reach(grid, window, count, None),
    ),
    Function(
        "Lead",
        _lead,
        parameters=(Parameter(Takes.WHOLE, 1),),
        widen=lambda grid, window, count: _shift_reach(grid, window, -count, None),
    ),
    Function(
        "Resample",
        _resample,
        parameters=(_INTERVAL, Parameter(Takes.COUNT, 1), Parameter(Takes.METHOD, None)),
        widen=_resample_reach,
    ),
    Function(
        "CumSum",
        _running_sum,
        parameters=(Parameter(Takes.INTERVAL, _TOTAL),),
        widen=_bucket_reach,
    ),
    Function("MovingAvg", _moving_mean, parameters=(Parameter(Takes.COUNT),), widen=_moving_reach),
    Function("Year", _calendar(_year), 0, 0),
    Function("Month", _calendar(_month), 0, 0),
    Function("Day", _calendar(_day), 0, 0),
    Function("Hour", _calendar(lambda wall: wall % DAY // HOUR), 0, 0),
    Function("Minute", _calendar(lambda wall: wall % HOUR // (60 * SECOND)), 0, 0),
    Function("Weekday", _calendar(lambda wall: (wall - _FIRST_MONDAY) // DAY % 7 + 1), 0, 0),
)
"""The functions of this module."""
