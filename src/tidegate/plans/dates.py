"""Dates as the cells and options of plans write them: absolute, as durations, or relative.

`2017-05-01`, `2011-07-13 0:00:00` and `2017-05-01T00:00:00.000Z` name an instant in UTC. A begin of
`-P1DT1H` counts back from the end, an end of `PT12H` forward from the begin; `now`, `today-1d` and
`now[1h` are relative to when they are read. Dates that cannot be are refused with what was likely
meant.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tidegate.calc.relative import moved, parse_time
from tidegate.model.errors import BadTime, BadValue, UsageError
from tidegate.model.instants import (
    BEGINNING,
    DAY,
    FOREVER,
    SECOND,
    from_date,
    from_datetime,
    to_datetime,
)
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.windows import Window

Moment = str | float | date
"""A cell or option: a text, a serial of Excel, a date or a `datetime` (UTC)."""

_UTC: Final = ZoneInfo("UTC")
_MILLISECOND: Final = 1000
_DAY_ZERO: Final = date(1899, 12, 30)
"""Excel's day 0, as it counts from March 1900 on."""
_DAYS: Final = 10_000_000
"""Serials beyond lie outside of all calendars."""

_FIELDS: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2})(:\d{2}.*)?)?$")
_DURATION: Final = re.compile(
    r"([-+]?)P(?=[\dT])(?:(\d{1,4})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:\.\d+)?S)?)?$"
)
_UNITS: Final = tuple(
    IntervalUnit[name] for name in ("YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
)
_RELATIVE: Final = re.compile(r"(now|today)\b")


class ImpossibleDate(UsageError):
    """A text with the form of a date that no calendar has; the hint says what was likely meant."""

    code = "impossible-date"

    def __init__(self, name: str, text: str, why: str, likely: str | None) -> None:
        super().__init__(
            f"{name} '{text}' is no date: {why}",
            hint=f"did you mean {likely}?" if likely else "write it like 2017-05-31T00:00:00Z",
            name=name,
            text=text,
            likely=likely,
        )


def is_relative(moment: Moment) -> bool:
    """True if what a moment means depends on when it is read."""
    if not isinstance(moment, str):
        return False
    text = moment.strip()
    return bool(_RELATIVE.match(text) or _DURATION.match(text))


def window_of(begin: Moment, end: Moment, *, now: int) -> Window:
    """The range between two moments, to the millisecond.

    Args:
        begin: its first instant; a duration such as `-P1D` counts back from the end.
        end: its end; a duration such as `PT12H` counts forward from the begin.
        now: the present instant.

    Raises:
        BadTime, ImpossibleDate: a moment names no instant.
        BadValue: both are durations, or the range is empty.
    """
    back, forward = _duration(begin), _duration(end)
    if back is not None and forward is not None:
        raise BadValue("begin and end", f"{begin} and {end}", "no two durations")
    if back is not None:
        last = instant_of("end", end, now=now)
        window = Window(min(_moved(last, back), last), last)
    elif forward is not None:
        first = instant_of("begin", begin, now=now)
        window = Window(first, max(_moved(first, forward), first))
    else:
        first, last = instant_of("begin", begin, now=now), instant_of("end", end, now=now)
        window = Window(first, max(first, last))
    if not window:
        raise BadValue("the range", f"{begin} to {end}", "one that begins before it ends")
    return window


def instant_of(name: str, moment: Moment, *, now: int) -> int:
    """The instant of a moment that is no duration, to the millisecond.

    Args:
        name: what it is, as an error names it.
        moment: the cell or option.
        now: the present instant.

    Raises:
        BadTime, ImpossibleDate: it names no instant.
    """
    if isinstance(moment, str):
        return _milliseconds(_of_text(name, moment.strip(), now))
    if isinstance(moment, datetime):
        return _milliseconds(from_datetime(moment))
    if isinstance(moment, date):
        return from_date(moment)
    days = min(max(moment, -_DAYS), _DAYS)
    return _milliseconds(_bounded(from_date(_DAY_ZERO) + round(days * DAY)))


def likely_date(text: str) -> str | None:
    """The date that was most likely meant by one that cannot be, without its time of day.

    Month and day the wrong way round; else the last day of the month; else the nearest digit.
    """
    match = _FIELDS.match(text.strip())
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    if match[4] and int(match[4]) == 24 and _date(year, month, day):
        return (date(year, month, day) + timedelta(days=1)).isoformat()
    if swapped := _date(year, day, month):
        return swapped.isoformat()
    if 1 <= month <= 12 and year >= 1 and 28 < day <= 31:
        return date(year, month, calendar.monthrange(year, month)[1]).isoformat()
    return _nearest(f"{year:04d}-{month:02d}-{day:02d}")


def _nearest(text: str) -> str | None:
    """The date that comes from changing one digit, by the smallest step."""
    candidates = []
    for at, digit in enumerate(text):
        for other in "0123456789" if digit.isdigit() else "":
            changed = f"{text[:at]}{other}{text[at + 1 :]}"
            if _date(*map(int, changed.split("-"))):
                candidates.append((abs(int(other) - int(digit)), at, changed))
    return min(candidates)[2] if candidates else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _of_text(name: str, text: str, now: int) -> int:
    match = _FIELDS.match(text)
    if match is None:
        return parse_time(text, zone=_UTC, now=now)
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    clock = f"T{int(match[4]):02d}{match[5] or ':00'}" if match[4] else ""
    padded = f"{year:04d}-{month:02d}-{day:02d}{clock}"
    try:
        return parse_time(padded, zone=_UTC, now=now)
    except BadTime as problem:
        if "not ISO 8601" in str(problem):
            raise
        why = str(problem).rsplit(": ", maxsplit=1)[-1]
        raise ImpossibleDate(name, text, why, likely_date(text)) from None


def _duration(moment: Moment) -> tuple[int, list[Interval]] | None:
    """Sign and parts of an ISO 8601 duration; None if it is none."""
    match = _DURATION.match(moment.strip()) if isinstance(moment, str) else None
    if match is None:
        return None
    parts = zip(_UNITS, match.groups()[1:], strict=True)
    steps = [Interval(unit, int(count)) for unit, count in parts if count and int(count)]
    return (-1 if match[1] == "-" else 1), steps


def _moved(instant: int, duration: tuple[int, list[Interval]]) -> int:
    sign, steps = duration
    for step in steps:
        instant = _bounded(moved(instant, step, _UTC, times=sign))
    return instant


def _bounded(instant: int) -> int:
    if not BEGINNING <= instant < FOREVER:
        raise UsageError("a date lies outside of the years 1 to 9999", hint="check the cell")
    return instant


def _milliseconds(instant: int) -> int:
    return (instant + _MILLISECOND // 2) // _MILLISECOND * _MILLISECOND


def excel_text(instant: int) -> str:
    """An instant as the cells of workbooks show it, such as `2011-07-13 00:00:00`."""
    text = to_datetime(instant).strftime("%Y-%m-%d %H:%M:%S")
    part = instant % SECOND // _MILLISECOND
    return f"{text}.{part:03d}" if part else text
