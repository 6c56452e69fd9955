"""Calculations that are asked for: a formula over a window, on the raster that the asker names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tidegate.calc.answer import answer
from tidegate.calc.calendar import edges
from tidegate.calc.formula.frame import Grid
from tidegate.calc.formula.quality import in_unit
from tidegate.calc.raster import Condensed, Points, convert
from tidegate.calc.units import by_name, find_unit
from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadValue
from tidegate.model.instants import zone as zone_named
from tidegate.model.series import MAIN
from tidegate.model.windows import Window
from tidegate.services.formula_values import Bound, bind, coarsest, values
from tidegate.services.recursion import Link, Recursion
from tidegate.services.selection import find
from tidegate.store.verbs import CURRENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from tidegate.calc.formula.triples import Triples
    from tidegate.model.intervals import Interval
    from tidegate.model.series import SeriesKey
    from tidegate.model.units import Unit
    from tidegate.services.selection import Named
    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculationRequest:
    """A calculation.

    Attributes:
        formula: the text, in the formula language of WebTSM.
        window: the time to calculate; buckets at its ends are computed in full.
        calculation_interval: the raster on which the formula is evaluated; the coarsest one of
            the series that it refers to if None.
        interval: the raster of the answer; that of the calculation if None.
        aggregation: how values are condensed to it; as `unit` says if None, else by the mean.
        unit: the unit of the answer; values that have none are taken to be in it.
        zone: whose midnights begin days and longer.
        day_start: microseconds of wall time by which days and longer start after midnight.
        missing_as_null: show null instead of 0 where there is no number.
        aliases: what the names in the formula stand for: names or ids of series.
    """

    formula: str
    window: Window
    calculation_interval: Interval | None = None
    interval: Interval | None = None
    aggregation: Aggregation | None = None
    unit: str | None = None
    zone: str = "UTC"
    day_start: int = 0
    missing_as_null: bool = False
    aliases: Mapping[str, Named] = field(default_factory=dict)


def calculate(
    store: Verbs,
    request: CalculationRequest,
    *,
    repository: str = MAIN,
    version: Version = CURRENT,
) -> pa.Table:
    """The values of a formula, one row a step or bucket: `from`, `value`, `flag`.

    The metadata of the schema name zone and interval, and the unit only if one was asked for.

    Args:
        store: where the series are.
        request: the formula, the time and the rasters.
        repository: of the series.
        version: which belief to calculate with.

    Raises:
        BadExpression: the text is no formula, or refers to what is not there or to itself.
        BadValue: no calculation interval is named and no series of the formula has one.
        UnitNotConvertible: the result cannot become the unit asked for.
        TooMuch: there would be too many points.
    """
    bound = bind(
        store,
        request.formula,
        keys_of(store, request.aliases, repository),
        repository=repository,
        as_of=version.as_of,
    )
    zone = zone_named(request.zone)
    steps = calculation_interval(bound, request.calculation_interval)
    shown = request.interval or steps
    buckets = edges(shown, request.window, zone=zone, day_start=request.day_start)
    units = by_name(store.units(repository=repository))
    if len(buckets) < 2:
        found = _nothing()
    else:
        reach = Window(int(buckets[0]), int(buckets[-1]))
        grid = Grid.over(reach, steps, zone, day_start=request.day_start)
        recursion = Recursion((Link(None, request.formula, 0),))
        result = values(store, bound, grid, version=version, recursion=recursion)
        if request.unit is not None:
            result = in_unit(result, request.unit, units, grid.inner)
        found = _condensed(result, grid.inner, buckets, method_of(request, units))
    return answer(
        buckets[:-1],
        found.values,
        found.flags,
        found.has_number,
        unit=None if request.unit is None else find_unit(units, request.unit).name,
        zone=request.zone,
        interval=shown,
        missing_as_null=request.missing_as_null,
    )


def keys_of(store: Verbs, aliases: Mapping[str, Named], repository: str) -> dict[str, SeriesKey]:
    """The series that aliases stand for.

    Raises:
        NotFound: a name or id means no series.
        BadValue: a name means several.
    """
    found = {}
    for alias, name in aliases.items():
        series = find(store, [name], repository=repository)
        if len(series) > 1:
            raise BadValue(f"alias {alias}", name, "the name of one series")
        found[alias] = series[0].key
    return found


def calculation_interval(bound: Bound, wanted: Interval | None) -> Interval:
    """The raster on which a formula is evaluated: the one asked for, or its series' coarsest one.

    Raises:
        BadValue: none is asked for and no series has one, or what is asked for is no raster.
    """
    if wanted is not None:
        if wanted.is_spontaneous:
            raise BadValue("calculation interval", str(wanted), "a raster, such as hour")
        return wanted
    series = coarsest(bound.series.values())
    if series is None:
        needed = "given where no series of the formula has an interval, such as hour"
        raise BadValue("calculation interval", None, needed)
    return series.interval


def method_of(request: CalculationRequest, units: Mapping[str, Unit]) -> Aggregation:
    """How a result is condensed: as asked, else as the unit asked for says, else by the mean."""
    if request.aggregation is not None:
        return request.aggregation
    if request.unit is not None:
        return find_unit(units, request.unit).aggregation
    return Aggregation.AVERAGE


def _condensed(
    result: Triples,
    steps: NDArray[np.int64],
    buckets: NDArray[np.int64],
    method: Aggregation,
) -> Condensed:
    if np.array_equal(steps, buckets):
        return Condensed(result.numbers, result.present, result.flags())
    numbers = np.where(result.present, result.numbers, 0.0)
    points = Points(steps[:-1], steps[1:], numbers, result.present, result.flags())
    return convert(points, buckets, method)


def _nothing() -> Condensed:
    return Condensed(np.zeros(0), np.zeros(0, np.bool_), np.zeros(0, np.int16))
