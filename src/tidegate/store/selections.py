"""Which series a selection names."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.windows import Window
from tidegate.store.keys import key_table
from tidegate.store.membership import membership
from tidegate.store.repositories import require_repository
from tidegate.store.series import select

if TYPE_CHECKING:
    from tidegate.model.series import Series
    from tidegate.store.engine.duckdb import Session
    from tidegate.store.messages import SeriesSelection

_WILD: Final = re.compile(r"[%_\\]")


def find_series(session: Session, selection: SeriesSelection, repository: str) -> list[Series]:
    """The series that a selection names, by key."""
    require_repository(session, repository)
    conditions = ["repository = $repository"]
    values: dict[str, str] = {"repository": repository}
    with ExitStack() as stack:
        for name, column, table in _lists(session, selection, repository):
            stack.enter_context(session.bound(**{name: table}))
            conditions.append(f"{column} IN (SELECT {table.column_names[0]} FROM {name})")
        if selection.connection is not None:
            conditions.append("connection = $connection")
            values["connection"] = selection.connection
        if selection.calculated:
            conditions.append("formula IS NOT NULL")
        return select(session, " AND ".join(conditions), as_of=selection.as_of, **values)


def _lists(
    session: Session, selection: SeriesSelection, repository: str
) -> list[tuple[str, str, pa.Table]]:
    """Lists that narrow a selection: a name for SQL, the column it is about, its values."""
    lists = []
    if selection.keys is not None:
        lists.append(("given_keys", "key", key_table(selection.keys)))
    if selection.ids is not None:
        lists.append(("given_ids", "id", pa.table({"id": pa.array(selection.ids, pa.int64())})))
    if selection.names is not None:
        keys = _named(session, selection.names, repository)
        lists.append(("named", "key", key_table(keys)))
    if selection.subjects is not None:
        subjects = pa.table({"subject": pa.array(selection.subjects, pa.string())})
        lists.append(("given_subjects", "subject", subjects))
    if selection.filters:
        spans = membership(
            session,
            selection.filters,
            Window(BEGINNING, FOREVER),
            keys=None,
            repository=repository,
            as_of=None,
        )
        lists.append(("matching", "key", spans.select(["series"])))
    return lists


def _named(session: Session, names: tuple[str, ...], repository: str) -> set[int]:
    """Keys of the series of these names; one that has wildcards and no exact match is a pattern."""
    asked = pa.table({"name": pa.array(names, pa.string())})
    with session.bound(asked=asked):
        exact = select(
            session,
            "repository = $repository AND name IN (SELECT name FROM asked)",
            repository=repository,
        )
    found = {int(series.key) for series in exact}
    for pattern in set(names) - {series.name for series in exact}:
        if _WILD.search(pattern):
            like = select(
                session,
                r"repository = $repository AND name ILIKE $pattern ESCAPE '\'",
                repository=repository,
                pattern=_whole(pattern),
            )
            found.update(int(series.key) for series in like)
    return found


def _whole(pattern: str) -> str:
    """A pattern with an escape at its end, which would escape nothing, as the sign itself."""
    escapes = len(pattern) - len(pattern.rstrip("\\"))
    return pattern + "\\" * (escapes % 2)
