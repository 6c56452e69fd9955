"""Many series on one raster at once: the engine makes their amounts and means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tidegate.calc.flags import MISSING, worst
from tidegate.calc.partials import merge
from tidegate.calc.raster import Condensed
from tidegate.calc.sum_plans import SumPlan, plan_sum
from tidegate.calc.sums import SumRequest
from tidegate.model.aggregation import Aggregation
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.model.series import SeriesKey
    from tidegate.model.units import Unit
    from tidegate.services.layouts import Layout
    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs


def bulk_tables(
    store: Verbs, layouts: Sequence[Layout], units: Mapping[str, Unit], version: Version
) -> dict[SeriesKey, pa.Table]:
    """The answer of each series, equal to that of `Layout.table` up to rounding.

    Args:
        store: where the series are.
        layouts: those that suit the engine, all of one shape.
        units: the units of the repository by name.
        version: which belief to read.
    """
    groups: dict[tuple[str, str, Aggregation], list[Layout]] = {}
    for layout in layouts:
        kind = (layout.series.unit, layout.zone, layout.method)
        groups.setdefault(kind, []).append(layout)
    return {
        key: table
        for group in groups.values()
        for key, table in _tables(store, sorted(group, key=_key), units, version)
    }


def _key(layout: Layout) -> SeriesKey:
    return layout.series.key


def _tables(
    store: Verbs, group: Sequence[Layout], units: Mapping[str, Unit], version: Version
) -> Iterator[tuple[SeriesKey, pa.Table]]:
    plan = _plan(group, units)
    found = _grid(store, plan, [layout.series.key for layout in group], version)
    for place, layout in enumerate(group):
        kept = _touched(plan.buckets, layout.window)
        row = Condensed(
            found.values[place, kept], found.has_number[place, kept], found.flags[place, kept]
        )
        yield layout.series.key, layout.answer(plan.buckets[kept.start : kept.stop + 1], row)


def _plan(group: Sequence[Layout], units: Mapping[str, Unit]) -> SumPlan:
    first = group[0]
    window = Window(
        min(layout.window.start for layout in group), max(layout.window.end for layout in group)
    )
    request = SumRequest(
        window=window,
        series=tuple(layout.series.key for layout in group),
        interval=first.shape.interval,
        zone=first.zone,
        day_start=first.shape.day_start,
        unit=first.shape.unit,
        aggregation=first.method,
    )
    return plan_sum(request, [layout.series for layout in group], units)


def _grid(store: Verbs, plan: SumPlan, keys: Sequence[SeriesKey], version: Version) -> Condensed:
    """Values of all series and buckets, a row a series."""
    shape = (len(keys), len(plan.buckets) - 1)
    members = pa.table(
        {
            "series": pa.array(keys, pa.int32()),
            "start": np.full(len(keys), plan.window.start),
            "end": np.full(len(keys), plan.window.end),
        }
    )
    parts = [
        store.partials(
            query.request,
            members=members,
            factors=query.factors,
            calendar=query.calendar,
            buckets=query.buckets,
            version=version,
        )
        for query in plan.queries(by_series=True)
    ]
    if not parts:
        nothing = np.zeros(shape)
        return Condensed(nothing, nothing.astype(np.bool_), nothing.astype(np.int16))
    whole = _spread(merge(parts), keys, shape)
    values = whole["total"]
    if plan.method is Aggregation.AVERAGE:
        values = values / (np.maximum(whole["covered"], 1) / plan.quantum)
    absent = whole["expected"] > whole["cells"]
    mask = whole["flags"] | np.where(absent, np.int16(MISSING), np.int16(0))
    present = whole["numbers"] > 0
    return Condensed(np.where(present, values, 0.0), present, worst(mask))


def _spread(
    merged: pa.Table, keys: Sequence[SeriesKey], shape: tuple[int, int]
) -> dict[str, NDArray[Any]]:
    row = np.searchsorted(np.asarray(keys), merged["series"].to_numpy())
    column = merged["bucket"].to_numpy()
    grids = {}
    for name in ("total", "covered", "numbers", "cells", "expected", "flags"):
        found = merged[name].to_numpy()
        grids[name] = np.zeros(shape, dtype=found.dtype)
        grids[name][row, column] = found
    return grids


def _touched(borders: NDArray[np.int64], window: Window) -> slice:
    """The buckets that a window touches."""
    if not window:
        return slice(0, 0)
    first = int(np.searchsorted(borders, window.start, side="right")) - 1
    return slice(first, int(np.searchsorted(borders, window.end, side="left")))
