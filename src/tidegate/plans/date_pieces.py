"""How a range of dates is cut into requests: at midnights in UTC, by day, week, month or year."""

from __future__ import annotations

import itertools
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from tidegate.calc.calendar import edges
from tidegate.model.instants import DAY
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.windows import Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_UTC: Final = ZoneInfo("UTC")


class Split(StrEnum):
    """What one request covers at most."""

    ALL = "all"
    YEAR = "year"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class DayOfWeek(StrEnum):
    """The day on which a week begins."""

    MO = "MO"
    TU = "TU"
    WE = "WE"
    TH = "TH"
    FR = "FR"
    SA = "SA"
    SU = "SU"


_UNITS: Final = {
    Split.YEAR: IntervalUnit.YEAR,
    Split.MONTH: IntervalUnit.MONTH,
    Split.WEEK: IntervalUnit.WEEK,
    Split.DAY: IntervalUnit.DAY,
}
_DAYS: Final = tuple(DayOfWeek)


def date_pieces(
    window: Window, split: Split, *, day_of_week: DayOfWeek = DayOfWeek.SU
) -> list[Window]:
    """The windows that tile a window, cut at the midnights in UTC that begin a unit of `split`.

    The first piece begins and the last one ends where the window does; none is empty.

    Args:
        window: what is asked for; without length it gives no piece.
        split: the unit; `ALL` cuts nothing.
        day_of_week: the day that begins a week.
    """
    if not window or split is Split.ALL:
        return [window] if window else []
    days = _DAYS.index(day_of_week) * DAY if split is Split.WEEK else 0
    inner = [
        at for at in _midnights(window, split, days).tolist() if window.start < at < window.end
    ]
    borders = [window.start, *inner, window.end]
    return [Window(start, end) for start, end in itertools.pairwise(borders)]


def _midnights(window: Window, split: Split, days: int) -> NDArray[np.int64]:
    """Midnights that begin a unit, the weeks `days` after their Monday."""
    shifted = Window(window.start - days, window.end - days)
    marks: NDArray[np.int64] = edges(Interval(_UNITS[split]), shifted, zone=_UTC) + days
    return marks
