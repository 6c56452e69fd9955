"""Reading series: stored ones and formulas, each on its own raster or all on another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tidegate.calc.answer import FLAG, FROM, VALUE
from tidegate.calc.raster import Points, covered_until
from tidegate.calc.units import by_name
from tidegate.model.intervals import IntervalUnit
from tidegate.model.windows import Window
from tidegate.services.bulk import bulk_tables
from tidegate.services.calculations import extent
from tidegate.services.layouts import Layout, Shape, lay_out
from tidegate.services.points import points_of, zone_of
from tidegate.store.verbs import CURRENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidegate.model.aggregation import Aggregation
    from tidegate.model.intervals import Interval
    from tidegate.model.series import Series
    from tidegate.model.units import Unit
    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs

FEW: Final = 4
"""Up to so many series are condensed as arrays; more are left to the engine."""
AT_ONCE: Final = 32
"""Series whose readings are held in memory together."""
MOST_ROWS: Final = 2_000_000
"""Rows of an answer that the engine is asked for at once."""


def read(
    store: Verbs,
    series: Sequence[Series],
    start: int | None = None,
    end: int | None = None,
    *,
    interval: Interval | None = None,
    zone: str | None = None,
    day_start: int = 0,
    unit: str | None = None,
    aggregation: Aggregation | None = None,
    missing_as_null: bool = False,
    missing_as_zero: bool = False,
    version: Version = CURRENT,
) -> pa.Table:
    """Series on a raster, one below the other in the order given.

    Every raster point is there; where nothing is stored it is 0 with flag 19. Buckets at the ends
    are computed in full. A spontaneous series without `interval` gives its readings as they are.

    Args:
        store: where the series are.
        series: of one repository; stored ones and formulas.
        start: UTC microseconds; from each series' first reading if None.
        end: exclusive; to each series' last reading if None.
        interval: the raster; each series' own if None.
        zone: whose midnights begin days and longer; each series' own if None.
        day_start: microseconds of wall time by which days and longer start after midnight.
        unit: the unit; each series' own if None.
        aggregation: how values are condensed; as each series says if None.
        missing_as_null: show null instead of 0 where there is no number.
        missing_as_zero: averages count missing time as 0 instead of leaving it out.
        version: which belief to read.

    Returns:
        `from` (UTC), `value`, `flag`; before them `id` and `name` unless it is a single series.
        The metadata of the schema name zone, interval and unit where all series agree.

    Raises:
        BadWindow: the end lies before the start.
        UnitNotConvertible: a series' unit cannot become the one asked for.
        TooMuch: there would be too many points.
    """
    shape = Shape(
        interval=interval,
        zone=zone,
        day_start=day_start,
        unit=unit,
        aggregation=aggregation,
        missing_as_null=missing_as_null,
        missing_as_zero=missing_as_zero,
    )
    tables = list(read_each(store, series, start, end, shape=shape, version=version))
    if len(tables) == 1:
        return tables[0][1]
    return _below_one_another(tables)


def read_each(
    store: Verbs,
    series: Sequence[Series],
    start: int | None = None,
    end: int | None = None,
    *,
    shape: Shape = Shape(),
    version: Version = CURRENT,
) -> Iterator[tuple[Series, pa.Table]]:
    """Each series with its answer `from, value, flag`, in bounded memory; see `read`.

    What is wrong with the request raises before the first answer.
    """
    if not series:
        return
    units = by_name(store.units(repository=series[0].repository))
    spans = windows(store, series, start, end)
    layouts = [
        lay_out(one, window, shape, units) for one, window in zip(series, spans, strict=True)
    ]
    size = _at_once(layouts)
    for first in range(0, len(layouts), size):
        yield from _answers(store, layouts[first : first + size], units, version)


def _answers(
    store: Verbs, layouts: Sequence[Layout], units: Mapping[str, Unit], version: Version
) -> Iterator[tuple[Series, pa.Table]]:
    easy = [layout for layout in layouts if layout.suits_engine]
    if len(easy) <= FEW:
        easy = []
    tables = bulk_tables(store, easy, units, version)
    rest = [layout for layout in layouts if layout.series.key not in tables and layout.window]
    if rest:
        points = points_of(
            store,
            [layout.series for layout in rest],
            _reach(rest),
            version=version,
            following=any(layout.needs_lengths for layout in rest),
        )
        tables |= {layout.series.key: layout.table(points[layout.series.key]) for layout in rest}
    for layout in layouts:
        table = tables.get(layout.series.key)
        yield layout.series, layout.table(Points.none()) if table is None else table


def _reach(layouts: Sequence[Layout]) -> Window:
    """The time of all buckets of all layouts."""
    return Window(
        min(layout.reach.start for layout in layouts), max(layout.reach.end for layout in layouts)
    )


def _at_once(layouts: Sequence[Layout]) -> int:
    if not all(layout.suits_engine for layout in layouts):
        return AT_ONCE
    return max(MOST_ROWS // len(layouts[0].borders), AT_ONCE)


def windows(
    store: Verbs, series: Sequence[Series], start: int | None, end: int | None
) -> list[Window]:
    """The time to show of each series: to its first and last reading where no border is given."""
    if start is not None and end is not None:
        return [Window(start, end)] * len(series)
    stored = _extents(store, series)
    found = []
    for one in series:
        known = stored.get(one.key)
        if known is None:
            found.append(Window(0, 0))
            continue
        first = known.start if start is None else start
        found.append(Window(first, max(known.end if end is None else end, first)))
    return found


def _extents(store: Verbs, series: Sequence[Series]) -> dict[int, Window]:
    """From the first reading of each series to where the time of its last one ends."""
    rows = store.extents([one.key for one in series if one.formula is None]).to_pylist()
    spans = {row["series"]: Window(row["first"], row["last"] + 1) for row in rows if row["count"]}
    for one in series:
        if one.formula is not None and (calculated := extent(store, [one])) is not None:
            spans[one.key] = calculated
    return {one.key: _to_its_end(one, spans[one.key]) for one in series if one.key in spans}


def _to_its_end(series: Series, span: Window) -> Window:
    if series.interval.unit is IntervalUnit.NO:
        return span
    last = np.array([span.end - 1])
    return Window(span.start, int(covered_until(last, series.interval, zone_of(series))[0]))


def _below_one_another(tables: Sequence[tuple[Series, pa.Table]]) -> pa.Table:
    """One table of several, with id and name of the series before each row."""
    schema = pa.schema(
        [pa.field("id", pa.int64()), pa.field("name", pa.string()), FROM, VALUE, FLAG]
    )
    parts = [
        pa.Table.from_arrays(
            [
                pa.repeat(pa.scalar(one.id, pa.int64()), table.num_rows),
                pa.repeat(one.name, table.num_rows),
                *table.columns,
            ],
            schema=schema,
        )
        for one, table in tables
    ]
    metadata = [table.schema.metadata or {} for _, table in tables]
    shared = dict(set.intersection(*(set(one.items()) for one in metadata))) if metadata else {}
    return pa.concat_tables([schema.empty_table(), *parts]).replace_schema_metadata(shared)
