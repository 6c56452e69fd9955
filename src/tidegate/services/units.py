"""Units as services of other programs handle them: by number or name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.errors import NotFound
from tidegate.services.series import number_in

if TYPE_CHECKING:
    from tidegate.model.units import Unit
    from tidegate.store.verbs import Verbs


def numbered_units(store: Verbs, *, repository: str) -> dict[int, Unit]:
    """The units of a repository by number, counted from 1 in the order in which they were made.

    A unit is never removed, so that its number stays.
    """
    return dict(enumerate(store.units(repository=repository), start=1))


def unit_of(store: Verbs, reference: str, *, repository: str) -> tuple[int, Unit]:
    """The unit of a number or a name, with its number.

    A name is the exact one, else the only one that differs in case.

    Raises:
        NotFound: there is none.
    """
    known = numbered_units(store, repository=repository)
    number = number_in(reference)
    if number in known:
        return number, known[number]
    alike = [one for one in known.items() if one[1].name.casefold() == reference.casefold()]
    exact = [one for one in alike if one[1].name == reference]
    for found in (exact, alike):
        if len(found) == 1:
            return found[0]
    raise NotFound("unit", reference)
