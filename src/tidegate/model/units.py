"""Unit records: how a unit scales, condenses over time, and integrates."""

from __future__ import annotations

from typing import Final

import msgspec

from tidegate.model.aggregation import Aggregation


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One unit: `base = (x + offset) * factor`.

    `integral_unit` links a rate to its integral over hours, as kW to kWh. `category` groups units
    for those who look for one.
    """

    name: str
    factor: float = 1.0
    offset: float = 0.0
    base_unit: str | None = None
    aggregation: Aggregation = Aggregation.AVERAGE
    integral_unit: str | None = None
    description: str = ""
    category: str = ""

    @property
    def base(self) -> str:
        """The name of the unit that this one scales to: its own where none is given."""
        return self.base_unit or self.name


NO_UNIT: Final = "none"


def _rate(name: str, factor: float, base: str, integral: str) -> Unit:
    return Unit(name=name, factor=factor, base_unit=base, integral_unit=integral)


def _amount(name: str, factor: float = 1.0, base: str | None = None) -> Unit:
    return Unit(name=name, factor=factor, base_unit=base, aggregation=Aggregation.SUM)


STARTER_UNITS: Final = (
    Unit(name=NO_UNIT),
    _rate("W", 1.0, "W", "Wh"),
    _rate("kW", 1e3, "W", "kWh"),
    _rate("MW", 1e6, "W", "MWh"),
    _rate("GW", 1e9, "W", "GWh"),
    _amount("Wh", 1.0, "Wh"),
    _amount("kWh", 1e3, "Wh"),
    _amount("MWh", 1e6, "Wh"),
    _amount("GWh", 1e9, "Wh"),
    _amount("m³"),
    _amount("Nm³"),
    Unit(name="m³/h", integral_unit="m³"),
    Unit(name="°C"),
    Unit(name="F", factor=5 / 9, offset=-32.0, base_unit="°C"),
    Unit(name="%"),
    _amount("EUR"),
    Unit(name="EUR/MWh"),
    Unit(name="Cent/kWh", factor=10.0, base_unit="EUR/MWh"),
)
"""The units that every new repository knows."""
