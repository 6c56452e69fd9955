"""Flags: the quality mark that every value carries, and which of two wins."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Flag(IntEnum):
    """Quality of one value; the numbers are those of WebTSM."""

    NO_VALUE = 0
    MANUALLY_REPLACED = 5
    FAULTY = 7
    VALID = 9
    SCHEDULE = 12
    MISSING = 19
    ACCOUNTED = 20
    ESTIMATED = 21
    INTERPOLATED = 22


WORST_LAST: Final = (
    Flag.NO_VALUE,
    Flag.ACCOUNTED,
    Flag.MANUALLY_REPLACED,
    Flag.VALID,
    Flag.SCHEDULE,
    Flag.ESTIMATED,
    Flag.FAULTY,
    Flag.INTERPOLATED,
    Flag.MISSING,
)
"""Every flag by rising priority: of values that are combined, the last named wins."""

RANK: Final = {flag: rank for rank, flag in enumerate(WORST_LAST)}
"""Place of a flag in `WORST_LAST`; also its bit in a flag mask."""

WITHOUT_NUMBER: Final = frozenset({Flag.NO_VALUE, Flag.MISSING})
"""Flags of points behind which no number stands."""
