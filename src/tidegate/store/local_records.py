"""The verbs of a store in this process that concern records and what is derived from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.errors import StoreError
from tidegate.model.instants import FOREVER
from tidegate.model.series import MAIN
from tidegate.store import coverage as coverage_rows
from tidegate.store import records as record_rows
from tidegate.store import runs as run_rows
from tidegate.store.messages import RecordCounts
from tidegate.store.records import RecordSelection
from tidegate.store.records_energy import CONTRIBUTIONS, Derivation
from tidegate.store.records_writing import RECORDS, Landing
from tidegate.store.remembering import Remembered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from tidegate.model.records import Record
    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Engine, Session
    from tidegate.store.messages import Confirmation
    from tidegate.store.upkeep import Upkeep


def _require_private(folder: Path) -> None:
    """Check that nobody else can enter a store's folder: records are of persons, however blanked.

    Raises:
        StoreError: somebody can.
    """
    if folder.stat().st_mode & 0o077:
        raise StoreError(
            f"{folder} can be entered by others, and records may not lie there",
            hint=f"chmod 700 {folder}",
        )


def remembered_numbers() -> Remembered:
    """Keeps the numbers of the records that were asked for last, up to 128 MiB of them."""
    return Remembered(8, longest=2 << 20, size=lambda found: len(found[0]))


def _several(places: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if places is None else tuple(places)


class LocalRecords:
    """Records; a part of `LocalStore`, which opens the engine."""

    _engine: Engine
    _upkeep: Upkeep
    _numbers: Remembered

    def _addition(self, actor: str) -> AbstractContextManager[Change]:
        """One transaction that leaves definitions as they are."""
        raise NotImplementedError

    def confirm_records(
        self,
        connection: str,
        run: int,
        confirmations: Sequence[Confirmation],
        records: pa.Table,
        contributions: pa.Table,
        *,
        repository: str = MAIN,
    ) -> RecordCounts:
        """Keep records, what they contribute, and the coverage that they complete, at once."""
        _require_private(self._engine.path.parent)
        batch = records.select(RECORDS.names).cast(RECORDS)
        given = contributions.select(CONTRIBUTIONS.names).cast(CONTRIBUTIONS)
        with self._addition(f"connection {connection}") as change:
            self._engine.outdates(self._numbers)
            run_rows.beat(change, run, connection)
            landing = Landing(change, connection, batch)
            kept = landing.store()
            derived = Derivation(change, connection, repository, run).update(given)
            landing.clear()
            coverage_rows.record_coverage(
                change.session, connection, run, [one.coverage for one in confirmations]
            )
        self._upkeep.wake()
        return RecordCounts(records=kept, readings=derived)

    def records(
        self,
        connection: str,
        module: str,
        *,
        updated_from: int | None = None,
        updated_to: int | None = None,
        places: Sequence[str] | None = None,
        without: Sequence[str] = (),
        offset: int = 0,
        limit: int | None = None,
        as_of: int | None = None,
    ) -> list[Record]:
        """Records of a module, in the order in which they were first seen."""
        chosen = RecordSelection(updated_from, updated_to, _several(places), tuple(without), as_of)
        end = None if limit is None else offset + limit
        with self._engine.reading() as session:
            run_rows.require_connection(session, connection)
            if chosen.is_everything:  # numbers have no gaps
                first, last = offset + 1, FOREVER if end is None else end
            else:
                # Documents are read of this page only, not sorted with those of all others.
                page = self._numbers_of(session, connection, module, chosen)[offset:end]
                if not len(page):
                    return []
                first, last = int(page[0]), int(page[-1])
            return record_rows.records(session, connection, module, chosen, first=first, last=last)

    def count_records(
        self,
        connection: str,
        module: str,
        *,
        updated_from: int | None = None,
        updated_to: int | None = None,
        places: Sequence[str] | None = None,
        without: Sequence[str] = (),
        as_of: int | None = None,
    ) -> int:
        """How many records the same arguments of `records` name."""
        chosen = RecordSelection(updated_from, updated_to, _several(places), tuple(without), as_of)
        with self._engine.reading() as session:
            run_rows.require_connection(session, connection)
            if chosen.is_everything:
                return record_rows.count_records(session, connection, module, chosen)
            return len(self._numbers_of(session, connection, module, chosen))

    def _numbers_of(
        self, session: Session, connection: str, module: str, chosen: RecordSelection
    ) -> NDArray[np.int64]:
        """The numbers that a selection names; whoever turns pages asks for the same ones again."""

        def found() -> list[NDArray[np.int64]]:
            return [record_rows.numbers(session, connection, module, chosen)]

        if chosen.as_of is not None:
            return found()[0]
        return self._numbers.recall((connection, module, chosen), found)[0]
