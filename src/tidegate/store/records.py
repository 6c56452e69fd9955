"""Records as they are believed now, or were at an instant."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tidegate.store.engine.duckdb import Session

_COLUMNS: Final = "connection, module, key, number, updated_at, document, places"


@dataclass(frozen=True, slots=True)
class RecordSelection:
    """Which records of a module; every member given narrows.

    `updated_from` and `updated_to` bound the last change (half-open); `places` are keyed hashes of
    which a record must have one, `without` some of which it must have none; `as_of` reads what was
    believed at an instant.
    """

    updated_from: int | None = None
    updated_to: int | None = None
    places: Sequence[str] | None = None
    without: Sequence[str] = ()
    as_of: int | None = None

    @property
    def is_everything(self) -> bool:
        """True if nothing narrows."""
        return self == RecordSelection()


def numbers(
    session: Session, connection: str, module: str, selection: RecordSelection
) -> NDArray[np.int64]:
    """The numbers of the records that a selection names, in the order of their first sight."""
    with _chosen(session, selection) as (source, condition):
        found = session.table(
            f"SELECT number FROM {source} WHERE {condition} ORDER BY number",
            connection=connection,
            module=module,
        )
    counted: NDArray[np.int64] = found["number"].to_numpy()
    return counted


def records(
    session: Session,
    connection: str,
    module: str,
    selection: RecordSelection,
    *,
    first: int,
    last: int,
) -> list[Record]:
    """The records from one number to another that a selection names, in their order."""
    with _chosen(session, selection) as (source, condition):
        found = session.table(
            f"SELECT key, updated_at, document, places FROM {source} WHERE {condition}"
            f" AND number BETWEEN {int(first)} AND {int(last)} ORDER BY number",
            connection=connection,
            module=module,
        )
    columns = [column.to_pylist() for column in _as_bytes(found).columns]
    return [
        Record(key, updated_at, document, tuple(places))
        for key, updated_at, document, places in zip(*columns, strict=True)
    ]


def count_records(
    session: Session, connection: str, module: str, selection: RecordSelection
) -> int:
    """How many records a selection names."""
    with _chosen(session, selection) as (source, condition):
        return int(
            session.value(
                f"SELECT count(*) FROM {source} WHERE {condition}",
                connection=connection,
                module=module,
            )
        )


@contextmanager
def _chosen(session: Session, selection: RecordSelection) -> Iterator[tuple[str, str]]:
    """A table to select from, and the condition on it, inside the block."""
    conditions = ["connection = $connection", "module = $module"]
    if selection.updated_from is not None:
        conditions.append(f"updated_at >= {int(selection.updated_from)}")
    if selection.updated_to is not None:
        conditions.append(f"updated_at < {int(selection.updated_to)}")
    tables: dict[str, Any] = {}
    if selection.places is not None:
        tables["wanted"] = pa.table({"place": pa.array(selection.places, pa.string())})
        conditions.append("list_has_any(places, (SELECT list(place) FROM wanted))")
    if selection.without:
        tables["unwanted"] = pa.table({"place": pa.array(selection.without, pa.string())})
        conditions.append("NOT list_has_any(places, (SELECT list(place) FROM unwanted))")
    with session.bound(**tables):
        yield _source(selection.as_of), " AND ".join(conditions)


def _source(as_of: int | None) -> str:
    if as_of is None:
        return "records"
    at = min(max(int(as_of), int(BEGINNING)), int(FOREVER))
    return (
        f"(SELECT {_COLUMNS} FROM records WHERE known_from <= {at}"
        f" UNION ALL SELECT {_COLUMNS} FROM superseded_records"
        f" WHERE known_from <= {at} AND known_to > {at})"
    )


def _as_bytes(found: pa.Table) -> pa.Table:
    place = found.column_names.index("document")
    return found.set_column(place, "document", found["document"].cast(pa.binary()))
