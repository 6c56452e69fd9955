"""Evaluation of a typed tree on arrays, one element a step of the calculation raster.

Every value is a triple: a number or none, the flags that went into it, and a unit or none. A
division by zero or an overflow gives no number and the flag `FAULTY`, never infinity or NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from tidegate.calc.formula.tree import (
    Call,
    Constant,
    Expression,
    Operation,
    Operator,
    operands_of,
    postorder,
)
from tidegate.calc.formula.triples import Triples, common_unit, traced
from tidegate.model.budgets import require_time

if TYPE_CHECKING:
    from tidegate.calc.formula.frame import Frame

Rule: TypeAlias = Callable[..., Triples]
"""What an operator does: triples to a triple."""


def evaluate(
    expression: Expression,
    inputs: Mapping[str, Triples],
    length: int,
    *,
    rules: Mapping[Operator, Rule] | None = None,
    frame: Frame | None = None,
) -> Triples:
    """The values of an expression on a raster of `length` steps.

    Args:
        expression: a checked tree.
        inputs: the values of every leaf under its name, each `length` long.
        length: steps of the raster.
        rules: what the operators do, where a language differs from `RULES`.
        frame: the raster; a language without functions needs none.

    Raises:
        OutOfTime: the request takes too long.
    """
    table = RULES if rules is None else rules
    done: list[Triples] = []
    with np.errstate(all="ignore"):
        for node in postorder(expression.root):
            require_time()
            if isinstance(node, Constant):
                done.append(Triples.constant(node.value))
            elif isinstance(node, Operation | Call):
                operands = _taken(done, len(operands_of(node)))
                if isinstance(node, Operation):
                    done.append(table[node.operator](*operands))
                else:
                    done.append(node.function.apply(frame, *operands, *node.parameters))
            else:
                done.append(inputs[node.name])
    return done.pop().over(length)


def _taken(done: list[Triples], count: int) -> list[Triples]:
    operands = done[len(done) - count :]
    del done[len(done) - count :]
    return operands


def needing(result: Triples, inputs: Sequence[Triples]) -> Triples:
    """The result where every input has a number, used or not; the flags of all of them."""
    return traced(result.numbers, result.unit, (result, *inputs))


def _arithmetic(compute: Callable[[Any, Any], Any], *, keeps_unit: bool) -> Rule:
    def apply(left: Triples, right: Triples) -> Triples:
        numbers = compute(left.numbers, right.numbers)
        unit = common_unit((left, right)) if keeps_unit else None
        return traced(numbers, unit, (left, right), ~np.isfinite(numbers))

    return apply


def _comparison(compute: Callable[[Any, Any], Any]) -> Rule:
    def apply(left: Triples, right: Triples) -> Triples:
        return traced(compute(left.numbers, right.numbers), None, (left, right))

    return apply


def _negate(operand: Triples) -> Triples:
    return Triples(-operand.numbers, operand.present, operand.seen, operand.unit)


def _choose(condition: Triples, positive: Triples, negative: Triples) -> Triples:
    chosen = Triples(
        np.where(condition.numbers, positive.numbers, negative.numbers),
        np.where(condition.numbers, positive.present, negative.present),
        np.where(condition.numbers, positive.seen, negative.seen) * condition.present,
    )
    return traced(chosen.numbers, common_unit((positive, negative)), (condition, chosen))


RULES: Final[Mapping[Operator, Rule]] = {
    Operator.NEGATE: _negate,
    Operator.ADD: _arithmetic(np.add, keeps_unit=True),
    Operator.SUBTRACT: _arithmetic(np.subtract, keeps_unit=True),
    Operator.MULTIPLY: _arithmetic(np.multiply, keeps_unit=False),
    Operator.DIVIDE: _arithmetic(np.divide, keeps_unit=False),
    Operator.EQUAL: _comparison(np.equal),
    Operator.LESS: _comparison(np.less),
    Operator.LESS_OR_EQUAL: _comparison(np.less_equal),
    Operator.GREATER: _comparison(np.greater),
    Operator.GREATER_OR_EQUAL: _comparison(np.greater_equal),
    Operator.AND: _comparison(np.logical_and),
    Operator.OR: _comparison(np.logical_or),
    Operator.CHOOSE: _choose,
}
"""What each operator does where a language says nothing else."""
