"""How one series is to be laid out in an answer, decided before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.calc.answer import answer
from tidegate.calc.calendar import edges
from tidegate.calc.raster import Condensed, Points, convert
from tidegate.calc.units import Conversion, Step, conversion, find_unit, method
from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadValue
from tidegate.model.flags import Flag
from tidegate.model.instants import HOUR
from tidegate.model.instants import zone as zone_named
from tidegate.model.windows import Window
from tidegate.services.calculations import rounded
from tidegate.services.points import UTC, zone_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from tidegate.model.intervals import Interval
    from tidegate.model.series import Series
    from tidegate.model.units import Unit

_KEPT: Final = 500_000
"""Buckets of a raster that is worth its memory after the answer."""
_ADDED_UP: Final = frozenset({Aggregation.SUM, Aggregation.AVERAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a reader asks of an answer.

    Attributes:
        interval: the raster; each series' own if None.
        zone: whose midnights begin days and longer; each series' own if None.
        day_start: microseconds of wall time by which days and longer start after midnight.
        unit: the unit; each series' own if None.
        aggregation: how values are condensed; as each series says if None.
        missing_as_null: show null instead of 0 where there is no number.
        missing_as_zero: averages count missing time as 0 instead of leaving it out.
    """

    interval: Interval | None = None
    zone: str | None = None
    day_start: int = 0
    unit: str | None = None
    aggregation: Aggregation | None = None
    missing_as_null: bool = False
    missing_as_zero: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One series in an answer.

    Attributes:
        series: which.
        window: the time to show.
        shape: what was asked.
        unit: the unit of the values shown.
        conversion: the way to it.
        method: how values are condensed.
        zone: whose midnights the buckets follow.
    """

    series: Series
    window: Window
    shape: Shape
    unit: str
    conversion: Conversion
    method: Aggregation
    zone: str

    @property
    def is_native(self) -> bool:
        """True when the series keeps its own raster."""
        return self.shape.interval is None

    @property
    def needs_lengths(self) -> bool:
        """True when it matters for how long a value held beyond the window."""
        return self.method is Aggregation.SUM or self.conversion.step is not Step.SCALE

    @property
    def suits_engine(self) -> bool:
        """True when the engine can add the values up."""
        stored = self.series.formula is None and not self.shape.missing_as_zero
        return stored and not self.is_native and self.method in _ADDED_UP

    @property
    def borders(self) -> NDArray[np.int64]:
        """The borders of the buckets asked for, or of the series' own raster."""
        if self.shape.interval is None:
            return borders(self.series.interval, self.window, self.series.zone or UTC, 0)
        return borders(self.shape.interval, self.window, self.zone, self.shape.day_start)

    @property
    def reach(self) -> Window:
        """The time of all buckets."""
        if self.is_native and self.series.interval.is_spontaneous:
            return self.window
        return Window(int(self.borders[0]), int(self.borders[-1]))

    def table(self, points: Points) -> pa.Table:
        """The answer from the points of the series."""
        if self.is_native and self.series.interval.is_spontaneous:
            return self._as_they_are(points)
        if not self.is_native:
            return self.answer(self.borders, self._converted(points, self.borders, self.method))
        # on its own raster each bucket is one reading, which every method leaves as it is
        kept = self.method if self.method is Aggregation.SUM else Aggregation.AVERAGE
        raster = self._own_raster(points)
        placed = self._placed(points, raster)
        return self.answer(raster, placed or self._converted(points, raster, kept))

    def answer(self, raster: NDArray[np.int64], found: Condensed) -> pa.Table:
        """The table of values on a raster."""
        shown = self.shape.interval or self.series.interval
        return self._answer(raster[:-1], found, shown)

    def _answer(self, starts: NDArray[np.int64], found: Condensed, shown: Interval) -> pa.Table:
        values = found.values
        if self.conversion.is_identity:
            values = rounded(values, self.series)
        return answer(
            starts,
            values,
            found.flags,
            found.has_number,
            unit=self.unit,
            zone=self.zone,
            interval=shown,
            missing_as_null=self.shape.missing_as_null,
        )

    def _converted(self, points: Points, raster: NDArray[np.int64], way: Aggregation) -> Condensed:
        return convert(
            points,
            raster,
            way,
            conversion=self.conversion,
            missing_as_zero=self.shape.missing_as_zero,
        )

    def _own_raster(self, points: Points) -> NDArray[np.int64]:
        """The series' own raster, in phase with its readings where a step is elapsed time."""
        raster, step = self.borders, self.series.interval.elapsed
        if step is None or step > HOUR or len(raster) < 2 or not len(points.starts):
            return raster
        late = (int(points.starts[0]) - int(raster[0])) % step
        if not late:
            return raster
        start = self.window.start - (self.window.start - int(points.starts[0])) % step
        return np.arange(start, self.window.end + step, step, dtype=np.int64)

    def _placed(self, points: Points, raster: NDArray[np.int64]) -> Condensed | None:
        """Each point in the bucket that it begins; None if one begins in none."""
        first, last = np.searchsorted(points.starts, [raster[0], raster[-1]])
        starts = points.starts[first:last]
        step = self.series.interval.elapsed
        if step is not None and step <= HOUR:
            places, off = np.divmod(starts - raster[0], step)
            if off.any():
                return None
        else:
            places = np.searchsorted(raster, starts)
            if (raster[places] != starts).any():
                return None
        count = len(raster) - 1
        found = Condensed(
            np.zeros(count), np.zeros(count, np.bool_), np.full(count, Flag.MISSING, np.int16)
        )
        has_number = points.has_number[first:last]
        found.values[places] = np.where(
            has_number, points.converted(self.conversion)[first:last], 0
        )
        found.has_number[places] = has_number
        found.flags[places] = points.flags[first:last]
        return found

    def _as_they_are(self, points: Points) -> pa.Table:
        first, last = np.searchsorted(points.starts, [self.window.start, self.window.end])
        part = slice(first, last)
        found = Condensed(
            points.converted(self.conversion)[part],
            points.has_number[part],
            points.flags[part],
        )
        return self._answer(points.starts[part], found, self.series.interval)


def lay_out(series: Series, window: Window, shape: Shape, units: Mapping[str, Unit]) -> Layout:
    """The layout of one series.

    Raises:
        UnitNotConvertible: its unit cannot become the one asked for.
        UnknownZone: the zone asked for or defined is none.
        BadValue: values that hold until replaced have no amount without a raster.
    """
    way = conversion(units, series.unit, shape.unit or series.unit)
    if shape.interval is None and series.interval.is_spontaneous and way.step is not Step.SCALE:
        wanted = f"given to show '{series.name}' in {shape.unit}, such as hour"
        raise BadValue("interval", None, wanted)
    if shape.zone is not None:
        zone_named(shape.zone)
    zone_of(series)
    return Layout(
        series=series,
        window=window,
        shape=shape,
        unit=find_unit(units, shape.unit or series.unit).name,
        conversion=way,
        method=method(
            units, series.unit, series.aggregation, requested=shape.aggregation, converted=way
        ),
        zone=(shape.interval and shape.zone) or series.zone or UTC,
    )


def borders(interval: Interval, window: Window, zone: str, day_start: int) -> NDArray[np.int64]:
    """The borders of buckets; short ones are kept for the next series that asks for the same."""
    if window.length > _KEPT * max(interval.nominal, 1):
        return edges(interval, window, zone=zone_named(zone), day_start=day_start)
    return _kept_borders(interval, window, zone, day_start)


@lru_cache(maxsize=16)
def _kept_borders(
    interval: Interval, window: Window, zone: str, day_start: int
) -> NDArray[np.int64]:
    found = edges(interval, window, zone=zone_named(zone), day_start=day_start)
    found.setflags(write=False)
    return found
