"""From format 2 to 3: views, and keys bound to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.store.migrations.definitions import add_definition_columns
from tidegate.store.views import VIEW_TABLES

if TYPE_CHECKING:
    from tidegate.store.engine.duckdb import Session


def add_records_and_views(session: Session) -> None:
    """Make the tables of views, and bind keys to them."""
    for table in VIEW_TABLES:
        session.run(table)
    session.run("ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS view VARCHAR")
    add_definition_columns(session)
