"""How many cells the members of a sum should have, by arithmetic on spans instead of by looking."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


class Expected(NamedTuple):
    """Counts of member cells of one lane: one entry a bucket, or a bucket and series."""

    bucket: NDArray[np.int64]
    series: NDArray[np.int64]
    cells: NDArray[np.int64]


def expected_cells(members: pa.Table, calendar: pa.Table, *, by_series: bool) -> Expected:
    """The member cells of one lane.

    Args:
        members: the spans of the lane's series.
        calendar: the lane's cells, sorted by time.
        by_series: count each series for itself; `series` is 0 throughout otherwise.
    """
    decided = calendar["decided"].to_numpy()
    bucket = calendar["bucket"].to_numpy().astype(np.int64)
    first = np.searchsorted(decided, members["start"].to_numpy(), side="left")
    last = np.searchsorted(decided, members["end"].to_numpy(), side="left")
    if not by_series:
        return _of_all(bucket, first, last)
    filled = last > first
    series = members["series"].to_numpy().astype(np.int64)[filled]
    return _of_each(bucket, series, first[filled], last[filled])


def _of_all(
    bucket: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> Expected:
    """Members at each cell are those that came less those that went."""
    size = len(bucket) + 1
    change = np.bincount(first, minlength=size) - np.bincount(last, minlength=size)
    active = np.cumsum(change)[:-1]
    starts = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    cells = np.add.reduceat(active, starts)
    return Expected(bucket[starts], np.zeros(len(starts), dtype=np.int64), cells)


def _of_each(
    bucket: NDArray[np.int64],
    series: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> Expected:
    """Each span meets a run of neighbouring buckets, the outer two perhaps in part."""
    borders = np.append(np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1)), len(bucket))
    low = np.searchsorted(borders, first, side="right") - 1
    high = np.searchsorted(borders, last, side="left")
    lengths = high - low
    span = np.repeat(np.arange(len(series)), lengths)
    offset = np.arange(len(span)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    met = low[span] + offset
    cells = np.minimum(last[span], borders[met + 1]) - np.maximum(first[span], borders[met])
    return Expected(bucket[borders[met]], series[span], cells)
