"""One writing transaction: its instant, its actor, its revision, its audit records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.instants import now
from tidegate.store.messages import AuditRecord

if TYPE_CHECKING:
    from tidegate.store.engine.duckdb import Session


class Change:
    """What one verb writes, known from one instant on.

    `at` is later than that of every change before, even where the machine's clock went back.
    """

    def __init__(self, session: Session, actor: str) -> None:
        self.session = session
        self.actor = actor
        last_instant, self._last_revision = _last(session)
        self.at = max(int(now()), last_instant + 1)
        self._revision: int | None = None
        self._take(self._last_revision)

    def revision(self, *, run: int | None = None) -> int:
        """The number under which this change writes readings; taken when first asked for."""
        if self._revision is None:
            self._revision = self._last_revision + 1
            self._take(self._revision)
            self.session.run(
                "INSERT INTO revisions VALUES ($revision, $at, $actor, $run)",
                revision=self._revision,
                at=self.at,
                actor=self.actor,
                run=run,
            )
        return self._revision

    def _take(self, revision: int) -> None:
        """Let later changes come after this one; numbers of one that is undone stay unused."""
        if self.session.latest is not None:
            self.session.latest.taken = (self.at, revision)

    def audit(self, verb: str, resource: str, *, before: Any = None, after: Any = None) -> None:
        """Leave a record of what was done to one thing."""
        self.session.run(
            "INSERT INTO audit VALUES ($at, $actor, $verb, $resource, $before, $after)",
            at=self.at,
            actor=self.actor,
            verb=verb,
            resource=resource,
            before=to_json(before),
            after=to_json(after),
        )


def audit_trail(session: Session, since: int | None) -> list[AuditRecord]:
    """Audit records from an instant on, in the order in which they were made."""
    rows = session.rows(
        "SELECT made_at, actor, verb, resource, before, after FROM audit"
        " WHERE made_at >= $since ORDER BY made_at, rowid",
        since=-(1 << 63) if since is None else since,
    )
    return [
        AuditRecord(
            at=at,
            actor=actor,
            verb=verb,
            resource=resource,
            before=from_json(before),
            after=from_json(after),
        )
        for at, actor, verb, resource, before, after in rows
    ]


def to_json(value: Any) -> str | None:
    """A value as JSON text; None stays None."""
    return None if value is None else msgspec.json.encode(value, enc_hook=str).decode()


def from_json(text: str | None) -> Any:
    """The value of a JSON text; None stays None."""
    return None if text is None else msgspec.json.decode(text)


def _last(session: Session) -> tuple[int, int]:
    """The latest instant and the latest revision of any change."""
    if session.latest is not None and session.latest.taken is not None:
        return session.latest.taken
    instant, revision = session.rows(
        "SELECT greatest(max(written_at), (SELECT max(made_at) FROM audit)), max(revision)"
        " FROM revisions"
    )[0]
    return instant or 0, revision or 0
