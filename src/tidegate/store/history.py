"""What a platform believed before this store knew of it; kept beside our superseded readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc

from tidegate.model.instants import FOREVER
from tidegate.store.batches import keys_of
from tidegate.store.series import require_series

if TYPE_CHECKING:
    import pyarrow as pa

    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Session


def record_history(change: Change, history: pa.Table) -> int:
    """Add checked beliefs, each cut where the store first knew of its reading; how many were.

    What the store itself believed stays as it is, and so the same history may come again.
    """
    if not history.num_rows:
        return 0
    require_series(change.session, keys_of(history))
    before = _before_we_knew(change.session, history)
    if before.num_rows:
        with change.session.bound(before=before):
            change.session.run(
                "INSERT INTO superseded"
                " SELECT series, ts, value, flag, $revision, known_from, known_to FROM before",
                revision=change.revision(),
            )
        change.audit("record-history", f"{before.num_rows} earlier readings")
    return int(before.num_rows)


def _before_we_knew(session: Session, history: pa.Table) -> pa.Table:
    span = pc.min_max(history["ts"]).as_py()
    with session.bound(told=history):
        return session.table(
            f"""WITH wanted AS (SELECT DISTINCT series FROM told),
            known AS (
                SELECT series, ts, written_at AS since FROM readings JOIN revisions USING (revision)
                WHERE ts BETWEEN $first AND $last AND series IN (FROM wanted)
                UNION ALL SELECT series, ts, known_from FROM superseded
                WHERE ts BETWEEN $first AND $last AND series IN (FROM wanted)
            ),
            first_known AS (SELECT series, ts, min(since) AS since FROM known GROUP BY series, ts)
            SELECT series, ts, value, flag, known_from,
                least(known_to, coalesce(since, known_to)) AS known_to
            FROM told LEFT JOIN first_known USING (series, ts)
            WHERE coalesce(known_from < since, known_to < {FOREVER})
            ORDER BY series, ts, known_from""",
            first=span["min"],
            last=span["max"],
        )
