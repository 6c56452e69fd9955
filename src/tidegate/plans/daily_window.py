"""The hours of the day in which a run may begin something, by the clock on the wall."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.calc.zones import LocalTime
from tidegate.model.errors import BadValue
from tidegate.model.instants import DAY, from_datetime, to_datetime
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$")
_DAYS_AHEAD: Final = 3
"""A day may lack its opening where a zone skipped it; the third one has one."""


def parse_time_of_day(name: str, text: str) -> time:
    """The time of day of a text such as `22:00:00` or `6:00`.

    Args:
        name: what is set, as an error names it.
        text: hours, minutes and, if wanted, seconds.

    Raises:
        BadValue: the text is no time of day.
    """
    match = _CLOCK.match(text.strip())
    if match is None:
        raise BadValue(name, text, "a time of day such as 22:00:00")
    return time(int(match[1]), int(match[2]), int(match[3] or 0))


@dataclass(frozen=True, slots=True)
class DailyWindow:
    """When something may begin: from `begin` until before `end`, across midnight if `end` is less.

    Equal times mean always. What the clock on the wall shows decides at each instant, so a night
    with a clock change is an hour shorter or longer, and an hour shown twice counts twice.

    Attributes:
        begin: the local time that opens it.
        end: the local time that closes it.
        zone: whose clock it is.
    """

    begin: time
    end: time
    zone: ZoneInfo

    def is_open(self, instant: int) -> bool:
        """True if something may begin at an instant."""
        if self.begin == self.end:
            return True
        shown = to_datetime(instant).astimezone(self.zone).time()
        if self.begin < self.end:
            return self.begin <= shown < self.end
        return shown >= self.begin or shown < self.end

    def next_opening(self, instant: int) -> int:
        """The first instant from `instant` on at which it is open.

        An opening that the clock skips happens at the first instant after the gap.
        """
        if self.is_open(instant):
            return instant
        ahead = Window(instant, instant + _DAYS_AHEAD * DAY)
        clock = LocalTime.over(self.zone, ahead)
        openings = [*self._begins(clock, ahead), *map(int, clock.since)]
        return min(at for at in openings if at >= instant and self.is_open(at))

    def _begins(self, clock: LocalTime, ahead: Window) -> list[int]:
        """The instants, first and second where there are two, at which the clock shows `begin`."""
        first = to_datetime(ahead.start).astimezone(self.zone).date()
        days = [first + timedelta(days=number) for number in range(-1, _DAYS_AHEAD + 1)]
        shown = [from_datetime(datetime.combine(day, self.begin)) for day in days]
        once = clock.to_utc(np.array(shown, np.int64)).tolist()
        again = [
            from_datetime(datetime.combine(day, self.begin.replace(fold=1), tzinfo=self.zone))
            for day in days
        ]
        return [*once, *again]
