"""Numbers that follow from a seed and an index, and the texts of moments."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_MASK: Final = (1 << 64) - 1
_DAY_S: Final = 86_400
_MINUTES: Final = tuple(f"{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440))
_SECONDS: Final = tuple(f"{second:02d}Z" for second in range(60))


def mixed(seed: int, index: int) -> int:
    """64 bits that follow from both numbers and look like chance (the finaliser of SplitMix64)."""
    bits = (seed * 0xD1B54A32D192ED03 + (index + 1) * 0x9E3779B97F4A7C15) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


def moment(second: int) -> str:
    """The OCPI text of a second since 1970, in UTC."""
    day, rest = divmod(second, _DAY_S)
    minute, second = divmod(rest, 60)
    return _day(day) + _MINUTES[minute] + _SECONDS[second]


@lru_cache(4096)
def _day(day: int) -> str:
    return datetime.fromtimestamp(day * _DAY_S, UTC).strftime("%Y-%m-%dT")
