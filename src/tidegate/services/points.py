"""The points of series: their readings, stored or calculated, with the time that each covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tidegate.calc.calendar import edges
from tidegate.calc.raster import Points, covered_until
from tidegate.model.instants import DAY, HOUR
from tidegate.model.instants import zone as zone_named
from tidegate.model.windows import Window
from tidegate.services.calculations import evaluate_all, extent
from tidegate.store.verbs import CURRENT, NO_READINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from tidegate.model.series import Series, SeriesKey
    from tidegate.services.recursion import Recursion
    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs

UTC: Final = "UTC"
"""The zone of series that name none."""


def points_of(
    store: Verbs,
    series: Sequence[Series],
    window: Window,
    *,
    version: Version = CURRENT,
    following: bool = False,
    recursion: Recursion | None = None,
) -> dict[SeriesKey, Points]:
    """The points of series that cover any of a window; a few more at its borders.

    Args:
        store: where the series are.
        series: stored ones and formulas, in any order.
        window: the time to cover.
        version: which belief to read.
        following: the first reading after the window is wanted too, where it says for how long a
            spontaneous value held.
        recursion: the formulas that wait for these series.

    Raises:
        BadExpression: a formula cannot be read or calculated.
    """
    formulas = [one for one in series if one.formula is not None]
    cyclic = [one for one in series if one.formula is None and not one.interval.is_spontaneous]
    held = [one for one in series if one.formula is None and one.interval.is_spontaneous]
    tables = []
    if cyclic:
        reach = Window(min(first_reading(one, window.start) for one in cyclic), window.end)
        tables.append(store.read(_keys(cyclic), reach, version=version).read_all())
    if held:
        tables.append(_held(store, _keys(held), window, version, following=following))
    if formulas:
        reach = Window(_formula_reach(store, formulas, window), window.end)
        tables.append(evaluate_all(store, formulas, reach, version=version, recursion=recursion))
    columns = {key: part for table in tables for key, part in _by_series(table)}
    nothing = NO_READINGS
    return {one.key: _points(one, columns.get(one.key, nothing)) for one in series}


def zone_of(series: Series) -> ZoneInfo:
    """The zone that the raster of a series follows.

    Raises:
        UnknownZone: the definition names none that there is.
    """
    return zone_named(series.zone or UTC)


def first_reading(series: Series, instant: int) -> int:
    """The earliest `ts` of a reading of a cyclic series that can cover an instant."""
    step = series.interval.elapsed
    if step is not None and step <= HOUR:
        return instant - step + 1
    return int(edges(series.interval, Window(instant, instant + 1), zone=zone_of(series))[0])


def _keys(series: Sequence[Series]) -> list[SeriesKey]:
    return [one.key for one in series]


def _held(
    store: Verbs, keys: list[SeriesKey], window: Window, version: Version, *, following: bool
) -> pa.Table:
    """Readings of spontaneous series, with the one in force when the window begins."""
    parts = [
        store.read_before(keys, window.start, version=version),
        store.read(keys, window, version=version).read_all(),
    ]
    if following:
        parts += _following(store, keys, window.end, version)
    whole = pa.concat_tables(part.select(NO_READINGS.column_names) for part in parts)
    return whole.sort_by([("series", "ascending"), ("ts", "ascending")])


def _following(
    store: Verbs, keys: list[SeriesKey], instant: int, version: Version
) -> Iterator[pa.Table]:
    """The first reading of each series at or after an instant, where there is one."""
    lasts = {row["series"]: row["last"] for row in store.extents(keys).to_pylist() if row["count"]}
    for key, last in lasts.items():
        start, reach = instant, 32 * DAY
        while start <= last:
            found = store.read([key], Window(start, start + reach), version=version).read_all()
            if found.num_rows:
                yield found.slice(0, 1)
                break
            start, reach = start + reach, 4 * reach


def _formula_reach(store: Verbs, formulas: Sequence[Series], window: Window) -> int:
    cyclic = [one for one in formulas if not one.interval.is_spontaneous]
    start = min((first_reading(one, window.start) for one in cyclic), default=window.start)
    if len(cyclic) < len(formulas):
        stored = extent(store, formulas)
        start = min(start, stored.start) if stored else start
    return start


def _by_series(table: pa.Table) -> Iterator[tuple[SeriesKey, pa.Table]]:
    keys = table["series"].to_numpy()
    if not len(keys):
        return
    firsts = np.flatnonzero(np.append(True, np.diff(keys) != 0))
    for first, last in zip(firsts, np.append(firsts[1:], len(keys)), strict=True):
        yield keys[first], table.slice(first, last - first)


def _points(series: Series, readings: pa.Table) -> Points:
    ts, values, flags = (readings[name].to_numpy() for name in ("ts", "value", "flag"))
    present = readings["value"].is_valid().to_numpy()
    interval, zone = series.interval, zone_of(series)
    if series.formula is None:
        return Points.of(ts, values, present, flags, interval=interval, zone=zone)
    # a sum of which a part is missing is a number under the flag of none
    ends = covered_until(ts, interval, zone)
    return Points(ts, ends, np.where(present, values, 0.0), present, flags)
