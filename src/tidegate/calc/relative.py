"""Times as people write them: absolute ones, and `now` or `today` with steps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.calc.calendar import edges
from tidegate.calc.zones import LocalTime
from tidegate.model.errors import BadTime
from tidegate.model.instants import BEGINNING, DAY, FOREVER, Instant, parse
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_RELATIVE: Final = re.compile(r"(now|today)((?:[-+ \[\]]\d{1,6}[smhdwMqy])*)$")
_STEP: Final = re.compile(r"([-+ \[\]])(\d+)([smhdwMqy])")
_UNITS: Final = {
    "s": IntervalUnit.SECOND,
    "m": IntervalUnit.MINUTE,
    "h": IntervalUnit.HOUR,
    "d": IntervalUnit.DAY,
    "w": IntervalUnit.WEEK,
    "M": IntervalUnit.MONTH,
    "q": IntervalUnit.QUARTER,
    "y": IntervalUnit.YEAR,
}
_MONTHS: Final = {IntervalUnit.MONTH: 1, IntervalUnit.QUARTER: 3, IntervalUnit.YEAR: 12}
_DAYS: Final = {IntervalUnit.DAY: 1, IntervalUnit.WEEK: 7}


def parse_time(text: str, *, zone: ZoneInfo, now: int) -> Instant:
    """The instant that a text names: ISO 8601, or `now` or `today` with steps from left to right.

    `+1d` and `-1d` move, `[30m` rounds down to a multiple and `]30m` up. Units are s, m (minute),
    h, d, w, M (month), q and y; a day and longer move by the calendar. A space counts as `+`.

    Args:
        text: such as `2024-01-31`, `2024-01-31T06:30Z`, `today-1M[1M`, `now[30m+24h`.
        zone: of times that name none, and of days and longer.
        now: the present instant.

    Raises:
        BadTime: the text names no instant.
    """
    match = _RELATIVE.match(text.strip())
    if match is None:
        return parse(text, naive=zone)
    anchor, steps = match.groups()
    instant = now if anchor == "now" else _floor(now, Interval(IntervalUnit.DAY), zone)
    for sign, amount, unit in _STEP.findall(steps):
        if int(amount) == 0:
            raise BadTime(text, "a step of 0 goes nowhere")
        instant = _step(instant, sign, Interval(_UNITS[unit], int(amount)), zone)
        if not BEGINNING <= instant < FOREVER:
            raise BadTime(text, "out of range")
    return Instant(instant)


def moved(instant: int, interval: Interval, zone: ZoneInfo, *, times: int = 1) -> int:
    """An instant moved by intervals: by elapsed time below a day, else on the local calendar.

    A wall-clock time that does not exist gives the first instant after the gap, one that comes
    twice the first; a day past the end of a month gives its last day.
    """
    if interval.elapsed is not None:
        return instant + times * interval.elapsed
    reach = (abs(times) + 1) * interval.nominal + 2 * DAY
    span = Window(max(instant - reach, BEGINNING), min(instant + reach, FOREVER))
    local = LocalTime.over(zone, span)
    shown = int(local.from_utc(np.array([instant]))[0])
    if interval.unit in _DAYS:
        goal = shown + times * interval.multiplier * _DAYS[interval.unit] * DAY
    else:
        goal = _months_later(shown, times * interval.multiplier * _MONTHS[interval.unit])
    return int(local.to_utc(np.array([goal]))[0])


def _step(instant: int, sign: str, interval: Interval, zone: ZoneInfo) -> int:
    if sign == "[":
        return _floor(instant, interval, zone)
    if sign == "]":
        borders = edges(interval, Window(instant, instant + 1), zone=zone)
        return instant if borders[0] == instant else int(borders[1])
    return moved(instant, interval, zone, times=-1 if sign == "-" else 1)


def _floor(instant: int, interval: Interval, zone: ZoneInfo) -> int:
    return int(edges(interval, Window(instant, instant + 1), zone=zone)[0])


def _months_later(shown: int, months: int) -> int:
    day = np.int64(shown // DAY).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    into_month = int((day - month.astype("datetime64[D]")).astype(np.int64))
    goal = month + np.timedelta64(months, "M")
    length = int(
        ((goal + 1).astype("datetime64[D]") - goal.astype("datetime64[D]")).astype(np.int64)
    )
    date = int(goal.astype("datetime64[D]").astype(np.int64)) + min(into_month, length - 1)
    return date * DAY + shown % DAY
