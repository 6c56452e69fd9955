"""Series as services of other programs handle them: by number or name, searched, defined."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import NotFound
from tidegate.store.messages import SeriesSelection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.model.attributes import AttributeFilter
    from tidegate.model.intervals import Interval, IntervalUnit
    from tidegate.model.series import Series, SeriesType
    from tidegate.store.verbs import Verbs

LARGEST_ID: Final = 2**53
"""Numbers of series are exact in JSON."""

_WILD: Final = re.compile(r"[%_\\]")


@dataclass(frozen=True)
class Pattern:
    r"""A text in any case with the wildcards `%` (any run) and `_` (any one); `\` escapes."""

    text: str

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        pieces = re.findall(r"\\.|[^\\]|\\$", self.text, re.DOTALL)
        wild = {"%": ".*", "_": "."}
        literal = (
            wild.get(piece) or re.escape(piece[1:] if len(piece) == 2 else piece)
            for piece in pieces
        )
        return re.compile("".join(literal), re.IGNORECASE | re.DOTALL)

    def matches(self, text: str) -> bool:
        """True if the whole text is of this pattern."""
        return self._expression.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSearch:
    """What is searched for; every member given narrows, several values of one member widen it.

    Attributes:
        names: exact ones, else without regard to case, else with wildcards.
        ids: numbers; those that no series has find nothing.
        descriptions: texts with wildcards.
        filters: attribute filters that all hold at once, at any instant.
        intervals: exact ones.
        interval_units: of any multiplier.
    """

    names: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    types: tuple[SeriesType, ...] = ()
    descriptions: tuple[str, ...] = ()
    filters: tuple[AttributeFilter, ...] = ()
    units: tuple[str, ...] = ()
    intervals: tuple[Interval, ...] = ()
    interval_units: tuple[IntervalUnit, ...] = ()


def number_in(reference: str) -> int | None:
    """The number that a text may mean, if it is all digits."""
    is_number = reference.isascii() and reference.isdecimal() and len(reference) <= 15
    return int(reference) if is_number else None


def series_of(store: Verbs, reference: str | int, *, repository: str) -> Series:
    """The series of a number or a name; digits mean a number first, then a name.

    Raises:
        NotFound: there is none.
    """
    text = str(reference)
    number = number_in(text)
    if number is not None:
        selection = SeriesSelection(ids=(number,))
        for series in store.find_series(selection, repository=repository):
            return series
    for series in store.find_series(SeriesSelection(names=(text,)), repository=repository):
        if series.name == text:
            return series
    raise NotFound("series", text)


def series_numbered(store: Verbs, ids: Sequence[int], *, repository: str) -> list[Series]:
    """The series of numbers, in that order.

    Raises:
        NotFound: no series has one of the numbers.
    """
    possible = tuple(number for number in ids if 0 < number <= LARGEST_ID)
    found = {
        series.id: series
        for series in store.find_series(SeriesSelection(ids=possible), repository=repository)
    }
    for number in ids:
        if number not in found:
            raise NotFound("series", number)
    return [found[number] for number in ids]  # type: ignore[index]


def search(store: Verbs, wanted: SeriesSearch, *, repository: str) -> list[Series]:
    """The series that match, by key.

    Raises:
        UnknownAttribute: a filter names an attribute that the repository does not have.
    """
    selection = SeriesSelection(
        ids=tuple(n for n in wanted.ids if 0 < n <= LARGEST_ID) if wanted.ids else None,
        names=_names(store, wanted.names, repository) if wanted.names else None,
        filters=wanted.filters,
    )
    found = store.find_series(selection, repository=repository)
    for test in _tests(wanted):
        found = [series for series in found if test(series)]
    return found


def _names(store: Verbs, names: tuple[str, ...], repository: str) -> tuple[str, ...]:
    """Names as the store searches them; a plain one that no series has exactly ignores case."""
    plain = tuple(name for name in names if name and not _WILD.search(name))
    exact = {
        series.name
        for series in store.find_series(SeriesSelection(names=plain), repository=repository)
    }
    return tuple(rf"\{name}" if name in plain and name not in exact else name for name in names)


def _tests(wanted: SeriesSearch) -> list[Callable[[Series], bool]]:
    tests: list[Callable[[Series], bool]] = []
    if wanted.types:
        tests.append(lambda series: series.type in wanted.types)
    if wanted.descriptions:
        patterns = [Pattern(text) for text in wanted.descriptions]
        tests.append(lambda series: any(one.matches(series.description) for one in patterns))
    if wanted.units:
        units = {unit.casefold() for unit in wanted.units}
        tests.append(lambda series: series.unit.casefold() in units)
    if wanted.intervals or wanted.interval_units:
        tests.append(
            lambda series: (
                series.interval in wanted.intervals or series.interval.unit in wanted.interval_units
            )
        )
    return tests
