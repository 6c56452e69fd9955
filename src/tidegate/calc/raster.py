"""One series on another raster: condensed to coarser buckets or spread to finer ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from tidegate.calc.calendar import edges
from tidegate.calc.flags import MISSING, masks, worst
from tidegate.calc.steps import condense
from tidegate.calc.units import IDENTITY, Conversion, Step
from tidegate.model.aggregation import Aggregation
from tidegate.model.flags import WITHOUT_NUMBER, Flag
from tidegate.model.instants import FOREVER, HOUR
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from tidegate.model.intervals import Interval

_WITHOUT_NUMBER: Final = [int(flag) for flag in WITHOUT_NUMBER]


@dataclass(frozen=True, slots=True)
class Points:
    """Readings of one series with the time that each covers; arrays of one length, by time.

    Attributes:
        starts: where the covered time begins; the `ts` of the reading.
        ends: where it ends; `FOREVER` for a value that holds until it is replaced.
        values: numbers; without meaning where there is none.
        has_number: where a number stands behind the point.
        flags: the flag of each.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    values: NDArray[np.float64]
    has_number: NDArray[np.bool_]
    flags: NDArray[np.int16]

    @classmethod
    def of(
        cls,
        ts: NDArray[np.int64],
        values: NDArray[np.float64],
        has_number: NDArray[np.bool_],
        flags: NDArray[np.int16],
        *,
        interval: Interval,
        zone: ZoneInfo,
    ) -> Self:
        """The points of readings sorted by `ts`.

        A number with the flag of none (`NO_VALUE`, `MISSING`) does not count. A point without
        number is missing unless its flag tells otherwise.

        Args:
            ts: the start of the time that each reading covers, without repeats.
            values: their numbers.
            has_number: where there is one.
            flags: their flags.
            interval: the raster of the series.
            zone: whose midnights the raster follows.
        """
        stated = np.isin(flags, _WITHOUT_NUMBER)
        number = has_number & ~stated
        told = number | stated | (flags == Flag.FAULTY)
        known = np.where(told, flags, np.int16(Flag.MISSING))
        return cls(
            ts, covered_until(ts, interval, zone), np.where(number, values, 0.0), number, known
        )

    @classmethod
    def none(cls) -> Self:
        """No points at all."""
        instants = np.zeros(0, dtype=np.int64)
        flags = np.zeros(0, dtype=np.int16)
        return cls(instants, instants, np.zeros(0), np.zeros(0, dtype=np.bool_), flags)

    def converted(self, way: Conversion) -> NDArray[np.float64]:
        """The numbers in another unit, each over the whole time that its point covers.

        A value without end has no amount and makes no rate: it counts as 0.
        """
        scaled = self.values * way.scale
        if way.step is Step.SCALE:
            return scaled + way.offset if way.offset else scaled
        hours = (self.ends - self.starts) / HOUR
        counted = scaled * hours if way.step is Step.TO_INTEGRAL else scaled / hours
        return np.where(self.ends == FOREVER, 0.0, counted)


@dataclass(frozen=True, slots=True)
class Condensed:
    """Values on a raster, one entry a bucket: 0 where there is no number."""

    values: NDArray[np.float64]
    has_number: NDArray[np.bool_]
    flags: NDArray[np.int16]


def convert(
    points: Points,
    borders: NDArray[np.int64],
    method: Aggregation,
    *,
    conversion: Conversion = IDENTITY,
    missing_as_zero: bool = False,
) -> Condensed:
    """One series on the raster of some borders.

    Amounts (`Sum`) are shared by elapsed time, everything else holds over the time it covers. Time
    that no point covers is missing. The flag is the worst of all points that a bucket touches.

    Args:
        points: the series; those before and after the borders do no harm.
        borders: n + 1 sorted instants for n buckets.
        method: how the values of a bucket become one.
        conversion: the way to the unit of the answer.
        missing_as_zero: averages count missing time as 0 instead of leaving it out.
    """
    if len(borders) < 2 or not len(points.starts):
        return _nothing(max(len(borders) - 1, 0))
    steps = _Steps.cut(points, borders)
    if method is Aggregation.SUM:
        values, present = steps.sums(points, conversion)
    elif method is Aggregation.AVERAGE:
        values, present = steps.means(points.converted(conversion), missing_as_zero=missing_as_zero)
    else:
        values, present, _ = condense(
            method,
            steps=steps.borders,
            buckets=borders,
            values=points.converted(conversion)[steps.point],
            has_number=steps.has_number,
            mask=steps.mask,
        )
    return Condensed(np.where(present, values, 0.0), present, steps.flags(present))


def _nothing(count: int) -> Condensed:
    flags = np.full(count, Flag.MISSING, dtype=np.int16)
    return Condensed(np.zeros(count), np.zeros(count, dtype=np.bool_), flags)


def covered_until(ts: NDArray[np.int64], interval: Interval, zone: ZoneInfo) -> NDArray[np.int64]:
    """Where the time that each reading covers ends: at the latest where the next one begins.

    Args:
        ts: where it begins, sorted, without repeats.
        interval: the raster of the series; `FOREVER` ends the last value of a spontaneous one.
        zone: whose midnights the raster follows.
    """
    following = np.append(ts[1:], FOREVER)[: len(ts)]
    if interval.is_spontaneous or not len(ts):
        return following
    step = interval.elapsed
    if step is not None and step <= HOUR:
        until = ts + step
    else:
        raster = edges(interval, Window(int(ts[0]), int(ts[-1]) + 1), zone=zone)
        until = raster[np.searchsorted(raster, ts, side="right")]
    earlier: NDArray[np.int64] = np.minimum(until, following)
    return earlier


def _merged(instants: NDArray[np.int64], more: NDArray[np.int64]) -> NDArray[np.int64]:
    """Every instant of two sorted arrays once, sorted; without sorting them again."""
    place = np.searchsorted(instants, more)
    known = instants[np.minimum(place, len(instants) - 1)] == more
    return instants if known.all() else np.insert(instants, place[~known], more[~known])


@dataclass(frozen=True, slots=True)
class _Steps:
    """Buckets cut at every point's start and end, so that one point or none covers each step.

    Attributes:
        borders: the borders of the steps.
        bucket: the place of the bucket of each step.
        firsts: the place of the first step of each bucket.
        point: the place of the covering point; any where there is none.
        has_number: where a point with a number covers the step.
        mask: the flag of that point as a mask; `MISSING` where no point is.
    """

    borders: NDArray[np.int64]
    bucket: NDArray[np.intp]
    firsts: NDArray[np.intp]
    point: NDArray[np.intp]
    has_number: NDArray[np.bool_]
    mask: NDArray[np.int16]

    @classmethod
    def cut(cls, points: Points, buckets: NDArray[np.int64]) -> Self:
        """The steps of points within buckets."""
        closing = np.append(points.ends[:-1] < points.starts[1:], True)
        cuts = _merged(_merged(points.starts, points.ends[closing]), buckets)
        inside = slice(np.searchsorted(cuts, buckets[0]), np.searchsorted(cuts, buckets[-1]) + 1)
        borders = cuts[inside]
        starts = borders[:-1]
        bucket = np.searchsorted(buckets, starts, side="right") - 1
        firsts = np.searchsorted(borders, buckets[:-1])
        point = np.searchsorted(points.starts, starts, side="right") - 1
        covered = (point >= 0) & (starts < points.ends[point])
        mask = np.where(covered, masks(points.flags)[point], np.int16(MISSING))
        return cls(borders, bucket, firsts, point, covered & points.has_number[point], mask)

    @property
    def length(self) -> NDArray[np.int64]:
        """Microseconds of each step."""
        return np.diff(self.borders)

    def flags(self, present: NDArray[np.bool_]) -> NDArray[np.int16]:
        """The worst flag of each bucket; of one without number, of what kept it from having one."""
        every = np.bitwise_or.reduceat(self.mask, self.firsts)
        without = np.where(self.has_number, np.int16(0), self.mask)
        return worst(np.where(present, every, np.bitwise_or.reduceat(without, self.firsts)))

    def sums(
        self, points: Points, way: Conversion
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The total of each bucket, a point counting with its share of elapsed time."""
        length, point = self.length, self.point
        if way.step is Step.TO_INTEGRAL:
            parts = points.values[point] * way.scale * length / HOUR
        else:
            covered = (points.ends - points.starts)[point]
            common = np.gcd(length, covered)
            # a share of endless time is nothing
            endless = points.ends[point] == FOREVER
            share = np.where(endless, np.inf, covered // np.maximum(common, 1))
            parts = points.converted(way)[point] * (length // common) / share
        counted = np.where(self.has_number, parts, 0.0)
        return self._added(counted), np.logical_or.reduceat(self.has_number, self.firsts)

    def means(
        self, levels: NDArray[np.float64], *, missing_as_zero: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The mean of each bucket over the time that has numbers."""
        time = np.where(self.has_number, self.length, 0)
        # weights in lowest terms, so that a single value or equal steps stay exact
        common = np.maximum(np.gcd.reduceat(time, self.firsts), 1)
        weight = time // common[self.bucket]
        total = self._added(np.where(self.has_number, levels[self.point], 0.0) * weight)
        present = np.logical_or.reduceat(self.has_number, self.firsts)
        if missing_as_zero:
            missing = np.where(self.mask == MISSING, self.length, 0)
            weight = weight + missing / common[self.bucket]
        divisor = np.add.reduceat(weight, self.firsts)
        return total / np.where(present, divisor, 1), present

    def _added(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums of each bucket, exact but for the last rounding.

        Each number is split at a power of two so high that the upper halves add without rounding
        (Rump, Ogita and Oishi's extraction), which makes the result free of order and length.
        """
        counts = np.diff(np.append(self.firsts, len(parts)))
        _, exponent = np.frexp(np.maximum.reduceat(np.abs(parts), self.firsts))
        room = np.ceil(np.log2(counts + 2)).astype(np.int64)
        with np.errstate(over="ignore"):
            split = np.ldexp(1.0, exponent + room)
        split = np.where(np.isfinite(split), split, 0.0)[self.bucket]
        upper = (split + parts) - split
        total: NDArray[np.float64] = np.add.reduceat(upper, self.firsts)
        return total + np.add.reduceat(parts - upper, self.firsts)
