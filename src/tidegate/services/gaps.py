"""Gaps: raster points of a series for which no number is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tidegate.calc.calendar import edges
from tidegate.model.instants import zone as zone_named
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.model.series import Series
    from tidegate.store.verbs import Verbs


class Gap(msgspec.Struct, frozen=True):
    """A span of a series without a number, and how many of its raster points it holds."""

    series: str
    window: Window
    points: int


def gaps(
    store: Verbs, series: Sequence[Series], *, start: int | None = None, end: int | None = None
) -> Iterator[Gap]:
    """The gaps of cyclic series, in order of time.

    Args:
        store: the store.
        series: the series; spontaneous ones and formulas have no gaps.
        start: where to begin to look; at the first stored reading unless given.
        end: where to stop, exclusive; after the last stored reading unless given.
    """
    extents = {row["series"]: row for row in store.extents([s.key for s in series]).to_pylist()}
    for one in series:
        extent = extents.get(one.key)
        if one.interval.is_spontaneous or one.formula:
            continue
        first = extent["first"] if start is None and extent else start
        last = extent["last"] + 1 if end is None and extent else end
        if first is not None and last is not None and first < last:
            yield from _of_one(store, one, Window(first, last))


def _of_one(store: Verbs, series: Series, span: Window) -> Iterator[Gap]:
    borders = edges(series.interval, span, zone=zone_named(series.zone or "UTC"))
    starts = borders[:-1]
    stored = store.read([series.key], Window(int(borders[0]), int(borders[-1]))).read_all()
    numbers = stored.filter(stored["value"].is_valid())["ts"].to_numpy()
    missing = ~np.isin(starts, numbers)
    for first, last in _runs(missing):
        hole = Window(int(borders[first]), int(borders[last]))
        yield Gap(series.name, hole, last - first)


def _runs(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of true cells."""
    steps = np.flatnonzero(np.diff(np.concatenate(([0], mask.view(np.int8), [0]))))
    for first, last in zip(steps[::2], steps[1::2], strict=True):
        yield int(first), int(last)
