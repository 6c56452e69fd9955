"""From format 2 to 3: records, what is derived from them, views, and keys bound to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.store.migrations.definitions import add_definition_columns
from tidegate.store.records_tables import CATALOGUE_COLUMN, RECORD_TABLES
from tidegate.store.views import VIEW_TABLES

if TYPE_CHECKING:
    from tidegate.store.engine.duckdb import Session


def add_records_and_views(session: Session) -> None:
    """Make the tables of records and views, and bind keys to views."""
    for table in (*RECORD_TABLES, *VIEW_TABLES):
        session.run(table)
    session.run(CATALOGUE_COLUMN)
    session.run("ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS view VARCHAR")
    add_definition_columns(session)
