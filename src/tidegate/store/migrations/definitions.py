"""From format 2 to 3: the category of units, and what series say of their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tidegate.store.engine.duckdb import Session

_COLUMNS: Final = (
    "units ADD COLUMN category VARCHAR DEFAULT ''",
    "series ADD COLUMN audit BOOLEAN DEFAULT true",
    "series ADD COLUMN quotation BOOLEAN DEFAULT true",
)


def add_definition_columns(session: Session) -> None:
    """Add the columns; what is defined already has no category, and both kinds of versions."""
    for column in _COLUMNS:
        session.run(f"ALTER TABLE {column}")
