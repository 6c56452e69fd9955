"""Writing readings: what is equal stays, what differs supersedes, nothing is ever doubled.

A write has a *scope*, windows per series. What the batch brings into a scope where nothing is
stored is appended; elsewhere the batch is compared with what is there and only the difference
is written. Replacing also ends what the scope holds and the batch does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from tidegate.store.batches import extent_of, keys_of, slices
from tidegate.store.compaction import note_unsorted
from tidegate.store.keys import key_table
from tidegate.store.messages import Counts

if TYPE_CHECKING:
    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Session


@dataclass(frozen=True, slots=True)
class Shelf:
    """The two tables that readings of one kind lie in, and what marks one named version."""

    current: str
    past: str
    quotation: int | None = None

    @property
    def mark(self) -> str:
        """The condition that holds for the readings of this version."""
        return "true" if self.quotation is None else f"quotation = {int(self.quotation)}"

    def rows(self, batch: pa.Table, revision: int) -> pa.Table:
        """The rows of `current` that a batch becomes."""
        marks = {"revision": pa.scalar(revision, pa.int32())}
        if self.quotation is not None:
            marks["quotation"] = pa.scalar(self.quotation, pa.int64())
        for name, mark in marks.items():
            batch = batch.append_column(name, pa.repeat(mark, batch.num_rows))
        return batch

    @property
    def extra(self) -> str:
        """What a row of this version has beyond the columns of every reading."""
        return "" if self.quotation is None else f", {int(self.quotation)}"


CURRENT_SHELF: Final = Shelf("readings", "superseded")


def quoted_shelf(quotation: int | None) -> Shelf:
    """The shelf of a named version, of ordinary readings if there is no name."""
    if quotation is None:
        return CURRENT_SHELF
    return Shelf("quoted", "superseded_quoted", quotation)


def merge(
    change: Change, batch: pa.Table, *, shelf: Shelf = CURRENT_SHELF, run: int | None = None
) -> Counts:
    """Upsert a checked batch by (series, ts)."""
    return _Write(change, shelf, run, replacing=False).all_of(batch, extent_of(batch))


def replace(change: Change, batch: pa.Table, scope: pa.Table, *, run: int | None = None) -> Counts:
    """Make a checked batch, all of it inside the scope, everything that is believed there."""
    return _Write(change, CURRENT_SHELF, run, replacing=True).all_of(batch, scope)


def end(change: Change, points: pa.Table, *, run: int | None = None) -> int:
    """End what is believed of single points, `series, ts` without repeats; how many there were."""
    if not points.num_rows:
        return 0
    session = change.session
    with session.bound(points=points):
        session.run(
            """CREATE TEMP TABLE ended AS SELECT readings.rowid AS row
            FROM readings JOIN points USING (series, ts)"""
        )
    session.run(
        """INSERT INTO superseded SELECT series, ts, value, flag, revision, written_at, $at
        FROM readings JOIN ended ON readings.rowid = ended.row JOIN revisions USING (revision)
        ORDER BY series, ts""",
        at=change.at,
    )
    removed = session.run("DELETE FROM readings WHERE rowid IN (SELECT row FROM ended)")
    session.run("DROP TABLE ended")
    if removed:
        change.revision(run=run)
    return removed


class _Write:
    """One batch on its way into one shelf."""

    def __init__(self, change: Change, shelf: Shelf, run: int | None, *, replacing: bool) -> None:
        self.change = change
        self.session = change.session
        self.shelf = shelf
        self.run = run
        self.replacing = replacing
        self.inserted = self.changed = self.removed = self.equal = 0

    def all_of(self, batch: pa.Table, scope: pa.Table) -> Counts:
        for part, part_scope in slices(batch, scope):
            self._part(part, part_scope)
        touched = self.inserted + self.changed + self.removed
        return Counts(
            inserted=self.inserted,
            changed=self.changed,
            removed=self.removed,
            equal=self.equal,
            revision=self.change.revision(run=self.run) if touched else None,
        )

    def _part(self, batch: pa.Table, scope: pa.Table) -> None:
        held = _held(self.session, self.shelf, scope)
        if not held.num_rows:
            self._append(batch)
            return
        if not self.replacing or set(keys_of(batch)) - set(keys_of(held)):
            present = pc.is_in(batch["series"], value_set=held["series"].combine_chunks())
            self._append(batch.filter(pc.invert(present)))
            batch = batch.filter(present)
        inside = pc.is_in(scope["series"], value_set=held["series"].combine_chunks())
        self._compare(batch, scope.filter(inside))

    def _append(self, batch: pa.Table) -> None:
        if not batch.num_rows:
            return
        rows = self.shelf.rows(batch, self.change.revision(run=self.run))
        self.inserted += self.session.append(self.shelf.current, rows)
        self._note(batch)

    def _compare(self, batch: pa.Table, scope: pa.Table) -> None:
        with self.session.bound(incoming=batch, scope=scope):
            self._find_difference(scope)
        differing = self._apply_difference()
        self.session.run("DROP TABLE difference")
        self.equal += batch.num_rows - differing

    def _find_difference(self, scope: pa.Table) -> None:
        """Keep aside what the batch would change; `row` is that of the stored reading, if any."""
        join = "FULL" if self.replacing else "LEFT"
        self.session.run(
            f"""CREATE TEMP TABLE difference AS
            SELECT coalesce(new.series, old.series) AS series, coalesce(new.ts, old.ts) AS ts,
                new.value, new.flag, new.series IS NOT NULL AS present, old.row,
                old.value AS old_value, old.flag AS old_flag, old.revision AS old_revision
            FROM incoming AS new {join} JOIN (
                SELECT stored.*, stored.rowid AS row FROM {self.shelf.current} AS stored
                SEMI JOIN scope ON stored.series = scope.series
                    AND stored.ts >= scope.start AND stored.ts < scope."end"
                WHERE {self.shelf.mark} AND {_WITHIN}
            ) AS old ON new.series = old.series AND new.ts = old.ts
            WHERE old.row IS NULL OR new.series IS NULL
                OR new.value IS DISTINCT FROM old.value OR new.flag <> old.flag""",
            **_bounds(scope),
        )

    def _apply_difference(self) -> int:
        inserted, changed, removed = self.session.rows(
            "SELECT count(*) FILTER (row IS NULL), count(*) FILTER (row IS NOT NULL AND present),"
            " count(*) FILTER (NOT present) FROM difference"
        )[0]
        if changed or removed:
            self._supersede()
        if removed:
            self.session.run(
                f"DELETE FROM {self.shelf.current}"
                " WHERE rowid IN (SELECT row FROM difference WHERE NOT present)"
            )
        if changed:
            self._correct()
        if inserted:
            self._insert_difference()
        self.inserted += inserted
        self.changed += changed
        self.removed += removed
        return int(inserted + changed)

    def _supersede(self) -> None:
        self.session.run(
            f"""INSERT INTO {self.shelf.past}
            SELECT series, ts, old_value, old_flag, old_revision, written_at, $at{self.shelf.extra}
            FROM difference JOIN revisions ON revision = old_revision WHERE row IS NOT NULL
            ORDER BY series, ts""",
            at=self.change.at,
        )
        self.change.revision(run=self.run)

    def _correct(self) -> None:
        self.session.run(
            f"""UPDATE {self.shelf.current} AS stored
            SET value = difference.value, flag = difference.flag, revision = $revision
            FROM difference WHERE stored.rowid = difference.row AND difference.present""",
            revision=self.change.revision(run=self.run),
        )

    def _insert_difference(self) -> None:
        self.session.run(
            f"INSERT INTO {self.shelf.current}"
            f" SELECT series, ts, value, flag, $revision{self.shelf.extra}"
            " FROM difference WHERE row IS NULL ORDER BY series, ts",
            revision=self.change.revision(run=self.run),
        )
        self._note(self.session.table("SELECT ts FROM difference WHERE row IS NULL"))

    def _note(self, batch: pa.Table) -> None:
        if self.shelf is CURRENT_SHELF:
            note_unsorted(self.session, batch["ts"].to_numpy())


def _held(session: Session, shelf: Shelf, scope: pa.Table) -> pa.Table:
    """The series of which the scope holds a reading; reads next to nothing where it holds none."""
    if not scope.num_rows:
        return key_table([])
    bounds = _bounds(scope)
    any_row = f"SELECT 1 FROM {shelf.current} AS stored WHERE {_WITHIN} LIMIT 1"
    if session.row(any_row, **bounds) is None:
        return key_table([])
    with session.bound(scope=scope):
        return session.table(
            f"""SELECT DISTINCT stored.series FROM {shelf.current} AS stored
            JOIN scope ON stored.series = scope.series
                AND stored.ts >= scope.start AND stored.ts < scope."end"
            WHERE {shelf.mark} AND {_WITHIN}""",
            **bounds,
        )


_WITHIN: Final = (
    "stored.series BETWEEN $first AND $last AND stored.ts >= $start AND stored.ts < $end"
)
"""The condition of `_bounds`."""


def _bounds(scope: pa.Table) -> dict[str, int]:
    """What lies round a scope, by which the engine skips what lies outside."""
    series, start, end = (pc.min_max(scope[name]).as_py() for name in ("series", "start", "end"))
    return {
        "first": series["min"],
        "last": series["max"],
        "start": start["min"],
        "end": end["max"],
    }
