"""Formulas that are calculated for one another, as far as one request has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from tidegate.calc.formula.parsing import refusal
from tidegate.calc.formula.tree import Misfit
from tidegate.model.errors import TooMuch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tidegate.calc.formula.triples import Triples
    from tidegate.model.errors import BadExpression
    from tidegate.model.series import Series, SeriesKey
    from tidegate.model.windows import Window

Finished: TypeAlias = "tuple[Window, NDArray[np.int64], Triples]"
"""The time over which a series is calculated, its steps and their values."""

MAX_CHAIN: Final = 32
"""Formulas that may refer to one another in a row."""
MOST_CALCULATIONS: Final = 2_000
"""Series that one request may calculate, counting each again for a longer time."""


@dataclass(frozen=True, slots=True)
class Link:
    """A formula that is being calculated, and where in its text the next one is needed.

    `series` is None for the formula of the request itself.
    """

    series: Series | None
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class Recursion:
    """The formulas that wait for the present one, and the series that are finished.

    Attributes:
        links: the waiting formulas, the outermost first.
        finished: calculated series: the time over which they are, their steps and values.
    """

    links: tuple[Link, ...] = ()
    finished: dict[SeriesKey, tuple[Window, NDArray[np.int64], Triples]] = field(
        default_factory=dict
    )
    _count: list[None] = field(default_factory=list)

    @property
    def chain(self) -> tuple[SeriesKey, ...]:
        """The keys of the series whose formulas wait."""
        return tuple(link.series.key for link in self.links if link.series is not None)

    def below(self, link: Link) -> Recursion:
        """The state while something that a formula refers to is calculated.

        Raises:
            BadExpression: too many formulas refer to one another in a row.
        """
        if len(self.links) >= MAX_CHAIN:
            why = f"more than {MAX_CHAIN} formulas refer to one another in a row"
            raise refusal(link.text, Misfit(why, link.position))
        return Recursion((*self.links, link), self.finished, self._count)

    def instead(self, link: Link) -> Recursion:
        """The same with another place of the present formula."""
        return Recursion((*self.links[:-1], link), self.finished, self._count)

    def count(self) -> None:
        """Note that a series is calculated.

        Raises:
            TooMuch: the request calculates too many.
        """
        self._count.append(None)
        if len(self._count) > MOST_CALCULATIONS:
            what, remedy = "the series calculated", "let fewer formulas refer to one another"
            raise TooMuch(what, len(self._count), MOST_CALCULATIONS, remedy)

    def circle(self, series: Series) -> BadExpression:
        """The error that a series raises which one of the waiting formulas belongs to."""
        waiting = [link.series for link in self.links if link.series is not None]
        first = [one.key for one in waiting].index(series.key)
        names = " → ".join(one.name for one in (*waiting[first:], series))
        link = self.links[-1]
        why = f"series '{series.name}' refers back to itself: {names}"
        return refusal(link.text, Misfit(why, link.position))
