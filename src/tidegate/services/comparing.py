"""Readings of the store against those of somebody else, instant by instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tidegate.model.flags import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING: Final = pa.schema(
    {"ts": pa.int64(), "value": pa.float64(), "flag": pa.int16()}
).empty_table()
"""No readings."""


def compared(mine: pa.Table, theirs: pa.Table) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of my readings differ from theirs, and for which instants they have one.

    A reading of mine that is Missing, where they have none, says the same. Both are sorted by
    `ts`, each instant once.
    """
    ts, known = mine["ts"].to_numpy(), theirs["ts"].to_numpy()
    at = np.searchsorted(known, ts)
    at[at == len(known)] = 0
    is_known = known[at] == ts if len(known) else np.zeros(len(ts), np.bool_)
    flags = mine["flag"].to_numpy()
    differs = flags != Flag.MISSING
    there = at[is_known]
    same_flag = flags[is_known] == theirs["flag"].to_numpy()[there]
    same_value = _equal(_floats(mine)[is_known], _floats(theirs)[there])
    differs[is_known] = ~(same_flag & same_value)
    return differs, is_known


def _equal(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
    return equal


def _floats(table: pa.Table) -> NDArray[np.float64]:
    values: NDArray[np.float64] = table["value"].to_numpy(zero_copy_only=False)
    return values
