"""Wall-clock time of a zone for whole arrays of instants, by the zone's clock changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from tidegate.model.instants import DAY, SECOND, to_datetime

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from tidegate.model.windows import Window

_FIRST_YEAR: Final = 1800
"""No zone changed its clocks before."""
_LAST_YEAR: Final = 9997
_STRIDE: Final = 3 * DAY
"""Probes this far apart see every clock change: no zone kept an offset for less than this."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """The wall clock of one zone over a span of time, from UTC and back.

    Wall-clock times are microseconds since 1970-01-01T00:00 on that clock, without zone.

    Attributes:
        since: the instants from which each offset holds; the first also covers all before it.
        offset: microseconds that the wall clock is ahead of UTC from then on.
        reached: the latest wall-clock time seen until each offset ends; never falls.
    """

    since: NDArray[np.int64]
    offset: NDArray[np.int64]
    reached: NDArray[np.int64]

    @classmethod
    def over(cls, zone: ZoneInfo, window: Window) -> Self:
        """The wall clock of a zone, right from a day before a window to a day after it."""
        first = _year(window.start - DAY)
        changes = [(int(np.iinfo(np.int64).min), _offset(zone, _year_start(first)))]
        for year in range(first, _year(window.end + DAY) + 1):
            changes += _changes(zone, year)
        since = np.array([at for at, _ in changes], dtype=np.int64)
        offset = np.array([ahead for _, ahead in changes], dtype=np.int64)
        ends = np.append(since[1:] + offset[:-1], np.iinfo(np.int64).max)
        return cls(since, offset, np.maximum.accumulate(ends))

    def from_utc(self, instants: NDArray[np.int64]) -> NDArray[np.int64]:
        """What the clock on the wall shows at each instant."""
        place = np.searchsorted(self.since, instants, side="right") - 1
        shown: NDArray[np.int64] = instants + self.offset[place]
        return shown

    def to_utc(self, shown: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first instant at which the clock has reached each time.

        A time that the clock skips gives the first instant after the gap; one that it shows twice
        gives the first occurrence. Sorted times give sorted instants.
        """
        place = np.searchsorted(self.reached, shown, side="right")
        instants: NDArray[np.int64] = np.maximum(self.since[place], shown - self.offset[place])
        return instants


@lru_cache(maxsize=20_000)
def _changes(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """Instants within a UTC year at which the offset of a zone changes, with the new offset."""
    probes = [*range(_year_start(year), _year_start(year + 1), _STRIDE), _year_start(year + 1)]
    offsets = [_offset(zone, probe) for probe in probes]
    return tuple(
        (_change(zone, probes[i], probes[i + 1]), offsets[i + 1])
        for i in range(len(probes) - 1)
        if offsets[i] != offsets[i + 1]
    )


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The first instant, to the second, at which the offset is no longer that of `before`."""
    old = _offset(zone, before)
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: int) -> int:
    ahead = to_datetime(instant).astimezone(zone).utcoffset()
    assert ahead is not None
    return ahead // timedelta(microseconds=1)


def _year(instant: int) -> int:
    year = (
        int(np.int64(instant).astype("datetime64[us]").astype("datetime64[Y]").astype(int)) + 1970
    )
    return min(max(year, _FIRST_YEAR), _LAST_YEAR)


def _year_start(year: int) -> int:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (datetime(year, 1, 1, tzinfo=UTC) - epoch) // timedelta(microseconds=1)
