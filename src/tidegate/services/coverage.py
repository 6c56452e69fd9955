"""The coverage report: what was asked for, what came of it, and the gaps that remain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidegate.model.coverage import Coverage, CoverageState
from tidegate.model.errors import NotFound
from tidegate.model.instants import now
from tidegate.model.windows import Window, WindowSet
from tidegate.services.discovering import matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.catalogue import Entry
    from tidegate.store.verbs import Verbs


class SubjectCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """Coverage of one subject of a connection within a window."""

    connection: str
    subject: str
    name: str
    rows: tuple[Coverage, ...]
    """What is recorded and what is due, sorted by start, without overlap."""


def coverage_report(
    store: Verbs,
    connection: str,
    *,
    subjects: Sequence[str] = (),
    start: int | None = None,
    end: int | None = None,
) -> list[SubjectCoverage]:
    """Coverage by subject; time that nothing was recorded for shows as due.

    Args:
        store: the store.
        connection: name of the connection.
        subjects: what to report on: subjects (`R733`), names or patterns; all that is fetched
            unless given.
        start: since when; the first time recorded for any subject unless given.
        end: until when, exclusive; the last time recorded for any subject unless given.

    Raises:
        NotFound: the connection has nothing like a subject.
    """
    recorded: dict[str, list[Coverage]] = {}
    for row in store.coverage(connection):
        recorded.setdefault(row.subject, []).append(row)
    names = {e.subject: e.name for e in store.catalogue(connection) if is_fetched(e)}
    names |= {subject: subject for subject in recorded if subject not in names}
    chosen = [s for s in names if matches(names[s], s, subjects)]
    if subjects and not chosen:
        hint = f"tidegate discover {connection} shows what there is"
        raise NotFound("subject", ", ".join(subjects), hint=hint)
    span = _span([row for rows in recorded.values() for row in rows], start, end)
    return [
        SubjectCoverage(
            connection=connection,
            subject=subject,
            name=names[subject],
            rows=tuple(_with_due(recorded.get(subject, ()), subject, span)),
        )
        for subject in chosen
    ]


def is_fetched(entry: Entry) -> bool:
    """True if the platform is asked for the entry's subject; formulas are calculated here."""
    if entry.asked:
        return entry.subject in entry.asked
    return any(one.origin is not None and one.formula is None for one in entry.series)


def _span(rows: Sequence[Coverage], start: int | None, end: int | None) -> Window:
    if start is None:
        start = min((row.window.start for row in rows), default=end or 0)
    if end is None:
        end = max((row.window.end for row in rows), default=start)
    return Window(start, max(start, end))


def _with_due(rows: Sequence[Coverage], subject: str, span: Window) -> list[Coverage]:
    clipped = [
        msgspec.structs.replace(row, window=part)
        for row in rows
        if (part := row.window.intersection(span))
    ]
    known = WindowSet(row.window for row in clipped)
    asked = now()
    due = [
        Coverage(subject=subject, window=gap, state=CoverageState.DUE, asked_at=asked)
        for gap in WindowSet([span]) - known
    ]
    return sorted([*_joined(clipped), *due], key=lambda row: row.window.start)


def _joined(rows: Sequence[Coverage]) -> list[Coverage]:
    """Touching rows of one state as one, asked for when the oldest of them was."""
    joined: list[Coverage] = []
    for row in rows:
        last = joined[-1] if joined else None
        same = last and (last.state, last.detail) == (row.state, row.detail)
        if last and same and last.window.end == row.window.start:
            joined[-1] = msgspec.structs.replace(
                last,
                window=Window(last.window.start, row.window.end),
                asked_at=min(last.asked_at, row.asked_at),
            )
        else:
            joined.append(row)
    return joined
