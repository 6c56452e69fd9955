"""The real load curve that every register varies, and deterministic noise."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.standins.dcs.slots import slot_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

CYCLE: Final = 4032
"""Half hours of the twelve weeks that repeat."""
ORIGIN: Final = slot_of("2000-06-04T23:00:00Z")
MEAN: Final = 29_617
"""Mean demand in MW, rounded."""

_MASK: Final = (1 << 64) - 1


@cache
def _megawatts() -> NDArray[np.int64]:
    source = resources.files(__package__) / "data" / "england_wales_2000.csv"
    with source.open(encoding="ascii") as file:
        return np.array([int(row["demand_mw"]) for row in csv.DictReader(file)], np.int64)


@cache
def _prefix() -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(_megawatts())])


def momentary(slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Demand in MW of each half hour."""
    return _megawatts()[(slots - ORIGIN) % CYCLE]


def accumulated(slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum of the demand in MW of all half hours from `ORIGIN` to before each slot."""
    cycles, phase = np.divmod(slots - ORIGIN, CYCLE)
    prefix = _prefix()
    return np.asarray(cycles * prefix[-1] + prefix[phase])


def noise(seed: int, slots: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Whole numbers in [0, size) that depend on nothing but `seed` and the slot (splitmix64)."""
    with np.errstate(over="ignore"):
        x = slots.astype(np.uint64) + np.uint64((seed * 0x9E3779B97F4A7C15) & _MASK)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((x >> np.uint64(33)) % np.uint64(size)).astype(np.int64)


def draw(seed: int, index: int, size: int) -> int:
    """One number of `noise`."""
    return int(noise(seed, one(index), size)[0])


def one(slot: int) -> NDArray[np.int64]:
    """A column of a single slot."""
    return np.array([slot], np.int64)
