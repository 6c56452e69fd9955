"""Events: the spans of time in which a condition holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tidegate.calc.formula.tree import Constant, Operation, Operator, postorder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.calc.formula.tree import Expression, Node
    from tidegate.calc.formula.triples import Triples

_INSTANT: Final = pa.timestamp("us", tz="UTC")

EVENTS: Final = pa.schema(
    [
        pa.field("start", _INSTANT, nullable=False),
        pa.field("end", _INSTANT, nullable=False),
        pa.field("peak", pa.float64()),
    ]
)
"""The columns of events; the end is exclusive."""

_ABOVE: Final = {
    Operator.GREATER: 1,
    Operator.GREATER_OR_EQUAL: 1,
    Operator.LESS: -1,
    Operator.LESS_OR_EQUAL: -1,
    Operator.EQUAL: 1,
    Operator.UNEQUAL: 1,
}


def watched(condition: Expression) -> tuple[Node, int]:
    """What the peak of an event is taken of, and 1 for its highest or -1 for its lowest value.

    It is the left side of the first comparison, or the right side where the left one is a number;
    of a condition that compares nothing it is the condition itself.
    """
    for node in postorder(condition.root):
        if isinstance(node, Operation) and node.operator in _ABOVE:
            left, right = node.operands
            if isinstance(left, Constant):
                return right, -_ABOVE[node.operator]
            return left, _ABOVE[node.operator]
    return condition.root, 1


def events(
    borders: NDArray[np.int64], condition: Triples, level: Triples, direction: int
) -> pa.Table:
    """The spans in which a condition holds, with the columns of `EVENTS`.

    Args:
        borders: n + 1 borders of n steps.
        condition: whether it holds, a value a step; a step without number ends a span.
        level: what the peak is taken of.
        direction: 1 for the highest, -1 for the lowest value of each span.
    """
    holds = condition.present & condition.truth
    changes = np.diff(np.concatenate([[False], holds, [False]]).astype(np.int8))
    firsts, lasts = np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)
    peaks = np.zeros(len(firsts))
    if len(firsts):
        ranked = np.where(level.present, level.numbers * float(direction), -np.inf)
        limits = np.column_stack([firsts, lasts]).reshape(-1)
        padded = np.append(ranked, -np.inf)
        peaks = np.maximum.reduceat(padded, limits)[::2] * direction
    columns = [
        pa.array(borders[firsts].astype("datetime64[us]"), _INSTANT),
        pa.array(borders[lasts].astype("datetime64[us]"), _INSTANT),
        pa.array(peaks, mask=~np.isfinite(peaks)),
    ]
    return pa.Table.from_arrays(columns, schema=EVENTS)
