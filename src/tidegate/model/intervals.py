"""Intervals: the raster of a series or of an answer, as unit and multiplier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from tidegate.model.errors import UnknownName
from tidegate.model.instants import DAY, HOUR, MINUTE, SECOND


class IntervalUnit(IntEnum):
    """Interval codes of WebTSM; `TOTAL` is one value over a whole query range."""

    NO = 0
    SECOND = 1
    MINUTE = 2
    HOUR = 3
    DAY = 4
    WEEK = 5
    MONTH = 6
    QUARTER = 7
    YEAR = 8
    MILLISECOND = 9
    TOTAL = 10


_ELAPSED: Final = {
    IntervalUnit.MILLISECOND: 1000,
    IntervalUnit.SECOND: SECOND,
    IntervalUnit.MINUTE: MINUTE,
    IntervalUnit.HOUR: HOUR,
}
_NOMINAL: Final = _ELAPSED | {
    IntervalUnit.DAY: DAY,
    IntervalUnit.WEEK: 7 * DAY,
    IntervalUnit.MONTH: 30 * DAY,
    IntervalUnit.QUARTER: 91 * DAY,
    IntervalUnit.YEAR: 365 * DAY,
}
_ISO_UNITS: Final = {
    "PTS": IntervalUnit.SECOND,
    "PTM": IntervalUnit.MINUTE,
    "PTH": IntervalUnit.HOUR,
    "PD": IntervalUnit.DAY,
    "PW": IntervalUnit.WEEK,
    "PM": IntervalUnit.MONTH,
    "PY": IntervalUnit.YEAR,
}
_SHORT_UNITS: Final = {
    "ms": IntervalUnit.MILLISECOND,
    "s": IntervalUnit.SECOND,
    "m": IntervalUnit.MINUTE,
    "min": IntervalUnit.MINUTE,
    "h": IntervalUnit.HOUR,
    "d": IntervalUnit.DAY,
    "w": IntervalUnit.WEEK,
    "mo": IntervalUnit.MONTH,
    "q": IntervalUnit.QUARTER,
    "y": IntervalUnit.YEAR,
}
_NAMED_UNITS: Final = {
    name: unit for unit in IntervalUnit for name in (unit.name.lower(), f"{unit.name.lower()}s")
}
_COMPACT: Final = re.compile(r"(\d*)\s*([a-z]+)$")
_ISO: Final = re.compile(r"(PT?)(\d+)([SMHDWY])$")


@dataclass(frozen=True, slots=True)
class Interval:
    """A regular raster such as 15 minutes; unit `NO` means spontaneous."""

    unit: IntervalUnit
    multiplier: int = 1

    def __post_init__(self) -> None:
        if self.multiplier < 1:
            raise UnknownName("interval multiplier", str(self.multiplier), ["1", "2", "…"])

    def __str__(self) -> str:
        name = self.unit.name.lower()
        return name if self.multiplier == 1 else f"{self.multiplier} {name}s"

    @property
    def is_spontaneous(self) -> bool:
        """True for a series without raster: a value holds until the next one."""
        return self.unit is IntervalUnit.NO

    @property
    def elapsed(self) -> int | None:
        """Microseconds of one step where every step is equally long, else None."""
        step = _ELAPSED.get(self.unit)
        return None if step is None else step * self.multiplier

    @property
    def nominal(self) -> int:
        """Microseconds of a usual step, to order intervals by coarseness; 0 if spontaneous."""
        return _NOMINAL.get(self.unit, 0) * self.multiplier


def parse_interval(text: str, multiplier: int = 1) -> Interval:
    """The interval of a code (`3`), a name (`hour`), an ISO form (`PT15M`) or a count (`15m`).

    Counts also take names, as `str` of an interval writes them: `15 minutes`. `m` is a minute and
    `mo` a month; `halfHour` is 30 minutes.

    Raises:
        UnknownName: the text names no interval.
    """
    word = text.strip().lower()
    if word in {"halfhour", "half-hour", "half_hour"}:
        return Interval(IntervalUnit.MINUTE, 30 * multiplier)
    for unit in IntervalUnit:
        if word == str(unit.value):
            return Interval(unit, multiplier)
    iso = _ISO.match(word.upper())
    if iso and multiplier == 1 and iso[1] + iso[3] in _ISO_UNITS:
        return _iso(_ISO_UNITS[iso[1] + iso[3]], int(iso[2]))
    compact = _COMPACT.match(word)
    unit_of = _SHORT_UNITS | _NAMED_UNITS
    if compact and compact[2] in unit_of:
        return Interval(unit_of[compact[2]], int(compact[1] or 1) * multiplier)
    names = [unit.name.lower() for unit in IntervalUnit]
    raise UnknownName("interval", text, [*names, "halfHour", "15m", "PT15M"])


def _iso(unit: IntervalUnit, count: int) -> Interval:
    if unit is IntervalUnit.MONTH and count == 3:
        return Interval(IntervalUnit.QUARTER)
    if unit is IntervalUnit.DAY and count % 7 == 0:
        return Interval(IntervalUnit.WEEK, count // 7)
    return Interval(unit, count)
