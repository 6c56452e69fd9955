"""Functions of numbers, step by step, as .NET's Math has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tidegate.calc.flags import VALID
from tidegate.calc.formula.functions import Function, Parameter, Takes
from tidegate.calc.formula.triples import Triples, added, strict

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tidegate.calc.formula.frame import Frame

_EXACT: Final = 2.0**52
"""From here on every float is whole."""


def pointwise(compute: Callable[..., Any]) -> Callable[..., Triples]:
    """A function of numbers as one of triples; what is not finite is a fault."""

    def apply(_: Frame | None, *operands: Triples) -> Triples:
        numbers = compute(*(operand.numbers for operand in operands))
        return strict(numbers, None, operands, ~np.isfinite(numbers))

    return apply


def _logarithm(number: Any, base: Any = None) -> Any:
    if base is None:
        return np.log(number)
    # a base of 1, and what is no logarithm at all, is a fault
    exact = np.select([base == 10, base == 2], [np.log10(number), np.log2(number)], np.nan)
    found = np.where(np.isnan(exact), np.log(number) / np.log(base), exact)
    return np.where((base > 0) & (base != 1), found, np.nan)


def _rounded(_: Frame | None, operand: Triples, digits: int) -> Triples:
    """Half to even, as .NET rounds."""
    numbers = np.asarray(operand.numbers, np.float64)
    scaled = numbers * 10.0**digits
    whole = np.abs(scaled) >= _EXACT
    numbers = np.where(whole, numbers, np.rint(scaled) / 10.0**digits)
    return strict(numbers, None, (operand,))


def _least(_: Frame | None, *operands: Triples) -> Triples:
    return strict(_folded(np.minimum, operands), None, operands)


def _greatest(_: Frame | None, *operands: Triples) -> Triples:
    return strict(_folded(np.maximum, operands), None, operands)


def _folded(choose: Any, operands: tuple[Triples, ...]) -> NDArray[Any]:
    numbers = np.asarray(operands[0].numbers, np.float64)
    for operand in operands[1:]:
        numbers = choose(numbers, operand.numbers)
    return numbers


def _mean(_: Frame | None, *operands: Triples) -> Triples:
    total = sum((operand.numbers for operand in operands), np.float64(0))
    numbers = np.asarray(total / len(operands))
    return strict(numbers, None, operands, ~np.isfinite(numbers))


def _count(_: Frame | None, *operands: Triples) -> Triples:
    numbers = sum((operand.present.astype(np.float64) for operand in operands), np.float64(0))
    return Triples(np.asarray(numbers), np.asarray(True), np.asarray(VALID, np.int16))


FUNCTIONS: Final = (
    Function("Abs", pointwise(np.abs)),
    Function("Sign", pointwise(np.sign)),
    Function("Sqrt", pointwise(np.sqrt)),
    Function("Exp", pointwise(np.exp)),
    Function("Log", pointwise(_logarithm), most=2),
    Function("Log10", pointwise(np.log10)),
    Function("Pow", pointwise(np.power), least=2, most=2),
    Function("Floor", pointwise(np.floor)),
    Function("Ceiling", pointwise(np.ceil)),
    Function("Truncate", pointwise(np.trunc)),
    Function("Round", _rounded, parameters=(Parameter(Takes.DIGITS, 0),)),
    Function("Sin", pointwise(np.sin)),
    Function("Cos", pointwise(np.cos)),
    Function("Tan", pointwise(np.tan)),
    Function("Asin", pointwise(np.arcsin)),
    Function("Acos", pointwise(np.arccos)),
    Function("Atan", pointwise(np.arctan)),
    Function("Atan2", pointwise(np.arctan2), least=2, most=2),
    Function("Min", _least, most=None),
    Function("Max", _greatest, most=None),
    Function("Sum", lambda _, *operands: added(operands), most=None),
    Function("Avg", _mean, most=None),
    Function("Count", _count, most=None),
)
"""The functions of this module."""
