"""Series that are formulas: their readings, calculated from those of the series they refer to.

What comes out looks like stored readings, so that reading, summing and exporting need not know
which is which. A division by zero has no number and the flag `FAULTY`; a step at which an input
has no number has none either, with the flag `MISSING`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from tidegate.calc.calendar import edges
from tidegate.calc.flags import MISSING
from tidegate.calc.formula.languages import Language, language
from tidegate.calc.formula.triples import Triples
from tidegate.model.errors import BadExpression
from tidegate.model.windows import Window
from tidegate.services.recursion import MAX_CHAIN, Recursion
from tidegate.store.messages import SeriesSelection
from tidegate.store.verbs import CURRENT, READINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.calc.formula.tree import Expression
    from tidegate.model.series import Series, SeriesKey
    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs


def evaluate(
    store: Verbs, series: Series, window: Window, *, version: Version = CURRENT
) -> pa.Table:
    """The readings of one series in a window, calculated if it is a formula.

    Returns:
        The columns of `READINGS`, sorted by `ts`; a row wherever any input has one. Not rounded
        to the decimal places of the formula: see `rounded`. With `as_of` in the version, formulas
        are those known at that instant, like the readings.

    Raises:
        BadExpression: the formula cannot be read, or refers to itself or to what is not there.
    """
    return evaluate_all(store, [series], window, version=version)


def evaluate_all(
    store: Verbs,
    series: Sequence[Series],
    window: Window,
    *,
    version: Version = CURRENT,
    recursion: Recursion | None = None,
) -> pa.Table:
    """The readings of several series, stored or calculated, sorted by (series, ts).

    Args:
        store: where the series are.
        series: which.
        window: the time in which readings begin.
        version: which belief to read.
        recursion: the formulas that wait for these series.

    Raises:
        BadExpression: as for `evaluate`.
    """
    # such formulas read series, which may be formulas again
    from tidegate.services.raster_formulas import calculated

    recursion = recursion or Recursion()
    plan = _plan(store, series, version.as_of, recursion)
    known = _stored(store, plan.leaves, window, version)
    for key in plan.order:
        formula = plan.formulas.get(key)
        if formula is not None:
            known[key] = formula.readings(known, window)
        else:
            known[key] = _Readings(
                *calculated(store, plan.rasters[key], window, version=version, recursion=recursion)
            )
    wanted = sorted({one.key for one in series} & known.keys())
    tables = [_table(key, known[key]) for key in wanted]
    return pa.concat_tables(tables) if tables else READINGS.empty_table()


def leaves(store: Verbs, series: Sequence[Series]) -> list[SeriesKey]:
    """The stored series that a sequence of series comes down to, each once, by key.

    Raises:
        BadExpression: as for `evaluate`.
    """
    from tidegate.services.raster_formulas import inputs

    found: set[SeriesKey] = set()
    seen: set[SeriesKey] = set()
    waiting = list(series)
    while waiting:
        plan = _plan(store, waiting, None, Recursion())
        found.update(plan.leaves)
        fresh = [one for key, one in plan.rasters.items() if key not in seen]
        seen.update(plan.rasters)
        waiting = [source for one in fresh for source in inputs(store, one)]
    return sorted(found)


def extent(store: Verbs, series: Sequence[Series]) -> Window | None:
    """The span of the readings that go into these series; None if there are none."""
    rows = store.extents(leaves(store, series)).to_pylist()
    filled = [row for row in rows if row["count"]]
    if not filled:
        return None
    return Window(min(row["first"] for row in filled), max(row["last"] for row in filled) + 1)


def rounded(values: NDArray[np.float64], series: Series) -> NDArray[np.float64]:
    """Values as the series shows them: rounded to the decimal places of its formula, if any."""
    places = series.formula.decimal_places if series.formula else None
    return values if places is None else np.round(values, places)


# ---- plan: what is read, and in which order the rest is calculated ---------------------------


@dataclass(frozen=True, slots=True)
class _Readings:
    """Readings of one series, sorted by `ts`."""

    ts: NDArray[np.int64]
    values: Triples

    def on(self, raster: NDArray[np.int64]) -> Triples:
        """The same on a raster that holds every `ts`; missing where it has more."""
        if len(raster) == len(self.ts):
            return self.values
        places = np.searchsorted(raster, self.ts)
        numbers = np.zeros(len(raster))
        present = np.zeros(len(raster), np.bool_)
        seen = np.full(len(raster), MISSING, np.int16)
        for target, source in (
            (numbers, self.values.numbers),
            (present, self.values.present),
            (seen, self.values.seen),
        ):
            target[places] = source
        return Triples(numbers, present, seen, self.values.unit)


@dataclass(frozen=True, slots=True)
class _Formula:
    """A series that is calculated: its formula, read and bound."""

    series: Series
    language: Language
    expression: Expression
    keys: Mapping[str, SeriesKey]

    def readings(self, known: Mapping[SeriesKey, _Readings], window: Window) -> _Readings:
        """The readings of the formula from those of its inputs."""
        inputs = {name: known[key] for name, key in self.keys.items()}
        raster = _union(readings.ts for readings in inputs.values())
        if raster is None:
            raster = _own_raster(self.series, window)
        aligned = {name: readings.on(raster) for name, readings in inputs.items()}
        result = self.language.evaluate(self.expression, aligned, len(raster))
        return _Readings(raster, result)

    def refusal(self, name: str, why: str) -> BadExpression:
        """The error that a name of the formula raises, at its first mention."""
        position = self.expression.references()[name].position
        found = f"in series '{self.series.name}' '{name}' {why}"
        return BadExpression(found, self.expression.text, position)

    def require_inputs(self, known: Mapping[SeriesKey, Series]) -> None:
        """Make sure that every input is there, on the raster of the formula."""
        for name, key in self.keys.items():
            source = known.get(key)
            if source is None:
                raise self.refusal(name, "stands for a series that was removed")
            if source.interval != self.series.interval:
                there, here = source.interval, self.series.interval
                raise self.refusal(
                    name, f"stands for '{source.name}' with values by {there}, not by {here}"
                )


@dataclass(frozen=True, slots=True)
class _Plan:
    """Formulas in the order of their calculation, and the stored series below them.

    `formulas` share the raster of their inputs, `rasters` have one of their own.
    """

    formulas: dict[SeriesKey, _Formula]
    rasters: dict[SeriesKey, Series]
    order: list[SeriesKey]
    leaves: list[SeriesKey]


def _plan(store: Verbs, series: Sequence[Series], as_of: int | None, recursion: Recursion) -> _Plan:
    waiting = list(series) if as_of is None else _as_known(store, series, as_of)
    known = {one.key: one for one in waiting}
    formulas: dict[SeriesKey, _Formula] = {}
    for one in waiting:
        if one.key in recursion.chain:
            raise recursion.circle(one)
    while waiting:
        read = [_read(one) for one in waiting if one.formula and not _looks_around(one)]
        formulas.update({one.series.key: one for one in read})
        waiting = _inputs(store, read, known, as_of)
        known.update({one.key: one for one in waiting})
        for formula in read:
            formula.require_inputs(known)
    rasters = {key: one for key, one in known.items() if _looks_around(one)}
    order: dict[SeriesKey, None] = dict.fromkeys(rasters)
    for key in formulas:
        _visit(key, formulas, order, (), recursion)
    stored = known.keys() - formulas.keys() - rasters.keys()
    return _Plan(formulas, rasters, list(order), sorted(stored))


def _looks_around(series: Series) -> bool:
    """True for a formula that has a raster of its own."""
    return series.formula is not None and language(series.formula.language).looks_around


def _read(series: Series) -> _Formula:
    formula = series.formula
    assert formula is not None
    spoken = language(formula.language)
    names = formula.aliases.keys() | formula.alias_origins.keys()
    expression = spoken.parse(formula.text, names)
    mentioned = expression.references()
    keys = {name: formula.aliases[name] for name in mentioned if name in formula.aliases}
    bound = _Formula(series, spoken, expression, keys)
    for name in mentioned:
        if name not in keys:
            origin = formula.alias_origins[name]
            subject = f"{origin.subject} of '{origin.connection}'"
            raise bound.refusal(name, f"stands for {subject}, which is not in the store")
    return bound


def _inputs(
    store: Verbs,
    formulas: Sequence[_Formula],
    known: Mapping[SeriesKey, Series],
    as_of: int | None,
) -> list[Series]:
    """The series that formulas refer to and that are not known yet."""
    missing: dict[str, set[SeriesKey]] = {}
    for formula in formulas:
        wanted = missing.setdefault(formula.series.repository, set())
        wanted.update(key for key in formula.keys.values() if key not in known)
    return [
        series
        for repository, keys in missing.items()
        if keys
        for series in _defined(store, keys, repository, as_of)
    ]


def _as_known(store: Verbs, series: Sequence[Series], as_of: int) -> list[Series]:
    """The same series by their definitions at an instant; those that nobody knew then are gone."""
    keys: dict[str, set[SeriesKey]] = {}
    for one in series:
        keys.setdefault(one.repository, set()).add(one.key)
    return [
        known
        for repository, wanted in keys.items()
        for known in _defined(store, wanted, repository, as_of)
    ]


def _defined(
    store: Verbs, keys: set[SeriesKey], repository: str, as_of: int | None
) -> list[Series]:
    selection = SeriesSelection(keys=tuple(sorted(keys)), as_of=as_of)
    return store.find_series(selection, repository=repository)


def _visit(
    key: SeriesKey,
    formulas: Mapping[SeriesKey, _Formula],
    order: dict[SeriesKey, None],
    chain: tuple[SeriesKey, ...],
    recursion: Recursion,
) -> None:
    """Put a formula into the order, after everything that it refers to."""
    if key in order:
        return
    formula = formulas[key]
    for name, source in formula.keys.items():
        path = (*chain, key)
        if source in recursion.chain:
            waiting = [link.series.name for link in recursion.links if link.series is not None]
            names = waiting[recursion.chain.index(source) :]
            names += [*(formulas[one].series.name for one in path), names[0]]
            raise formula.refusal(name, f"refers back to itself: {' → '.join(names)}")
        if source not in formulas:
            continue
        if source in path:
            names = [formulas[one].series.name for one in (*path[path.index(source) :], source)]
            raise formula.refusal(name, f"refers back to itself: {' → '.join(names)}")
        if len(path) > MAX_CHAIN:
            raise formula.refusal(name, f"is more than {MAX_CHAIN} formulas deep")
        _visit(source, formulas, order, path, recursion)
    order[key] = None


# ---- readings as arrays ----------------------------------------------------------------------


def _stored(
    store: Verbs, keys: Sequence[SeriesKey], window: Window, version: Version
) -> dict[SeriesKey, _Readings]:
    table = store.read(keys, window, version=version).read_all() if keys else READINGS.empty_table()
    series, ts, flags = (table[name].to_numpy() for name in ("series", "ts", "flag"))
    present = table["value"].is_valid().to_numpy()
    values = table["value"].to_numpy()
    borders = np.searchsorted(series, [*keys, *keys[-1:]], side="left")
    borders[-1:] = len(series)
    found = {}
    for place, key in enumerate(keys):
        part = slice(borders[place], borders[place + 1])
        found[key] = _Readings(ts[part], Triples.of(values[part], present[part], flags[part]))
    return found


def _table(key: SeriesKey, readings: _Readings) -> pa.Table:
    values = readings.values
    columns: dict[str, Any] = {
        "series": np.full(len(readings.ts), key, np.int32),
        "ts": readings.ts,
        "value": pa.array(values.numbers, pa.float64(), mask=~values.present),
        "flag": values.flags(),
    }
    return pa.table(columns, schema=READINGS)


def _union(rasters: Iterable[NDArray[np.int64]]) -> NDArray[np.int64] | None:
    """Every instant of several rasters once, sorted; None without any raster."""
    given = list(rasters)
    return reduce(_merged, given) if given else None


def _merged(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    return one if np.array_equal(one, other) else np.union1d(one, other)


def _own_raster(series: Series, window: Window) -> NDArray[np.int64]:
    """The raster of a formula without inputs: its own interval over the window."""
    if series.interval.is_spontaneous:
        return np.array([window.start] if window else [], np.int64)
    borders = edges(series.interval, window, zone=ZoneInfo(series.zone or "UTC"))[:-1]
    return borders[borders >= window.start]
