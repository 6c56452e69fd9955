"""Conversion between units: one scale, one offset, and at most one step from rate to integral."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import isclose
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import UnitNotConvertible, UsageError
from tidegate.model.units import NO_UNIT, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


STANDS: Final = frozenset({Aggregation.AT_THE_MOMENT, Aggregation.LAST_VALUE})
"""Ways to condense that say of values that they are stands, not amounts."""


class Step(StrEnum):
    """What a conversion does beside scaling; hours are those of the covered time."""

    SCALE = "scale"
    TO_INTEGRAL = "to-integral"
    TO_RATE = "to-rate"


@dataclass(frozen=True, slots=True)
class Conversion:
    """How numbers of one unit become numbers of another.

    `scale`: `x * scale + offset`. `to-integral`: `x * scale * hours`. `to-rate`:
    `x * scale / hours`. The offset is 0 unless the step is `scale`.
    """

    scale: float = 1.0
    offset: float = 0.0
    step: Step = Step.SCALE

    @property
    def is_identity(self) -> bool:
        """True when numbers stay as they are."""
        return self == IDENTITY

    @property
    def aggregation(self) -> Aggregation | None:
        """The method that the step brings with it: sums of integrals, averages of rates."""
        return _METHODS.get(self.step)


IDENTITY: Final = Conversion()
_FAR: Final = 2.0**20
"""A second point to find a scale by, far enough from 0 that an offset costs no precision."""
_NAME: Final = r"°?[^\W\d]\w*([²³]|\^-?[1-4])?"
_PLAIN: Final = re.compile(rf"{_NAME}([*/·]{_NAME}){{0,4}}$")
"""Names that the unit library may see: it evaluates arithmetic, and a text can ask for too much."""
_METHODS: Final = {Step.TO_INTEGRAL: Aggregation.SUM, Step.TO_RATE: Aggregation.AVERAGE}


class NoAmounts(UsageError):
    """Stands of a running total asked for in the unit of a rate, which only amounts have."""

    code = "no-amounts"

    def __init__(self, unit: str) -> None:
        super().__init__(
            f"values in '{unit}' that are stands of a running total, not amounts, have no rate",
            hint="read the amounts per interval instead, such as [Total] - Shift([Total],1)",
            unit=unit,
        )


def by_name(units: Iterable[Unit]) -> dict[str, Unit]:
    """Units under their names, as `conversion` takes them."""
    return {unit.name: unit for unit in units}


def find_unit(units: Mapping[str, Unit], name: str) -> Unit:
    """The unit of a name: exactly, else without regard to case if only one fits.

    A name that is not known gives a unit that converts to nothing and is averaged, like `none`.
    """
    wanted = name or NO_UNIT
    if wanted in units:
        return units[wanted]
    alike = [unit for key, unit in units.items() if key.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else Unit(name=wanted)


def conversion(units: Mapping[str, Unit], source: str, target: str) -> Conversion:
    """The way from one unit to another, by the units' own records or else by their common names.

    Args:
        units: the units of a repository by name.
        source: the unit of the numbers there are.
        target: the unit wanted; an empty text or `none` leaves numbers as they are.

    Raises:
        UnitNotConvertible: there is no way with at most one integral step.
    """
    start, end = find_unit(units, source), find_unit(units, target)
    if end.name in {start.name, NO_UNIT}:
        return IDENTITY
    found = _recorded(units, start, end)
    if found is None and _means_what_it_says(start) and _means_what_it_says(end):
        found = _common(start.name, end.name)
    if found is None:
        raise UnitNotConvertible(start.name, end.name)
    return found


def method(
    units: Mapping[str, Unit],
    unit: str,
    defined: Aggregation | None,
    *,
    requested: Aggregation | None = None,
    converted: Conversion = IDENTITY,
) -> Aggregation:
    """The aggregation in force: that of the request, the integral step, the series, the unit.

    Args:
        units: the units of a repository by name.
        unit: the series' unit.
        defined: the method of the series' definition.
        requested: the method that a request names.
        converted: the conversion that the request asks for.

    Raises:
        NoAmounts: stands of a running total were to become a rate.
    """
    own = defined or find_unit(units, unit).aggregation
    if requested is None and converted.step is Step.TO_RATE and own in STANDS:
        raise NoAmounts(unit)
    return requested or converted.aggregation or own


def _recorded(units: Mapping[str, Unit], start: Unit, end: Unit) -> Conversion | None:
    """The way by the records: a common base, or a rate and its integral."""
    if start.base == end.base:
        scale = start.factor / end.factor
        return Conversion(scale, start.offset * scale - end.offset)
    for rate, integral in _integrals(units):
        if start.base == rate.base and end.base == integral.base:
            scale = start.factor / rate.factor * integral.factor / end.factor
            return _step(Step.TO_INTEGRAL, scale, (start, rate, integral, end))
        if start.base == integral.base and end.base == rate.base:
            scale = start.factor / integral.factor * rate.factor / end.factor
            return _step(Step.TO_RATE, scale, (start, rate, integral, end))
    return None


def _integrals(units: Mapping[str, Unit]) -> Iterator[tuple[Unit, Unit]]:
    for rate in units.values():
        if rate.integral_unit is not None:
            yield rate, find_unit(units, rate.integral_unit)


def _step(step: Step, scale: float, path: tuple[Unit, ...]) -> Conversion | None:
    """An integral step; a unit whose zero lies elsewhere has no meaning over time."""
    return None if any(unit.offset for unit in path) else Conversion(scale, 0.0, step)


def _means_what_it_says(unit: Unit) -> bool:
    """True unless the record of a unit contradicts its common name, as `F` for Fahrenheit does."""
    if unit.base == unit.name:
        return True
    usual = _common(unit.name, unit.base)
    return usual is not None and isclose(usual.scale, unit.factor, rel_tol=1e-9)


@lru_cache(maxsize=1024)
def _common(source: str, target: str) -> Conversion | None:
    """The way that the unit library knows: `kilowatt_hour` to `MJ`, `m**3` to `l`."""
    from pint import OffsetUnitCalculusError

    start, end = _quantity(source), _quantity(target)
    if start is None or end is None:
        return None
    hour = _registry().Quantity(1, "hour")
    if start.is_compatible_with(end):
        zero, far = (_registry().Quantity(x, start.units).to(end.units) for x in (0.0, _FAR))
        return Conversion(_rounded(far - zero, _FAR), _rounded(zero))
    try:
        if (start * hour).is_compatible_with(end):
            return Conversion(_rounded((start * hour).to(end.units)), 0.0, Step.TO_INTEGRAL)
        if (start / hour).is_compatible_with(end):
            return Conversion(_rounded((start / hour).to(end.units)), 0.0, Step.TO_RATE)
    except OffsetUnitCalculusError:  # degrees times hours mean nothing
        return None
    return None


def _rounded(quantity: Any, divisor: float = 1.0) -> float:
    """A factor without the noise of the library's own arithmetic."""
    return float(f"{float(quantity.magnitude) / divisor:.15g}")


def _quantity(name: str) -> Any | None:
    from pint import PintError

    if not _PLAIN.match(name):
        return None
    try:
        return _registry().Quantity(1.0, name.replace("·", "*"))
    except (PintError, ValueError, TypeError, AttributeError):
        return None


@lru_cache(maxsize=1)
def _registry() -> Any:
    from pint import UnitRegistry

    return UnitRegistry(cache_folder=None)
