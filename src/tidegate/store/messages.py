"""What store verbs take and give, besides Arrow tables; all of it travels between processes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from tidegate.model.attributes import AttributeFilter
from tidegate.model.coverage import Coverage
from tidegate.model.series import SeriesKey
from tidegate.model.windows import Window


class ConnectionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as kept: never with a secret."""

    name: str
    platform: str
    url: str
    settings: dict[str, Any] = {}


class SeriesSelection(msgspec.Struct, frozen=True, kw_only=True):
    r"""Which series of a repository; every member given narrows, none given means all.

    A name that no series has exactly may hold the wildcards `%` and `_` (`\` escapes) and then
    ignores case; `filters` match a series if all hold together at any instant. With `as_of` the
    definitions are those known at that instant; names and filters choose by what is known now.
    `calculated` leaves only those that have a formula.
    """

    keys: tuple[SeriesKey, ...] | None = None
    ids: tuple[int, ...] | None = None
    names: tuple[str, ...] | None = None
    connection: str | None = None
    subjects: tuple[str, ...] | None = None
    filters: tuple[AttributeFilter, ...] = ()
    calculated: bool = False
    as_of: int | None = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Which belief to read: the current one unless an instant says otherwise.

    `as_of` reads what was known at that instant; with `exact` only what was written at it.
    `quotation` reads the latest named version at or before it; with `exact_quotation` only it.
    """

    as_of: int | None = None
    exact: bool = False
    quotation: int | None = None
    exact_quotation: bool = False


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a write did, in readings. `revision` is None when nothing changed."""

    inserted: int = 0
    changed: int = 0
    removed: int = 0
    equal: int = 0
    revision: int | None = None


class RecordCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What a write did, in records (None if it was of none) and in readings."""

    records: Counts | None = None
    readings: Counts = Counts()


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """Coverage of one task and the series whose readings the same transaction replaces in it."""

    coverage: Coverage
    replaced: tuple[SeriesKey, ...] = ()


class AssignmentChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one attribute on one series.

    `values` maps instants to text or null. `mode` `merge` adds to what is there, `replace`
    puts this map in place of the old one, `remove` takes the whole assignment away; `change` is
    `replace` and `drop` is `remove` where the attribute must be assigned. `clear` takes every
    assignment off the series, whatever the attribute.
    """

    series: SeriesKey
    attribute: str
    values: dict[int, str | None] = {}
    mode: str = "merge"


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of planned tasks."""

    run: int
    connection: str
    started_at: int
    ended_at: int | None
    state: RunState
    summary: dict[str, Any] = {}


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who changed what, when; `before` and `after` for definitions and assignments."""

    at: int
    actor: str
    verb: str
    resource: str
    before: Any = None
    after: Any = None


class StoreStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes and health of a store; `id` stays the same wherever its folder goes."""

    id: str = ""
    format: int
    series: int
    readings: int
    superseded: int
    bytes: int
    uncompacted_months: tuple[str, ...] = ()
    window: Window | None = None
