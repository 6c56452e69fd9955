"""The plan of a sum: its buckets, the lanes of its candidates, and what to ask the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import pyarrow as pa

from tidegate.calc.calendar import edges
from tidegate.calc.cells import Cells
from tidegate.calc.sums import (
    ENGINE_METHODS,
    Candidate,
    SumRequest,
    answer_interval,
    answer_unit,
    candidates,
    coarsest_interval,
    effective_method,
)
from tidegate.model.aggregation import Aggregation
from tidegate.model.instants import HOUR
from tidegate.model.instants import zone as zone_named
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.partials import Lane, PartialsRequest
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from tidegate.model.series import Series, SeriesKey
    from tidegate.model.units import Unit

MOST_CELLS: Final = 1 << 20
"""Cells of all lanes that one question to the engine may name; longer sums take several."""

UTC: Final = "UTC"


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the engine: buckets `first` to `last` (exclusive) of the plan's steps."""

    request: PartialsRequest
    factors: pa.Table
    calendar: pa.Table
    buckets: pa.Table


@dataclass(frozen=True, slots=True)
class Track:
    """One lane of a plan: the raster that its series share and how their values count.

    Attributes:
        lane: the lane as the engine knows it; `whole` and `weighted` differ query by query.
        interval: the raster of the readings.
        zone: whose midnights that raster follows.
        once: each step is one cell, in which the value counts as it is.
        stepped: the readings are given, one a step, whatever the raster of the series.
    """

    lane: Lane
    interval: Interval
    zone: ZoneInfo
    once: bool = False
    stepped: bool = False

    def cells(self, steps: NDArray[np.int64]) -> Cells:
        """The cells of the lane within some of the plan's steps."""
        return Cells.cut(steps if self.stepped else _raster(self.interval, self.zone, steps), steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class SumPlan:
    """A sum decided in every respect but the numbers.

    Attributes:
        request: what was asked.
        interval: the raster of the answer.
        unit: the unit that the answer shows.
        method: how time is condensed.
        buckets: the borders of the answer's buckets.
        steps: the borders of what the engine is asked for: the buckets, or finer.
        quantum: microseconds that count as 1 in the totals of averages.
        formulas: candidates whose readings are calculated and given on their own raster.
        stepped: candidates whose readings are to be given one a step, condensed by this method
            of their own, because it is none that the engine has.
    """

    request: SumRequest
    interval: Interval
    unit: str | None
    method: Aggregation
    buckets: NDArray[np.int64]
    steps: NDArray[np.int64]
    quantum: int
    tracks: tuple[Track, ...]
    factors: pa.Table
    formulas: frozenset[SeriesKey]
    stepped: Mapping[SeriesKey, Aggregation]

    @property
    def in_steps(self) -> bool:
        """True when the method applies to totals on a calculation raster."""
        return self.method not in ENGINE_METHODS

    @property
    def window(self) -> Window:
        """The time of all buckets."""
        return Window(int(self.buckets[0]), int(self.buckets[-1]))

    def queries(self, *, by_series: bool = False, most_cells: int = MOST_CELLS) -> Iterator[Query]:
        """The questions whose answers, merged, are the partials of the sum."""
        count = len(self.steps) - 1
        if not self.tracks or count < 1:
            return
        most = max(1, count * most_cells // max(self._cells(), 1))
        for first in range(0, count, most):
            yield self._query(first, min(first + most, count), by_series=by_series)

    def _cells(self) -> int:
        """About how many cells all lanes have."""
        cyclic = [track for track in self.tracks if not track.lane.spontaneous]
        steps = len(self.steps) - 1
        return sum(self.window.length // track.interval.nominal + steps for track in cyclic)

    def _query(self, first: int, last: int, *, by_series: bool) -> Query:
        steps = self.steps[first : last + 1]
        placed = [self._placed(track, steps, first) for track in self.tracks]
        request = PartialsRequest(
            lanes=tuple(lane for lane, _ in placed),
            by_series=by_series,
            covered=self.method is Aggregation.AVERAGE,
            step_membership=self.in_steps,
            quantum=self.quantum,
        )
        numbers = np.arange(first, last, dtype=np.int32)
        buckets = pa.table({"bucket": numbers, "start": steps[:-1], "end": steps[1:]})
        calendar = pa.concat_tables([_NO_CELLS, *(table for _, table in placed)])
        return Query(request, self.factors, calendar, buckets)

    def _placed(self, track: Track, steps: NDArray[np.int64], first: int) -> tuple[Lane, pa.Table]:
        """A lane and its cells in some of the steps."""
        lane = track.lane
        if lane.spontaneous:
            return lane, _NO_CELLS
        cells = track.cells(steps)
        per = cells.length if track.once else self.quantum if lane.levels else cells.covered
        multiply, divide = cells.weights(per, hours=lane.hours)
        decided = steps[cells.bucket] if self.in_steps else cells.start
        whole = cells.are_points and np.array_equal(decided, cells.start)
        weighted = not np.array_equal(multiply, divide)
        columns = {"decided": decided, "multiply": multiply, "divide": divide}
        rows = cells.table(lane.number, first, columns)
        return msgspec.structs.replace(lane, whole=bool(whole), weighted=weighted), rows


def plan_sum(request: SumRequest, series: Sequence[Series], units: Mapping[str, Unit]) -> SumPlan:
    """The plan of a sum.

    Args:
        request: what is asked.
        series: the candidates, by key.
        units: the units of the repository by name.

    Raises:
        UnitsDiffer: the candidates have several units and the request names none.
        UnitNotConvertible: a unit cannot become the one that the request names.
        BadValue: the request names no interval and no candidate has one.
        TooMuch: there would be too many buckets.
    """
    among = candidates(request, series, units)
    interval = answer_interval(request, among)
    method = effective_method(request, among, units)
    zone = zone_named(request.zone)
    buckets = edges(interval, request.window, zone=zone, day_start=request.day_start)
    steps = buckets if method in ENGINE_METHODS else _steps(request, interval, among, buckets)
    kinds = {one.series.key: _kind(one, method, steps) for one in among}
    tracks, factors = _tracks(among, kinds)
    return SumPlan(
        request=request,
        interval=interval,
        unit=answer_unit(request, among, units),
        method=method,
        buckets=buckets,
        steps=steps,
        quantum=_quantum(tracks, buckets),
        tracks=tracks,
        factors=factors,
        formulas=frozenset(k for k, kind in kinds.items() if kind.given and not kind.stepped),
        stepped={one.series.key: one.method for one in among if kinds[one.series.key].stepped},
    )


def calculation_interval(
    request: SumRequest, interval: Interval, among: Sequence[Candidate]
) -> Interval:
    """The raster on which series are added before another method is applied."""
    wanted = request.calculation_interval or coarsest_interval(among) or interval
    if interval.unit is IntervalUnit.TOTAL or wanted.nominal <= interval.nominal:
        return wanted
    return interval


def _steps(
    request: SumRequest, interval: Interval, among: Sequence[Candidate], buckets: NDArray[np.int64]
) -> NDArray[np.int64]:
    raster = calculation_interval(request, interval, among)
    window = Window(int(buckets[0]), int(buckets[-1]))
    zone = zone_named(request.zone)
    found = edges(raster, window, zone=zone, day_start=request.day_start)
    inside = found[(found > window.start) & (found < window.end)]
    steps: NDArray[np.int64] = np.union1d(inside, buckets)
    return steps


def _raster(interval: Interval, zone: ZoneInfo, steps: NDArray[np.int64]) -> NDArray[np.int64]:
    return edges(interval, Window(int(steps[0]), int(steps[-1])), zone=zone)


def _quantum(tracks: Sequence[Track], buckets: NDArray[np.int64]) -> int:
    """The longest time of which cells are whole multiples, so that weights are small numbers."""
    rasters = [track.interval.elapsed or HOUR for track in tracks if not track.lane.spontaneous]
    return int(np.gcd.reduce(np.append(np.diff(buckets), np.array(rasters, dtype=np.int64)))) or 1


# ---- lanes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kind:
    """What series of one lane have in common."""

    interval: Interval
    zone: str
    given: bool
    levels: bool
    hours: int
    mean: bool = False
    once: bool = False
    stepped: bool = False


def _tracks(
    among: Sequence[Candidate], kinds: Mapping[SeriesKey, _Kind]
) -> tuple[tuple[Track, ...], pa.Table]:
    """The lanes of the candidates and the factors of each series."""
    numbers = {kind: number for number, kind in enumerate(dict.fromkeys(kinds.values()))}
    scaled = {numbers[kinds[c.series.key]] for c in among if not _is_plain(c)}
    tracks = tuple(_track(kind, number, number in scaled) for kind, number in numbers.items())
    factors = pa.table(
        {
            "series": pa.array([c.series.key for c in among], pa.int32()),
            "lane": pa.array([numbers[kinds[c.series.key]] for c in among], pa.int32()),
            "scale": pa.array([c.conversion.scale for c in among], pa.float64()),
            "shift": pa.array([c.conversion.offset for c in among], pa.float64()),
        }
    )
    return tracks, factors


def _is_plain(candidate: Candidate) -> bool:
    return candidate.conversion.scale == 1.0 and candidate.conversion.offset == 0.0


def _track(kind: _Kind, number: int, scaled: bool) -> Track:
    lane = Lane(
        number=number,
        given=kind.given,
        scaled=scaled,
        mean=kind.mean,
        spontaneous=kind.interval.is_spontaneous and not kind.stepped,
        levels=kind.levels,
        hours=kind.hours,
    )
    return Track(lane, kind.interval, zone_named(kind.zone), kind.once, kind.stepped)


def _kind(candidate: Candidate, method: Aggregation, steps: NDArray[np.int64]) -> _Kind:
    """How a series enters: by the method of the sum, or first by its own on the steps."""
    one, own = candidate.series, candidate.method
    kind = _Kind(
        interval=one.interval,
        zone=one.zone or UTC,
        given=one.formula is not None,
        levels=(method if method in ENGINE_METHODS else own) is not Aggregation.SUM,
        hours=candidate.hours,
    )
    if method in ENGINE_METHODS or own is Aggregation.SUM:
        return kind
    if _is_never_finer(one, steps):
        return replace(kind, once=True)
    if own is Aggregation.AVERAGE:
        return replace(kind, mean=True)
    return replace(kind, given=True, once=True, stepped=True)


def _is_never_finer(series: Series, steps: NDArray[np.int64]) -> bool:
    """True when each step lies within the covered time of one reading."""
    longest = np.diff(steps).max(initial=0)
    if series.interval.is_spontaneous or series.interval.nominal * 2 < longest or not longest:
        return False
    raster = _raster(series.interval, zone_named(series.zone or UTC), steps)
    return Cells.cut(raster, steps).fill_buckets


_NO_CELLS: Final = pa.schema(
    {
        "lane": pa.int32(),
        "point": pa.int64(),
        "start": pa.int64(),
        "end": pa.int64(),
        "bucket": pa.int32(),
        "decided": pa.int64(),
        "multiply": pa.float64(),
        "divide": pa.float64(),
    }
).empty_table()
