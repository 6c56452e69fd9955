"""What a function of the formula language is: its arguments, its reach and what it computes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.calc.formula.triples import Triples
    from tidegate.model.windows import Window


class Takes(StrEnum):
    """What a constant argument may be."""

    WHOLE = "a whole number"
    COUNT = "a whole number from 1"
    DIGITS = "a whole number from 0 to 15"
    FLAG = "a flag"
    UNIT = "a unit as text"
    INTERVAL = "an interval as text"
    METHOD = "an aggregation as text"


REQUIRED: Final = object()
"""The default of a constant argument that has none."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant argument, after all operands."""

    takes: Takes
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Attributes:
        name: as the docs write it; case is ignored in formulas.
        apply: gives the values from the frame, the operands and the constant arguments.
        least: fewest operands.
        most: most operands; None for any number.
        parameters: constant arguments after the operands.
        widen: gives the time over which the operand is needed, from the raster, the time over
            which the result is, and the constant arguments; None where they are the same.
    """

    name: str
    apply: Callable[..., Triples]
    least: int = 1
    most: int | None = 1
    parameters: tuple[Parameter, ...] = ()
    widen: Callable[..., Window] | None = None
