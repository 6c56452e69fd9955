"""Series that are formulas with a raster of their own, calculated by the text then in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate.calc.calendar import edges
from tidegate.calc.formula.frame import Grid
from tidegate.calc.formula.quality import in_unit
from tidegate.calc.formula.triples import Triples
from tidegate.calc.units import by_name
from tidegate.model.errors import BadValue
from tidegate.model.flags import Flag
from tidegate.model.instants import zone as zone_named
from tidegate.model.windows import Window
from tidegate.services.formula_values import Bound, bind, inputs_of, values
from tidegate.services.recursion import Link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tidegate.model.series import Formula, Series
    from tidegate.services.recursion import Recursion
    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs


def calculated(
    store: Verbs, series: Series, window: Window, *, version: Version, recursion: Recursion
) -> tuple[NDArray[np.int64], Triples]:
    """The steps of a formula series that begin in a window, and their values in its unit.

    Before the first text there is no value, and the flag is `NO_VALUE`.

    Raises:
        BadExpression: a text is no formula, or refers to what is not there or back to itself.
        BadValue: the series has no raster.
    """
    done, starts, found = recursion.finished.get(series.key, _NOTHING)
    if not (done.start <= window.start and window.end <= done.end):
        whole = Window(min(done.start, window.start), max(done.end, window.end)) if done else window
        recursion.count()
        starts, found = _over(store, series, whole, version, recursion)
        recursion.finished[series.key] = (whole, starts, found)
    first, last = np.searchsorted(starts, [window.start, window.end])
    return starts[first:last], found.part(slice(first, last))


def inputs(store: Verbs, series: Series) -> list[Series]:
    """The series that any of the texts may read, at any time."""
    assert series.formula is not None
    bounds = [_bound(store, series, text) for _, text in series.formula.texts() if text.strip()]
    found = {one.key: one for bound in bounds for one in inputs_of(store, bound)}
    return list(found.values())


_NOTHING = (Window(0, 0), np.zeros(0, np.int64), Triples.absent(0, Flag.NO_VALUE))


def _over(
    store: Verbs, series: Series, window: Window, version: Version, recursion: Recursion
) -> tuple[NDArray[np.int64], Triples]:
    if series.interval.is_spontaneous:
        raise BadValue(f"the interval of formula series '{series.name}'", "no", "a raster")
    assert series.formula is not None
    zone = zone_named(series.zone or "UTC")
    borders = edges(series.interval, window, zone=zone)
    borders = borders[np.searchsorted(borders, window.start) :]
    parts = [
        _stretch(store, series, text, grid, version=version, recursion=recursion)
        for text, inner in _stretches(series.formula, borders)
        for grid in [Grid(interval=series.interval, zone=zone, inner=inner)]
    ]
    return borders[:-1], Triples.joined(parts, series.unit)


def _stretches(
    formula: Formula, borders: NDArray[np.int64]
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Each text with the borders of the steps at whose start it is in force."""
    texts = formula.texts()
    begins = np.searchsorted(borders[:-1], [instant for instant, _ in texts])
    ends = [*begins[1:], max(len(borders) - 1, 0)]
    for (_, text), first, last in zip(texts, begins, ends, strict=True):
        if first < last:
            yield text, borders[first : last + 1]


def _stretch(
    store: Verbs,
    series: Series,
    text: str,
    grid: Grid,
    *,
    version: Version,
    recursion: Recursion,
) -> Triples:
    if not text.strip():
        return Triples.absent(len(grid.inner) - 1, Flag.NO_VALUE)
    bound = _bound(store, series, text, version.as_of)
    below = recursion.below(Link(series, text, 0))
    found = values(store, bound, grid, version=version, recursion=below)
    units = by_name(store.units(repository=series.repository))
    return in_unit(found, series.unit, units, grid.inner)


def _bound(store: Verbs, series: Series, text: str, as_of: int | None = None) -> Bound:
    formula = series.formula
    assert formula is not None
    return bind(
        store,
        text,
        formula.aliases,
        repository=series.repository,
        as_of=as_of,
        name=formula.language,
    )
