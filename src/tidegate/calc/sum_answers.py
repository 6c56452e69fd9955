"""The answer of a sum from the partials of its plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tidegate.calc.answer import answer
from tidegate.calc.flags import valid_if_any, worst
from tidegate.calc.partials import Partials, merge
from tidegate.calc.steps import condense
from tidegate.model.aggregation import Aggregation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from tidegate.calc.sum_plans import SumPlan


@dataclass(frozen=True, slots=True)
class Totals:
    """A sum as arrays of one entry a bucket: 0 where there is no number."""

    values: NDArray[np.float64]
    has_number: NDArray[np.bool_]
    flags: NDArray[np.int16]


def totals(plan: SumPlan, parts: Sequence[pa.Table]) -> Totals:
    """The numbers of a sum.

    A bucket without members has flag 0; one whose members have no number at all has flag 19, or 0
    if none of them was missing.

    Args:
        plan: the plan.
        parts: what the engine answered to the plan's queries.
    """
    steps = len(plan.steps) - 1
    whole = Partials.over(merge(parts), steps) if parts else _nobody(steps)
    values, has_number, mask = _condensed(plan, whole)
    rule = valid_if_any if plan.request.valid_if_any else worst
    return Totals(values, has_number, rule(mask))


def finish(plan: SumPlan, parts: Sequence[pa.Table]) -> pa.Table:
    """The answer of a sum, as `totals` and with the times of its buckets.

    Args:
        plan: the plan.
        parts: what the engine answered to the plan's queries.
    """
    whole = totals(plan, parts)
    return answer(
        plan.buckets[:-1],
        whole.values,
        whole.flags,
        whole.has_number,
        unit=plan.unit,
        zone=plan.request.zone,
        interval=plan.interval,
        missing_as_null=plan.request.missing_as_null,
    )


def _nobody(steps: int) -> Partials:
    counts = np.zeros(steps, dtype=np.int64)
    return Partials(np.zeros(steps), counts, counts, counts, np.zeros(steps, dtype=np.int16))


def _condensed(
    plan: SumPlan, whole: Partials
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int16]]:
    if plan.in_steps:
        return condense(
            plan.method,
            steps=plan.steps,
            buckets=plan.buckets,
            values=np.where(whole.has_number, whole.total, 0.0),
            has_number=whole.has_number,
            mask=whole.mask,
        )
    values = whole.total
    if plan.method is Aggregation.AVERAGE:
        values = values / (np.maximum(whole.covered, 1) / plan.quantum)
    return np.where(whole.has_number, values, 0.0), whole.has_number, whole.mask
