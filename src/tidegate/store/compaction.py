"""Compaction: readings in the file sorted by (series, ts), a month at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.model.instants import to_datetime

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.store.engine.duckdb import Session

_FIRST_MONTH: Final = 1970 * 12
_WORTH: Final = 200_000
"""Unsorted readings of a month from which on rewriting it pays."""
_SHARE: Final = 0.2
"""Share of a month that must be unsorted besides, so that a month is not rewritten daily."""


def note_unsorted(session: Session, instants: NDArray[np.int64]) -> None:
    """Remember that the months of some readings got rows in the order they came in."""
    since = instants.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    months, counts = np.unique(since + _FIRST_MONTH, return_counts=True)
    if len(months):
        session.run(
            "INSERT INTO months SELECT unnest($months::INTEGER[]), unnest($counts::BIGINT[])",
            months=months.tolist(),
            counts=counts.tolist(),
        )


def unsorted_months(session: Session) -> list[int]:
    """Months (12 · year + month − 1) with readings not in order, oldest first."""
    rows = session.rows("SELECT DISTINCT month FROM months ORDER BY month")
    return [month for (month,) in rows]


def month_worth_sorting(session: Session) -> int | None:
    """The month with the most readings out of order, if there are enough to matter."""
    row = session.row(
        "SELECT month, sum(unsorted)::BIGINT AS amount FROM months GROUP BY month"
        " HAVING amount >= $worth ORDER BY amount DESC LIMIT 1",
        worth=_WORTH,
    )
    if row is None:
        return None
    month, unsorted = row
    start, end = month_borders(month)
    held = session.value(
        "SELECT count(*) FROM readings WHERE ts >= $start AND ts < $end", start=start, end=end
    )
    return int(month) if unsorted >= _SHARE * held else None


def sort_month(session: Session, month: int) -> None:
    """Rewrite the readings of one month in order."""
    start, end = month_borders(month)
    session.run(
        "CREATE TEMP TABLE sorted AS SELECT * FROM readings"
        " WHERE ts >= $start AND ts < $end ORDER BY series, ts",
        start=start,
        end=end,
    )
    session.run("DELETE FROM readings WHERE ts >= $start AND ts < $end", start=start, end=end)
    session.run("INSERT INTO readings FROM sorted")
    session.run("DROP TABLE sorted")
    session.run("DELETE FROM months WHERE month = $month", month=month)


def month_borders(month: int) -> tuple[int, int]:
    """First instant of a month and of the next, in UTC."""
    from datetime import UTC, datetime

    from tidegate.model.instants import from_datetime

    def first(count: int) -> int:
        return from_datetime(datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC))

    return first(month), first(month + 1)


def month_name(month: int) -> str:
    """A month as `2024-01`."""
    return to_datetime(month_borders(month)[0]).strftime("%Y-%m")
