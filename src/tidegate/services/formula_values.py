"""The values of formulas on a raster: what they refer to is found, read, and put together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tidegate.calc.flags import masks
from tidegate.calc.formula.frame import Frame
from tidegate.calc.formula.languages import language
from tidegate.calc.formula.parsing import refusal
from tidegate.calc.formula.tree import AttributeNumber, Expression, Misfit, Reference, SumOver
from tidegate.calc.formula.triples import Triples
from tidegate.calc.raster import convert
from tidegate.calc.sums import SumRequest
from tidegate.calc.units import Step, by_name, conversion, find_unit, method
from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import NotFound
from tidegate.model.units import NO_UNIT
from tidegate.services.points import points_of
from tidegate.services.recursion import Link
from tidegate.services.sums import sum_each
from tidegate.store.messages import SeriesSelection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tidegate.calc.formula.frame import Grid
    from tidegate.calc.formula.languages import Language
    from tidegate.calc.formula.tree import Node
    from tidegate.calc.units import Conversion
    from tidegate.model.series import Series, SeriesKey
    from tidegate.model.units import Unit
    from tidegate.services.recursion import Recursion
    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs


@dataclass(frozen=True, slots=True)
class Bound:
    """A formula that is read, and the series that it refers to by the names of its leaves."""

    language: Language
    expression: Expression
    series: Mapping[str, Series]
    repository: str


def bind(
    store: Verbs,
    text: str,
    aliases: Mapping[str, SeriesKey],
    *,
    repository: str,
    as_of: int | None = None,
    name: str = "tsm",
) -> Bound:
    """A formula with the series that it refers to.

    Args:
        store: where the series are.
        text: the formula.
        aliases: what its aliases stand for.
        repository: of the series.
        as_of: the instant at which definitions were known; the present ones if None.
        name: the language.

    Raises:
        BadExpression: the text is no formula, or refers to what is not there.
    """
    spoken = language(name)
    expression = spoken.parse(text, aliases.keys())
    found = _found(store, expression, aliases, repository, as_of)
    return Bound(spoken, expression, found, repository)


def _found(
    store: Verbs,
    expression: Expression,
    aliases: Mapping[str, SeriesKey],
    repository: str,
    as_of: int | None,
) -> dict[str, Series]:
    references = expression.references()
    targets = [one for one in references.values() if one.target is not None]
    numbers = {int(one.target or 0) for one in targets if _is_number(one)}
    names = {one.target or "" for one in targets}
    keys = {alias.casefold(): key for alias, key in aliases.items()}
    known = [
        *_defined(store, repository, ids=tuple(numbers), as_of=as_of),
        *_defined(store, repository, names=tuple(names), as_of=as_of),
        *_defined(store, repository, keys=tuple(keys.values()), as_of=as_of),
    ]
    by_id = {str(one.id): one for one in known}
    by_text = {one.name: one for one in known}
    by_key = {one.key: one for one in known}
    found: dict[str, Series | None] = {}
    for leaf, one in references.items():
        if one.target is None:
            found[leaf] = by_key.get(keys[leaf])
        else:
            number = by_id.get(str(int(one.target))) if _is_number(one) else None
            found[leaf] = number or by_text.get(one.target)
    return {leaf: _there(series, references[leaf], expression) for leaf, series in found.items()}


def _is_number(leaf: Reference) -> bool:
    target = leaf.target or ""
    return not leaf.quoted and target.isascii() and target.isdecimal() and len(target) < 19


def _defined(
    store: Verbs,
    repository: str,
    *,
    ids: tuple[int, ...] | None = None,
    names: tuple[str, ...] | None = None,
    keys: tuple[SeriesKey, ...] | None = None,
    as_of: int | None,
) -> list[Series]:
    if not (ids or names or keys):
        return []
    selection = SeriesSelection(ids=ids, names=names, keys=keys, as_of=as_of)
    return store.find_series(selection, repository=repository)


def _there(series: Series | None, leaf: Reference, expression: Expression) -> Series:
    if series is not None:
        return series
    named = leaf.target if leaf.target is not None else leaf.name
    raise refusal(expression.text, Misfit(f"there is no series '{named}'", leaf.position))


def inputs_of(store: Verbs, bound: Bound, as_of: int | None = None) -> list[Series]:
    """The series that a formula may read, sums over attributes at any time included."""
    found = {one.key: one for one in bound.series.values()}
    for leaf in bound.expression.leaves().values():
        if isinstance(leaf, SumOver):
            selection = SeriesSelection(filters=leaf.filters, as_of=as_of)
            members = store.find_series(selection, repository=bound.repository)
            found.update((one.key, one) for one in members)
    return list(found.values())


# ---- values -----------------------------------------------------------------------------------


def values(
    store: Verbs, bound: Bound, grid: Grid, *, version: Version, recursion: Recursion
) -> Triples:
    """The values of a formula over the asked time of a raster.

    Args:
        store: where the series are.
        bound: the formula.
        grid: the calculation raster.
        version: which belief to read.
        recursion: the formulas that wait for this one; the last link is this one's.

    Raises:
        BadExpression: it refers back to itself.
        UnitNotConvertible: a unit cannot become the one that the formula names.
        TooMuch: it would take too many numbers.
    """
    (found,) = values_of(
        store, bound, [bound.expression.root], grid, version=version, recursion=recursion
    )
    return found


def values_of(
    store: Verbs,
    bound: Bound,
    parts: Sequence[Node],
    grid: Grid,
    *,
    version: Version,
    recursion: Recursion,
) -> list[Triples]:
    """The values of parts of a formula, as `values` gives those of the whole; all read at once."""
    units = by_name(store.units(repository=bound.repository))
    frame = Frame.around(bound.expression, grid, units)
    leaves = bound.expression.leaves().values()
    references = [leaf for leaf in leaves if isinstance(leaf, Reference)]
    reading = _Reading(store, bound, frame, version, recursion)
    found = reading.series(references)
    found |= reading.sums([leaf for leaf in leaves if isinstance(leaf, SumOver)])
    for leaf in leaves:
        if isinstance(leaf, AttributeNumber):
            found[leaf.name] = reading.attribute(leaf)
    expressions = [Expression(bound.expression.text, part) for part in parts]
    results = [bound.language.evaluate(one, found, len(frame), frame) for one in expressions]
    return [frame.asked(result) for result in results]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the leaves of one formula as dense arrays on its frame."""

    store: Verbs
    bound: Bound
    frame: Frame
    version: Version
    recursion: Recursion

    def series(self, leaves: Sequence[Reference]) -> dict[str, Triples]:
        """Series on the raster, all read together."""
        if not leaves:
            return {}
        for leaf in leaves:
            if self.bound.series[leaf.name].key in self.recursion.chain:
                raise self._at(leaf.position).circle(self.bound.series[leaf.name])
        ways = {leaf.name: _way(leaf, self.bound, self.frame.units) for leaf in leaves}
        series = {one.key: one for one in (self.bound.series[leaf.name] for leaf in leaves)}
        points = points_of(
            self.store,
            list(series.values()),
            self.frame.window,
            version=self.version,
            following=any(way.needs_lengths for way in ways.values()),
            recursion=self._at(leaves[0].position),
        )
        found = {}
        for leaf in leaves:
            way = ways[leaf.name]
            own = points[self.bound.series[leaf.name].key]
            read = convert(own, self.frame.borders, way.method, conversion=way.conversion)
            found[leaf.name] = Triples(read.values, read.has_number, masks(read.flags), way.unit)
        return found

    def sums(self, leaves: Sequence[SumOver]) -> dict[str, Triples]:
        """Sums over the series that match, added up by the engine."""
        answers = sum_each(
            self.store,
            [self._request(leaf) for leaf in leaves],
            [self._at(leaf.position) for leaf in leaves],
            repository=self.bound.repository,
            version=self.version,
        )
        return {
            leaf.name: self._on_raster(leaf, answer)
            for leaf, answer in zip(leaves, answers, strict=True)
        }

    def _request(self, leaf: SumOver) -> SumRequest:
        grid = self.frame.grid
        return SumRequest(
            window=self.frame.window,
            filters=leaf.filters,
            interval=grid.interval,
            zone=grid.zone.key,
            day_start=grid.day_start,
            unit=leaf.unit,
            valid_if_any=leaf.valid_if_any,
            missing_as_null=True,
        )

    def _on_raster(self, leaf: SumOver, answer: pa.Table) -> Triples:
        whole = Triples(
            answer["value"].fill_null(0.0).to_numpy(),
            answer["value"].is_valid().to_numpy(),
            masks(answer["flag"].to_numpy()),
            leaf.unit and find_unit(self.frame.units, leaf.unit).name,
        )
        starts = answer["from"].cast(pa.int64()).to_numpy()
        if np.array_equal(starts, self.frame.starts):
            return whole
        places = np.searchsorted(starts, self.frame.starts, side="right") - 1
        return whole.at(places, places >= 0)

    def attribute(self, leaf: AttributeNumber) -> Triples:
        """The number that an attribute has at the start of each step; it has no flag."""
        series = self.bound.series[leaf.reference.name]
        dated = self._assigned(leaf, series)
        instants = np.array(sorted(dated), np.int64)
        numbers = np.array([_number(dated[int(at)]) for at in instants], np.float64)
        places = np.searchsorted(instants, self.frame.starts, side="right") - 1
        inside = places >= 0
        found = np.full(len(places), np.nan)
        found[inside] = numbers[places[inside]]
        present = ~np.isnan(found)
        flags = np.where(present, np.int16(0), masks(0)).astype(np.int16)
        return Triples(np.where(present, found, 0.0), present, flags)

    def _assigned(self, leaf: AttributeNumber, series: Series) -> dict[int, str | None]:
        assigned = self.store.assignments([series.key], as_of=self.version.as_of)
        wanted = leaf.attribute.casefold()
        for one in assigned.get(series.key, []):
            if one.attribute.name.casefold() == wanted:
                return dict(one.values)
        known = self.store.attributes(repository=self.bound.repository)
        if wanted not in {attribute.name.casefold() for attribute in known}:
            raise NotFound("attribute", leaf.attribute, hint="tidegate attributes list")
        return {}

    def _at(self, position: int) -> Recursion:
        """The state while something is read for a place of the formula."""
        *_, last = self.recursion.links
        link = Link(last.series, self.bound.expression.text, position)
        return self.recursion.instead(link)


@dataclass(frozen=True, slots=True)
class _Way:
    """How one series is read for a formula."""

    method: Aggregation
    conversion: Conversion
    unit: str | None

    @property
    def needs_lengths(self) -> bool:
        """True when it matters for how long a value held beyond the window."""
        return self.method is Aggregation.SUM or self.conversion.step is not Step.SCALE


def _way(leaf: Reference, bound: Bound, units: Mapping[str, Unit]) -> _Way:
    series = bound.series[leaf.name]
    way = conversion(units, series.unit, leaf.unit or series.unit)
    name = find_unit(units, leaf.unit or series.unit).name
    chosen = method(units, series.unit, series.aggregation, requested=leaf.method, converted=way)
    return _Way(chosen, way, None if name == NO_UNIT else name)


def _number(text: str | None) -> float:
    """The number that a text is; NaN if it is none."""
    try:
        number = float(text) if text and "_" not in text else math.nan
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def coarsest(series: Iterable[Series]) -> Series | None:
    """The series with the longest raster; None if none has one."""
    cyclic = [one for one in series if not one.interval.is_spontaneous]
    return max(cyclic, key=lambda one: one.interval.nominal, default=None)
