"""Flags of many values at once, as masks: one bit a flag, so that combining is a bitwise or."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.model.errors import BadValue
from tidegate.model.flags import RANK, WORST_LAST, Flag

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

VALID: Final = 1 << RANK[Flag.VALID]
"""The bit of a valid value in a mask."""
MISSING: Final = 1 << RANK[Flag.MISSING]
"""The bit of a missing value in a mask."""

_UNKNOWN: Final = -1
_BITS: Final = np.full(max(Flag) + 1, _UNKNOWN, dtype=np.int16)
_BITS[list(RANK)] = [1 << rank for rank in RANK.values()]


def masks(flags: ArrayLike) -> NDArray[np.int16]:
    """The mask of each flag: the one bit that its rank in `WORST_LAST` says.

    Raises:
        BadValue: a number that is no flag.
    """
    numbers = np.asarray(flags, dtype=np.int16)
    inside = (numbers >= 0) & (numbers < len(_BITS))
    bits = _BITS[np.where(inside, numbers, 1)]
    if np.any(bits == _UNKNOWN):
        stranger = int(numbers[bits == _UNKNOWN].flat[0])
        raise BadValue("flag", stranger, f"one of {', '.join(str(int(flag)) for flag in Flag)}")
    return bits


def worst(mask: ArrayLike, order: tuple[Flag, ...] = WORST_LAST) -> NDArray[np.int16]:
    """The flag of highest priority in each mask; `NO_VALUE` of an empty one.

    Args:
        mask: masks as `masks` gives them, combined with or.
        order: every flag by rising priority.
    """
    found: NDArray[np.int16] = _worst_of_each_mask(order)[np.asarray(mask, dtype=np.int16)]
    return found


def valid_if_any(mask: ArrayLike, order: tuple[Flag, ...] = WORST_LAST) -> NDArray[np.int16]:
    """`VALID` where any of the combined values was valid, the worst flag elsewhere."""
    combined = np.asarray(mask, dtype=np.int16)
    return np.where(combined & VALID, np.int16(Flag.VALID), worst(combined, order))


@lru_cache(maxsize=8)
def _worst_of_each_mask(order: tuple[Flag, ...]) -> NDArray[np.int16]:
    every = np.arange(1 << len(WORST_LAST))
    table = np.full(len(every), Flag.NO_VALUE, dtype=np.int16)
    for flag in order:
        table[(every >> RANK[flag]) & 1 == 1] = flag
    return table
