"""Discovery: the catalogue of a connection, compared with the last time."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.catalogue import CatalogueChange, Change
from tidegate.model.errors import UnknownName
from tidegate.model.series import MAIN
from tidegate.services import following
from tidegate.services.connecting import opened
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.catalogue import Entry
    from tidegate.model.connector import Connector
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs
    from tidegate.transport.progress import Progress


_SHAPES: Final = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"})
"""Wildcards of SQL as those of file names, whose own stand for themselves."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """A catalogue, each entry with what became of it since the last time."""

    connection: str
    changes: tuple[CatalogueChange, ...]

    def narrowed(
        self, *, patterns: Sequence[str] = (), kind: str | None = None, changes: bool = False
    ) -> Discovery:
        """The part whose name or subject is like a pattern, of a kind, or not the same."""
        kind = kind_named(kind, [change.entry for change in self.changes])
        return Discovery(
            self.connection,
            tuple(
                change
                for change in self.changes
                if matches(change.entry.name, change.entry.subject, patterns)
                and kind in {None, change.entry.kind}
                and not (changes and change.change is Change.SAME)
            ),
        )

    def rows(self) -> list[dict[str, Any]]:
        """A row an entry, for printing; with the number of records where modules have such."""
        counted = any("records" in change.entry.document for change in self.changes)
        return [
            {
                "subject": change.entry.subject,
                "kind": change.entry.kind,
                "name": change.entry.name,
                "parent": change.entry.parent,
                "series": len(change.entry.series),
                **({"records": change.entry.document.get("records")} if counted else {}),
                "state": change.change.value,
            }
            for change in self.changes
        ]

    def sentence(self) -> str:
        """Counts in one line."""
        kinds = Counter(change.entry.kind for change in self.changes)
        states = Counter(change.change.value for change in self.changes)
        held = ", ".join(f"{count:,} {_plural(kind)}" for kind, count in sorted(kinds.items()))
        moved = ", ".join(f"{states[state]:,} {state}" for state in ("new", "changed", "gone"))
        return f"{self.connection}: {held or 'nothing'} ({moved})"


def _plural(kind: str) -> str:
    return kind if kind.endswith("s") else f"{kind}s"


def discover(
    store: Verbs,
    record: ConnectionRecord,
    *,
    repository: str = MAIN,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
) -> Discovery:
    """Ask the platform for its catalogue and keep it; series that are new are created."""
    with opened(store, record, policies=policies, progress=progress) as connector:
        return discovered(store, record, connector, repository=repository)


def discovered(
    store: Verbs, record: ConnectionRecord, connector: Connector, *, repository: str = MAIN
) -> Discovery:
    """Ask an open connection for its catalogue and keep it, as `discover` does."""
    entries = following.prepared(store, record, connector.discover(), repository=repository)
    changes = store.record_catalogue(record.name, entries, repository=repository)
    following.assign(store, record, changes, repository=repository)
    return Discovery(record.name, tuple(changes))


def known(store: Verbs, record: ConnectionRecord) -> Discovery:
    """The catalogue as it was kept, without asking the platform."""
    entries = store.catalogue(record.name)
    changes = tuple(CatalogueChange(entry, Change.SAME) for entry in entries)
    return Discovery(record.name, changes)


def kind_named(text: str | None, entries: Sequence[Entry]) -> str | None:
    """The kind of entry that a text means: `virtual-meter` is a `virtual meter`.

    Raises:
        UnknownName: no entry is of such a kind.
    """
    if text is None:
        return None
    known = sorted({entry.kind for entry in entries})
    kind = " ".join(text.lower().replace("-", " ").replace("_", " ").split())
    if kind not in known:
        raise UnknownName("kind", text, known)
    return kind


def matches(name: str, subject: str, patterns: Sequence[str]) -> bool:
    """True if a name or subject is like one of the patterns, or there are none."""
    if not patterns:
        return True
    shapes = [pattern.translate(_SHAPES).lower() for pattern in patterns]
    return any(
        fnmatch.fnmatchcase(text.lower(), shape) for shape in shapes for text in (name, subject)
    )
