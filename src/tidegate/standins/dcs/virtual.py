"""Virtual meters: a formula over registers, evaluated half hour by half hour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tidegate.standins.dcs.arithmetic import INTERPOLATED, Readings, Span, half_hours
from tidegate.standins.dcs.expressions import Evaluate, compile_expression
from tidegate.standins.dcs.signals import MICRO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tidegate.standins.dcs.arithmetic import Source
    from tidegate.standins.dcs.registers import Register


@dataclass(frozen=True)
class VirtualMeter:
    """A calculated series.

    Attributes:
        id: its number, the id for readings.
        name: its name.
        unit: label of its unit.
        expression: formula over aliases.
        aliases: number of the register behind each alias.
        decimals: places that results are rounded to, at most 6.
        instantaneous: whether aliases stand for momentary values.
    """

    id: int
    name: str
    unit: str
    expression: str
    aliases: dict[str, int]
    decimals: int = 3
    instantaneous: bool = False

    @cached_property
    def evaluate(self) -> Evaluate:
        """The formula as a function of columns."""
        return compile_expression(self.expression, frozenset(self.aliases))

    def wire(self) -> dict[str, object]:
        """The virtual meter as both APIs list it."""
        return {
            "id": self.id,
            "name": self.name,
            "expression": self.expression,
            "decimalPlaces": self.decimals,
            "isInstantaneous": self.instantaneous,
            "unit": self.unit,
            "registerAliases": [
                {"alias": alias, "registerId": register, "registerName": ""}
                for alias, register in self.aliases.items()
            ],
        }


def results(
    meter: VirtualMeter,
    registers: Mapping[int, Register],
    first: int,
    last: int,
    span: Span,
    *,
    interpolated: bool = True,
    source: Source = "automatic",
) -> tuple[Readings, NDArray[np.float64]]:
    """The results of the slots from `first` to before `last`; a missing input gives none.

    Returns:
        Readings without values, with the flags of all inputs; and the values in units.
    """
    inputs = {
        alias: half_hours(registers[number], first, last, span, source=source)
        for alias, number in meter.aliases.items()
    }
    columns = {
        alias: (part.total if meter.instantaneous else part.period) / MICRO
        for alias, part in inputs.items()
    }
    known = np.logical_and.reduce([part.known for part in inputs.values()])
    status = np.bitwise_or.reduce([part.status for part in inputs.values()])
    if not interpolated:
        known = known & (status & INTERPOLATED == 0)
    with np.errstate(all="ignore"):
        values = np.broadcast_to(meter.evaluate(columns), known.shape)
        rounded = np.asarray(np.round(np.asarray(values, np.float64), meter.decimals), np.float64)
    slots = np.arange(first, last)
    zero = np.zeros_like(slots)
    return Readings(slots, zero, zero, status, known, zero), rounded
