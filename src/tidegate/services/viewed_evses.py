"""EVSEs of a view, by the attributes of the series that are derived from records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.gate.places import evse_name, location_name, uid_name
from tidegate.gate.selection import names_of
from tidegate.model.attributes import AttributeFilter
from tidegate.model.series import MAIN, SeriesKey
from tidegate.model.views import Exclusion
from tidegate.store.messages import SeriesSelection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.model.views import Selection
    from tidegate.store.verbs import Verbs

_NAMING: Final[dict[str, Callable[[str], str]]] = {
    "location": location_name,
    "evse_uid": uid_name,
    "evse": evse_name,
}
"""Attributes that say where a series belongs, and the place names that they make."""
_PRIVATE: Final = AttributeFilter("public", "no")
"""What says of a derived series that its charge point is unpublished or a private driveway."""


def uids_matching(store: Verbs, connection: str, attributes: Sequence[str]) -> tuple[str, ...]:
    """The uids of EVSEs whose series match all filters at once, at any instant."""
    filters = tuple(map(AttributeFilter.parse, attributes))
    found = store.find_series(SeriesSelection(connection=connection, filters=filters))
    values = _values(store, [one.key for one in found])
    return tuple(sorted({text for own in values.values() for text in own.get("evse_uid", ())}))


def series_at(
    store: Verbs, connection: str, selection: Selection, *, repository: str = MAIN
) -> frozenset[SeriesKey]:
    """The series of a connection at the locations and EVSEs that a selection names by id."""
    wanted = set(names_of(selection))
    found = store.find_series(SeriesSelection(connection=connection), repository=repository)
    return frozenset(
        key
        for key, own in _values(store, [one.key for one in found]).items()
        if any(_NAMING[name](text) in wanted for name, texts in own.items() for text in texts)
    )


def private_series(
    store: Verbs, exclude: Sequence[Exclusion], connection: str | None, *, repository: str = MAIN
) -> frozenset[SeriesKey]:
    """The series of charge points that were ever not public, if a view is to leave them out."""
    rules = {Exclusion.UNPUBLISHED, Exclusion.DRIVEWAY}.intersection(exclude)
    known = {one.name for one in store.attributes(repository=repository)}
    if not rules or _PRIVATE.name not in known:
        return frozenset()
    selection = SeriesSelection(connection=connection, filters=(_PRIVATE,))
    return frozenset(one.key for one in store.find_series(selection, repository=repository))


def _values(store: Verbs, keys: Sequence[SeriesKey]) -> dict[SeriesKey, dict[str, set[str]]]:
    """What each series ever was called by the attributes that say where it belongs."""
    return {
        key: {
            one.attribute.name: {text for text in one.values.values() if text}
            for one in assigned
            if one.attribute.name in _NAMING
        }
        for key, assigned in store.assignments(keys).items()
    }
