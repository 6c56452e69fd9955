"""Views as they are kept: one document each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import InUse, NotFound
from tidegate.model.views import View

if TYPE_CHECKING:
    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Session

VIEW_TABLES: Final = ("CREATE TABLE views (name VARCHAR, document VARCHAR)",)
"""The tables that format 3 added for views."""


def views(session: Session) -> list[View]:
    """All views, by name."""
    rows = session.rows("SELECT document FROM views ORDER BY name")
    return [msgspec.json.decode(document, type=View) for (document,) in rows]


def put_view(change: Change, view: View) -> None:
    """Add a view, or put it in place of the one with its name."""
    before = _document(change.session, view.name)
    document = msgspec.json.encode(view).decode()
    if document == before:
        return
    change.session.run("DELETE FROM views WHERE name = $name", name=view.name)
    change.session.run(
        "INSERT INTO views VALUES ($name, $document)", name=view.name, document=document
    )
    change.audit(
        "put-view",
        f"view {view.name}",
        before=None if before is None else msgspec.json.decode(before),
        after=view,
    )


def remove_view(change: Change, name: str) -> None:
    """Remove a view.

    Raises:
        NotFound: there is no such view.
        InUse: keys are bound to it.
    """
    before = _document(change.session, name)
    if before is None:
        raise NotFound("view", name, hint="tidegate view list shows the names")
    keys = change.session.rows("SELECT id FROM api_keys WHERE view = $name", name=name)
    if keys:
        raise InUse("view", name, f"key {keys[0][0]}")
    change.session.run("DELETE FROM views WHERE name = $name", name=name)
    change.audit("remove-view", f"view {name}", before=msgspec.json.decode(before))


def _document(session: Session, name: str) -> str | None:
    row = session.row("SELECT document FROM views WHERE name = $name", name=name)
    return None if row is None else str(row[0])
