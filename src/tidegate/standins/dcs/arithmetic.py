"""Readings from what is stored: interpolation, calibration, resets, sources and coarser periods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from tidegate.standins.dcs.registers import Stored, stored
from tidegate.standins.dcs.slots import buckets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tidegate.standins.dcs.registers import Point, Register

INTERPOLATED: Final = 1
DISCONTINUITY: Final = 2

Source = Literal["automatic", "manual", "merged"]
_MARGIN: Final = (
    480  # ten days on either side, so that gaps at the ends of a request have neighbours
)


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open span of slots that the server holds."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of consecutive slots or buckets, in micro-units.

    Attributes:
        slots: start of each.
        total: running total or momentary value.
        period: consumption.
        status: bit mask of `INTERPOLATED` and `DISCONTINUITY`.
        known: where there is a reading; elsewhere the other columns mean nothing.
        ids: number of the stored reading, 0 where there is none.
    """

    slots: NDArray[np.int64]
    total: NDArray[np.int64]
    period: NDArray[np.int64]
    status: NDArray[np.int64]
    known: NDArray[np.bool_]
    ids: NDArray[np.int64]

    def rows(self, which: slice | NDArray[np.bool_]) -> Readings:
        """Some of the elements."""
        return Readings(
            self.slots[which],
            self.total[which],
            self.period[which],
            self.status[which],
            self.known[which],
            self.ids[which],
        )


def half_hours(
    register: Register,
    first: int,
    last: int,
    span: Span,
    *,
    calibrated: bool = False,
    interpolated: bool = True,
    source: Source = "automatic",
) -> Readings:
    """The readings of a register in the slots from `first` to before `last`, one element a slot."""
    low = first - _MARGIN
    held = stored(register, low, last + _MARGIN, span.begin, span.end)
    if register.instantaneous:
        readings = _momentary(register, held)
    elif source == "manual":
        readings = _manual(register, held)
    else:
        readings = _automatic(
            register, held, calibrated=calibrated or source == "merged", span=span
        )
        if source == "merged":
            readings = _merge(readings, held, register)
        elif not interpolated:
            readings = replace(readings, known=readings.known & held.present)
    inside = readings.slots < span.end
    return replace(readings, known=readings.known & inside).rows(slice(first - low, last - low))


def _momentary(register: Register, held: Stored) -> Readings:
    slots = held.first + np.arange(held.total.size)
    zero = np.zeros_like(slots)
    ids = _reading_ids(register, slots, held.present)
    return Readings(slots, held.total, zero, zero, held.present, ids)


def _automatic(register: Register, held: Stored, *, calibrated: bool, span: Span) -> Readings:
    slots = held.first + np.arange(held.total.size)
    total, period = held.total.copy(), np.zeros_like(slots)
    known = held.present.copy()
    offsets = _offsets(register, span) if calibrated else []
    for start, stop, closing in _segments(register, held):
        cut = slice(start, stop)
        ends, filled = _fill(held.total[cut], held.present[cut], closing)
        known[cut] = filled[: stop - start]
        period[cut] = _differences(ends, filled, stop - start)
        total[cut] = ends[: stop - start]
        if offsets:
            steps = _steps(offsets, slots[start], stop - start + 1)
            last = None if closing is None else closing + int(steps[-1])
            ends, _ = _fill(held.total[cut] + steps[:-1], held.present[cut], last)
            total[cut] = ends[: stop - start]
    if held.period is not None:
        period = np.where(held.present, held.period, period)
    status = np.where(held.present, 0, INTERPOLATED)
    for reset in register.resets:
        if 0 <= reset.slot - held.first < slots.size:
            status[reset.slot - held.first] |= DISCONTINUITY
    ids = _reading_ids(register, slots, held.present)
    return Readings(slots, total, period, status, known, ids)


def _segments(register: Register, held: Stored) -> Iterator[tuple[int, int, int | None]]:
    """Stretches between resets as element numbers, with the closing total if a reset ends one."""
    start = 0
    for reset in register.resets:
        stop = reset.slot - held.first
        if start < stop <= held.total.size:
            yield start, stop, reset.closing
            start = stop
    if start < held.total.size:
        yield start, held.total.size, None


def _fill(
    total: NDArray[np.int64], present: NDArray[np.bool_], closing: int | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Totals with gaps filled linearly, and where they are known; `closing` adds an element."""
    if closing is not None:
        total, present = np.append(total, closing), np.append(present, True)
    if present.all():
        return total, present
    at = np.flatnonzero(present)
    if not at.size:
        return total, present
    every = np.arange(total.size)
    filled = np.rint(np.interp(every, at, total[at])).astype(np.int64)
    return filled, (every >= at[0]) & (every <= at[-1])


def _differences(
    ends: NDArray[np.int64], known: NDArray[np.bool_], count: int
) -> NDArray[np.int64]:
    period = np.zeros(count, np.int64)
    steps = np.where(known[1:] & known[:-1], np.diff(ends), 0)
    period[: steps.size] = steps
    return period


def _offsets(register: Register, span: Span) -> list[tuple[int, int]]:
    """The slots from which an offset holds, with the offset; a reset ends the one before it."""
    changes = [(reset.slot, 0) for reset in register.resets]
    for calibration in register.calibrations:
        read = calibration.read
        slot = int(read.at)
        raw = half_hours(register, slot, slot + 1, Span(min(span.begin, slot), span.end))
        following = int(raw.total[0] + raw.period[0])
        at_read = int(raw.total[0]) + (following - int(raw.total[0])) * (read.at - slot)
        changes.append((calibration.start, read.total - round(at_read)))
    return sorted(changes) if register.calibrations else []


def _steps(offsets: list[tuple[int, int]], first: int, count: int) -> NDArray[np.int64]:
    starts = np.array([start for start, _ in offsets])
    values = np.array([0, *(value for _, value in offsets)], np.int64)
    return values[np.searchsorted(starts, first + np.arange(count), side="right")]


def _manual(register: Register, held: Stored) -> Readings:
    slots = held.first + np.arange(held.total.size + 1)
    total, known = _typed(register.manual, slots)
    exact = np.isin(slots, [point.at for point in register.manual])
    status = np.where(exact, 0, INTERPOLATED)[:-1]
    period = _differences(total, known, slots.size - 1)
    return Readings(slots[:-1], total[:-1], period, status, known[:-1], np.zeros_like(period))


def _typed(
    points: list[Point], slots: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Totals between typed readings, and where there are any."""
    if not points:
        return np.zeros(slots.size, np.int64), np.zeros(slots.size, np.bool_)
    at = [point.at for point in points]
    total = np.rint(np.interp(slots, at, [point.total for point in points])).astype(np.int64)
    return total, (slots >= at[0]) & (slots <= at[-1])


def _merge(readings: Readings, held: Stored, register: Register) -> Readings:
    """Automatic readings whose gaps are filled by the typed series where that is less uncertain.

    The uncertainty of a linear estimate is taken as the product of the distances to its two
    neighbours divided by the distance between them.
    """
    typed, has_typed = _typed(register.manual, readings.slots)
    points = np.array([point.at for point in register.manual])
    doubt = _doubt(readings.slots, readings.slots[held.present])
    use = ~held.present & has_typed & (_doubt(readings.slots, points) < doubt)
    total = np.where(use, typed, readings.total)
    known = readings.known | use
    period = np.where(
        use | np.append(use[1:], False),
        _differences(total, known, total.size),
        readings.period,
    )
    return replace(readings, total=total, period=period, known=known)


def _doubt(
    slots: NDArray[np.int64], points: NDArray[np.float64] | NDArray[np.int64]
) -> NDArray[np.float64]:
    if not points.size:
        return np.full(slots.size, np.inf)
    after = np.searchsorted(points, slots, side="right")
    low = points[np.maximum(after - 1, 0)].astype(np.float64)
    high = points[np.minimum(after, points.size - 1)].astype(np.float64)
    inside = (low <= slots) & (high > slots)
    width = np.where(high > low, high - low, 1)
    return np.where(inside, (slots - low) * (high - slots) / width, np.inf)


def _reading_ids(
    register: Register, slots: NDArray[np.int64], present: NDArray[np.bool_]
) -> NDArray[np.int64]:
    return np.where(present, register.id_base + slots - register.id_origin, 0)


def coarser(readings: Readings, period: str, shift: NDArray[np.int64]) -> Readings:
    """Readings of hours, days, weeks or months: the first total, the sum of the periods, all flags.

    Args:
        readings: consecutive half hours that begin on a border of `period`.
        period: `hour`, `day`, `week` or `month`.
        shift: slots that local time is ahead of UTC, for each half hour.
    """
    if not readings.slots.size:
        return readings
    numbers = buckets(readings.slots, period, shift)
    starts = np.flatnonzero(np.append(True, np.diff(numbers) != 0))
    known = np.logical_or.reduceat(readings.known, starts)
    first = _first_known(readings.known, starts)
    return Readings(
        readings.slots[starts],
        readings.total[first],
        np.add.reduceat(np.where(readings.known, readings.period, 0), starts),
        np.bitwise_or.reduceat(np.where(readings.known, readings.status, 0), starts),
        known,
        readings.ids[first],
    )


def _first_known(known: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first known element of each bucket; its first element if none is known."""
    places = np.where(known, np.arange(known.size), known.size)
    first = np.minimum.reduceat(places, starts)
    return np.where(first < known.size, first, starts)
