"""The store in this process: every verb, each one transaction on the engine."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from tidegate.model.attributes import Assignment, Attribute, AttributeFilter, AttributeType
from tidegate.model.closing import Closing
from tidegate.model.coverage import CoverageState
from tidegate.model.instants import MINUTE, now
from tidegate.model.series import MAIN, NewSeries, Series, SeriesKey
from tidegate.store import attributes as attribute_rows
from tidegate.store import catalogue as catalogue_rows
from tidegate.store import coverage as coverage_rows
from tidegate.store import reading
from tidegate.store import readings as reading_rows
from tidegate.store import runs as run_rows
from tidegate.store import series as series_rows
from tidegate.store.batches import checked, checked_history, keys_of, require_inside, scope_of
from tidegate.store.changes import Change, audit_trail
from tidegate.store.engine.duckdb import Engine
from tidegate.store.files import database_of
from tidegate.store.history import record_history
from tidegate.store.local_identities import LocalIdentities
from tidegate.store.local_records import LocalRecords, remembered_numbers
from tidegate.store.local_repositories import LocalRepositories
from tidegate.store.membership import membership
from tidegate.store.messages import (
    AssignmentChange,
    AuditRecord,
    Confirmation,
    ConnectionRecord,
    Counts,
    Run,
    RunState,
    SeriesSelection,
    StoreStatus,
    Version,
)
from tidegate.store.migrations import upgrade
from tidegate.store.modifications import modifications, quotations
from tidegate.store.partials import partials
from tidegate.store.selections import find_series
from tidegate.store.upkeep import Upkeep
from tidegate.store.verbs import CURRENT, NO_READINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from tidegate.model.catalogue import CatalogueChange, Entry
    from tidegate.model.coverage import Coverage
    from tidegate.model.partials import PartialsRequest
    from tidegate.model.windows import Window


_REMEMBERED: Final = 2 * MINUTE
"""How long the answer to a call is kept for whom the first one did not reach."""


class LocalStore(LocalRepositories, LocalIdentities, LocalRecords, Closing):
    """A store folder opened by this process; fulfils `Verbs`, safe to use from several threads.

    Opening one folder twice in a process gives two handles on one engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._upkeep = Upkeep(engine)
        self._numbers = remembered_numbers()
        self._release = weakref.finalize(self, _release, self._upkeep, engine)

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Self:
        """Open the store in a folder, which is made if it is missing and `create` is set.

        Raises:
            NotFound: there is no store and `create` is not set.
            StoreBusy: another process has it open.
            StoreTooNew: a later release wrote it.
            StoreDamaged: its file cannot be read.
        """
        engine = Engine.open(database_of(path, create=create))
        try:
            upgrade(engine)
        except BaseException:
            engine.close()
            raise
        return cls(engine)

    def close(self) -> None:
        """Give the store back; a store that is forgotten, or open at exit, does it by itself."""
        self._release()

    @contextmanager
    def _change(self, actor: str) -> Iterator[Change]:
        """A change of definitions; what was remembered of them is forgotten."""
        with self._engine.writing() as session:
            self._engine.outdates(self._engine.remembered)
            yield Change(session, actor)

    @contextmanager
    def _addition(self, actor: str) -> Iterator[Change]:
        """A change that leaves definitions as they are."""
        with self._engine.writing() as session:
            yield Change(session, actor)

    # -- series ----------------------------------------------------------------------------
    def create_series(
        self, new: Sequence[NewSeries], *, repository: str = MAIN, actor: str = "owner"
    ) -> list[Series]:
        """Create series with their attributes, all or none; unknown units are created too."""
        with self._change(actor) as change:
            created = series_rows.create_series(change, new, repository)
            attribute_rows.assign(change, attribute_rows.given_with(new, created), repository)
            return created

    def find_series(
        self, selection: SeriesSelection = SeriesSelection(), *, repository: str = MAIN
    ) -> list[Series]:
        """The series that a selection names, by key."""

        def found() -> list[Series]:
            with self._engine.reading() as session:
                return find_series(session, selection, repository)

        return self._engine.remembered.recall(("series", repository, selection), found)

    def change_series(self, series: Series, *, actor: str = "owner") -> Series:
        """Put a definition in place of the one with the same key."""
        with self._change(actor) as change:
            return series_rows.change_series(change, series)

    def alter_series(
        self,
        series: Sequence[Series],
        changes: Sequence[AssignmentChange] = (),
        *,
        repository: str = MAIN,
        actor: str = "owner",
    ) -> list[Series]:
        """Change definitions and assignments of series of one repository, all or none."""
        with self._change(actor) as change:
            altered = [series_rows.change_series(change, one) for one in series]
            attribute_rows.assign(change, changes, repository)
            return altered

    def remove_series(self, keys: Sequence[SeriesKey], *, actor: str = "owner") -> None:
        """Remove series with all that is stored of them."""
        with self._change(actor) as change:
            series_rows.remove_series(change, keys)

    # -- attributes ------------------------------------------------------------------------
    def attributes(self, *, repository: str = MAIN) -> list[Attribute]:
        """The attributes of a repository, by id."""
        with self._engine.reading() as session:
            return attribute_rows.attributes(session, repository)

    def create_attribute(
        self,
        name: str,
        type: AttributeType = AttributeType.TEXT,
        *,
        id: int | None = None,
        repository: str = MAIN,
        actor: str = "owner",
    ) -> Attribute:
        """Create an attribute; without `id` it gets the next one."""
        with self._change(actor) as change:
            return attribute_rows.create_attribute(change, name, type, id, repository)

    def change_attribute(
        self, attribute: Attribute, *, repository: str = MAIN, actor: str = "owner"
    ) -> Attribute:
        """Put an attribute in place of the one with its number; what is assigned stays."""
        with self._change(actor) as change:
            return attribute_rows.change_attribute(change, attribute, repository)

    def remove_attribute(
        self, name: str, *, unused: bool = False, repository: str = MAIN, actor: str = "owner"
    ) -> None:
        """Remove an attribute and every assignment of it."""
        with self._change(actor) as change:
            attribute_rows.remove_attribute(change, name, repository, unused=unused)

    def assign(
        self, changes: Sequence[AssignmentChange], *, repository: str = MAIN, actor: str = "owner"
    ) -> int:
        """Apply changes of assignments, all or none; how many dated values changed."""
        with self._change(actor) as change:
            return attribute_rows.assign(change, changes, repository)

    def assignments(
        self, keys: Sequence[SeriesKey], *, as_of: int | None = None
    ) -> dict[SeriesKey, list[Assignment]]:
        """Every assignment of each series, by attribute id."""
        with self._engine.reading() as session:
            return attribute_rows.assignments(session, keys, as_of=as_of)

    def attribute_at(
        self, series: SeriesKey, attribute: str, instant: int, *, as_of: int | None = None
    ) -> str | None:
        """The value in force at an instant."""
        with self._engine.reading() as session:
            return attribute_rows.attribute_at(session, series, attribute, instant, as_of=as_of)

    def membership(
        self,
        filters: Sequence[AttributeFilter],
        window: Window,
        *,
        keys: Sequence[SeriesKey] | None = None,
        repository: str = MAIN,
        as_of: int | None = None,
    ) -> pa.Table:
        """When each series matches all filters at once: `series`, `start`, `end`, sorted."""
        with self._engine.reading() as session:
            return membership(
                session, filters, window, keys=keys, repository=repository, as_of=as_of
            )

    # -- readings --------------------------------------------------------------------------
    def merge_readings(
        self, readings: pa.Table, *, quotation: int | None = None, actor: str = "owner"
    ) -> Counts:
        """Upsert by (series, ts); other readings stay."""
        batch = checked(readings)
        with self._addition(actor) as change:
            series_rows.require_remembered(change.session, keys_of(batch), self._engine.remembered)
            shelf = reading_rows.quoted_shelf(quotation)
            counts = reading_rows.merge(change, batch, shelf=shelf)
            _audit_readings(change, "merge-readings", keys_of(batch), counts)
        self._upkeep.wake()
        return counts

    def replace_window(
        self,
        readings: pa.Table,
        keys: Sequence[SeriesKey],
        window: Window,
        *,
        actor: str = "owner",
    ) -> Counts:
        """Make `readings` all there is of `keys` in `window`; all of them must lie in it."""
        batch = checked(readings)
        scope = scope_of((key, window) for key in keys)
        require_inside(batch, scope)
        with self._addition(actor) as change:
            series_rows.require_series(change.session, keys)
            counts = reading_rows.replace(change, batch, scope)
            _audit_readings(change, "replace-window", keys, counts)
        self._upkeep.wake()
        return counts

    def delete_readings(
        self, keys: Sequence[SeriesKey], window: Window, *, actor: str = "owner"
    ) -> Counts:
        """End what is believed of `keys` in `window`; earlier beliefs stay readable."""
        return self.replace_window(NO_READINGS, keys, window, actor=actor)

    def record_history(self, history: pa.Table, *, actor: str = "owner") -> int:
        """Add what a platform believed before this store knew it; how many beliefs were added."""
        with self._change(actor) as change:
            return record_history(change, checked_history(history))

    def read(
        self, keys: Sequence[SeriesKey], window: Window, *, version: Version = CURRENT
    ) -> pa.RecordBatchReader:
        """Readings with `ts` in the window, sorted by (series, ts), in batches."""
        return reading.read(self._engine, keys, window, version)

    def read_before(
        self, keys: Sequence[SeriesKey], instant: int, *, version: Version = CURRENT
    ) -> pa.Table:
        """The last reading of each series before an instant, where there is one."""
        with self._engine.reading() as session:
            return reading.read_before(session, keys, instant, version)

    def extents(self, keys: Sequence[SeriesKey]) -> pa.Table:
        """First and last `ts` and number of readings per series."""
        with self._engine.reading() as session:
            return reading.extents(session, keys)

    def modifications(
        self, keys: Sequence[SeriesKey], window: Window, *, quoted: bool = False
    ) -> list[int]:
        """Instants at which readings with `ts` in the window were written, changed or ended."""
        with self._engine.reading() as session:
            return modifications(session, keys, window, quoted=quoted)

    def quotations(self, keys: Sequence[SeriesKey], window: Window) -> pa.Table:
        """Named versions with readings in the window, with first, last and number of them."""
        with self._engine.reading() as session:
            return quotations(session, keys, window)

    def partials(
        self,
        request: PartialsRequest,
        *,
        members: pa.Table,
        factors: pa.Table,
        calendar: pa.Table,
        buckets: pa.Table,
        given: pa.Table = NO_READINGS,
        version: Version = CURRENT,
    ) -> pa.Table:
        """What a sum is made of: one row a bucket (and series)."""
        with self._engine.reading() as session:
            return partials(
                session,
                request,
                members=members,
                factors=factors,
                calendar=calendar,
                buckets=buckets,
                given=given,
                version=version,
            )

    # -- pulling ---------------------------------------------------------------------------
    def connections(self) -> list[ConnectionRecord]:
        """All connections, by name."""
        with self._engine.reading() as session:
            return run_rows.connections(session)

    def put_connection(self, connection: ConnectionRecord) -> None:
        """Add a connection, or put it in place of the one with its name."""
        with self._change("owner") as change:
            run_rows.put_connection(change, connection)

    def remove_connection(self, name: str) -> None:
        """Forget a connection, its catalogue, coverage and records."""
        with self._change("owner") as change:
            self._engine.outdates(self._numbers)
            run_rows.remove_connection(change, name)

    def record_catalogue(
        self,
        connection: str,
        entries: Sequence[Entry],
        *,
        partial: bool = False,
        repository: str = MAIN,
    ) -> list[CatalogueChange]:
        """Put a catalogue in place of the last one and create series that are new with it."""
        with self._change(f"connection {connection}") as change:
            return catalogue_rows.record_catalogue(
                change, connection, entries, repository, partial=partial
            )

    def catalogue(self, connection: str, *, gone: bool = False) -> list[Entry]:
        """The entries of the last catalogue, by subject."""
        with self._engine.reading() as session:
            return catalogue_rows.catalogue(session, connection, gone=gone)

    def start_run(self, connection: str, request: str) -> int:
        """Begin a run; its number."""
        with self._addition(f"connection {connection}") as change:
            return run_rows.start_run(change, connection, request)

    def confirm(
        self,
        connection: str,
        run: int,
        confirmations: Sequence[Confirmation],
        readings: pa.Table,
    ) -> Counts:
        """Replace the windows of finished tasks and record their coverage, in one transaction."""
        batch = checked(readings)
        replaced = [
            (key, one.coverage.window)
            for one in confirmations
            if one.coverage.state is CoverageState.DONE
            for key in one.replaced
        ]
        scope = scope_of(replaced)
        require_inside(batch, scope)
        with self._addition(f"connection {connection}") as change:
            run_rows.beat(change, run, connection)
            series_rows.require_series(change.session, (key for key, _ in replaced))
            counts = reading_rows.replace(change, batch, scope, run=run)
            coverage_rows.record_coverage(
                change.session, connection, run, [one.coverage for one in confirmations]
            )
        self._upkeep.wake()
        return counts

    def end_run(self, run: int, state: RunState, summary: dict[str, object]) -> None:
        """Record how a run ended."""
        with self._addition("owner") as change:
            run_rows.end_run(change, run, state, summary)

    def runs(self, connection: str | None = None) -> list[Run]:
        """Runs, of one connection or of all, the latest first."""
        with self._engine.reading() as session:
            return run_rows.runs(session, connection)

    def coverage(
        self,
        connection: str,
        *,
        subjects: Sequence[str] | None = None,
        window: Window | None = None,
    ) -> list[Coverage]:
        """Recorded coverage, sorted by (subject, start), clipped to the window."""
        with self._engine.reading() as session:
            run_rows.require_connection(session, connection)
            return coverage_rows.coverage(session, connection, subjects=subjects, window=window)

    # -- calls from other processes --------------------------------------------------------
    def once(self, call: str, verb: Callable[[], bytes]) -> bytes:
        """What a verb answers, done in one transaction with the note that it was done.

        A call that was answered before gets that answer again, also after this process ended.
        """
        with self._engine.writing() as session:
            known = session.value("SELECT answer FROM answered WHERE call = $call", call=call)
            if known is None:
                known = verb()
                session.run("DELETE FROM answered WHERE made_at < $at", at=now() - _REMEMBERED)
                session.run(
                    "INSERT INTO answered VALUES ($call, $at, $answer)",
                    call=call,
                    at=now(),
                    answer=known,
                )
            return bytes(known)

    # -- upkeep ----------------------------------------------------------------------------
    def audit_trail(self, *, since: int | None = None) -> list[AuditRecord]:
        """Audit records from an instant on, in the order in which they were made."""
        with self._engine.reading() as session:
            return audit_trail(session, since)

    def compact(self, *, months: int | None = None) -> int:
        """Rewrite unsorted months, oldest first; how many were."""
        return self._upkeep.compact(months)

    def status(self) -> StoreStatus:
        """Sizes and health."""
        return self._upkeep.status()


def _release(upkeep: Upkeep, engine: Engine) -> None:
    if not engine.inherited:
        upkeep.stop()
        engine.close()


def _audit_readings(change: Change, verb: str, keys: Sequence[SeriesKey], counts: Counts) -> None:
    if counts.revision is None:
        return
    resource = f"series {keys[0]}" if len(keys) == 1 else f"{len(keys)} series"
    change.audit(verb, resource, after=counts)
