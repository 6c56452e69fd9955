"""When readings changed, and which named versions of them there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.instants import FOREVER
from tidegate.store.keys import among
from tidegate.store.verbs import QUOTATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from tidegate.model.series import SeriesKey
    from tidegate.model.windows import Window
    from tidegate.store.engine.duckdb import Session


def modifications(
    session: Session, keys: Sequence[SeriesKey], window: Window, *, quoted: bool
) -> list[int]:
    """Instants at which readings with `ts` in the window were written, changed or ended."""
    current, past = ("quoted", "superseded_quoted") if quoted else ("readings", "superseded")
    with among(session, keys) as wanted:
        scope = f"{wanted} AND ts >= $start AND ts < $end"
        rows = session.rows(
            f"""SELECT written_at AS instant FROM revisions
            WHERE revision IN (SELECT DISTINCT revision FROM {current} WHERE {scope})
            UNION SELECT known_from FROM {past} WHERE {scope}
            UNION SELECT known_to FROM {past} WHERE {scope} AND known_to < {FOREVER}
            ORDER BY instant""",
            start=window.start,
            end=window.end,
        )
    return [instant for (instant,) in rows]


def quotations(session: Session, keys: Sequence[SeriesKey], window: Window) -> pa.Table:
    """The named versions that have readings with `ts` in the window."""
    with among(session, keys) as wanted:
        found = session.table(
            "SELECT series, quotation, min(ts) AS first, max(ts) AS last, count(*) AS count"
            f" FROM quoted WHERE {wanted} AND ts >= $start AND ts < $end"
            " GROUP BY series, quotation ORDER BY series, quotation",
            start=window.start,
            end=window.end,
        )
    return found.cast(QUOTATIONS)
