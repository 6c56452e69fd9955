"""Selection: which records, and which EVSEs of a location, a view takes at all.

It works on place names as `gate.places` gives them, or on keyed hashes of them; `mark` turns the
one into the other. Ids of EVSEs lead to their uids, and tariffs to connectors, through the
locations, so a selection is compiled with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tidegate.gate.places import (
    DRIVEWAY,
    HOME,
    UNPUBLISHED,
    evse_name,
    evse_places,
    link_name,
    location_name,
    tariffs_of,
    uid_name,
)
from tidegate.model.views import Exclusion, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_MARKS = {
    Exclusion.HOME: HOME,
    Exclusion.UNPUBLISHED: UNPUBLISHED,
    Exclusion.DRIVEWAY: DRIVEWAY,
}


@dataclass(frozen=True, slots=True)
class Place:
    """One location: its place names, marked, its own first; and its EVSEs as far as known."""

    names: tuple[str, ...]
    evses: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A selection, compiled.

    Attributes:
        wanted: place names of which a record needs one; any record if None.
        without: place names of which a record must have none.
        tariffs: place names of the tariffs of the EVSEs that are taken; any tariff if None.
        mark: what a place name becomes, such as its keyed hash.
    """

    wanted: frozenset[str] | None
    without: frozenset[str]
    tariffs: frozenset[str] | None
    mark: Callable[[str], str]

    @classmethod
    def of(
        cls,
        selection: Selection,
        exclude: Iterable[Exclusion],
        places: Sequence[Place],
        *,
        mark: Callable[[str], str] = str,
    ) -> Self:
        """The choice of a selection among known locations."""
        marks = {mark(_MARKS[one]) for one in exclude}
        without = marks | {
            name for place in places if marks.intersection(place.names) for name in place.names
        }
        if selection.is_everything:
            return cls(None, frozenset(without), None, mark)
        wanted = frozenset(_wanted(selection, places, mark))
        chosen = cls(wanted, frozenset(without), None, mark)
        tariffs = {
            mark(name)
            for place in places
            if chosen.takes(place.names)
            for evse in chosen.evses(place.names, place.evses)
            for name in tariffs_of(evse)
        }
        return cls(wanted, chosen.without, frozenset(tariffs), mark)

    def takes(self, names: Sequence[str]) -> bool:
        """True for a record of these place names."""
        if not self.without.isdisjoint(names):
            return False
        return self.wanted is None or not self.wanted.isdisjoint(names)

    def wanted_of(self, module: str) -> frozenset[str] | None:
        """The place names of which a record of a module needs one; any record if None."""
        return self.tariffs if module == "tariffs" else self.wanted

    def takes_of(self, module: str, names: Sequence[str]) -> bool:
        """True for a record of a module with these place names."""
        if module == "tariffs":
            return self.tariffs is None or not self.tariffs.isdisjoint(names)
        return self.takes(names)

    def evses(self, names: Sequence[str], evses: Iterable[Any]) -> list[Any]:
        """The EVSEs of a location of these place names that are taken."""
        if self.wanted is None or any(name in self.wanted for name in names[:1]):
            return list(evses)
        return [one for one in evses if self._takes_evse(one)]

    def nothing(self) -> Choice:
        """The choice that takes no record."""
        return Choice(frozenset(), self.without, frozenset(), self.mark)

    def narrowed(self, other: Choice) -> Choice:
        """What both take."""
        return Choice(
            _both(self.wanted, other.wanted),
            self.without | other.without,
            _both(self.tariffs, other.tariffs),
            self.mark,
        )

    def _takes_evse(self, evse: Any) -> bool:
        return self.wanted is not None and any(
            self.mark(name) in self.wanted for name in evse_places(evse)
        )


def names_of(selection: Selection) -> Iterator[str]:
    """The place names that a selection names by id."""
    yield from map(location_name, selection.locations)
    yield from map(uid_name, selection.uids)
    yield from map(evse_name, selection.evses)


def _wanted(
    selection: Selection, places: Sequence[Place], mark: Callable[[str], str]
) -> Iterator[str]:
    """The names selected; those of all EVSEs of a location, and the uids of ids."""
    named = {mark(name) for name in names_of(selection)}
    yield from named
    evses = {mark(evse_name(evse)): evse for evse in selection.evses}
    for place in places:
        if place.names and place.names[0] in named:
            yield from place.names
        linked = [evse for name, evse in evses.items() if name in place.names]
        for uid in filter(None, map(_uid, place.evses)) if linked else ():
            if any(mark(link_name(uid, evse)) in place.names for evse in linked):
                yield mark(uid_name(uid))


def _uid(evse: Any) -> str | None:
    uid = evse.get("uid") if isinstance(evse, dict) else None
    return uid if isinstance(uid, str) else None


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other
