"""The coverage report: what was asked for, what came of it, and the gaps that remain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidegate.model.coverage import Coverage, CoverageState
from tidegate.model.instants import now
from tidegate.model.windows import Window, WindowSet

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    subjects: Sequence[str] | None = None,
    window: Window | None = None,
) -> list[SubjectCoverage]:
    """Coverage by subject; time that nothing was recorded for shows as due.

    Args:
        store: the store.
        connection: name of the connection.
        subjects: what to report on; all that the catalogue can fetch unless given.
        window: the time to report on; from the first row recorded for any subject to the last
            unless given.
    """
    names = {e.subject: e.name for e in store.catalogue(connection) if e.series}
    wanted = list(names) if subjects is None else list(subjects)
    recorded: dict[str, list[Coverage]] = {subject: [] for subject in wanted}
    for row in store.coverage(connection, subjects=wanted, window=window):
        recorded.setdefault(row.subject, []).append(row)
    span = window or _span([row for rows in recorded.values() for row in rows])
    return [
        SubjectCoverage(
            connection=connection,
            subject=subject,
            name=names.get(subject, subject),
            rows=tuple(_with_due(rows, subject, span)),
        )
        for subject, rows in recorded.items()
    ]


def _span(rows: Sequence[Coverage]) -> Window:
    if not rows:
        return Window(0, 0)
    return Window(min(r.window.start for r in rows), max(r.window.end for r in rows))


def _with_due(rows: Sequence[Coverage], subject: str, span: Window) -> list[Coverage]:
    known = WindowSet(row.window for row in rows)
    asked = now()
    due = [
        Coverage(subject=subject, window=gap, state=CoverageState.DUE, asked_at=asked)
        for gap in WindowSet([span]) - known
    ]
    return sorted([*_joined(rows), *due], key=lambda row: row.window.start)


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
