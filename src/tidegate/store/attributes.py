"""Attributes and their dated values on series."""

from __future__ import annotations

import difflib
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa

from tidegate.model.attributes import Assignment, Attribute, AttributeId, AttributeType
from tidegate.model.errors import BadValue, Duplicate, InUse, NotFound
from tidegate.model.instants import FOREVER
from tidegate.model.series import SeriesKey
from tidegate.store.changes import to_json
from tidegate.store.keys import among
from tidegate.store.messages import AssignmentChange
from tidegate.store.repositories import require_repository
from tidegate.store.series import series_with

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidegate.model.series import NewSeries, Series
    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Session

Dated = dict[int, str | None]
"""Instants to values."""
_Places: TypeAlias = "dict[tuple[SeriesKey, int], Dated]"  # by series and attribute

_PLACES: Final = pa.schema({"series": pa.int32(), "attribute": pa.int32()})
_VALUES: Final = pa.schema(
    {"series": pa.int32(), "attribute": pa.int32(), "instant": pa.int64(), "value": pa.string()}
)


def known(as_of: int | None) -> str:
    """SQL that holds for rows believed at an instant, or now."""
    if as_of is None:
        return f"known_to = {int(FOREVER)}"
    return f"known_from <= {int(as_of)} AND known_to > {int(as_of)}"


def attributes(session: Session, repository: str, *, as_of: int | None = None) -> list[Attribute]:
    """The attributes of a repository, by id."""
    require_repository(session, repository)
    rows = session.rows(
        "SELECT id, name, type FROM attributes"
        f" WHERE repository = $repository AND {known(as_of)} ORDER BY id",
        repository=repository,
    )
    return [_attribute(*row) for row in rows]


def attribute_named(
    session: Session, name: str, repository: str, *, as_of: int | None = None
) -> Attribute:
    """The attribute of a name: the exact one, else the only one that differs in case.

    Raises:
        NotFound: there is none.
    """
    existing = attributes(session, repository, as_of=as_of)
    alike = [one for one in existing if one.name.casefold() == name.strip().casefold()]
    for attribute in alike:
        if attribute.name == name or len(alike) == 1:
            return attribute
    close = difflib.get_close_matches(name, [one.name for one in existing], n=1, cutoff=0.6)
    hint = f"did you mean '{close[0]}'?" if close else "see `tidegate attributes list`"
    raise NotFound("attribute", name, hint=hint)


def create_attribute(
    change: Change, name: str, type: AttributeType, id: int | None, repository: str
) -> Attribute:
    """Create an attribute under a number that is free."""
    _require_name(name)
    for existing in attributes(change.session, repository):
        if existing.name == name:
            raise Duplicate("attribute", name)
        if existing.id == id:
            raise Duplicate("attribute id", id)
    if id is None:
        last = change.session.value(
            "SELECT max(id) FROM attributes WHERE repository = $repository", repository=repository
        )
        return create_attribute(change, name, type, (last or 0) + 1, repository)
    attribute = _attribute(id, name, type)
    _insert(change, attribute, repository)
    change.audit("create-attribute", f"attribute {name}", after=attribute)
    return attribute


def change_attribute(change: Change, attribute: Attribute, repository: str) -> Attribute:
    """Put an attribute in place of the one with its number; what is assigned stays."""
    _require_name(attribute.name)
    before = None
    for existing in attributes(change.session, repository):
        if existing.id == attribute.id:
            before = existing
        elif existing.name == attribute.name:
            raise Duplicate("attribute", attribute.name)
    if before is None:
        raise NotFound("attribute", attribute.id, hint="see `tidegate attributes list`")
    if before != attribute:
        _end(change, attribute.id, repository)
        _insert(change, attribute, repository)
        resource = f"attribute {attribute.name}"
        change.audit("change-attribute", resource, before=before, after=attribute)
    return attribute


def remove_attribute(change: Change, name: str, repository: str, *, unused: bool = False) -> None:
    """Remove an attribute and every assignment of it; what it said before stays known."""
    attribute = attribute_named(change.session, name, repository)
    if unused:
        _require_unassigned(change.session, attribute, repository)
    _end(change, attribute.id, repository)
    for table in ("assigned", "attribute_values"):
        change.session.run(
            f"UPDATE {table} SET known_to = $at WHERE attribute = $id AND {known(None)} AND series"
            " IN (SELECT key FROM series WHERE repository = $repository)",
            at=change.at,
            id=attribute.id,
            repository=repository,
        )
    change.audit("remove-attribute", f"attribute {attribute.name}", before=attribute)


def assign(change: Change, changes: Sequence[AssignmentChange], repository: str) -> int:
    """Apply changes of assignments, all or none; how many dated values changed."""
    if not changes:
        return 0
    session = change.session
    named = {
        name: attribute_named(session, name, repository).id
        for name in dict.fromkeys(one.attribute for one in changes if one.mode != "clear")
    }
    series = series_with(session, (one.series for one in changes))
    _require_one_repository(series.values(), repository)
    before = _places(session, list(series), as_of=None)
    after = dict(before)
    for one in changes:
        _apply(one, (one.series, named.get(one.attribute, 0)), after)
    return _write(change, before, after)


def given_with(new: Sequence[NewSeries], created: Sequence[Series]) -> list[AssignmentChange]:
    """The assignments that new series bring along."""
    return [
        AssignmentChange(series=series.key, attribute=name, values=values)
        for one, series in zip(new, created, strict=True)
        for name, values in one.attributes.items()
    ]


def assignments(
    session: Session, keys: Sequence[SeriesKey], *, as_of: int | None = None
) -> dict[SeriesKey, list[Assignment]]:
    """Every assignment of each series, by attribute id."""
    places = _places(session, keys, as_of=as_of)
    rows = session.rows(f"SELECT repository, id, name, type FROM attributes WHERE {known(as_of)}")
    by_place = {
        (repository, number): _attribute(number, *rest) for repository, number, *rest in rows
    }
    home = {key: series.repository for key, series in series_with(session, keys).items()}
    found: dict[SeriesKey, list[Assignment]] = {key: [] for key in keys}
    for (key, number), values in sorted(places.items()):
        attribute = by_place.get((home[key], number))
        if attribute is not None:
            found[key].append(Assignment(attribute, values))
    return found


def attribute_at(
    session: Session, key: SeriesKey, name: str, instant: int, *, as_of: int | None = None
) -> str | None:
    """The value in force at an instant: that of the greatest dated one at or before it."""
    series = series_with(session, [key])[key]
    attribute = attribute_named(session, name, series.repository, as_of=as_of)
    value = session.value(
        "SELECT value FROM attribute_values"
        " WHERE series = $key AND attribute = $attribute AND instant <= $instant"
        f" AND {known(as_of)} ORDER BY instant DESC LIMIT 1",
        key=key,
        attribute=attribute.id,
        instant=instant,
    )
    return None if value is None else str(value)


def _attribute(id: int, name: str, type: int) -> Attribute:
    return Attribute(AttributeId(id), name, AttributeType(type))


def _require_name(name: str) -> None:
    if not name.strip() or "|" in name:
        raise BadValue("attribute name", name, "a text without '|'")


def _insert(change: Change, attribute: Attribute, repository: str) -> None:
    change.session.run(
        "INSERT INTO attributes VALUES ($id, $repository, $name, $type, $at, $open)",
        id=attribute.id,
        repository=repository,
        name=attribute.name,
        type=int(attribute.type),
        at=change.at,
        open=FOREVER,
    )


def _end(change: Change, id: int, repository: str) -> None:
    change.session.run(
        "UPDATE attributes SET known_to = $at"
        f" WHERE id = $id AND repository = $repository AND {known(None)}",
        at=change.at,
        id=id,
        repository=repository,
    )


def _require_unassigned(session: Session, attribute: Attribute, repository: str) -> None:
    holders = session.value(
        f"SELECT count(*) FROM assigned WHERE attribute = $id AND {known(None)} AND series IN"
        f" (SELECT key FROM series WHERE repository = $repository AND {known(None)})",
        id=attribute.id,
        repository=repository,
    )
    if holders:
        raise InUse("attribute", attribute.name, f"{holders} series")


def _require_one_repository(series: Iterable[Series], repository: str) -> None:
    for one in series:
        if one.repository != repository:
            raise NotFound("series", one.name, hint=f"it lies in repository '{one.repository}'")


def _apply(change: AssignmentChange, place: tuple[SeriesKey, int], places: _Places) -> None:
    match change.mode:
        case "merge":
            places[place] = {**places.get(place, {}), **change.values}
        case "replace":
            places[place] = change.values
        case "remove":
            places.pop(place, None)
        case "change" | "drop" if place not in places:
            raise NotFound("assigned attribute", change.attribute)
        case "change":
            places[place] = change.values
        case "drop":
            del places[place]
        case "clear":
            for other in [other for other in places if other[0] == change.series]:
                del places[other]
        case mode:
            wanted = "merge, replace, remove, change, drop or clear"
            raise BadValue("the mode of a change", mode, wanted)


def _places(session: Session, keys: Sequence[SeriesKey], *, as_of: int | None) -> _Places:
    with among(session, keys) as wanted:
        condition = f"{wanted} AND {known(as_of)}"
        held = session.rows(f"SELECT series, attribute FROM assigned WHERE {condition}")
        dated = session.table(
            f"SELECT series, attribute, instant, value FROM attribute_values WHERE {condition}"
            " ORDER BY series, attribute, instant"
        )
    places: _Places = {(series, attribute): {} for series, attribute in held}
    for place, rows in _by_place(dated):
        instants, values = rows["instant"].to_pylist(), rows["value"].to_pylist()
        places[place] = dict(zip(instants, values, strict=True))
    return places


def _by_place(dated: pa.Table) -> Iterator[tuple[tuple[SeriesKey, int], pa.Table]]:
    """Each place with its rows, of rows sorted by place."""
    series, attribute = (dated[name].to_numpy() for name in ("series", "attribute"))
    is_new = (np.diff(series) != 0) | (np.diff(attribute) != 0)
    borders = [0, *(np.flatnonzero(is_new) + 1).tolist(), len(series)]
    for first, last in pairwise(borders):
        if first < last:
            place = (SeriesKey(int(series[first])), int(attribute[first]))
            yield place, dated.slice(first, last - first)


def _write(change: Change, before: _Places, after: _Places) -> int:
    _write_assigned(change, before, after)
    changed = {
        place: (before.get(place, {}), after.get(place, {}))
        for place in before.keys() | after.keys()
        if before.get(place, {}) != after.get(place, {})
    }
    # one after the other: each may be a million values
    ended = _end_values(
        change, {place: _differing(old, new) for place, (old, new) in changed.items()}
    )
    begun = {place: _differing(new, old) for place, (old, new) in changed.items()}
    _begin_values(change, begun)
    added = sum(at not in changed[place][0] for place, values in begun.items() for at in values)
    del begun
    _audit(change, before, after)
    return ended + added


def _differing(some: Dated, others: Dated) -> Dated:
    """The values that the others do not have at the same instants."""
    if not others:
        return some
    return {at: value for at, value in some.items() if at not in others or others[at] != value}


def _write_assigned(change: Change, before: _Places, after: _Places) -> None:
    with change.session.bound(gone=_place_table(before.keys() - after.keys())):
        change.session.run(
            "UPDATE assigned SET known_to = $at FROM gone WHERE assigned.series = gone.series"
            f" AND assigned.attribute = gone.attribute AND {known(None)}",
            at=change.at,
        )
    with change.session.bound(new=_place_table(after.keys() - before.keys())):
        change.session.run(
            "INSERT INTO assigned SELECT series, attribute, $at, $open FROM new",
            at=change.at,
            open=FOREVER,
        )


def _end_values(change: Change, places: _Places) -> int:
    """End what is believed of dated values; how many they are."""
    with change.session.bound(ended=_value_table(places)):
        change.session.run(
            "UPDATE attribute_values AS held SET known_to = $at FROM ended"
            " WHERE held.series = ended.series AND held.attribute = ended.attribute"
            f" AND held.instant = ended.instant AND {known(None)}",
            at=change.at,
        )
    return sum(map(len, places.values()))


def _begin_values(change: Change, places: _Places) -> None:
    with change.session.bound(begun=_value_table(places)):
        change.session.run(
            "INSERT INTO attribute_values SELECT *, $at, $open FROM begun",
            at=change.at,
            open=FOREVER,
        )


def _place_table(places: Iterable[tuple[SeriesKey, int]]) -> pa.Table:
    series, attribute = zip(*sorted(places), strict=True) if places else ((), ())
    return pa.table({"series": series, "attribute": attribute}, schema=_PLACES)


def _value_table(places: _Places) -> pa.Table:
    """The dated values of places as columns, one after the other."""
    counts = [len(values) for values in places.values()]
    numbers = np.array(list(places) or np.zeros((0, 2)), np.int32).repeat(counts, axis=0)
    columns = [
        numbers[:, 0],
        numbers[:, 1],
        list(chain.from_iterable(places.values())),
        list(chain.from_iterable(values.values() for values in places.values())),
    ]
    return pa.table(dict(zip(_VALUES.names, columns, strict=True)), schema=_VALUES)


_AUDIT: Final = pa.schema(
    {"series": pa.int32(), "attribute": pa.int32(), "before": pa.string(), "after": pa.string()}
)


def _audit(change: Change, before: _Places, after: _Places) -> None:
    rows = [
        (*place, to_json(before.get(place)), to_json(after.get(place)))
        for place in sorted(before.keys() | after.keys())
        if before.get(place) != after.get(place)
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    table = pa.table(dict(zip(_AUDIT.names, columns, strict=True)), schema=_AUDIT)
    with change.session.bound(assigning=table):
        change.session.run(
            "INSERT INTO audit SELECT $at, $actor, 'assign',"
            " 'attribute ' || attributes.name || ' of series ' || series.name, before, after"
            " FROM assigning JOIN series ON series.key = assigning.series"
            f" AND series.{known(None)} JOIN attributes ON attributes.id = assigning.attribute"
            f" AND attributes.repository = series.repository AND attributes.{known(None)}",
            at=change.at,
            actor=change.actor,
        )
