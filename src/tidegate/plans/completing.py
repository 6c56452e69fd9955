"""Definitions and tasks that somebody wrote into a log by hand: checked and completed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import TidegateError
from tidegate.model.instants import now as present
from tidegate.plans.dates import instant_of
from tidegate.plans.log import (
    ACTIVE,
    INVALID,
    REMOVED,
    DefinitionEntry,
    Fault,
    Log,
    task_id_of,
    to_stamp,
)
from tidegate.plans.merging import Cut, Merged, recut

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEEDED: Final = ("dataProductCode", "extension")
_SOURCES: Final = (
    {"deviceCode"},
    {"locationCode", "deviceCategoryCode"},
    {"locationCode", "propertyCode"},
)


def complete(log: Log, *, now: int | None = None) -> Merged:
    """Give tasks to the definitions that have none, and names to what has none.

    A definition that cannot be run as it stands becomes invalid and says why; the others go on.

    Args:
        log: is changed.
        now: the present instant.
    """
    merged = Merged()
    instant = present() if now is None else now
    cut = Cut.of(log.configuration)
    for entry in log.definitions:
        if entry.state == REMOVED:
            continue
        fault = _fault(entry, instant)
        if fault is not None:
            entry.state, entry.error = INVALID, fault
        elif entry.state == INVALID and not entry.tab:
            entry.state, entry.error = ACTIVE, None
        if fault is None and (not entry.tasks or _has_unnamed(entry)):
            _complete(entry, cut, merged, instant)
    return merged


def problems(log: Log) -> Iterator[tuple[DefinitionEntry, Fault]]:
    """The definitions that cannot be run, with the reason."""
    for entry in log.definitions:
        if entry.state == INVALID and entry.error is not None:
            yield entry, entry.error


def _complete(entry: DefinitionEntry, cut: Cut, merged: Merged, now: int) -> None:
    if not entry.row_id:
        asked = "&".join(f"{name}={entry.filters[name]}" for name in sorted(entry.filters))
        entry.row_id = hashlib.sha256(f"by hand {asked}".encode()).hexdigest()[:16]
    entry.begin = to_stamp(instant_of("begin", entry.begin, now=now))
    entry.end = to_stamp(instant_of("end", entry.end, now=now))
    for task in entry.tasks:
        task.date_from = to_stamp(instant_of("dateFrom", task.date_from, now=now))
        task.date_to = to_stamp(instant_of("dateTo", task.date_to, now=now))
        if not task.task_id:
            task.task_id = task_id_of(entry.row_id, entry.filters, task.window)
            merged.tasks_added += 1
    if not entry.tasks:
        merged.definitions_added += 1
        recut(entry, cut, merged)


def _has_unnamed(entry: DefinitionEntry) -> bool:
    return any(not task.task_id for task in entry.tasks)


def _fault(entry: DefinitionEntry, now: int) -> Fault | None:
    """What keeps a definition from being run, as far as that can be told from itself."""
    if entry.error is not None and entry.tab:
        return None
    missing = [name for name in _NEEDED if not entry.filters.get(name)]
    named = {name for name, value in entry.filters.items() if value}
    if missing:
        return _wrong(f"{', '.join(missing)} is missing")
    if not any(source <= named for source in _SOURCES):
        return _wrong("a source is missing: deviceCode, or locationCode with deviceCategoryCode")
    try:
        begin, end = (instant_of(at, getattr(entry, at), now=now) for at in ("begin", "end"))
        for task in entry.tasks:
            if not task.task_id:
                instant_of("dateFrom", task.date_from, now=now)
                instant_of("dateTo", task.date_to, now=now)
    except TidegateError as error:
        return _wrong(str(error), error.hint)
    return None if begin < end else _wrong("it ends before it begins")


def _wrong(why: str, hint: str | None = None) -> Fault:
    return Fault(code="wrong-definition", message=why, hint=hint, permanent=True)
