"""The audit trail: what was taken out and what was changed, in one order of time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.gate.takings import takings as takings_of
from tidegate.model.instants import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.gate.takings import Taking
    from tidegate.store.messages import AuditRecord
    from tidegate.store.verbs import Verbs


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done: `subject` says to what, `detail` the rest of what is known."""

    at: int
    actor: str
    verb: str
    subject: str
    detail: dict[str, Any]

    def as_row(self, *, detailed: bool) -> dict[str, Any]:
        """The entry as lists show it; in detail with what was before and after."""
        row = {
            "at": to_text(self.at),
            "actor": self.actor,
            "verb": self.verb,
            "subject": self.subject,
        }
        if detailed:
            return {**row, **self.detail}
        return {**row, "records": self.detail.get("records"), "view": self.detail.get("view")}


def entries(
    store: Verbs,
    folder: Path,
    *,
    since: int | None = None,
    takings: bool = True,
    changes: bool = True,
) -> Iterator[Entry]:
    """What was done from an instant on, oldest first.

    Args:
        store: whose changes.
        folder: of the store, where the journal of takings is.
        since: UTC microseconds; from the beginning if None.
        takings: show what was taken.
        changes: show what was changed.
    """
    taken = map(_taken, takings_of(folder, since=since)) if takings else iter(())
    changed = map(_changed, store.audit_trail(since=since)) if changes else iter(())
    return heapq.merge(taken, changed, key=lambda entry: entry.at)


def _taken(taking: Taking) -> Entry:
    detail = msgspec.structs.asdict(taking)
    subject = f"{taking.module} of {taking.connection}"
    return Entry(detail.pop("at"), detail.pop("actor"), "take", subject, detail)


def _changed(record: AuditRecord) -> Entry:
    detail = {
        name: value
        for name, value in (("before", record.before), ("after", record.after))
        if value is not None
    }
    return Entry(record.at, record.actor, record.verb, record.resource, detail)
