"""Totals on a calculation raster condensed to buckets, by every method that is not a plain sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    _Numbers = NDArray[np.float64]
    _Places = NDArray[np.intp]


def condense(
    method: Aggregation,
    *,
    steps: NDArray[np.int64],
    buckets: NDArray[np.int64],
    values: NDArray[np.float64],
    has_number: NDArray[np.bool_],
    mask: NDArray[np.int16],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int16]]:
    """Values, presence of a number and flag mask of each bucket.

    Args:
        method: how the totals of a bucket become one value; only those with a number count.
        steps: the borders of the steps; all borders of buckets are among them.
        buckets: the borders of the buckets.
        values: the total of each step.
        has_number: whether there is one.
        mask: the flags of each step.

    Raises:
        BadValue: the method adds up and needs no steps.
    """
    if method not in _PICKS:
        raise BadValue("the method", method.value, "one that picks a total")
    count = len(buckets) - 1
    firsts = np.searchsorted(steps, buckets[:-1])
    masks = np.bitwise_or.reduceat(mask, firsts) if count else mask
    if method is Aggregation.AT_THE_MOMENT:
        return np.where(has_number[firsts], values[firsts], 0.0), has_number[firsts], masks
    counted = np.flatnonzero(has_number)
    bucket = np.searchsorted(buckets, steps[counted], side="right") - 1
    picked = counted[_PICKS[method](values[counted], bucket, np.diff(steps)[counted])]
    place = np.searchsorted(buckets, steps[picked], side="right") - 1
    result, present = np.zeros(count), np.zeros(count, dtype=np.bool_)
    result[place], present[place] = values[picked], True
    return result, present, masks


def _lasts(sorted_keys: _Places) -> _Places:
    """The place of the last of each run of equal keys."""
    return np.flatnonzero(np.append(sorted_keys[1:] != sorted_keys[:-1], len(sorted_keys) > 0))


def _last_by(key: _Numbers, bucket: _Places) -> _Places:
    """The place of the greatest key of each bucket, the earliest of equal ones."""
    order = np.lexsort((-np.arange(len(key)), key, bucket))
    found: _Places = order[_lasts(bucket[order])]
    return found


def _highest(values: _Numbers, bucket: _Places, _: NDArray[np.int64]) -> _Places:
    return _last_by(values, bucket)


def _lowest(values: _Numbers, bucket: _Places, _: NDArray[np.int64]) -> _Places:
    return _last_by(-values, bucket)


def _largest(values: _Numbers, bucket: _Places, _: NDArray[np.int64]) -> _Places:
    return _last_by(np.abs(values), bucket)


def _smallest(values: _Numbers, bucket: _Places, _: NDArray[np.int64]) -> _Places:
    return _last_by(-np.abs(values), bucket)


def _latest(_: _Numbers, bucket: _Places, __: NDArray[np.int64]) -> _Places:
    return _lasts(bucket)


def _longest(values: _Numbers, bucket: _Places, lengths: NDArray[np.int64]) -> _Places:
    """The first place of the value that holds for the longest time in all, the earlier of two."""
    order = np.lexsort((np.arange(len(values)), values, bucket))
    same = np.zeros(len(order), dtype=np.bool_)
    same[1:] = (np.diff(values[order]) == 0) & (np.diff(bucket[order]) == 0)
    starts = np.flatnonzero(~same)
    held = np.add.reduceat(lengths[order], starts) if len(starts) else lengths
    first = order[starts]
    by_time = np.argsort(first)
    winners = _last_by(held[by_time].astype(np.float64), bucket[first[by_time]])
    found: _Places = first[by_time][winners]
    return found


_PICKS: Final[dict[Aggregation, Callable[[_Numbers, _Places, NDArray[np.int64]], _Places]]] = {
    Aggregation.MIN: _lowest,
    Aggregation.MAX: _highest,
    Aggregation.ABS_MIN: _smallest,
    Aggregation.ABS_MAX: _largest,
    Aggregation.AT_THE_MOMENT: _latest,
    Aggregation.LAST_VALUE: _latest,
    Aggregation.MOST_FREQUENTLY: _longest,
}
