"""What the operators of the formula language do with absent numbers, flags and units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tidegate.calc.formula.tree import Operator
from tidegate.calc.formula.triples import Triples, added, strict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.calc.formula.evaluation import Rule


def _negate(operand: Triples) -> Triples:
    return strict(-np.asarray(operand.numbers, np.float64), operand.unit, (operand,))


def _subtract(left: Triples, right: Triples) -> Triples:
    taken = Triples(-np.asarray(right.numbers), right.present, right.seen, right.unit)
    return added((left, taken))


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Rule:
    def apply(left: Triples, right: Triples) -> Triples:
        numbers = compute(left.numbers, right.numbers)
        return strict(numbers, None, (left, right), ~np.isfinite(numbers))

    return apply


def _comparison(compute: Callable[[Any, Any], Any]) -> Rule:
    """A comparison is 1 where it holds, else 0."""

    def apply(left: Triples, right: Triples) -> Triples:
        numbers = compute(left.numbers, right.numbers).astype(np.float64)
        return strict(numbers, None, (left, right))

    return apply


def _logic(compute: Callable[..., Any]) -> Rule:
    """Every number but 0 is true."""

    def apply(*operands: Triples) -> Triples:
        numbers = compute(*(operand.truth for operand in operands)).astype(np.float64)
        return strict(numbers, None, operands)

    return apply


TSM_RULES: Final[Mapping[Operator, Rule]] = {
    Operator.NEGATE: _negate,
    Operator.ADD: lambda left, right: added((left, right)),
    Operator.SUBTRACT: _subtract,
    Operator.MULTIPLY: _arithmetic(np.multiply),
    Operator.DIVIDE: _arithmetic(np.divide),
    Operator.POWER: _arithmetic(np.power),
    Operator.MODULO: _arithmetic(np.fmod),
    Operator.EQUAL: _comparison(np.equal),
    Operator.UNEQUAL: _comparison(np.not_equal),
    Operator.LESS: _comparison(np.less),
    Operator.LESS_OR_EQUAL: _comparison(np.less_equal),
    Operator.GREATER: _comparison(np.greater),
    Operator.GREATER_OR_EQUAL: _comparison(np.greater_equal),
    Operator.AND: _logic(np.logical_and),
    Operator.OR: _logic(np.logical_or),
    Operator.XOR: _logic(np.logical_xor),
    Operator.NOT: _logic(np.logical_not),
}
"""Sums leave absent numbers out; every other operator needs all of its operands."""
