"""The raster that a formula is calculated on, as far as its functions look around."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from tidegate.calc.calendar import edges
from tidegate.calc.formula.tree import Call, operands_of
from tidegate.calc.raster import Points
from tidegate.calc.zones import LocalTime
from tidegate.model.errors import TooMuch
from tidegate.model.instants import BEGINNING, DAY, FOREVER
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from tidegate.calc.formula.tree import Expression, Node
    from tidegate.calc.formula.triples import Triples
    from tidegate.model.units import Unit

MOST_NUMBERS: Final = 100_000_000
"""Numbers of all leaves together that one calculation may hold."""
MOST_OPERATIONS: Final = 2_000_000_000
"""Steps times parts of the formula that one calculation may take."""

_REMEDY: Final = "choose a coarser calculation interval, a shorter window or a simpler formula"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A calculation raster without its ends.

    Attributes:
        interval: the length of a step.
        zone: whose midnights days and longer follow.
        inner: the borders of the steps whose values are wanted.
        day_start: microseconds of wall time by which days and longer start after midnight.
    """

    interval: Interval
    zone: ZoneInfo
    inner: NDArray[np.int64]
    day_start: int = 0

    @classmethod
    def over(
        cls, window: Window, interval: Interval, zone: ZoneInfo, *, day_start: int = 0
    ) -> Self:
        """The raster that covers a window with whole steps."""
        inner = edges(interval, window, zone=zone, day_start=day_start)
        return cls(interval=interval, zone=zone, inner=inner, day_start=day_start)

    @property
    def asked(self) -> Window:
        """The time whose values are wanted."""
        return Window(int(self.inner[0]), int(self.inner[-1]))

    def count(self, window: Window) -> int:
        """About how many steps a window takes."""
        nominal = self.interval.nominal
        return window.length // nominal if nominal else len(self.inner) - 1

    def borders(self, window: Window, interval: Interval | None = None) -> NDArray[np.int64]:
        """The borders of the steps, or of the buckets of another interval, that a window touches.

        A total is one bucket: the time whose values are wanted.
        """
        if interval is not None and interval.unit is IntervalUnit.TOTAL:
            return np.array([self.asked.start, self.asked.end], np.int64)
        wanted = interval or self.interval
        return edges(wanted, window, zone=self.zone, day_start=self.day_start)

    def local(self, window: Window) -> LocalTime:
        """The wall clock over a window."""
        return LocalTime.over(self.zone, _possible(window.start - DAY, window.end + DAY))


@dataclass(frozen=True, slots=True)
class Frame:
    """The steps of one calculation: those asked for, and those around them that functions need.

    Attributes:
        grid: the raster.
        borders: n + 1 borders of n steps; those of the asked time are among them.
        units: the units of the repository by name.
    """

    grid: Grid
    borders: NDArray[np.int64]
    units: Mapping[str, Unit] = field(default_factory=dict)

    @classmethod
    def around(cls, expression: Expression, grid: Grid, units: Mapping[str, Unit]) -> Self:
        """The frame that an expression needs to have values over the asked time.

        Raises:
            TooMuch: there would be too many numbers to hold or to compute.
        """
        wide = reach(expression.root, grid)
        steps = grid.count(wide)
        _refuse("the numbers held", steps * len(expression.leaves()), MOST_NUMBERS)
        _refuse("the numbers computed", steps * expression.size(), MOST_OPERATIONS)
        inner = grid.inner
        if wide == grid.asked:
            return cls(grid, inner, units)
        outer = grid.borders(wide)
        # a zone may have had another phase before: the steps asked for stay as they are
        before, after = outer[outer < inner[0]], outer[outer > inner[-1]]
        return cls(grid, np.concatenate([before, inner, after]), units)

    def __len__(self) -> int:
        return len(self.borders) - 1

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each step begins."""
        return self.borders[:-1]

    @property
    def window(self) -> Window:
        """The time of all steps."""
        return Window(int(self.borders[0]), int(self.borders[-1]))

    def buckets(self, interval: Interval) -> NDArray[np.int64]:
        """The borders of the buckets of an interval that the steps touch."""
        return self.grid.borders(self.window, interval)

    def points(self, values: Triples) -> Points:
        """Values as points, each covering its step."""
        full = values.over(len(self))
        numbers = np.where(full.present, full.numbers, 0.0)
        return Points(self.starts, self.borders[1:], numbers, full.present, full.flags())

    def asked(self, values: Triples) -> Triples:
        """The values of the steps that were asked for."""
        first, last = np.searchsorted(self.borders, [self.grid.asked.start, self.grid.asked.end])
        return values.over(len(self)).part(slice(first, last))


def reach(root: Node, grid: Grid) -> Window:
    """The time over which leaves have to be read for the values of the asked time.

    Raises:
        TooMuch: it begins or ends beyond the calendar.
    """
    start, end = grid.asked.start, grid.asked.end
    waiting = [(root, grid.asked)]
    while waiting:
        node, window = waiting.pop()
        if isinstance(node, Call) and node.function.widen is not None:
            window = node.function.widen(grid, window, *node.parameters)
        start, end = min(start, window.start), max(end, window.end)
        waiting.extend((operand, window) for operand in operands_of(node))
    return Window(start, end)


def _possible(start: int, end: int) -> Window:
    return Window(max(start, BEGINNING + 400 * DAY), min(end, FOREVER - 400 * DAY))


def widened(window: Window, before: int, after: int) -> Window:
    """A window with some time before and after it.

    Raises:
        TooMuch: it would begin or end beyond the calendar.
    """
    start, end = window.start - before, window.end + after
    if start < BEGINNING + 400 * DAY or end > FOREVER - 400 * DAY:
        days = (end - start) // DAY
        raise TooMuch("the days that the formula looks around", days, FOREVER // DAY, _REMEDY)
    return Window(start, end)


def _refuse(what: str, amount: int, limit: int) -> None:
    if amount > limit:
        raise TooMuch(what, amount, limit, _REMEDY)
