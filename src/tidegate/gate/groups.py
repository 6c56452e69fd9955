"""The smallest group: which sums may leave, so that no single series can be read from them.

A bucket leaves if enough series have a value other than 0 in it and none of them has too great a
part of it; the 15/15 rule is size 15, share 15. What this protects from, and what it does not, is
decision record 17.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.model.flags import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.model.views import GroupRule
    from tidegate.model.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a view does to sums.

    Attributes:
        rule: the smallest group.
        window: the only time that is summed; all time if None.
    """

    rule: GroupRule
    window: Window | None = None


def lets_out(rule: GroupRule, parts: Sequence[pa.Table], steps: int) -> NDArray[np.bool_]:
    """Which steps of a sum may leave.

    Args:
        rule: the rule.
        parts: partials by series: `series`, `bucket`, `total`, `numbers`; any split of them.
        steps: how many steps there are.
    """
    rows = pa.concat_tables(parts) if parts else _NOBODY
    given = np.flatnonzero(rows["numbers"].to_numpy() > 0)
    owners, steps_of = rows["series"].to_numpy()[given], rows["bucket"].to_numpy()[given]
    _, own = np.unique(np.stack([steps_of, owners]), axis=1, return_inverse=True)
    count = int(own.max()) + 1 if len(own) else 0
    sizes = np.abs(np.bincount(own, rows["total"].to_numpy()[given], minlength=count))
    at = np.zeros(count, dtype=np.int64)
    at[own] = steps_of
    present = sizes > 0
    members = np.bincount(at[present], minlength=steps)
    whole = np.bincount(at, sizes, minlength=steps)
    greatest = np.zeros(steps)
    np.maximum.at(greatest, at, sizes)
    return (members >= rule.size) & (greatest <= whole * (rule.share / 100))


def in_buckets(
    allowed: NDArray[np.bool_], steps: NDArray[np.int64], buckets: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which buckets may leave: those of which every step may.

    Args:
        allowed: of each step.
        steps: borders of the steps, one more than there are steps.
        buckets: borders of the buckets, each of which is a border of steps too.
    """
    if len(buckets) < 2:
        return allowed[:0]
    return np.logical_and.reduceat(allowed, np.searchsorted(steps, buckets[:-1]))


def blanked(answer: pa.Table, allowed: NDArray[np.bool_]) -> pa.Table:
    """An answer `from, value, flag` without the values that may not leave: null, flag missing."""
    keep = pa.array(allowed)
    for name, blank in (("value", None), ("flag", int(Flag.MISSING))):
        at = answer.column_names.index(name)
        field = answer.schema.field(at)
        column = pc.if_else(keep, answer[name], pa.scalar(blank, field.type))
        answer = answer.set_column(at, field.with_nullable(True), column)
    return answer


_NOBODY = pa.table(
    {
        "series": pa.array([], pa.int32()),
        "bucket": pa.array([], pa.int32()),
        "total": pa.array([], pa.float64()),
        "numbers": pa.array([], pa.int64()),
    }
)
