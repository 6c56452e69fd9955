"""Bodies of readings answers, a few thousand records at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.standins.dcs import bodies
from tidegate.standins.dcs.arithmetic import INTERPOLATED, Readings, coarser, half_hours
from tidegate.standins.dcs.slots import DAY, buckets, local_shift
from tidegate.standins.dcs.virtual import VirtualMeter, results

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from tidegate.standins.dcs.bodies import Words
    from tidegate.standins.dcs.estate import Estate
    from tidegate.standins.dcs.queries import Query
    from tidegate.standins.dcs.registers import Register

_CHUNK: Final = 4096
_MICRO_PLACES: Final = 6
_LONGEST_PERIOD: Final = 32 * DAY
_ODD: Final = {1: b'"NaN"', 2: b'"Infinity"', 3: b'"-Infinity"'}


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings to be written together.

    Attributes:
        readings: the readings; for a virtual meter `period` holds its results.
        shift: slots that local time is ahead of UTC at each.
        minutes: length of each period; a local day of a clock change has 23 or 25 hours.
        odd: 0 where the value is a number, else a key of the texts for NaN and infinities.
    """

    readings: Readings
    shift: NDArray[np.int64]
    minutes: NDArray[np.int64]
    odd: NDArray[np.int8]

    def only(self, rows: NDArray[np.bool_]) -> Batch:
        """The readings of some rows."""
        if rows.all():
            return self
        return Batch(self.readings.rows(rows), self.shift[rows], self.minutes[rows], self.odd[rows])


def batches(
    query: Query, series: Register | VirtualMeter, estate: Estate, zone: ZoneInfo
) -> Iterator[Batch]:
    """The readings that a query asks for, in order; slots without one are left in, not `known`."""
    span = estate.span_of(series)
    first = max(query.first, _border_before(span.begin, query, zone))
    last = min(query.last, span.end)
    step = _CHUNK if query.period == "halfHour" else max(last - first, 1)
    for start in range(first, last, step):
        yield _batch(query, series, estate, zone, (start, min(start + step, last)))


def _border_before(slot: int, query: Query, zone: ZoneInfo) -> int:
    """The first slot of the period that `slot` lies in."""
    if query.period == "halfHour":
        return slot
    slots = np.arange(slot - _LONGEST_PERIOD, slot + 1)
    numbers = buckets(slots, query.period, _shift(query, slots, zone))
    return int(slots[np.searchsorted(numbers, numbers[-1])])


def _shift(query: Query, slots: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    return local_shift(slots, zone) if query.local else np.zeros_like(slots)


def _batch(
    query: Query,
    series: Register | VirtualMeter,
    estate: Estate,
    zone: ZoneInfo,
    part: tuple[int, int],
) -> Batch:
    shift = _shift(query, np.arange(*part), zone)
    if isinstance(series, VirtualMeter):
        readings, odd = _virtual_readings(query, series, estate, part, shift)
    else:
        readings = half_hours(
            series,
            *part,
            estate.span_of(series),
            calibrated=query.calibrated,
            interpolated=query.interpolated,
            source=query.source,
        )
        readings = _condensed(readings, query, shift)
        odd = np.zeros(readings.slots.size, np.int8)
    shift = shift[readings.slots - part[0]]
    return Batch(readings, shift, _minutes(query, readings.slots, shift, zone), odd)


def _condensed(readings: Readings, query: Query, shift: NDArray[np.int64]) -> Readings:
    return readings if query.period == "halfHour" else coarser(readings, query.period, shift)


def _virtual_readings(
    query: Query,
    meter: VirtualMeter,
    estate: Estate,
    part: tuple[int, int],
    shift: NDArray[np.int64],
) -> tuple[Readings, NDArray[np.int8]]:
    """Results in micro-units as period values, and which of them are no numbers."""
    readings, values = results(
        meter,
        estate.registers,
        *part,
        estate.span_of(meter),
        interpolated=query.interpolated,
        source=query.source,
    )
    if query.period != "halfHour":
        values = _coarser_values(meter, readings, values, query.period, shift)
    readings = _condensed(readings, query, shift)
    finite = np.isfinite(values)
    micro = np.rint(np.where(finite, values, 0) * 1e6).astype(np.int64)
    odd = np.select([finite, np.isnan(values), values > 0], [0, 1, 2], 3).astype(np.int8)
    return replace(readings, period=micro), odd


def _coarser_values(
    meter: VirtualMeter,
    readings: Readings,
    values: NDArray[np.float64],
    period: str,
    shift: NDArray[np.int64],
) -> NDArray[np.float64]:
    numbers = buckets(readings.slots, period, shift)
    starts = np.flatnonzero(np.append(True, np.diff(numbers) != 0))
    if meter.instantaneous:
        return values[starts]
    with np.errstate(invalid="ignore"):
        sums = np.add.reduceat(np.where(readings.known, values, 0), starts)
    return np.asarray(np.round(sums, meter.decimals), np.float64)


def web_records(query: Query, batch: Batch) -> bytes:
    """Records of the Web API, each after a comma."""
    batch = batch.only(batch.readings.known)
    readings = batch.readings
    if not readings.slots.size:
        return b""
    parts: list[bytes | Words] = [b',{"status":', bodies.integers(readings.status)]
    parts += [b',"timestamp":"', bodies.timestamps(readings.slots)]
    if query.complete:
        parts += [b'","totalValue":', bodies.decimals(readings.total, point=True)]
        parts += [b',"periodValue":', bodies.decimals(readings.period, point=True)]
    else:
        value = readings.period if query.virtual else readings.total
        parts += [b'","value":', _with_odd(bodies.decimals(value, point=True), batch.odd)]
    return bodies.records([*parts, b"}"])


def app_records(query: Query, batch: Batch, padding: str) -> bytes:
    """Records of the App API, each after a comma; `padding` is what padded records carry."""
    known = batch.readings.known
    if query.interpolated:
        batch = batch.only(known)
        known = batch.readings.known
    readings = batch.readings
    if not readings.slots.size:
        return b""
    total, period = (
        np.where(known, _rounded(column, query.decimals), 0)
        for column in (readings.total, readings.period)
    )
    return bodies.records(
        [
            b',{"id":',
            bodies.integers(np.where(known, readings.ids, 0)),
            b',"startTime":"',
            bodies.timestamps(readings.slots, batch.shift if query.local else None),
            b'","duration":',
            bodies.integers(batch.minutes),
            b',"totalValue":',
            _padded(bodies.decimals(total, point=False), known, padding),
            b',"periodValue":',
            _padded(_with_odd(bodies.decimals(period, point=False), batch.odd), known, padding),
            b',"isGenerated":',
            bodies.either(known, b"false", b"true"),
            b',"isInterpolated":',
            bodies.either(known & (readings.status & INTERPOLATED > 0), b"true", b"false"),
            b"}",
        ]
    )


def _with_odd(words: Words, odd: NDArray[np.int8]) -> Words:
    for key, text in _ODD.items():
        if (odd == key).any():
            words = bodies.replaced(words, odd == key, text)
    return words


def _padded(words: Words, known: NDArray[np.bool_], padding: str) -> Words:
    return bodies.replaced(words, ~known, b"null") if padding == "null" else words


def _rounded(micro: NDArray[np.int64], places: int) -> NDArray[np.int64]:
    """Values rounded to so many decimal places, halves to even."""
    if places >= _MICRO_PLACES:
        return micro
    unit = 10 ** (_MICRO_PLACES - places)
    return np.asarray(np.rint(micro / unit).astype(np.int64) * unit)


def _minutes(
    query: Query, slots: NDArray[np.int64], shift: NDArray[np.int64], zone: ZoneInfo
) -> NDArray[np.int64]:
    if query.period in {"halfHour", "hour"}:
        return np.full(slots.size, 30 if query.period == "halfHour" else 60)
    days = (slots + shift) // DAY
    if query.period == "month":
        months = days.astype("datetime64[D]").astype("datetime64[M]")
        ends = (months + 1).astype("datetime64[D]").astype(np.int64)
    else:
        ends = days + (1 if query.period == "day" else 7)
    ends *= DAY
    return np.asarray((ends - _shift(query, ends - shift, zone) - slots) * 30)
