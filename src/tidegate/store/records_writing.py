"""Writing records: what is equal stays, what differs supersedes, nothing is ever doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.store.messages import Counts
from tidegate.store.records_keys import digests_of, known_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

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

_STORED: Final = [
    "connection",
    "module",
    "key",
    "number",
    "updated_at",
    "document",
    "places",
    "known_from",
]
"""The columns of the table `records`, in its order."""


class Landing:
    """A batch of records on its way into the store.

    The table `landing` tells of each record of the batch, the last one where one comes several
    times: `module`, `key`, `number`, the `place` of its row in the batch, the `row` that is stored
    of it, what it `credits` and its `state`: `new`, `changed`, `equal`, or `stale` where a later
    one is stored. What it costs to find out does not depend on how many records are stored.
    """

    def __init__(self, change: Change, connection: str, batch: pa.Table) -> None:
        self.change = change
        self.session = change.session
        self.connection = connection
        self.batch = batch
        self._find()

    def store(self) -> Counts:
        """Keep what is new or changed; what it did, in records."""
        states = dict(self.session.rows("SELECT state, count(*) FROM landing GROUP BY state"))
        if states.get("changed"):
            self._supersede()
        if states.get("changed") or states.get("new"):
            self._append()
        return Counts(
            inserted=states.get("new", 0),
            changed=states.get("changed", 0),
            equal=states.get("equal", 0) + states.get("stale", 0),
        )

    def clear(self) -> None:
        """Put the batch away."""
        self.session.run("DROP TABLE landing")

    def _find(self) -> None:
        """Compare the batch with what is stored: digests first, then keys, then few documents."""
        digests = digests_of(self.session, self.batch)
        places = self._last_places(digests)
        numbers = np.zeros(len(places), np.int64)
        arrived = self.batch.select(["module", "key", "updated_at", "credits"]).take(places)
        arrived = arrived.append_column("place", pa.array(places))
        modules = arrived["module"].combine_chunks()
        for module in pc.unique(modules).to_pylist():
            known = known_keys(self.session, self.connection, module)
            here = pc.equal(modules, module).to_numpy(zero_copy_only=False)
            numbers[here] = known.numbers(digests[places[here]])
        with self.session.bound(arriving=arrived.append_column("number", pa.array(numbers))):
            self._find_known(int((numbers > 0).sum()), *_span(numbers[numbers > 0]))
            self._find_same()
            self._land()
        for table in ("known", "same"):
            self.session.run(f"DROP TABLE {table}")
        self._number(digests)

    def _last_places(self, digests: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The rows of the batch that count: of each record that which changed last."""
        places = np.arange(len(digests), dtype=np.int64)
        if len(np.unique(digests)) == len(digests):
            return places
        narrow = self.batch.select(["module", "key", "updated_at"])
        with self.session.bound(arriving=narrow.append_column("place", pa.array(places))):
            last = self.session.table(
                """SELECT place FROM arriving QUALIFY row_number() OVER
                    (PARTITION BY module, key ORDER BY updated_at DESC, place DESC) = 1
                ORDER BY place"""
            )
        found: NDArray[np.int64] = last["place"].to_numpy()
        return found

    def _find_known(self, supposed: int, first: int, last: int) -> None:
        """Keep aside what is stored of the records whose digests are known.

        Where a key is not that of its digest all keys are compared.
        """
        statement = """CREATE OR REPLACE TEMP TABLE known AS
            SELECT place, records.rowid AS row, records.number, records.updated_at
            FROM records JOIN arriving ON arriving.module = records.module
                AND arriving.key = records.key
            WHERE connection = $connection AND {}"""
        here = (
            f"arriving.number = records.number AND records.number BETWEEN {first} AND {last}"
            if supposed
            else "false"
        )
        self.session.run(statement.format(here), connection=self.connection)
        if self.session.value("SELECT count(*) FROM known") != supposed:
            self.session.run(statement.format("arriving.number > 0"), connection=self.connection)

    def _find_same(self) -> None:
        """Keep aside the rows of what is stored as it arrived."""
        known = self.session.table(
            """SELECT arriving.place, row FROM known JOIN arriving USING (place)
            WHERE arriving.updated_at = known.updated_at ORDER BY row"""
        )
        first, last = _span(known["row"].to_numpy())
        comparing = self.batch.select(["document", "places"]).take(known["place"])
        comparing = comparing.append_column("row", known["row"])
        with self.session.bound(comparing=comparing):
            self.session.run(
                f"""CREATE TEMP TABLE same AS
                SELECT row FROM records JOIN comparing ON records.rowid = row
                WHERE records.rowid BETWEEN {first} AND {last}
                    AND comparing.document = records.document
                    AND comparing.places = records.places"""
            )

    def _land(self) -> None:
        self.session.run(
            """CREATE TEMP TABLE landing AS
            SELECT arriving.module, key, arriving.place, credits, known.row, known.number,
                CASE WHEN known.row IS NULL THEN 'new'
                    WHEN known.updated_at > arriving.updated_at THEN 'stale'
                    WHEN known.row IN (FROM same) THEN 'equal'
                    ELSE 'changed' END AS state
            FROM arriving LEFT JOIN known USING (place)"""
        )

    def _number(self, digests: NDArray[np.uint64]) -> None:
        """Number what is new, in the order of its places, and know it from now on."""
        modules = self.session.rows("SELECT DISTINCT module FROM landing WHERE state = 'new'")
        for (module,) in modules:
            known = known_keys(self.session, self.connection, module)
            self.session.run(
                """UPDATE landing SET number = numbered.number FROM (
                    SELECT place, $before + row_number() OVER (ORDER BY place) AS number
                    FROM landing WHERE module = $module AND state = 'new'
                ) AS numbered WHERE landing.place = numbered.place""",
                before=known.count,
                module=module,
            )
            fresh = self.session.table(
                "SELECT place, number FROM landing WHERE module = $module AND state = 'new'",
                module=module,
            )
            known.add(digests[fresh["place"].to_numpy()], fresh["number"].to_numpy())

    def _append(self) -> None:
        kept = self.session.table(
            "SELECT place, number FROM landing WHERE state IN ('new', 'changed') ORDER BY place"
        )
        rows = self.batch.drop_columns(["credits"]).take(kept["place"])
        marks = {"connection": pa.scalar(self.connection), "known_from": pa.scalar(self.change.at)}
        for name, mark in marks.items():
            rows = rows.append_column(name, pa.repeat(mark, rows.num_rows))
        rows = rows.append_column("number", kept["number"])
        self.session.append("records", rows.select(_STORED))

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


def _span(numbers: NDArray[np.int64]) -> tuple[int, int]:
    """The least and the greatest of some numbers; of none, a span that holds nothing."""
    return (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, -1)
