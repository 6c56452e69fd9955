"""The verbs of a store: the one interface to it, in this process or in another.

Readings go in and come out as Arrow with the columns of `READINGS`: `series` (int32, a
`SeriesKey`), `ts` (int64, UTC microseconds of the start of the covered time), `value` (float64,
null where no number stands behind the point, never NaN) and `flag` (int16).
Each verb is one transaction; `actor` names who asks, for the audit trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from tidegate.model.attributes import Assignment, Attribute, AttributeFilter, AttributeType
from tidegate.model.catalogue import CatalogueChange, Entry
from tidegate.model.coverage import Coverage
from tidegate.model.partials import PartialsRequest
from tidegate.model.records import Record
from tidegate.model.series import MAIN, NewSeries, Series, SeriesKey
from tidegate.model.units import Unit
from tidegate.model.windows import Window
from tidegate.store.identity_verbs import IdentityVerbs
from tidegate.store.messages import (
    AssignmentChange,
    AuditRecord,
    Confirmation,
    ConnectionRecord,
    Counts,
    RecordCounts,
    Run,
    RunState,
    SeriesSelection,
    StoreStatus,
    Version,
)

READINGS = pa.schema(
    {"series": pa.int32(), "ts": pa.int64(), "value": pa.float64(), "flag": pa.int16()}
)

NO_READINGS = READINGS.empty_table()

HISTORY = pa.schema([*READINGS, ("known_from", pa.int64()), ("known_to", pa.int64())])
"""Readings with the instants between which somebody believed them; `FOREVER` if still."""

PARTIALS = pa.schema(
    {
        "series": pa.int32(),
        "bucket": pa.int32(),
        "total": pa.float64(),
        "covered": pa.int64(),
        "numbers": pa.int64(),
        "cells": pa.int64(),
        "expected": pa.int64(),
        "flags": pa.int16(),
    }
)
"""The columns of partials; `series` only where they are wanted by series."""

QUOTATIONS = pa.schema(
    {
        "series": pa.int32(),
        "quotation": pa.int64(),
        "first": pa.int64(),
        "last": pa.int64(),
        "count": pa.int64(),
    }
)
"""Named versions: the first and last `ts` of each, and how many readings it has."""

CURRENT = Version()


class Verbs(IdentityVerbs, Protocol):
    """Everything that can be asked of a store."""

    # -- repositories, units ---------------------------------------------------------------
    def repositories(self) -> list[str]:
        """Names of all repositories, sorted."""
        ...

    def create_repository(self, name: str, *, zone: str = "UTC", actor: str = "owner") -> None:
        """Create an empty repository that knows the starter units; see `repository_zone`.

        Raises:
            UnknownZone: the zone database has no such zone.
        """
        ...

    def repository_zone(self, *, repository: str = MAIN) -> str:
        """The zone of times that name none, of sums, and of series made without one.

        Raises:
            NotFound: there is no such repository.
        """
        ...

    def set_repository_zone(
        self, zone: str, *, repository: str = MAIN, actor: str = "owner"
    ) -> None:
        """Change the zone of a repository; series that it has keep theirs.

        Raises:
            UnknownZone: the zone database has no such zone.
        """
        ...

    def remove_repository(self, name: str, *, actor: str = "owner") -> None:
        """Remove a repository that holds no series."""
        ...

    def units(self, *, repository: str = MAIN) -> list[Unit]:
        """The units of a repository, in the order in which they were made."""
        ...

    def put_unit(
        self, unit: Unit, *, new: bool | None = None, repository: str = MAIN, actor: str = "owner"
    ) -> None:
        """Add a unit, or put it in place of the one with its name.

        Raises:
            Duplicate: it exists and must be `new`.
            NotFound: it does not exist and must not be `new`.
        """
        ...

    # -- series ----------------------------------------------------------------------------
    def create_series(
        self, new: Sequence[NewSeries], *, repository: str = MAIN, actor: str = "owner"
    ) -> list[Series]:
        """Create series with their attributes, all or none; unknown units are created too.

        Raises:
            Duplicate: a name or id is taken.
            NotFound: an attribute that does not exist.
        """
        ...

    def find_series(
        self, selection: SeriesSelection = SeriesSelection(), *, repository: str = MAIN
    ) -> list[Series]:
        """The series that a selection names, by key; what matches nothing is no error."""
        ...

    def change_series(self, series: Series, *, actor: str = "owner") -> Series:
        """Put a definition in place of the one with the same key; the old one is kept, dated."""
        ...

    def alter_series(
        self,
        series: Sequence[Series],
        changes: Sequence[AssignmentChange] = (),
        *,
        repository: str = MAIN,
        actor: str = "owner",
    ) -> list[Series]:
        """Change definitions and assignments of series of one repository, all or none."""
        ...

    def remove_series(self, keys: Sequence[SeriesKey], *, actor: str = "owner") -> None:
        """Remove series with their assignments and readings, superseded ones included."""
        ...

    # -- attributes ------------------------------------------------------------------------
    def attributes(self, *, repository: str = MAIN) -> list[Attribute]:
        """The attributes of a repository, by id."""
        ...

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
        ...

    def change_attribute(
        self, attribute: Attribute, *, repository: str = MAIN, actor: str = "owner"
    ) -> Attribute:
        """Put an attribute in place of the one with its number; what is assigned stays.

        Raises:
            NotFound: no attribute has that number.
            Duplicate: another has its name.
        """
        ...

    def remove_attribute(
        self, name: str, *, unused: bool = False, repository: str = MAIN, actor: str = "owner"
    ) -> None:
        """Remove an attribute and every assignment of it.

        Raises:
            InUse: it must be `unused`, and series have it.
        """
        ...

    def assign(
        self, changes: Sequence[AssignmentChange], *, repository: str = MAIN, actor: str = "owner"
    ) -> int:
        """Apply changes of assignments, all or none; the number of dated values that changed.

        Raises:
            NotFound: an attribute or series that does not exist.
        """
        ...

    def assignments(
        self, keys: Sequence[SeriesKey], *, as_of: int | None = None
    ) -> dict[SeriesKey, list[Assignment]]:
        """Every assignment of each series, by attribute id."""
        ...

    def attribute_at(
        self, series: SeriesKey, attribute: str, instant: int, *, as_of: int | None = None
    ) -> str | None:
        """The value in force at an instant: that of the greatest dated one at or before it."""
        ...

    def membership(
        self,
        filters: Sequence[AttributeFilter],
        window: Window,
        *,
        keys: Sequence[SeriesKey] | None = None,
        repository: str = MAIN,
        as_of: int | None = None,
    ) -> pa.Table:
        """When each series matches all filters at once: `series`, `start`, `end`, sorted.

        The spans are maximal, half-open and clipped to the window; no filters match always.
        `Name|` matches while an assigned attribute has no value; a category without instants
        matches always. Text is compared trimmed and without regard to case.

        Raises:
            NotFound: a filter names an attribute that the repository does not have.
        """
        ...

    # -- readings --------------------------------------------------------------------------
    def merge_readings(
        self, readings: pa.Table, *, quotation: int | None = None, actor: str = "owner"
    ) -> Counts:
        """Upsert by (series, ts); other readings stay. An equal reading writes nothing."""
        ...

    def replace_window(
        self,
        readings: pa.Table,
        keys: Sequence[SeriesKey],
        window: Window,
        *,
        actor: str = "owner",
    ) -> Counts:
        """Make `readings` all there is of `keys` in `window`; what vanishes is superseded.

        Raises:
            BadValue: a reading lies outside the window or belongs to another series.
        """
        ...

    def delete_readings(
        self, keys: Sequence[SeriesKey], window: Window, *, actor: str = "owner"
    ) -> Counts:
        """End what is believed of `keys` in `window`; earlier beliefs stay readable."""
        ...

    def record_history(self, history: pa.Table, *, actor: str = "owner") -> int:
        """Add what a platform believed before this store knew it; how many beliefs were added.

        `history` has the columns of `HISTORY`. Of each reading only what was believed before the
        store first had one of its series and instant counts, and no current reading changes.
        Beliefs without end, of readings that the store does not have, are left out.
        """
        ...

    def read(
        self, keys: Sequence[SeriesKey], window: Window, *, version: Version = CURRENT
    ) -> pa.RecordBatchReader:
        """Readings with `ts` in the window, sorted by (series, ts), in batches."""
        ...

    def read_before(
        self, keys: Sequence[SeriesKey], instant: int, *, version: Version = CURRENT
    ) -> pa.Table:
        """The last reading of each series before an instant, where there is one."""
        ...

    def extents(self, keys: Sequence[SeriesKey]) -> pa.Table:
        """First and last `ts` and number of readings per series: `series, first, last, count`."""
        ...

    def modifications(
        self, keys: Sequence[SeriesKey], window: Window, *, quoted: bool = False
    ) -> list[int]:
        """Instants at which readings with `ts` in the window were written, changed or ended.

        Those of named versions if `quoted`. Sorted; each can be asked for as `Version.as_of`.
        """
        ...

    def quotations(self, keys: Sequence[SeriesKey], window: Window) -> pa.Table:
        """Named versions with readings in the window: the columns of `QUOTATIONS`, sorted."""
        ...

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
        """What a sum is made of: one row a bucket (and series), only where series are members.

        Args:
            request: the lanes and what is wanted of them.
            members: `series, start, end`, and `offset` for `several`: when each is a member.
            factors: `series, lane, scale, shift`: a value counts as `value * scale + shift`.
            calendar: the cells of cyclic lanes, sorted by (lane, start): `lane, point, start, end,
                decided, bucket, multiply, divide`; `point` is the `ts` of the covering reading,
                `decided` the instant whose membership counts.
            buckets: `bucket, start, end`, numbered by time, without gaps.
            given: calculated readings, with the columns of `READINGS`.
            version: which belief to read.

        Returns:
            The columns of `PARTIALS`, sorted by (series and) bucket: `total` (compensated);
            `covered`, microseconds of the union of the time with numbers; `numbers`, cells with a
            number; `cells`, member cells that a reading stands behind; `expected`, member cells;
            `flags`, a mask of the flags seen, the bit of a flag being its `RANK`.
        """
        ...

    # -- pulling ---------------------------------------------------------------------------
    def connections(self) -> list[ConnectionRecord]:
        """All connections, by name."""
        ...

    def put_connection(self, connection: ConnectionRecord) -> None:
        """Add a connection, or put it in place of the one with its name."""
        ...

    def remove_connection(self, name: str) -> None:
        """Forget a connection, its catalogue, coverage and records; series and readings stay."""
        ...

    def record_catalogue(
        self,
        connection: str,
        entries: Sequence[Entry],
        *,
        partial: bool = False,
        repository: str = MAIN,
    ) -> list[CatalogueChange]:
        """Put a catalogue in place of the last one and create series that are new with it.

        Where it is `partial`, entries that are not in it stay as they were.
        """
        ...

    def catalogue(self, connection: str, *, gone: bool = False) -> list[Entry]:
        """The entries of the last catalogue, those that are gone only if asked for."""
        ...

    def start_run(self, connection: str, request: str) -> int:
        """Begin a run; runs that never ended count as interrupted. `request` says what it asks."""
        ...

    def confirm(
        self,
        connection: str,
        run: int,
        confirmations: Sequence[Confirmation],
        readings: pa.Table,
    ) -> Counts:
        """Replace the windows of finished tasks and record their coverage, in one transaction.

        Confirmations that are `done` replace `replaced` within the window by what `readings`
        holds of them; `empty`, `failed` and `refused` leave stored readings as they are.

        Raises:
            BadValue: a reading lies in no window that is replaced.
            NotFound: an unknown run, connection or series.
        """
        ...

    def end_run(self, run: int, state: RunState, summary: dict[str, object]) -> None:
        """Record how a run ended."""
        ...

    def runs(self, connection: str | None = None) -> list[Run]:
        """Runs, of one connection or of all, the latest first."""
        ...

    def coverage(
        self,
        connection: str,
        *,
        subjects: Sequence[str] | None = None,
        window: Window | None = None,
    ) -> list[Coverage]:
        """Recorded coverage, sorted by (subject, start), clipped to the window; later rows won."""
        ...

    # -- records ---------------------------------------------------------------------------
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
        """Keep records, what they contribute to series, and coverage, in one transaction.

        Args:
            connection: whose records they are.
            run: that fetched them.
            confirmations: the coverage that they complete.
            records: the columns of `RECORDS`. An equal record writes nothing, of a changed one the
                earlier version is kept; one that is older than what is stored is left out.
            contributions: the columns of `CONTRIBUTIONS`. They take the place of earlier ones of
                the same records, and every bin that they change is summed anew.
            repository: of the series that are derived.

        Raises:
            NotFound: an unknown run or connection.
            StoreError: others can enter the folder of the store.
        """
        ...

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
        """Records of a module, in the order in which they were first seen.

        Args:
            connection: whose records.
            module: e.g. `sessions`.
            updated_from: only those last changed at this instant or later.
            updated_to: only those last changed before.
            places: only those with one of these keyed hashes of place names.
            without: only those with none of these.
            offset: how many to leave out at the start.
            limit: how many at most.
            as_of: as they were believed at this instant.
        """
        ...

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
        ...

    # -- upkeep ----------------------------------------------------------------------------
    def audit_trail(self, *, since: int | None = None) -> list[AuditRecord]:
        """Audit records from an instant on, in the order in which they were made."""
        ...

    def compact(self, *, months: int | None = None) -> int:
        """Rewrite unsorted months, oldest first, each in its own transaction; how many were."""
        ...

    def status(self) -> StoreStatus:
        """Sizes and health of the store."""
        ...
