"""Sums over series whose membership changes with time: what they mean, planned and finished.

`docs/sums.md` says what it means: readings are cut into cells, a cell counts if its
series matches at the start of the cell, amounts are added and levels averaged over the time that
any of them covers. The engine adds the cells up (`partials`); what to ask it for and what its
answer means is decided here, without input or output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.calc.units import Conversion, Step, conversion, find_unit, method
from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadValue, UnitsDiffer, UsageError
from tidegate.model.units import NO_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tidegate.model.attributes import AttributeFilter
    from tidegate.model.intervals import Interval
    from tidegate.model.series import Series, SeriesKey
    from tidegate.model.units import Unit
    from tidegate.model.windows import Window

ENGINE_METHODS: Final = frozenset({Aggregation.SUM, Aggregation.AVERAGE})
"""Methods whose cells add up; all others are applied to totals on a calculation raster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRequest:
    """A sum over series.

    Attributes:
        window: the time to sum; buckets at its ends are computed in full.
        filters: what a series must match, all at once, to be a member.
        series: the only candidates; all series that match if None.
        interval: the raster of the answer; the candidates' common or coarsest one if None.
        zone: whose midnights begin days and longer.
        day_start: microseconds of wall time by which days and longer start after midnight.
        unit: the unit of the answer; without it all candidates must have the same one.
        aggregation: how time is condensed; as the candidates say if None.
        calculation_interval: the raster on which series are added before any other method than
            Sum and Average is applied; the candidates' coarsest one if None.
        valid_if_any: a sum is valid as soon as one value in it is.
        missing_as_null: show what has no number as null instead of 0.
    """

    window: Window
    filters: tuple[AttributeFilter, ...] = ()
    series: tuple[SeriesKey, ...] | None = None
    interval: Interval | None = None
    zone: str = "UTC"
    day_start: int = 0
    unit: str | None = None
    aggregation: Aggregation | None = None
    calculation_interval: Interval | None = None
    valid_if_any: bool = False
    missing_as_null: bool = False

    def require_selector(self) -> None:
        """Refuse a sum over everything there is.

        Raises:
            UsageError: neither a filter nor a series is named.
        """
        if not self.filters and self.series is None:
            raise UsageError(
                "a sum needs to know which series", hint="name an attribute, a series or an id"
            )


@dataclass(frozen=True, slots=True)
class Candidate:
    """One series that may be in a sum, and how its values count.

    `method` is its own way to condense, after the conversion to the unit of the answer.
    """

    series: Series
    conversion: Conversion
    method: Aggregation

    @property
    def hours(self) -> int:
        """The power of hours that the conversion multiplies by."""
        return {Step.SCALE: 0, Step.TO_INTEGRAL: 1, Step.TO_RATE: -1}[self.conversion.step]


def candidates(
    request: SumRequest, series: Sequence[Series], units: Mapping[str, Unit]
) -> list[Candidate]:
    """The series with their conversions to the unit of the answer.

    Raises:
        UnitsDiffer: there are several units and the request names none.
        UnitNotConvertible: a unit cannot become the one that the request names.
    """
    names = sorted({find_unit(units, one.unit).name for one in series})
    if request.unit is None and len(names) > 1:
        raise UnitsDiffer(names)
    found = []
    for one in series:
        way = conversion(units, one.unit, request.unit or one.unit)
        own = method(units, one.unit, one.aggregation, converted=way)
        found.append(Candidate(one, way, own))
    return found


def effective_method(
    request: SumRequest, among: Sequence[Candidate], units: Mapping[str, Unit]
) -> Aggregation:
    """The one way in which the sum condenses time.

    That of the request, else the one all candidates share, else that of the unit asked for, else
    that of the candidate with the lowest id.
    """
    if request.aggregation is not None:
        return request.aggregation
    methods = {candidate.method for candidate in among}
    if len(methods) == 1:
        return methods.pop()
    if request.unit is not None or not among:
        return find_unit(units, request.unit or NO_UNIT).aggregation
    return min(among, key=lambda candidate: candidate.series.id).method


def answer_unit(
    request: SumRequest, among: Iterable[Candidate], units: Mapping[str, Unit]
) -> str | None:
    """The unit that the answer shows: the one asked for, `none` if all have none, else null."""
    if request.unit is not None:
        return find_unit(units, request.unit).name
    names = {find_unit(units, candidate.series.unit).name for candidate in among}
    return NO_UNIT if names == {NO_UNIT} else None


def answer_interval(request: SumRequest, among: Iterable[Candidate]) -> Interval:
    """The raster of the answer: the one asked for, else the candidates' common or coarsest one.

    Raises:
        BadValue: none is asked for and no candidate has one.
    """
    if request.interval is not None:
        return request.interval
    coarsest = coarsest_interval(among)
    if coarsest is None:
        raise BadValue("interval", None, "given where no series of the sum has one, such as hour")
    return coarsest


def coarsest_interval(among: Iterable[Candidate]) -> Interval | None:
    """The longest raster of cyclic candidates; None if all are spontaneous."""
    rasters = [c.series.interval for c in among if not c.series.interval.is_spontaneous]
    return max(rasters, key=lambda interval: interval.nominal, default=None)
