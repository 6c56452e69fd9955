"""Partials: merging what several engines or ranges answer, and spreading it over all buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from tidegate.calc.flags import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_ADDED: Final = {
    "total": pa.float64(),
    "covered": pa.int64(),
    "numbers": pa.int64(),
    "cells": pa.int64(),
    "expected": pa.int64(),
}


@dataclass(frozen=True, slots=True)
class Partials:
    """The partials of every bucket; arrays of one entry a bucket.

    Attributes:
        total: the sum of what the cells count.
        covered: microseconds in which any cell has a number.
        numbers: cells with a number.
        expected: member cells.
        mask: the flags of all member cells, those of absent readings among them.
    """

    total: NDArray[np.float64]
    covered: NDArray[np.int64]
    numbers: NDArray[np.int64]
    expected: NDArray[np.int64]
    mask: NDArray[np.int16]

    @property
    def has_number(self) -> NDArray[np.bool_]:
        """Where there is a number at all."""
        return self.numbers > 0

    @classmethod
    def over(cls, merged: pa.Table, buckets: int) -> Partials:
        """Merged partials without series, spread over all buckets; nobody is a member elsewhere."""
        counts = {name: _spread(merged, name, buckets) for name in _ADDED}
        absent = counts["expected"] > counts.pop("cells")
        flags = _spread(merged, "flags", buckets) | np.where(absent, MISSING, 0)
        return cls(**counts, mask=flags.astype(np.int16))


def _spread(merged: pa.Table, name: str, buckets: int) -> NDArray[Any]:
    column = merged[name].to_numpy()
    whole = np.zeros(buckets, dtype=column.dtype)
    whole[merged["bucket"].to_numpy()] = column
    return whole


def merge(parts: Iterable[pa.Table]) -> pa.Table:
    """The partials of the whole from those of its parts, sorted by (series and) bucket.

    The parts may be of different buckets, of different series, or of different times within a
    bucket. Lengths covered add up, so parts of different series in one bucket must not cover the
    same time where averages are wanted; one engine answers for those.

    Args:
        parts: at least one table as the verb `partials` gives it.
    """
    whole = pa.concat_tables(parts)
    keys = [name for name in ("series", "bucket") if name in whole.column_names]
    order = np.lexsort([whole[name].to_numpy() for name in reversed(keys)])
    rows = {name: whole[name].to_numpy()[order] for name in whole.column_names}
    apart = np.ones(len(order), dtype=bool)
    apart[1:] = np.any([np.diff(rows[name]) != 0 for name in keys], axis=0)
    starts = np.flatnonzero(apart)
    columns = {name: pa.array(rows[name][starts]) for name in keys}
    for name, kind in _ADDED.items():
        added = np.add.reduceat(rows[name], starts) if len(starts) else rows[name]
        columns[name] = pa.array(added, kind)
    flags = np.bitwise_or.reduceat(rows["flags"], starts) if len(starts) else rows["flags"]
    return pa.table(columns | {"flags": pa.array(flags, pa.int16())})
