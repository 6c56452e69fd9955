"""The calendar: where the buckets of an interval begin and end, in a zone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.calc.zones import LocalTime
from tidegate.model.errors import BadValue, TooMuch
from tidegate.model.instants import BEGINNING, DAY, FOREVER, HOUR, MINUTE
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

MOST_BUCKETS: Final = 20_000_000
"""More buckets than this are refused before any work."""

_MONTHS: Final = {IntervalUnit.MONTH: 1, IntervalUnit.QUARTER: 3, IntervalUnit.YEAR: 12}
_DAYS: Final = {IntervalUnit.DAY: 1, IntervalUnit.WEEK: 7}
_FIRST_MONDAY: Final = 4 * DAY
"""1970-01-05, from which weeks are counted, as wall-clock time."""
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)$")


def edges(
    interval: Interval,
    window: Window,
    *,
    zone: ZoneInfo,
    day_start: int = 0,
    limit: int = MOST_BUCKETS,
) -> NDArray[np.int64]:
    """The borders of the buckets that a window touches, edge buckets in full.

    Steps of an hour or less are elapsed time, in phase with the local midnight before the window;
    longer ones follow the wall clock, so that the bucket with a clock change is shorter or longer.
    What does not divide a day or a year evenly counts from 1970-01-01 local (weeks: 01-05).

    Args:
        interval: the raster; `TOTAL` is one bucket, exactly the window.
        window: the span to tile.
        zone: whose midnights and months they are.
        day_start: microseconds of wall time by which days and longer start after midnight.
        limit: the number of buckets to refuse above.

    Returns:
        n + 1 sorted instants for n buckets; a single one for an empty window.

    Raises:
        BadValue: the interval is spontaneous and has no buckets, or `day_start` is not in a day.
        TooMuch: there would be more buckets than the limit.
    """
    if interval.is_spontaneous:
        raise BadValue("interval", str(interval), "a raster, such as hour")
    if not 0 <= day_start < DAY:
        raise BadValue("day_start", day_start, "from 0 to less than a day")
    if not window:
        return np.array([window.start], dtype=np.int64)
    if interval.unit is IntervalUnit.TOTAL:
        return np.array([window.start, window.end], dtype=np.int64)
    _refuse_too_many(interval, window, limit)
    step = interval.elapsed
    if step is not None and step <= HOUR:
        return _elapsed(step, window, zone)
    local = LocalTime.over(zone, _widened(window, 2 * interval.nominal))
    first, last = local.from_utc(np.array([window.start, window.end]))
    marks = _marks(interval, int(first) - DAY, int(last) + DAY, day_start)
    return _spanning(local.to_utc(marks), window)


def off_raster(
    instants: NDArray[np.int64], interval: Interval, zone: ZoneInfo
) -> NDArray[np.bool_]:
    """Where an instant does not begin a step of a raster; nowhere if that is spontaneous.

    Raises:
        TooMuch: a raster of more than an hour has too many steps between the instants.
    """
    off = np.zeros(len(instants), np.bool_)
    if interval.is_spontaneous or not len(instants):
        return off
    span = Window(int(instants.min()), int(instants.max()) + 1)
    step = interval.elapsed
    if step is None or step > HOUR:
        raster = edges(interval, span, zone=zone)
        off |= raster[np.searchsorted(raster, instants)] != instants
    elif zone.key == "UTC":
        off |= instants % step != 0
    else:
        off |= (instants - _origins(instants, step, zone)) % step != 0
    return off


def _origins(instants: NDArray[np.int64], step: int, zone: ZoneInfo) -> NDArray[np.int64]:
    """The midnight from which each instant's steps of elapsed time count."""
    if DAY % step:
        return LocalTime.over(zone, Window(0, 0)).to_utc(np.zeros(1, np.int64))
    local = LocalTime.over(zone, Window(int(instants.min()), int(instants.max()) + 1))
    return local.to_utc(local.from_utc(instants) // DAY * DAY)


def parse_day_start(text: str) -> int:
    """Microseconds of wall time after midnight of a text such as `06:00`.

    Raises:
        BadValue: the text is not a time of day.
    """
    match = _CLOCK.match(text.strip())
    if match is None:
        raise BadValue("day start", text, "a time of day such as 06:00")
    return int(match[1]) * HOUR + int(match[2]) * MINUTE


def _refuse_too_many(interval: Interval, window: Window, limit: int) -> None:
    expected = window.length // interval.nominal
    if expected > limit:
        remedy = "choose a coarser interval or a shorter window"
        raise TooMuch("the number of points", expected, limit, remedy)


def _widened(window: Window, margin: int) -> Window:
    return Window(max(window.start - margin, BEGINNING), min(window.end + margin, FOREVER))


def _elapsed(step: int, window: Window, zone: ZoneInfo) -> NDArray[np.int64]:
    """Borders that are `step` apart whatever the clock does."""
    anchor = window.start if DAY % step == 0 else 0
    local = LocalTime.over(zone, Window(anchor, anchor))
    midnight = local.from_utc(np.array([anchor])) // DAY * DAY if anchor else np.array([0])
    phase = int(local.to_utc(midnight)[0]) % step
    start = (window.start - phase) // step * step + phase
    end = -((phase - window.end) // step) * step + phase
    return np.arange(start, end + 1, step, dtype=np.int64)


def _marks(interval: Interval, first: int, last: int, day_start: int) -> NDArray[np.int64]:
    """Wall-clock times at which buckets begin: from at or before `first` to at or after `last`."""
    if interval.unit in _MONTHS:
        months = interval.multiplier * _MONTHS[interval.unit]
        return _month_marks(months, first - day_start, last - day_start) + day_start
    if interval.unit in _DAYS:
        step = interval.multiplier * _DAYS[interval.unit] * DAY
        origin = day_start + (_FIRST_MONDAY if interval.unit is IntervalUnit.WEEK else 0)
    else:
        step, origin = interval.nominal, 0
    start = (first - origin) // step * step + origin
    return np.arange(start, last + step, step, dtype=np.int64)


def _month_marks(months: int, first: int, last: int) -> NDArray[np.int64]:
    start, end = (
        int(np.int64(at).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64))
        for at in (first, last)
    )
    counted = np.arange(start // months * months, end + months + 1, months, dtype=np.int64)
    return counted.astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)


def _spanning(borders: NDArray[np.int64], window: Window) -> NDArray[np.int64]:
    """The borders from the last at or before the window's start to the first not before its end."""
    first = np.searchsorted(borders, window.start, side="right") - 1
    last = np.searchsorted(borders, window.end, side="left")
    kept = borders[first : last + 1]
    apart = np.ones(len(kept), dtype=bool)
    # marks within one gap of the wall clock all fall on the instant after it
    apart[1:] = kept[1:] > kept[:-1]
    return kept[apart]
