"""What a formula computes with: numbers along a raster, with flags and a unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from tidegate.calc.flags import MISSING, masks, worst
from tidegate.model.flags import WITHOUT_NUMBER, Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_KEEPS_ABSENT: Final = [*WITHOUT_NUMBER, Flag.FAULTY]
_FAULTY: Final = masks(Flag.FAULTY)
_NO_VALUE: Final = masks(Flag.NO_VALUE)
_UNFLAGGED: Final = np.int16(0)


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
        return cls(np.asarray(value, np.float64), np.asarray(True), np.asarray(_UNFLAGGED))

    @classmethod
    def absent(cls, length: int, flag: Flag) -> Self:
        """No number at any step, for one reason."""
        nothing = np.zeros(length, np.bool_)
        return cls(np.zeros(length), nothing, np.full(length, masks(flag), np.int16))

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Where the number stands for true: wherever it is not 0."""
        found: NDArray[np.bool_] = np.not_equal(self.numbers, 0)
        return found

    def flags(self) -> NDArray[np.int16]:
        """The worst flag of each value; `VALID` where none went in."""
        return np.where(self.seen, worst(self.seen), np.int16(Flag.VALID))

    def over(self, length: int) -> Triples:
        """The same with arrays of the full length."""
        return Triples(
            np.broadcast_to(self.numbers, length),
            np.broadcast_to(self.present, length),
            np.broadcast_to(self.seen, length),
            self.unit,
        )

    def part(self, steps: slice) -> Triples:
        """The values of some steps, of full arrays."""
        return Triples(self.numbers[steps], self.present[steps], self.seen[steps], self.unit)

    @classmethod
    def joined(cls, parts: Sequence[Triples], unit: str | None) -> Self:
        """Values one after the other, from full arrays."""
        if not parts:
            return cls.absent(0, Flag.NO_VALUE)
        return cls(
            np.concatenate([part.numbers for part in parts]),
            np.concatenate([part.present for part in parts]),
            np.concatenate([part.seen for part in parts]),
            unit,
        )

    def at(self, places: NDArray[np.intp], inside: NDArray[np.bool_]) -> Triples:
        """The values at other places of full arrays; missing where the place is not inside."""
        safe = np.where(inside, places, 0)
        present = self.present[safe] & inside
        return Triples(
            np.where(present, self.numbers[safe], 0.0),
            present,
            np.where(inside, self.seen[safe], np.int16(MISSING)),
            self.unit,
        )


def traced(
    numbers: NDArray[Any], unit: str | None, operands: Sequence[Triples], fault: Any = None
) -> Triples:
    """A result that needs all operands: their flags, or the causes of those that are absent.

    Args:
        numbers: what was computed; without meaning where an operand is absent.
        unit: of the result.
        operands: what it was computed from.
        fault: where the computation failed.
    """
    lost: Any = _UNFLAGGED
    for operand in operands:
        lost = lost | np.where(operand.present, _UNFLAGGED, operand.seen)
    return _needing_all(numbers, unit, operands, lost, fault)


def strict(
    numbers: NDArray[Any], unit: str | None, operands: Sequence[Triples], fault: Any = None
) -> Triples:
    """A result that needs all operands: without one it is missing if any operand is, else none.

    The arguments are those of `traced`.
    """
    seen: Any = _UNFLAGGED
    for operand in operands:
        seen = seen | operand.seen
    lost = np.where(seen & MISSING, np.int16(MISSING), _NO_VALUE)
    return _needing_all(numbers, unit, operands, lost, fault)


def _needing_all(
    numbers: NDArray[Any], unit: str | None, operands: Sequence[Triples], lost: Any, fault: Any
) -> Triples:
    present: Any = np.bool_(True)
    seen: Any = _UNFLAGGED
    for operand in operands:
        present = present & operand.present
        seen = seen | operand.seen
    seen = np.where(present, seen, lost)
    if fault is not None:
        seen = np.where(present & fault, _FAULTY, seen)
        present = present & ~fault
    return Triples(numbers, present, seen.astype(np.int16), unit)


def added(operands: Sequence[Triples]) -> Triples:
    """The sum of the operands that have a number; none where no operand has one.

    The flag is the worst of all operands, with number or without.
    """
    numbers: Any = np.float64(0)
    present: Any = np.bool_(False)
    seen: Any = _UNFLAGGED
    for operand in operands:
        numbers = numbers + np.where(operand.present, operand.numbers, 0.0)
        present = present | operand.present
        seen = seen | operand.seen
    fault = present & ~np.isfinite(numbers)
    seen = np.where(fault, _FAULTY, seen).astype(np.int16)
    return Triples(numbers, present & ~fault, seen, common_unit(operands))


def common_unit(operands: Sequence[Triples]) -> str | None:
    """The unit that all operands share, if they do."""
    units = {operand.unit for operand in operands}
    return units.pop() if len(units) == 1 else None
