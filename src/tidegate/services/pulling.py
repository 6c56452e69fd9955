"""Pulling: what is due of a connection, fetched into the store; run again, it goes on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import NotFound
from tidegate.model.instants import DAY, now
from tidegate.model.series import MAIN
from tidegate.model.windows import Window
from tidegate.plans.interrupts import Brake
from tidegate.plans.runner import run
from tidegate.plans.splitting import plan
from tidegate.services.connecting import opened
from tidegate.services.discovering import discovered, kind_named, matches
from tidegate.store.messages import SeriesSelection
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.model.catalogue import Entry
    from tidegate.model.connector import Connector, Task
    from tidegate.model.series import SeriesKey
    from tidegate.plans.report import RunReport
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs
    from tidegate.transport.progress import Progress

logger = logging.getLogger(__name__)

FIRST_REACH: Final = 366 * DAY
"""How far back the first pull of a connection goes when it is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What to pull of a connection.

    Attributes:
        subjects: subjects (`R733`) or names, with `%` and `_` as wildcards; all if none.
        kind: only this kind of entry.
        start: since when; if None the earliest time asked before, else the beginning that the
            platform has or `FIRST_REACH` ago.
        end: until when, exclusive; if None now, or as far ahead of it as the platform has readings.
        again: ask for everything in the window, whatever is recorded.
        repository: where the series are.
    """

    subjects: tuple[str, ...] = ()
    kind: str | None = None
    start: int | None = None
    end: int | None = None
    again: bool = False
    repository: str = MAIN


def pull(
    store: Verbs,
    record: ConnectionRecord,
    selection: Selection = Selection(),
    *,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
) -> RunReport:
    """Fetch what is due, in one run; failures of single tasks are in the report.

    Raises:
        NotFound: the selection names nothing that the connection has.
        NotSignedIn: the platform does not accept the kept password.
    """
    brake = Brake()
    patient = policies.until(brake.stop)
    with opened(store, record, policies=patient, progress=progress) as connector:
        longest = connector.capabilities.max_window
        tasks = _tasks(store, record, selection, connector)
        keys = _keys(store, record, selection.repository)
        report = run(
            store,
            connector,
            record.name,
            tasks,
            keys,
            progress=progress,
            brake=brake,
            request=f"pull {record.name}",
            repository=selection.repository,
        )
        learned = connector.capabilities.max_window
    if longest is not None and learned is not None and learned < longest:
        _keep_longest(store, record, learned)
    return report


def _keep_longest(store: Verbs, record: ConnectionRecord, longest: int) -> None:
    """Ask for no more at once in later runs than the platform has given in this one."""
    settings = {**record.settings, "max_window": f"{max(1, longest // DAY)}d"}
    store.put_connection(msgspec.structs.replace(record, settings=settings))


def tasks_due(
    store: Verbs,
    record: ConnectionRecord,
    selection: Selection = Selection(),
    *,
    policies: Policies = Policies(),
) -> list[Task]:
    """The requests that `pull` would send; nothing is fetched but a catalogue never seen."""
    with opened(store, record, policies=policies) as connector:
        return _tasks(store, record, selection, connector)


def _tasks(
    store: Verbs, record: ConnectionRecord, selection: Selection, connector: Connector
) -> list[Task]:
    if not store.catalogue(record.name):
        logger.info("'%s' was never discovered; asking for its catalogue first", record.name)
        discovered(store, record, connector, repository=selection.repository)
    subjects = _subjects(store.catalogue(record.name), selection, record.name)
    coverage = store.coverage(record.name, subjects=subjects)
    start = selection.start
    if start is None:
        asked = [row.window.start for row in store.coverage(record.name)]
        start = min(asked) if asked else _first_start(record, connector)
    known = now() + connector.capabilities.ahead
    wanted = Window(start, max(start, known) if selection.end is None else selection.end)
    return plan(
        subjects, wanted, coverage, connector.capabilities, now=now(), again=selection.again
    )


def _first_start(record: ConnectionRecord, connector: Connector) -> int:
    if connector.capabilities.beginning is not None:
        return connector.capabilities.beginning
    logger.info(
        "first pull of '%s': going back %d days; --from asks for more",
        record.name,
        FIRST_REACH // DAY,
    )
    return (now() - FIRST_REACH) // DAY * DAY


def _subjects(entries: Sequence[Entry], selection: Selection, connection: str) -> list[str]:
    """What to ask for: an entry that is a formula stands for what it refers to."""
    kind = kind_named(selection.kind, entries)
    chosen = [
        entry
        for entry in entries
        if kind in {None, entry.kind} and matches(entry.name, entry.subject, selection.subjects)
    ]
    if not chosen and selection.subjects:
        named = ", ".join(selection.subjects)
        raise NotFound("subject", named, hint=f"tidegate discover {connection} shows what there is")
    return list(dict.fromkeys(subject for entry in chosen for subject in _sources(entry, entries)))


def _sources(entry: Entry, entries: Sequence[Entry]) -> Iterator[str]:
    if entry.asked:
        yield from entry.asked
        return
    for series in entry.series:
        if series.formula is not None:
            yield from (origin.subject for origin in series.formula.alias_origins.values())
        elif series.origin is not None:
            yield series.origin.subject
    for child in entries:
        if not entry.series and child.parent == entry.subject:
            yield from _sources(child, entries)


def _keys(
    store: Verbs, record: ConnectionRecord, repository: str
) -> dict[tuple[str, str], SeriesKey]:
    found = store.find_series(SeriesSelection(connection=record.name), repository=repository)
    return {
        (one.origin.subject, one.origin.quantity): one.key
        for one in found
        if one.origin is not None and one.formula is None
    }
