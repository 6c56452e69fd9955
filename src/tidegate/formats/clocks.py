"""Times as files write them, to instants: whole columns, in a zone where they name none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.model.errors import BadTime
from tidegate.model.instants import MINUTE, parse, to_text

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

_ISO: Final = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?(Z|z|[+-]\d{2}:?\d{2})?$"
_ZONED: Final = r"(Z|z|(:\d{2}([.,]\d{1,9})?|^\d{4}-\d{2}-\d{2})[+-]\d{2}:?\d{2})$"


class Reading(IntEnum):
    """What became of a time."""

    GOOD = 0
    BAD = 1
    """It is no time."""
    SKIPPED = 2
    """The clock was put forward over it."""
    TWICE = 3
    """The clock was put back over it; the first of the two is taken."""


@dataclass(frozen=True, slots=True)
class Times:
    """Instants of a column.

    Attributes:
        instants: UTC microseconds; of what is `TWICE` the first.
        later: the second instant of what is `TWICE`, else the same.
        state: a `Reading` each.
        is_local: whether the time names no zone.
    """

    instants: NDArray[np.int64]
    later: NDArray[np.int64]
    state: NDArray[np.uint8]
    is_local: NDArray[np.bool_]


def times(column: pa.Array, zone: ZoneInfo | None, *, standard: bool = False) -> Times:
    """The instants of a column of texts, timestamps or dates.

    Args:
        column: the times.
        zone: the zone of those that name none; they are taken as UTC without.
        standard: those that name none are standard time all year.
    """
    wall, state, is_local = _wall_clock(column)
    instants, later = wall.copy(), wall.copy()
    chosen = is_local & (state == Reading.GOOD)
    if zone is not None and chosen.any():
        local = _standard(wall[chosen], zone) if standard else _local(wall[chosen], zone)
        instants[chosen], later[chosen], state[chosen] = local
    return Times(instants, later, state, is_local)


def _wall_clock(
    column: pa.Array,
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.bool_]]:
    """Microseconds since 1970 on the clock that each time is of; state; whether it is local."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        zone = getattr(column.type, "tz", None)
        exact = column.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64())
        numbers = pc.fill_null(exact, 0).to_numpy(zero_copy_only=False).copy()
        absent = column.is_null().to_numpy(zero_copy_only=False)
        state = np.where(absent, Reading.BAD, Reading.GOOD).astype(np.uint8)
        return numbers, state, np.full(len(column), zone is None)
    return _texts(pc.utf8_trim_whitespace(column.cast(pa.string())))


def _texts(
    texts: pa.StringArray,
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.bool_]]:
    good = _mask(pc.match_substring_regex(texts, _ISO))
    zoned = good & _mask(pc.match_substring_regex(texts, _ZONED))
    numbers = np.zeros(len(texts), np.int64)
    state = np.where(good, Reading.GOOD, Reading.BAD).astype(np.uint8)
    for rows, kind in ((zoned, pa.timestamp("us", "UTC")), (good & ~zoned, pa.timestamp("us"))):
        if not rows.any():
            continue
        some = texts.filter(pa.array(rows))
        try:
            numbers[rows] = some.cast(kind).cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            numbers[rows], state[rows] = _one_by_one(some)
    return numbers, state, good & ~zoned


def _one_by_one(texts: pa.StringArray) -> tuple[list[int], list[int]]:
    numbers: list[int] = []
    state: list[int] = []
    for text in texts.to_pylist():
        try:
            numbers.append(int(parse(text)))
            state.append(Reading.GOOD)
        except BadTime:
            numbers.append(0)
            state.append(Reading.BAD)
    return numbers, state


def _mask(found: pa.BooleanArray) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = pc.fill_null(found, False).to_numpy(zero_copy_only=False)
    return mask


def _local(wall: NDArray[np.int64], zone: ZoneInfo) -> tuple[Any, Any, Any]:
    """First and second instant of wall-clock times, and whether they happened once."""
    minutes, places = np.unique(wall // MINUTE, return_inverse=True)
    offsets = np.array([_offsets(int(minute), zone) for minute in minutes], np.int64)
    first, second = offsets[places].T
    state = np.where(first > second, Reading.TWICE, Reading.GOOD)
    state[first < second] = Reading.SKIPPED
    return wall - first, wall - second, state


def _offsets(minute: int, zone: ZoneInfo) -> tuple[int, int]:
    moment = _wall_moment(minute).replace(tzinfo=zone)
    return _micros(moment.utcoffset()), _micros(moment.replace(fold=1).utcoffset())


def _standard(wall: NDArray[np.int64], zone: ZoneInfo) -> tuple[Any, Any, Any]:
    minutes, places = np.unique(wall // MINUTE, return_inverse=True)
    offsets = np.array([_standard_offset(int(minute), zone) for minute in minutes], np.int64)
    instants = wall - offsets[places]
    return instants, instants, Reading.GOOD


def _standard_offset(minute: int, zone: ZoneInfo) -> int:
    moment = _wall_moment(minute).replace(tzinfo=zone)
    return _micros(moment.utcoffset()) - _micros(moment.dst())


def _wall_moment(minute: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)).replace(tzinfo=None)


def _micros(span: timedelta | None) -> int:
    return (span or timedelta()) // timedelta(microseconds=1)


def shown(wall: int) -> str:
    """A wall-clock time as text."""
    return to_text(wall).rstrip("Z").replace("T", " ")
