"""When series match filters on their attributes: spans of time, found by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tidegate.model.attributes import Attribute, AttributeFilter, AttributeType
from tidegate.model.errors import NotFound, UnknownAttribute
from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.store.attributes import attribute_named, known
from tidegate.store.keys import among
from tidegate.store.repositories import require_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.series import SeriesKey
    from tidegate.model.windows import Window
    from tidegate.store.engine.duckdb import Session

SPANS: Final = pa.schema({"series": pa.int32(), "start": pa.int64(), "end": pa.int64()})


def membership(
    session: Session,
    filters: Sequence[AttributeFilter],
    window: Window,
    *,
    keys: Sequence[SeriesKey] | None,
    repository: str,
    as_of: int | None,
) -> pa.Table:
    """Maximal spans in the window in which a series matches every filter, sorted."""
    require_repository(session, repository)
    spans = f'SELECT key AS series, {BEGINNING} AS start, {FOREVER} AS "end" FROM candidates'
    values = {}
    for place, one in enumerate(filters):
        attribute = _filtered(session, one, repository, as_of)
        condition = _condition(one, place)
        if one.value:
            values[f"value_{place}"] = one.value
        spans = _both(spans, _spans(attribute, one, condition, as_of))
    with among(session, keys or [], "key") as listed:
        chosen = "true" if keys is None else listed
        table = session.table(
            f"""WITH candidates AS (SELECT key FROM series
                WHERE repository = $repository AND {known(as_of)} AND {chosen}),
            spans AS ({spans})
            {_MAXIMAL}""",
            repository=repository,
            window_start=window.start,
            window_end=window.end,
            **values,
        )
    return table.cast(SPANS)


def _filtered(
    session: Session, one: AttributeFilter, repository: str, as_of: int | None
) -> Attribute:
    try:
        return attribute_named(session, one.name, repository, as_of=as_of)
    except NotFound as missing:
        raise UnknownAttribute("attribute", one.name, hint=missing.hint) from missing


_MAXIMAL: Final = """
SELECT series, greatest(min(start), $window_start) AS start, least(max("end"), $window_end) AS "end"
FROM (
    SELECT *, sum(fresh) OVER (PARTITION BY series ORDER BY start) AS island
    FROM (
        SELECT *, CASE WHEN start = lag("end") OVER (PARTITION BY series ORDER BY start)
            THEN 0 ELSE 1 END AS fresh
        FROM spans))
GROUP BY series, island
HAVING min(start) < $window_end AND max("end") > $window_start AND $window_start < $window_end
ORDER BY 1, 2"""


def _condition(one: AttributeFilter, place: int) -> str:
    if one.value is None:
        return "value IS NOT NULL"
    if not one.value:
        return "coalesce(trim(value), '') = ''"
    return f"lower(trim(value)) = lower(trim($value_{place}))"


def _spans(attribute: Attribute, one: AttributeFilter, condition: str, as_of: int | None) -> str:
    """Where the value of one attribute meets a condition; null from the beginning on."""
    dated = (
        "SELECT series, instant, value FROM attribute_values"
        f" WHERE attribute = {int(attribute.id)} AND {known(as_of)}"
    )
    assigned = (
        f"SELECT series FROM assigned WHERE attribute = {int(attribute.id)} AND {known(as_of)}"
    )
    if attribute.type is AttributeType.CATEGORY and one.value is None:
        return (
            f'SELECT series, coalesce(min(instant), {BEGINNING}) AS start, {FOREVER} AS "end"'
            f" FROM ({assigned}) LEFT JOIN ({dated}) USING (series) GROUP BY series"
        )
    return f"""SELECT series, start, "end" FROM (
        SELECT series, instant AS start, value, lead(instant, 1, {FOREVER})
            OVER (PARTITION BY series ORDER BY instant, value NULLS FIRST) AS "end"
        FROM ({dated} UNION ALL SELECT series, {BEGINNING}, NULL FROM ({assigned})))
        WHERE {condition} AND start < "end" """


def _both(left: str, right: str) -> str:
    return f"""SELECT one.series, greatest(one.start, other.start) AS start,
        least(one."end", other."end") AS "end"
        FROM ({left}) AS one JOIN ({right}) AS other ON one.series = other.series
            AND one.start < other."end" AND other.start < one."end" """
