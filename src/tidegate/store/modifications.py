"""When readings changed: the instants at which somebody wrote or ended some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.instants import FOREVER
from tidegate.store.keys import among

if TYPE_CHECKING:
    from collections.abc import Sequence

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
