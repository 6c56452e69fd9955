"""What a register would have recorded at any half hour, computed and never stored.

Values are integers of a millionth of the register's unit ("micro"), so that sums, differences and
texts are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from tidegate.standins.dcs import demand
from tidegate.standins.dcs.slots import DAY, WEEK

if TYPE_CHECKING:
    from numpy.typing import NDArray

MICRO: Final = 1_000_000
_MILLI: Final = 1_000
_YEAR: Final = 17_532  # half hours of a mean year


class Signal(Protocol):
    """Values of one register: running totals, or momentary values of an instantaneous one."""

    def values(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """The value in micro-units at the start of each slot."""
        ...


@dataclass(frozen=True, slots=True)
class Replay:
    """Running total of the real demand, scaled, shifted by whole weeks, with seasons and noise.

    Attributes:
        parts: thousandths of the main meter's consumption.
        weeks: how many weeks the curve is shifted.
        season: winter surplus as a share of the mean, at most 0.4.
        grain: noise of the total in thousandths of a unit; 0 is none.
        seed: of the noise.
        opening: total in whole units at the beginning of the curve.
    """

    parts: int = 1000
    weeks: int = 0
    season: float = 0.0
    grain: int = 0
    seed: int = 0
    opening: int = 0

    def values(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """The running total."""
        total = demand.accumulated(slots + self.weeks * WEEK) * self.parts // 1000
        if self.season:
            swing = self.season * demand.MEAN * self.parts / 1000 * _YEAR / (2 * np.pi)
            total += np.rint(swing * np.sin(slots * (2 * np.pi / _YEAR))).astype(np.int64)
        if self.grain:
            total += demand.noise(self.seed, slots, self.grain)
        return (total + self.opening * _MILLI) * _MILLI


@dataclass(frozen=True, slots=True)
class Solar:
    """Running total of a plant that works from 06:00 to 18:00 UTC and stands still at night.

    Attributes:
        peak: consumption of the half hour at noon, in thousandths of a unit.
    """

    peak: int = 12_000

    def values(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """The running total."""
        angle = np.clip((np.arange(DAY) - 12) / 24, 0, 1) * np.pi
        bell = np.rint(self.peak * np.sin(angle)).astype(np.int64)
        prefix = np.concatenate([[0], np.cumsum(bell)])
        days, time = np.divmod(slots - demand.ORIGIN // DAY * DAY, DAY)
        return np.asarray((days * prefix[-1] + prefix[time]) * _MILLI)


@dataclass(frozen=True, slots=True)
class Momentary:
    """Momentary value in thousandths of a unit: a level, a part that follows the demand, noise.

    Attributes:
        level: value at mean demand.
        follow: change of the value for 1000 MW above mean demand.
        grain: size of the noise.
        seed: of the noise.
    """

    level: int
    follow: int = 0
    grain: int = 1
    seed: int = 0

    def values(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """The momentary value."""
        above = (demand.momentary(slots) - demand.MEAN) * self.follow // 1000
        return (self.level + above + demand.noise(self.seed, slots, self.grain)) * _MILLI


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A running total whose meter was replaced: from `slot` on it counts from `opening`.

    Attributes:
        base: total of the quantity as if nothing had happened.
        slot: first slot of the new meter.
        opening: total of the new meter in micro-units.
    """

    base: Signal
    slot: int
    opening: int

    @property
    def closing(self) -> int:
        """Total of the old meter at the exchange, in micro-units."""
        return int(self.base.values(np.array([self.slot], np.int64))[0])

    def values(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """The running total."""
        total = self.base.values(slots)
        return np.where(slots >= self.slot, total - self.closing + self.opening, total)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Half hours that the collector missed: one gap in so many days, at a place without pattern.

    Attributes:
        days: one gap in this many days.
        length: its length in half hours, less than `days` days.
        seed: of its place.
    """

    days: int
    length: int
    seed: int = 0

    def spans(self, first: int, last: int) -> list[tuple[int, int]]:
        """The gaps that touch the slots from `first` to `last`, as half-open spans."""
        block = self.days * DAY
        numbers = range(first // block - 1, last // block + 1)
        starts = [n * block + demand.draw(self.seed, n, block - self.length) for n in numbers]
        return [(s, s + self.length) for s in starts if s < last and s + self.length > first]
