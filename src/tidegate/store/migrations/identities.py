"""From format 1 to 2: users and keys of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.store.identities import IDENTITY_TABLES

if TYPE_CHECKING:
    from tidegate.store.engine.duckdb import Session


def add_identities(session: Session) -> None:
    """Make the tables of users and keys."""
    for table in IDENTITY_TABLES:
        session.run(table)
