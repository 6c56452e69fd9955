"""Where a run puts what it fetched: readings and records, each with the coverage it completes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tidegate.model.series import MAIN
from tidegate.store.messages import RecordCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.model.catalogue import Entry
    from tidegate.model.records import RecordPiece
    from tidegate.plans.fetching import Outcome
    from tidegate.store.messages import Confirmation, RunState
    from tidegate.store.verbs import Verbs


class Shelves:
    """The store as one run of one connection writes to it.

    Args:
        store: where to.
        connection: whose run it is.
        run: its number, 0 if nothing is to be written.
        repository: of the series that are derived from records.
        subjects: those that have series; what records mention besides is put in the catalogue.
    """

    def __init__(
        self,
        store: Verbs,
        connection: str,
        run: int,
        *,
        repository: str = MAIN,
        subjects: Iterable[str] = (),
    ) -> None:
        self.run = run
        self._store = store
        self._connection = connection
        self._repository = repository
        self._subjects = set(subjects)

    def put(self, outcomes: Sequence[Outcome]) -> RecordCounts:
        """Store outcomes in one transaction; what that did, in records and readings."""
        confirmations = [entry for outcome in outcomes for entry in outcome.confirmations]
        pieces = [outcome.piece for outcome in outcomes if outcome.piece is not None]
        if pieces:
            return self._put_records(confirmations, pieces)
        readings = pa.concat_tables(outcome.readings for outcome in outcomes)
        counts = self._store.confirm(self._connection, self.run, confirmations, readings)
        return RecordCounts(readings=counts)

    def end(self, state: RunState, summary: dict[str, Any]) -> None:
        """Record how the run ended."""
        if self.run:
            self._store.end_run(self.run, state, summary)

    def _put_records(
        self, confirmations: list[Confirmation], pieces: Sequence[RecordPiece]
    ) -> RecordCounts:
        self._put_entries(pieces)
        return self._store.confirm_records(
            self._connection,
            self.run,
            confirmations,
            pa.concat_tables(piece.records for piece in pieces),
            _numbered(pieces),
            repository=self._repository,
        )

    def _put_entries(self, pieces: Sequence[RecordPiece]) -> None:
        """Put what records tell of in the catalogue first: series must be there to be filled."""
        entries: dict[str, Entry] = {}
        for piece in pieces:
            for entry in piece.mentioned:
                if entry.subject not in self._subjects:
                    entries.setdefault(entry.subject, entry)
            entries |= {entry.subject: entry for entry in piece.described}
        if entries:
            self._store.record_catalogue(
                self._connection, list(entries.values()), partial=True, repository=self._repository
            )
            self._subjects |= entries.keys()


def _numbered(pieces: Sequence[RecordPiece]) -> pa.Table:
    """The contributions of pieces, which count the rows of their records, as of one."""
    tables, before = [], 0
    for piece in pieces:
        rows = piece.contributions["record"].to_numpy() + np.int64(before)
        tables.append(piece.contributions.set_column(0, "record", pa.array(rows, pa.int64())))
        before += piece.records.num_rows
    return pa.concat_tables(tables)
