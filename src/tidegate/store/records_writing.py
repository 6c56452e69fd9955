"""Writing records: what is equal stays, what differs supersedes, nothing is ever doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tidegate.store.messages import Counts

if TYPE_CHECKING:
    from tidegate.store.changes import Change

RECORDS: Final = pa.schema(
    {
        "module": pa.string(),
        "key": pa.string(),
        "updated_at": pa.int64(),
        "document": pa.string(),
        "places": pa.list_(pa.string()),
        "credits": pa.string(),
    }
)
"""The columns of records on their way in; see `RecordPiece`."""


class Landing:
    """A batch of records on its way into the store, aside in the table `landing` meanwhile.

    `landing` holds the last of each record of the batch with its `number`, the `place` of its row
    in the batch and its `state`: `new`, `changed`, `equal`, or `stale` where a later one is stored.
    """

    def __init__(self, change: Change, connection: str, batch: pa.Table) -> None:
        self.change = change
        self.session = change.session
        self.connection = connection
        self._find(batch)

    def store(self) -> Counts:
        """Keep what is new or changed; what it did, in records."""
        states = dict(self.session.rows("SELECT state, count(*) FROM landing GROUP BY state"))
        if states.get("changed"):
            self._supersede()
        if states.get("changed") or states.get("new"):
            self.session.run(
                "INSERT INTO records SELECT $connection, module, key, number, updated_at, document,"
                " places, $at FROM landing WHERE state IN ('new', 'changed') ORDER BY place",
                connection=self.connection,
                at=self.change.at,
            )
        return Counts(
            inserted=states.get("new", 0),
            changed=states.get("changed", 0),
            equal=states.get("equal", 0) + states.get("stale", 0),
        )

    def clear(self) -> None:
        """Put the batch away."""
        self.session.run("DROP TABLE landing")

    def _find(self, batch: pa.Table) -> None:
        """Compare the batch with what is stored: keys first, and few documents after that."""
        numbered = batch.append_column("place", pa.array(range(batch.num_rows), pa.int64()))
        with self.session.bound(arriving=numbered):
            self.session.run(
                """CREATE TEMP TABLE arrived AS SELECT * FROM arriving
                QUALIFY row_number() OVER
                    (PARTITION BY module, key ORDER BY updated_at DESC, place DESC) = 1"""
            )
        self.session.run(
            """CREATE TEMP TABLE known AS
            SELECT module, key, records.rowid AS row, number, records.updated_at FROM records
            SEMI JOIN arrived USING (module, key) WHERE connection = $connection""",
            connection=self.connection,
        )
        self._find_same()
        self.session.run(
            """CREATE TEMP TABLE landing AS
            WITH last AS (
                SELECT module, max(number) AS number FROM records
                WHERE connection = $connection GROUP BY module
            )
            SELECT arrived.*, known.row,
                coalesce(known.number, coalesce(last.number, 0) + row_number() OVER (
                    PARTITION BY arrived.module, known.row IS NULL ORDER BY place)) AS number,
                CASE WHEN known.row IS NULL THEN 'new'
                    WHEN known.updated_at > arrived.updated_at THEN 'stale'
                    WHEN known.row IN (FROM same) THEN 'equal'
                    ELSE 'changed' END AS state
            FROM arrived LEFT JOIN known USING (module, key) LEFT JOIN last USING (module)""",
            connection=self.connection,
        )
        for table in ("arrived", "known", "same"):
            self.session.run(f"DROP TABLE {table}")

    def _find_same(self) -> None:
        """Keep aside the rows of what is stored as it arrived."""
        first, last = self.session.rows(
            "SELECT coalesce(min(row), 0), coalesce(max(row), -1) FROM known"
        )[0]
        self.session.run(
            f"""CREATE TEMP TABLE same AS
            SELECT known.row FROM known JOIN records ON records.rowid = known.row
            JOIN arrived ON arrived.module = known.module AND arrived.key = known.key
            WHERE records.rowid BETWEEN {int(first)} AND {int(last)}
                AND arrived.updated_at = known.updated_at
                AND arrived.document = records.document AND arrived.places = records.places"""
        )

    def _supersede(self) -> None:
        self.session.run(
            """INSERT INTO superseded_records SELECT records.*, $at
            FROM records JOIN landing ON records.rowid = landing.row
            WHERE landing.state = 'changed' ORDER BY landing.place""",
            at=self.change.at,
        )
        self.session.run(
            "DELETE FROM records WHERE rowid IN (SELECT row FROM landing WHERE state = 'changed')"
        )
