"""From format 2 to 3: what repositories, units and series say of themselves since then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tidegate.store.engine.duckdb import Session

_COLUMNS: Final = (
    "repositories ADD COLUMN zone VARCHAR DEFAULT 'UTC'",
    "units ADD COLUMN category VARCHAR DEFAULT ''",
    "series ADD COLUMN audit BOOLEAN DEFAULT true",
    "series ADD COLUMN quotation BOOLEAN DEFAULT true",
)


def add_definition_columns(session: Session) -> None:
    """Add the columns; what is defined already is in UTC, without category, with both versions."""
    for column in _COLUMNS:
        session.run(f"ALTER TABLE {column}")
