"""Registers: what was stored for each half hour, and what people did to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tidegate.standins.dcs.signals import MICRO, Gaps, Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Point:
    """A total at a time, in slots (a fraction lies within the half hour) and micro-units."""

    at: float
    total: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """A hand-read total that offsets all totals from `start` on."""

    read: Point
    start: int


@dataclass(frozen=True, slots=True)
class Reset:
    """A discontinuity: the total that closed the time before, and the one that opened the rest."""

    slot: int
    closing: int
    opening: int


@dataclass(slots=True)
class Register:
    """One measured quantity of a meter.

    Attributes:
        id: number of the register, the id for readings.
        meter: number of its meter.
        name: name, unique in its meter.
        address: place of the quantity in the meter.
        unit: label of the unit.
        signal: values at any half hour; without one there is only what was imported.
        instantaneous: whether values are momentary.
        polled: whether period values are differences of totals; a meter supplies them otherwise.
        scale_factor: own factor as text, may be empty; applied before storing.
        default_scale_factor: factor of the register type as text, may be empty.
        id_base: id of the stored reading at `id_origin`; later ones count on.
        id_origin: slot that reading ids count from.
        gaps: half hours that the collector missed.
        resets: discontinuities, in order of time.
        calibrations: hand-read totals, in order of `start`.
        manual: typed readings, in order of time.
        invalid: spans of slots whose readings are treated as absent.
        imported: readings that were written later: slot to total and period value.
    """

    id: int
    meter: int
    name: str
    address: str
    unit: str
    signal: Signal | None = None
    instantaneous: bool = False
    polled: bool = True
    scale_factor: str = ""
    default_scale_factor: str = "1"
    id_base: int = 0
    id_origin: int = 0
    gaps: Gaps | None = None
    resets: list[Reset] = field(default_factory=list)
    calibrations: list[Calibration] = field(default_factory=list)
    manual: list[Point] = field(default_factory=list)
    invalid: list[tuple[int, int]] = field(default_factory=list)
    imported: dict[int, tuple[int, int]] = field(default_factory=dict)

    def wire(self) -> dict[str, object]:
        """The register as both APIs list it."""
        return {
            "id": self.id,
            "name": self.name,
            "address": self.address,
            "isInstantaneous": self.instantaneous,
            "scaleFactor": self.scale_factor,
            "defaultScaleFactor": self.default_scale_factor,
            "unit": self.unit,
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """The stored readings of consecutive slots.

    Attributes:
        first: slot of the first element.
        total: totals or momentary values in micro-units; 0 where nothing is stored.
        present: where a reading is stored.
        period: period values that the meter supplied, where `polled` is false.
    """

    first: int
    total: NDArray[np.int64]
    present: NDArray[np.bool_]
    period: NDArray[np.int64] | None


def stored(register: Register, first: int, last: int, begin: int, end: int) -> Stored:
    """The stored readings of the slots from `first` to before `last`.

    Args:
        register: the register.
        first: first slot wanted.
        last: slot after the last one wanted.
        begin: first slot of the stand-in's data.
        end: slot that the data run up to; its total is known, because it closes the period before.
    """
    slots = np.arange(first, last + 1, dtype=np.int64)
    total, present = _generated(register, slots, begin, end)
    period = (
        None if register.polled or register.instantaneous else _supplied(register, slots, total)
    )
    for start, stop in _absent(register, first, last):
        present[max(start - first, 0) : max(stop - first, 0)] = False
    for slot, (value, supplied) in register.imported.items():
        if first <= slot < last and not _is_invalid(register, slot):
            total[slot - first], present[slot - first] = value, True
            if period is not None:
                period[slot - first] = supplied
    return Stored(first, total[:-1], present[:-1], period)


def _generated(
    register: Register, slots: NDArray[np.int64], begin: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if register.signal is None:
        return np.zeros(slots.size, np.int64), np.zeros(slots.size, np.bool_)
    return register.signal.values(slots), (slots >= begin) & (slots <= end)


def _supplied(
    register: Register, slots: NDArray[np.int64], total: NDArray[np.int64]
) -> NDArray[np.int64]:
    period = np.diff(total)
    for reset in register.resets:
        before = reset.slot - 1 - int(slots[0])
        if 0 <= before < period.size:
            period[before] = reset.closing - total[before]
    return period


def _absent(register: Register, first: int, last: int) -> list[tuple[int, int]]:
    gaps = register.gaps.spans(first, last) if register.gaps else []
    return [span for span in [*gaps, *register.invalid] if span[0] < last and span[1] > first]


def _is_invalid(register: Register, slot: int) -> bool:
    return any(start <= slot < stop for start, stop in register.invalid)


def micro(value: float) -> int:
    """A number of units in micro-units."""
    return round(value * MICRO)
