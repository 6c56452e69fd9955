"""Definitions of series: create, find, change, remove; every earlier definition is kept, dated."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa

from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadValue, Duplicate, InUse, NotFound
from tidegate.model.instants import FOREVER
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.series import (
    Formula,
    NewSeries,
    Origin,
    Series,
    SeriesId,
    SeriesKey,
    SeriesType,
)
from tidegate.store.keys import key_table
from tidegate.store.repositories import create_missing_units, zone_of_new

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Session
    from tidegate.store.remembering import Remembered

_FEW: Final = 32
"""Series of one write that are looked up one by one."""
_COLUMNS: Final = pa.schema(
    {
        "key": pa.int32(),
        "id": pa.int64(),
        "repository": pa.string(),
        "name": pa.string(),
        "unit": pa.string(),
        "interval_unit": pa.int16(),
        "interval_multiplier": pa.int32(),
        "type": pa.int16(),
        "zone": pa.string(),
        "aggregation": pa.string(),
        "description": pa.string(),
        "connection": pa.string(),
        "subject": pa.string(),
        "quantity": pa.string(),
        "formula": pa.string(),
        "audit": pa.bool_(),
        "quotation": pa.bool_(),
    }
)
_NAMES: Final = ", ".join(_COLUMNS.names)


def create_series(change: Change, new: Sequence[NewSeries], repository: str) -> list[Series]:
    """Create series, all or none; unknown units are created too."""
    if not new:
        return []
    session = change.session
    zone = zone_of_new(session, repository)
    _require_free(session, [one.name for one in new], [one.id for one in new], repository)
    created = _numbered(session, new, repository, zone)
    create_missing_units(change, (series.unit for series in created), repository)
    _insert(change, created)
    named = created[0].name if len(created) == 1 else f"{len(created)} series"
    change.audit("create-series", f"series {named}", after=[one.key for one in created])
    return created


def series_with(session: Session, keys: Iterable[SeriesKey]) -> dict[SeriesKey, Series]:
    """The definitions of keys.

    Raises:
        NotFound: a key that no series has.
    """
    wanted = list(dict.fromkeys(keys))
    with session.bound(wanted=key_table(wanted)):
        found = select(session, "key IN (SELECT series FROM wanted)")
    known = {series.key: series for series in found}
    for key in wanted:
        if key not in known:
            raise NotFound("series", key, hint="see `tidegate series list`")
    return known


def require_series(session: Session, keys: Iterable[SeriesKey]) -> None:
    """Do nothing if every key has a series.

    Raises:
        NotFound: a key that no series has.
    """
    with session.bound(wanted=key_table(keys)):
        missing = session.value(
            "SELECT min(series) FROM wanted WHERE series NOT IN"
            " (SELECT key FROM series WHERE known_to = $open)",
            open=FOREVER,
        )
    if missing is not None:
        raise NotFound("series", missing, hint="see `tidegate series list`")


def require_remembered(session: Session, keys: Sequence[SeriesKey], remembered: Remembered) -> None:
    """As `require_series`; a few series that were there before are not looked up again."""

    def looked_up(some: Sequence[SeriesKey]) -> list[bool]:
        require_series(session, some)
        return [True]

    if len(keys) > _FEW:
        looked_up(keys)
        return
    for key in keys:
        remembered.recall(("there", key), partial(looked_up, [key]))


def select(
    session: Session, condition: str, *, as_of: int | None = None, **parameters: Any
) -> list[Series]:
    """The definitions that an SQL condition holds for, present or as known at an instant."""
    rows = session.rows(
        f"SELECT {_NAMES} FROM series"
        f" WHERE known_from <= $at AND known_to > $at AND {condition} ORDER BY key",
        at=FOREVER - 1 if as_of is None else as_of,
        **parameters,
    )
    return [_series(row) for row in rows]


def change_series(change: Change, series: Series) -> Series:
    """Put a definition in place of the one with the same key; the old one is kept, dated."""
    before = series_with(change.session, [series.key])[series.key]
    if series.zone is None and before.zone is not None:
        zone = zone_of_new(change.session, before.repository)
        series = msgspec.structs.replace(series, zone=zone)
    if before == series:
        return series
    if before.repository != series.repository:
        raise BadValue("repository", series.repository, f"'{before.repository}', it cannot change")
    _require_free(
        change.session,
        [series.name] if series.name != before.name else [],
        [series.id] if series.id != before.id else [],
        series.repository,
    )
    create_missing_units(change, [series.unit], series.repository)
    replace_definitions(change, [series])
    change.audit("change-series", f"series {series.name}", before=before, after=series)
    return series


def replace_definitions(change: Change, series: Sequence[Series]) -> None:
    """Date the present definitions of these keys and put these in their place, unchecked."""
    keys = [one.key for one in series]
    _close(change, "series", "key", keys)
    with change.session.bound(closed=key_table(keys)):
        change.session.run(  # one made by this same change was never believed
            "DELETE FROM series WHERE known_from = known_to AND key IN (SELECT series FROM closed)"
        )
    _insert(change, series)


def remove_series(change: Change, keys: Sequence[SeriesKey]) -> None:
    """Remove series with their assignments and readings, superseded ones included.

    Raises:
        NotFound: a key that no series has.
        InUse: a formula of another series refers to one of them.
    """
    gone = series_with(change.session, keys)
    _require_unused(change.session, gone)
    _close(change, "series", "key", gone)
    _close(change, "assigned", "series", gone)
    _close(change, "attribute_values", "series", gone)
    with change.session.bound(gone=key_table(gone)):
        for table in ("readings", "superseded", "quoted", "superseded_quoted"):
            change.session.run(f"DELETE FROM {table} WHERE series IN (SELECT series FROM gone)")
    for series in gone.values():
        change.audit("remove-series", f"series {series.name}", before=series)


def _close(change: Change, table: str, column: str, keys: Iterable[int]) -> None:
    with change.session.bound(closing=key_table(keys)):
        change.session.run(
            f"UPDATE {table} SET known_to = $at"
            f" WHERE known_to = $open AND {column} IN (SELECT series FROM closing)",
            at=change.at,
            open=FOREVER,
        )


def _require_unused(session: Session, gone: dict[SeriesKey, Series]) -> None:
    for user in select(session, "formula IS NOT NULL"):
        assert user.formula is not None
        for key in user.formula.aliases.values():
            if key in gone and user.key not in gone:
                raise InUse("series", gone[key].name, f"the formula of series '{user.name}'")


def _require_free(
    session: Session, names: list[str], ids: list[SeriesId | None], repository: str
) -> None:
    numbers = [number for number in ids if number is not None]
    for what, wanted in (("series", names), ("series id", numbers)):
        for value, count in Counter(wanted).items():
            if count > 1:
                raise Duplicate(what, value)
    for name in names:
        if not name.strip():
            raise BadValue("series name", name, "a text that is not blank")
    asked = pa.table({"name": pa.array(names, pa.string())})
    numbered = pa.table({"id": pa.array(numbers, pa.int64())})
    with session.bound(asked=asked, numbered=numbered):
        taken = select(
            session,
            "repository = $repository"
            " AND (name IN (SELECT name FROM asked) OR id IN (SELECT id FROM numbered))",
            repository=repository,
        )
    for series in taken:
        if series.name in names:
            raise Duplicate("series", series.name)
        raise Duplicate("series id", series.id)


def _numbered(
    session: Session, new: Sequence[NewSeries], repository: str, zone: str | None
) -> list[Series]:
    last_key = session.value("SELECT max(key) FROM series") or 0
    last_id = session.value(
        "SELECT max(id) FROM series WHERE repository = $repository", repository=repository
    )
    next_id = max([last_id or 0, *(one.id for one in new if one.id is not None)]) + 1
    created = []
    for place, one in enumerate(new, start=1):
        number = one.id
        if number is None:
            number, next_id = SeriesId(next_id), next_id + 1
        series = _from_new(one, SeriesKey(last_key + place), number, repository)
        created.append(series if series.zone else msgspec.structs.replace(series, zone=zone))
    return created


def _from_new(new: NewSeries, key: SeriesKey, number: SeriesId, repository: str) -> Series:
    spontaneous = new.interval.is_spontaneous
    return Series(
        key=key,
        id=number,
        repository=repository,
        name=new.name,
        unit=new.unit,
        interval=new.interval,
        type=new.type or (SeriesType.SPONTANEOUS if spontaneous else SeriesType.BEGIN),
        zone=new.zone,
        aggregation=new.aggregation,
        description=new.description,
        origin=new.origin,
        formula=new.formula,
        audit=new.audit,
        quotation=new.quotation,
    )


def _insert(change: Change, series: Sequence[Series]) -> None:
    columns = dict(zip(_COLUMNS.names, zip(*map(_row, series), strict=True), strict=True))
    with change.session.bound(defined=pa.table(columns, schema=_COLUMNS)):
        change.session.run(
            f"INSERT INTO series ({_NAMES}, known_from, known_to)"
            f" SELECT {_NAMES}, $at, $open FROM defined",
            at=change.at,
            open=FOREVER,
        )


def _row(series: Series) -> tuple[Any, ...]:
    origin = series.origin
    formula = series.formula
    return (
        series.key,
        series.id,
        series.repository,
        series.name,
        series.unit,
        int(series.interval.unit),
        series.interval.multiplier,
        int(series.type),
        series.zone,
        None if series.aggregation is None else series.aggregation.value,
        series.description,
        None if origin is None else origin.connection,
        None if origin is None else origin.subject,
        None if origin is None else origin.quantity,
        None if formula is None else msgspec.json.encode(formula).decode(),
        series.audit,
        series.quotation,
    )


def _series(row: tuple[Any, ...]) -> Series:
    key, number, repository, name, unit, interval_unit, multiplier, kind = row[:8]
    zone, aggregation, description, connection, subject, quantity, formula = row[8:15]
    audit, quotation = row[15:]
    return Series(
        key=key,
        id=number,
        repository=repository,
        name=name,
        unit=unit,
        interval=Interval(IntervalUnit(interval_unit), multiplier),
        type=SeriesType(kind),
        zone=zone,
        aggregation=None if aggregation is None else Aggregation(aggregation),
        description=description,
        origin=None if connection is None else Origin(connection, subject, quantity),
        formula=None if formula is None else msgspec.json.decode(formula, type=Formula),
        audit=audit,
        quotation=quotation,
    )
