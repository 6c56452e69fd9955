"""Catalogues of connections, compared with the last time, and the series that come with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa

from tidegate.model.attributes import AttributeType
from tidegate.model.catalogue import CatalogueChange, Change, Entry
from tidegate.model.errors import BadValue
from tidegate.model.instants import BEGINNING
from tidegate.model.series import Formula, NewSeries, Origin, Series
from tidegate.store.attributes import assign, assignments, attributes, create_attribute
from tidegate.store.messages import AssignmentChange
from tidegate.store.repositories import create_missing_units
from tidegate.store.runs import require_connection
from tidegate.store.series import create_series, replace_definitions, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidegate.model.attributes import Assignment
    from tidegate.model.series import SeriesKey
    from tidegate.store.changes import Change as Writing
    from tidegate.store.engine.duckdb import Session

_ROWS: Final = pa.schema(
    dict.fromkeys(
        ("connection", "subject", "kind", "name", "parent", "document", "series", "asked"),
        pa.string(),
    )
)
_FOLLOWED: Final = ("name", "unit", "interval", "zone", "aggregation", "description", "formula")
"""What of a definition follows the platform, as long as the user has not changed it."""


def record_catalogue(
    writing: Writing,
    connection: str,
    entries: Sequence[Entry],
    repository: str,
    *,
    partial: bool = False,
) -> list[CatalogueChange]:
    """Put a catalogue in place of the last one; create and follow the series of its entries.

    Where it is `partial`, entries that are not in it stay as they were, and none has a formula.
    """
    session = writing.session
    require_connection(session, connection)
    after = {entry.subject: entry for entry in entries}
    compared = catalogue(session, connection, subjects=list(after) if partial else None)
    before = {entry.subject: entry for entry in compared}
    changes = [CatalogueChange(entry, _compared(before, entry)) for entry in after.values()]
    changes += [
        CatalogueChange(entry, Change.GONE)
        for subject, entry in before.items()
        if subject not in after and not partial
    ]
    _store(writing, connection, changes)
    if not partial:
        _end_others(writing, connection)
    _create_new(writing, connection, _first_seen(before, after), repository)
    changed = [(before[subject], after[subject]) for subject in before.keys() & after.keys()]
    _follow(writing, connection, changed, repository)
    if not partial:
        _bind_aliases(writing, connection, repository)
    _observe(writing, connection, changes, repository)
    return changes


def catalogue(
    session: Session,
    connection: str,
    *,
    gone: bool = False,
    subjects: Sequence[str] | None = None,
) -> list[Entry]:
    """The entries of the last catalogue, those that are gone only if asked for, by subject."""
    require_connection(session, connection)
    wanted = pa.table({"subject": pa.array(subjects or [], pa.string())})
    narrowed = "" if subjects is None else " AND subject IN (SELECT subject FROM wanted)"
    with session.bound(wanted=wanted):
        rows = session.rows(
            "SELECT subject, kind, name, parent, document, series, asked FROM catalogue WHERE"
            f" connection = $connection AND {'true' if gone else 'gone_at IS NULL'}{narrowed}"
            " ORDER BY length(subject), subject",
            connection=connection,
        )
    return [
        Entry(
            subject=subject,
            kind=kind,
            name=name,
            parent=parent,
            document=msgspec.json.decode(document),
            series=msgspec.json.decode(series, type=tuple[NewSeries, ...]),
            asked=msgspec.json.decode(asked or "[]", type=tuple[str, ...]),
        )
        for subject, kind, name, parent, document, series, asked in rows
    ]


def _compared(before: dict[str, Entry], entry: Entry) -> Change:
    if entry.subject not in before:
        return Change.NEW
    return Change.SAME if _row("", before[entry.subject]) == _row("", entry) else Change.CHANGED


def _store(writing: Writing, connection: str, changes: Sequence[CatalogueChange]) -> None:
    rows = [_row(connection, one.entry) for one in changes if one.change is not Change.GONE]
    columns = zip(*rows, strict=True) if rows else ([] for _ in _ROWS.names)
    table = pa.table(dict(zip(_ROWS.names, columns, strict=True)), schema=_ROWS)
    with writing.session.bound(listed=table):
        writing.session.run(
            """MERGE INTO catalogue USING listed ON catalogue.connection = listed.connection
                AND catalogue.subject = listed.subject
            WHEN MATCHED THEN UPDATE SET kind = listed.kind, name = listed.name,
                parent = listed.parent, document = listed.document, series = listed.series,
                asked = listed.asked, last_seen = $at, gone_at = NULL
            WHEN NOT MATCHED THEN INSERT VALUES (listed.connection, listed.subject, listed.kind,
                listed.name, listed.parent, listed.document, listed.series, $at, $at, NULL,
                listed.asked)""",
            at=writing.at,
        )


def _end_others(writing: Writing, connection: str) -> None:
    """Note that what this change did not see is gone."""
    writing.session.run(
        "UPDATE catalogue SET gone_at = $at"
        " WHERE connection = $connection AND last_seen < $at AND gone_at IS NULL",
        at=writing.at,
        connection=connection,
    )


def _row(connection: str, entry: Entry) -> tuple[str | None, ...]:
    return (
        connection,
        entry.subject,
        entry.kind,
        entry.name,
        entry.parent,
        msgspec.json.encode(entry.document, order="deterministic").decode(),
        msgspec.json.encode(entry.series, order="deterministic").decode(),
        msgspec.json.encode(entry.asked).decode() if entry.asked else None,
    )


def _first_seen(before: dict[str, Entry], after: dict[str, Entry]) -> list[NewSeries]:
    """Series that the last catalogue did not have; one that the user removed since stays away."""
    seen = {_origin(series) for entry in before.values() for series in entry.series}
    listed = [series for entry in after.values() for series in entry.series]
    return [series for series in listed if _origin(series) not in seen]


def _create_new(
    writing: Writing, connection: str, listed: Sequence[NewSeries], repository: str
) -> None:
    if not listed:
        return
    known = _by_origin(writing.session, connection, repository)
    new = [series for series in listed if _origin(series) not in known]
    taken = {series.name for series in select(writing.session, "repository = $r", r=repository)}
    create_series(writing, [_with_free_name(series, taken) for series in new], repository)


def _with_free_name(new: NewSeries, taken: set[str]) -> NewSeries:
    """The series under its own name, or one that says where it is from; `taken` gains it."""
    origin = _origin(new)
    longer = f"{new.name} ({origin.connection} {origin.subject} {origin.quantity})"
    names = (new.name, f"{new.name} ({origin.subject})", longer)
    name = next((name for name in names if name not in taken), longer)
    taken.add(name)
    return msgspec.structs.replace(new, name=name)


def _follow(
    writing: Writing, connection: str, changed: Sequence[tuple[Entry, Entry]], repository: str
) -> None:
    """Bring to definitions what the platform changed in them and the user did not."""
    if not any(before != after for before, after in changed):
        return
    known = _by_origin(writing.session, connection, repository)
    names = {series.name for series in select(writing.session, "repository = $r", r=repository)}
    followed = []
    for before, after in changed:
        old = {_origin(series): series for series in before.series}
        for new in after.series:
            held, was = known.get(_origin(new)), old.get(_origin(new))
            if held is not None and was is not None:
                fields = _changed_fields(held, was, new, names)
                followed.append(msgspec.structs.replace(held, **fields) if fields else held)
    different = [series for series in followed if series != known[_origin(series)]]
    create_missing_units(writing, (series.unit for series in different), repository)
    _put(writing, different)


def _changed_fields(
    held: Series, was: NewSeries, new: NewSeries, names: set[str]
) -> dict[str, Any]:
    fields = {
        field: getattr(new, field)
        for field in _FOLLOWED
        if getattr(was, field) != getattr(new, field)
        and _same(getattr(held, field), getattr(was, field))
    }
    if fields.get("name") in names:
        del fields["name"]
    return fields


def _same(held: object, was: object) -> bool:
    if isinstance(held, Formula) and isinstance(was, Formula):
        return msgspec.structs.replace(held, aliases=was.aliases) == was
    return held == was


def _bind_aliases(writing: Writing, connection: str, repository: str) -> None:
    """Point the aliases of formulas at the series whose origins the platform named."""
    known = _by_origin(writing.session, connection, repository)
    bound = []
    for series in known.values():
        formula = series.formula
        if formula is None or not formula.alias_origins:
            continue
        aliases = formula.aliases | {
            alias: known[origin].key
            for alias, origin in formula.alias_origins.items()
            if origin in known
        }
        if aliases != formula.aliases:
            formula = msgspec.structs.replace(formula, aliases=aliases)
            bound.append(msgspec.structs.replace(series, formula=formula))
    _put(writing, bound)


def _observe(
    writing: Writing, connection: str, changes: Sequence[CatalogueChange], repository: str
) -> None:
    """Date the attributes that new and changed entries tell; those not yet known are created."""
    told = [one.entry for one in changes if one.change in {Change.NEW, Change.CHANGED}]
    observed = {
        _origin(series): entry for entry in told if entry.observed for series in entry.series
    }
    if not observed:
        return
    known = _by_origin(writing.session, connection, repository)
    entries = {known[origin].key: entry for origin, entry in observed.items() if origin in known}
    names = {name: None for entry in entries.values() for name in entry.observed}
    existing = {one.name.casefold() for one in attributes(writing.session, repository)}
    for name in names:
        if name.casefold() not in existing:
            create_attribute(writing, name, AttributeType.TEXT, None, repository)
    held = assignments(writing.session, list(entries))
    assign(writing, list(_dated(entries, held)), repository)


def _dated(
    entries: Mapping[SeriesKey, Entry], held: Mapping[SeriesKey, Sequence[Assignment]]
) -> Iterator[AssignmentChange]:
    """What was never told holds from the beginning, what differs from when it was observed."""
    for key, entry in entries.items():
        before = {one.attribute.name.casefold(): one.values for one in held.get(key, ())}
        for name, value in entry.observed.items():
            values = before.get(name.casefold())
            if not values:
                yield AssignmentChange(series=key, attribute=name, values={BEGINNING: value})
                continue
            last = max(values)
            if values[last] != value:
                since = max(last, entry.observed_at or BEGINNING)
                yield AssignmentChange(series=key, attribute=name, values={since: value})


def _put(writing: Writing, series: Sequence[Series]) -> None:
    """Replace definitions; those made in this same change leave no trace of before."""
    if series:
        replace_definitions(writing, series)
        writing.audit(
            "follow-catalogue", f"{len(series)} series", after=[one.key for one in series]
        )


def _by_origin(session: Session, connection: str, repository: str) -> dict[Origin, Series]:
    found = select(
        session,
        "repository = $repository AND connection = $connection",
        repository=repository,
        connection=connection,
    )
    return {series.origin: series for series in found if series.origin is not None}


def _origin(series: NewSeries | Series) -> Origin:
    if series.origin is None:
        raise BadValue(f"the origin of series '{series.name}' of a catalogue", None, "given")
    return series.origin
