"""Attributes of series as services of other programs handle them: by number, all or nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import BadValue, NotFound
from tidegate.services.series import number_in, series_numbered
from tidegate.store.messages import AssignmentChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tidegate.model.attributes import Assignment, Attribute
    from tidegate.model.series import Series, SeriesKey
    from tidegate.store.verbs import Verbs

LARGEST_ID: Final = 2**31 - 1
"""The largest number that an attribute can have."""


@dataclass(frozen=True, slots=True)
class DatedValues:
    """What one attribute, named by its number, shall say: instants to text or null."""

    attribute: int
    values: dict[int, str | None]


def attribute_of(store: Verbs, reference: str | int, *, repository: str) -> Attribute:
    """The attribute of a number or a name; digits mean a number first, then a name.

    Raises:
        NotFound: there is none.
    """
    text = str(reference)
    number = number_in(text)
    existing = store.attributes(repository=repository)
    for attribute in existing:
        if attribute.id == number:
            return attribute
    for attribute in existing:
        if attribute.name == text:
            return attribute
    raise NotFound("attribute", reference)


def attribute_names(store: Verbs, numbers: Iterable[int], *, repository: str) -> dict[int, str]:
    """Names of attributes by number.

    Raises:
        NotFound: no attribute has one of the numbers.
    """
    known: dict[int, str] = {one.id: one.name for one in store.attributes(repository=repository)}
    for number in numbers:
        if number not in known:
            raise NotFound("attribute", number)
    return known


def assigned(store: Verbs, series: Series) -> list[Assignment]:
    """The attributes of one series, by number."""
    return store.assignments([series.key])[series.key]


def replacing(
    store: Verbs, key: SeriesKey, given: Sequence[DatedValues], *, repository: str
) -> list[AssignmentChange]:
    """The changes after which a series has these attributes and no others.

    Raises:
        NotFound: an attribute that does not exist.
        BadValue: an attribute is given twice.
    """
    values = dated_by_name(store, given, repository=repository)
    return [
        AssignmentChange(series=key, attribute="", mode="clear"),
        *(AssignmentChange(series=key, attribute=name, values=values[name]) for name in values),
    ]


def dated_by_name(
    store: Verbs, given: Sequence[DatedValues], *, repository: str
) -> dict[str, dict[int, str | None]]:
    """Dated values by the names of their attributes.

    Raises:
        NotFound: an attribute that does not exist.
        BadValue: an attribute is given twice.
    """
    if not given:
        return {}
    numbers = [one.attribute for one in given]
    names = attribute_names(store, numbers, repository=repository)
    for number, count in Counter(numbers).items():
        if count > 1:
            raise BadValue("AttributeID", number, "given once in one body")
    return {names[one.attribute]: one.values for one in given}


def replace_all(store: Verbs, series: Series, given: Sequence[DatedValues], *, actor: str) -> None:
    """Make these attributes all that a series has."""
    changes = replacing(store, series.key, given, repository=series.repository)
    store.assign(changes, repository=series.repository, actor=actor)


def change_one(store: Verbs, series: Series, given: DatedValues, *, mode: str, actor: str) -> None:
    """Change one attribute of a series in a mode of `AssignmentChange`.

    Raises:
        NotFound: the attribute does not exist, or is not assigned where the mode needs it to be.
    """
    repository = series.repository
    name = attribute_names(store, [given.attribute], repository=repository)[given.attribute]
    change = AssignmentChange(series=series.key, attribute=name, values=given.values, mode=mode)
    store.assign([change], repository=repository, actor=actor)


def set_from(
    store: Verbs,
    attribute: Attribute,
    instant: int,
    values: Mapping[int, str | None],
    *,
    repository: str,
    actor: str,
) -> None:
    """Give an attribute values from an instant on, on series named by their numbers.

    Raises:
        NotFound: no series has one of the numbers; nothing is changed.
    """
    series = series_numbered(store, list(values), repository=repository)
    changes = [
        AssignmentChange(series=one.key, attribute=attribute.name, values={instant: values[one.id]})
        for one in series
    ]
    store.assign(changes, repository=repository, actor=actor)


def take_off(
    store: Verbs, attribute: Attribute, ids: Sequence[int], *, repository: str, actor: str
) -> None:
    """Take an attribute with all its values off series; those without it stay as they are.

    Raises:
        NotFound: no series has one of the numbers; nothing is changed.
    """
    changes = [
        AssignmentChange(series=one.key, attribute=attribute.name, mode="remove")
        for one in series_numbered(store, ids, repository=repository)
    ]
    store.assign(changes, repository=repository, actor=actor)
