"""Half-hour slots: whole half hours since 1970 UTC, the time axis of every calculation here."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.model import instants

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

SLOT_US: Final = 30 * instants.MINUTE
DAY: Final = 48
WEEK: Final = 7 * DAY
_WEEKDAY_OF_EPOCH: Final = 3  # 1970-01-01 was a Thursday; weeks start on Monday


def slot_of(text: str) -> int:
    """The slot that an ISO 8601 text falls in."""
    return instants.parse(text) // SLOT_US


def current() -> int:
    """The slot that this machine's clock is in."""
    return int(time.time()) // 1800


def local_shift(slots: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """How many slots local time of `zone` is ahead of UTC, for sorted `slots`."""
    if not slots.size:
        return slots
    changes, shifts = _transitions(zone, int(slots[0]) // DAY, int(slots[-1]) // DAY + 1)
    return np.asarray(shifts)[np.searchsorted(np.asarray(changes), slots, side="right")]


@lru_cache(maxsize=64)
def _transitions(zone: ZoneInfo, first_day: int, last_day: int) -> tuple[list[int], list[int]]:
    """The slots where the shift changes, and the shifts before, between and after them."""
    changes: list[int] = []
    shifts = [_shift(zone, first_day * DAY)]
    for day in range(first_day, last_day + 1):
        if _shift(zone, (day + 1) * DAY) == shifts[-1]:
            continue
        slot = next(
            s for s in range(day * DAY, (day + 1) * DAY + 1) if _shift(zone, s) != shifts[-1]
        )
        changes.append(slot)
        shifts.append(_shift(zone, slot))
    return changes, shifts


def _shift(zone: ZoneInfo, slot: int) -> int:
    offset = instants.to_datetime(slot * SLOT_US).astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 1800


def buckets(slots: NDArray[np.int64], period: str, shift: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each slot that is equal within one hour, local day, week or month."""
    if period == "hour":
        return slots // 2
    days = (slots + shift) // DAY
    if period == "day":
        return days
    if period == "week":
        return (days + _WEEKDAY_OF_EPOCH) // 7
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
