"""Series derived from records: what each record contributes to which bin, and the sums of that.

Contributions are whole units, so that a bin is the same sum in whatever order they came. A record
that changes takes its earlier contributions back; one that another credits counts for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tidegate.model.flags import Flag
from tidegate.model.instants import FOREVER
from tidegate.model.records import ENERGY, UNITS_PER_KWH
from tidegate.store import readings as reading_rows
from tidegate.store.batches import checked
from tidegate.store.messages import Counts

if TYPE_CHECKING:
    from tidegate.store.changes import Change

CONTRIBUTIONS: Final = pa.schema(
    {"record": pa.int64(), "subject": pa.string(), "ts": pa.int64(), "energy": pa.int64()}
)
"""The columns of contributions on their way in; see `RecordPiece`."""


class Derivation:
    """What the batch in the table `landing`, already stored, changes in derived series."""

    def __init__(self, change: Change, connection: str, repository: str, run: int) -> None:
        self.change = change
        self.session = change.session
        self.connection = connection
        self.repository = repository
        self.run = run

    def update(self, contributions: pa.Table) -> Counts:
        """Put contributions in place of earlier ones of the same records; what it did, in readings.

        Only records of one module contribute: those of others do so no longer once these come.
        """
        self._find_difference(contributions)
        self._find_credited()
        self._find_others()
        self._find_bins()
        self._apply()
        counts = self._sum_bins()
        for table in ("moved", "credited", "others", "bins"):
            self.session.run(f"DROP TABLE {table}")
        return counts

    def _find_difference(self, contributions: pa.Table) -> None:
        """Keep aside what to add and, by `row`, what to take back."""
        first, last = self.session.rows(
            "SELECT coalesce(min(number), 0), coalesce(max(number), -1) FROM landing"
            " WHERE row IS NOT NULL"
        )[0]
        with self.session.bound(contributing=contributions):
            self.session.run(
                f"""CREATE TEMP TABLE moved AS
                WITH fresh AS (
                    SELECT landing.module, landing.number, series.key AS series, ts,
                        sum(energy)::BIGINT AS energy
                    FROM contributing JOIN landing ON place = record AND state <> 'stale'
                    JOIN series ON series.subject = contributing.subject
                        AND series.connection = $connection AND series.repository = $repository
                        AND series.quantity = $quantity AND series.known_to = $open
                    GROUP BY ALL
                ), old AS (
                    SELECT contributions.*, contributions.rowid AS row FROM contributions
                    SEMI JOIN (FROM landing WHERE state <> 'stale') AS landing
                        USING (module, number)
                    WHERE connection = $connection
                        AND number BETWEEN {int(first)} AND {int(last)}
                )
                SELECT coalesce(fresh.module, old.module) AS module,
                    coalesce(fresh.number, old.number) AS number,
                    coalesce(fresh.series, old.series) AS series, coalesce(fresh.ts, old.ts) AS ts,
                    fresh.energy, old.row
                FROM fresh FULL JOIN old ON fresh.module = old.module
                    AND fresh.number = old.number AND fresh.series = old.series
                    AND fresh.ts = old.ts
                WHERE fresh.energy IS DISTINCT FROM old.energy""",
                connection=self.connection,
                repository=self.repository,
                quantity=ENERGY,
                open=int(FOREVER),
            )

    def _find_credited(self) -> None:
        """Keep the credits of the batch, and aside the records that they, or no others now, credit.

        A credit may come before the record that it takes back; it waits for it.
        """
        run, here = self.session.run, {"connection": self.connection}
        run(
            """CREATE TEMP TABLE credited AS SELECT module, number FROM credits
            WHERE connection = $connection AND number IS NOT NULL AND (module, credit) IN
                (SELECT (module, number) FROM landing WHERE state = 'changed')""",
            **here,
        )
        run(
            """DELETE FROM credits WHERE connection = $connection AND (module, credit) IN
                (SELECT (module, number) FROM landing WHERE state = 'changed')""",
            **here,
        )
        added = run(
            """INSERT INTO credits SELECT $connection, module, number, credits, NULL FROM landing
            WHERE credits IS NOT NULL AND state IN ('new', 'changed')""",
            **here,
        )
        waiting = """SELECT credits.rowid AS row, credits.module, there.number FROM credits
            JOIN {} AS there ON there.module = credits.module AND there.key = credits.key
            WHERE credits.connection = $connection AND credits.number IS NULL"""
        there = "(FROM records WHERE connection = $connection)" if added else "landing"
        run(f"CREATE TEMP TABLE resolved AS {waiting.format(there)}", **here)
        run("INSERT INTO credited SELECT module, number FROM resolved")
        run(
            "UPDATE credits SET number = resolved.number FROM resolved"
            " WHERE credits.rowid = resolved.row"
        )
        run("DROP TABLE resolved")

    def _find_others(self) -> None:
        """Keep aside the contributions of a module that contributes no longer."""
        module = self.session.value("SELECT module FROM moved WHERE energy IS NOT NULL LIMIT 1")
        before = self.session.value(  # one row tells it: all are of one module
            "SELECT module FROM contributions WHERE connection = $connection LIMIT 1",
            connection=self.connection,
        )
        is_other = module is not None and before not in {None, module}
        self.session.run(
            f"""CREATE TEMP TABLE others AS SELECT series, ts, rowid AS row FROM contributions
            WHERE connection = $connection AND module <> $module AND {is_other}""",
            connection=self.connection,
            module=module,
        )

    def _find_bins(self) -> None:
        self.session.run(
            """CREATE TEMP TABLE bins AS SELECT series, ts FROM moved
            UNION SELECT series, ts FROM others
            UNION SELECT series, ts FROM contributions JOIN credited USING (module, number)
            WHERE connection = $connection""",
            connection=self.connection,
        )

    def _apply(self) -> None:
        self.session.run(
            "DELETE FROM contributions WHERE rowid IN"
            " (SELECT row FROM moved WHERE row IS NOT NULL UNION ALL SELECT row FROM others)"
        )
        self.session.run(
            """INSERT INTO contributions SELECT $connection, module, number, series, ts, energy
            FROM moved WHERE energy IS NOT NULL ORDER BY number, series, ts""",
            connection=self.connection,
        )

    def _sum_bins(self) -> Counts:
        bounds = self.session.rows("SELECT min(series), max(series), min(ts), max(ts) FROM bins")[0]
        if bounds[0] is None:
            return Counts()
        least, most, first, last = map(int, bounds)
        sums = self.session.table(
            f"""SELECT bins.series, bins.ts, sum(energy)::DOUBLE / {UNITS_PER_KWH} AS value,
                {int(Flag.VALID)}::SMALLINT AS flag
            FROM bins LEFT JOIN (
                FROM contributions ANTI JOIN (
                    FROM credits WHERE connection = $connection AND number IS NOT NULL
                ) AS credits USING (module, number)
                WHERE contributions.connection = $connection
                    AND series BETWEEN {least} AND {most} AND ts BETWEEN {first} AND {last}
            ) AS counted ON counted.series = bins.series AND counted.ts = bins.ts
            GROUP BY bins.series, bins.ts ORDER BY bins.series, bins.ts""",
            connection=self.connection,
        )
        there = sums["value"].is_valid()
        counts = reading_rows.merge(self.change, checked(sums.filter(there)), run=self.run)
        gone = sums.filter(sums["value"].is_null()).select(["series", "ts"])
        removed = reading_rows.end(self.change, gone, run=self.run)
        return Counts(
            inserted=counts.inserted, changed=counts.changed, removed=removed, equal=counts.equal
        )
