"""Evaluation of a typed tree on arrays, one element a step of the calculation raster.

Every value is a triple: a number or none, the flags that went into it, and a unit or none. An
operation needs a number of each operand that it uses; a division by zero or an overflow gives no
number and the flag `FAULTY`, never infinity or NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

import numpy as np

from tidegate.calc.flags import masks, worst
from tidegate.calc.formula.tree import (
    Constant,
    Expression,
    Operation,
    Operator,
    Reference,
    postorder,
)
from tidegate.model.flags import WITHOUT_NUMBER, Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEEPS_ABSENT: Final = [*WITHOUT_NUMBER, Flag.FAULTY]
_FAULTY: Final = masks(Flag.FAULTY)
_NONE: Final = np.int16(0)


@dataclass(frozen=True, slots=True)
class Triples:
    """Values along a raster; arrays of one length, or scalars that hold for every step.

    Attributes:
        numbers: float64, or bool of a comparison; without meaning where `present` is False.
        present: whether a number stands there.
        seen: the flags that went into each value, one bit each; of a missing number the cause.
        unit: the unit of all of them, None if they have none.
    """

    numbers: NDArray[Any]
    present: NDArray[np.bool_]
    seen: NDArray[np.int16]
    unit: str | None = None

    @classmethod
    def of(
        cls,
        numbers: NDArray[np.float64],
        present: NDArray[np.bool_],
        flags: NDArray[np.int16],
        unit: str | None = None,
    ) -> Self:
        """The triples of readings: an absent number is missing unless its flag says why."""
        cause = np.where(np.isin(flags, _KEEPS_ABSENT), flags, Flag.MISSING)
        seen = masks(np.where(present, flags, cause))
        return cls(np.where(present, numbers, 0.0), present, seen, unit)

    @classmethod
    def constant(cls, value: float) -> Self:
        """A number with no flag at all."""
        return cls(np.asarray(value, np.float64), np.asarray(True), np.asarray(_NONE))

    def flags(self) -> NDArray[np.int16]:
        """The worst flag of each value; `VALID` where none went in."""
        return np.where(self.seen, worst(self.seen), np.int16(Flag.VALID))


Function: TypeAlias = Callable[..., Triples]


def evaluate(
    expression: Expression,
    inputs: Mapping[str, Triples],
    length: int,
    *,
    functions: Mapping[Operator, Function] | None = None,
) -> Triples:
    """The values of an expression on a raster of `length` steps.

    Args:
        expression: a checked tree.
        inputs: the values of every name that it mentions, each `length` long.
        length: steps of the raster.
        functions: what the operators do, where a language differs from `FUNCTIONS`.
    """
    table = FUNCTIONS if functions is None else functions
    done: list[Triples] = []
    with np.errstate(all="ignore"):
        for node in postorder(expression.root):
            if isinstance(node, Constant):
                done.append(Triples.constant(node.value))
            elif isinstance(node, Reference):
                done.append(inputs[node.name])
            else:
                done.append(_apply(node, done, table))
    return _spread(done.pop(), length)


def needing(result: Triples, inputs: Sequence[Triples]) -> Triples:
    """The result where every input has a number, used or not; the flags of all of them."""
    return _combined(result.numbers, result.unit, (result, *inputs))


def _apply(node: Operation, done: list[Triples], table: Mapping[Operator, Function]) -> Triples:
    count = len(node.operands)
    operands = done[-count:]
    del done[-count:]
    return table[node.operator](*operands)


def _spread(values: Triples, length: int) -> Triples:
    return Triples(
        np.broadcast_to(values.numbers, length),
        np.broadcast_to(values.present, length),
        np.broadcast_to(values.seen, length),
        values.unit,
    )


def _combined(
    numbers: NDArray[Any], unit: str | None, operands: Sequence[Triples], fault: Any = None
) -> Triples:
    """A result that needs all operands: their flags, or the causes of those that are absent."""
    present: Any = np.bool_(True)
    seen: Any = _NONE
    lost: Any = _NONE
    for operand in operands:
        present = present & operand.present
        seen = seen | operand.seen
        lost = lost | np.where(operand.present, _NONE, operand.seen)
    seen = np.where(present, seen, lost)
    if fault is not None:
        seen = np.where(present & fault, _FAULTY, seen)
        present = present & ~fault
    return Triples(numbers, present, seen.astype(np.int16), unit)


def _common_unit(first: Triples, second: Triples) -> str | None:
    return first.unit if first.unit == second.unit else None


def _arithmetic(compute: Callable[[Any, Any], Any], *, keeps_unit: bool) -> Function:
    def apply(left: Triples, right: Triples) -> Triples:
        numbers = compute(left.numbers, right.numbers)
        unit = _common_unit(left, right) if keeps_unit else None
        return _combined(numbers, unit, (left, right), ~np.isfinite(numbers))

    return apply


def _comparison(compute: Callable[[Any, Any], Any]) -> Function:
    def apply(left: Triples, right: Triples) -> Triples:
        return _combined(compute(left.numbers, right.numbers), None, (left, right))

    return apply


def _negate(operand: Triples) -> Triples:
    return Triples(-operand.numbers, operand.present, operand.seen, operand.unit)


def _choose(condition: Triples, positive: Triples, negative: Triples) -> Triples:
    chosen = Triples(
        np.where(condition.numbers, positive.numbers, negative.numbers),
        np.where(condition.numbers, positive.present, negative.present),
        np.where(condition.numbers, positive.seen, negative.seen) * condition.present,
    )
    return _combined(chosen.numbers, _common_unit(positive, negative), (condition, chosen))


FUNCTIONS: Final[Mapping[Operator, Function]] = {
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
