"""Functions that choose between values, look at their flags, or give them another unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tidegate.calc.flags import MISSING, VALID, masks
from tidegate.calc.formula.functions import Function, Parameter, Takes
from tidegate.calc.formula.triples import Triples, common_unit, strict
from tidegate.calc.units import Step, conversion, find_unit
from tidegate.model.flags import WITHOUT_NUMBER, Flag
from tidegate.model.instants import HOUR
from tidegate.model.units import NO_UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tidegate.calc.formula.frame import Frame
    from tidegate.model.units import Unit


def _if(_: Frame | None, condition: Triples, positive: Triples, negative: Triples) -> Triples:
    """The branch that the condition chooses; the flags of the other do not count."""
    chosen = _picked(condition.truth, positive, negative)
    present = condition.present & chosen.present
    with_number = condition.seen | chosen.seen
    without = chosen.seen | (condition.seen & MISSING)
    seen = np.where(chosen.present, with_number, without)
    return Triples(
        chosen.numbers,
        present,
        np.where(condition.present, seen, MISSING).astype(np.int16),
        chosen.unit,
    )


def _coalesce(_: Frame | None, *operands: Triples) -> Triples:
    """The first operand that has a number, flag and all."""
    found = operands[0]
    for operand in operands[1:]:
        found = _picked(found.present, found, operand)
    nowhere = strict(found.numbers, None, operands)
    seen = np.where(found.present, found.seen, nowhere.seen).astype(np.int16)
    return Triples(found.numbers, found.present, seen, found.unit)


def _picked(first: NDArray[np.bool_], one: Triples, other: Triples) -> Triples:
    """One value where `first` holds, the other elsewhere."""
    return Triples(
        np.where(first, one.numbers, other.numbers),
        np.where(first, one.present, other.present),
        np.where(first, one.seen, other.seen),
        common_unit((one, other)),
    )


def _verdict(numbers: Any) -> Triples:
    """What is said of values: a valid number in any case."""
    found = np.asarray(numbers, np.float64)
    return Triples(found, np.asarray(True), np.asarray(VALID, np.int16))


def _is_missing(_: Frame | None, operand: Triples) -> Triples:
    return _verdict(~operand.present | (operand.flags() == Flag.MISSING))


def _is_valid(_: Frame | None, operand: Triples) -> Triples:
    return _verdict(operand.present & (operand.flags() == Flag.VALID))


def _flag(_: Frame | None, operand: Triples) -> Triples:
    return _verdict(operand.flags())


def _set_flag(_: Frame | None, operand: Triples, flag: Flag) -> Triples:
    """The same number under another flag; where there is none only a flag of none is taken."""
    mask = masks(flag)
    seen = mask if flag in WITHOUT_NUMBER else np.where(operand.present, mask, operand.seen)
    return Triples(operand.numbers, operand.present, np.asarray(seen, np.int16), operand.unit)


def _unit(frame: Frame, operand: Triples, name: str) -> Triples:
    return in_unit(operand, name, frame.units, frame.borders)


def in_unit(
    values: Triples, name: str, units: Mapping[str, Unit], borders: NDArray[np.int64]
) -> Triples:
    """Values in another unit; those that have none are taken to be in it.

    Args:
        values: one a step, or one for all.
        name: the unit; `none` takes the unit away.
        units: the units of the repository by name.
        borders: those of the steps, whose lengths rates and integrals need.

    Raises:
        UnitNotConvertible: the unit of the values cannot become it.
    """
    target = find_unit(units, name).name
    if values.unit is None or target == NO_UNIT:
        unit = None if target == NO_UNIT else target
        return Triples(values.numbers, values.present, values.seen, unit)
    way = conversion(units, values.unit, target)
    numbers = values.numbers * way.scale + way.offset
    if way.step is not Step.SCALE:
        hours = np.diff(borders) / HOUR
        numbers = numbers * hours if way.step is Step.TO_INTEGRAL else numbers / hours
    return strict(numbers, target, (values,), ~np.isfinite(numbers))


FUNCTIONS: Final = (
    Function("If", _if, least=3, most=3),
    Function("IIf", _if, least=3, most=3),
    Function("Coalesce", _coalesce, most=None),
    Function("IsMissing", _is_missing),
    Function("IsValid", _is_valid),
    Function("Flag", _flag),
    Function("SetFlag", _set_flag, parameters=(Parameter(Takes.FLAG),)),
    Function("Unit", _unit, parameters=(Parameter(Takes.UNIT),)),
)
"""The functions of this module."""
