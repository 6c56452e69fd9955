"""The tables of records, and of what they contribute to derived series."""

from __future__ import annotations

from typing import Final

RECORD_TABLES: Final = (
    """CREATE TABLE records (
        connection VARCHAR, module VARCHAR, key VARCHAR, number BIGINT, updated_at BIGINT,
        document VARCHAR USING COMPRESSION zstd, places VARCHAR[], known_from BIGINT)""",
    """CREATE TABLE superseded_records (
        connection VARCHAR, module VARCHAR, key VARCHAR, number BIGINT, updated_at BIGINT,
        document VARCHAR USING COMPRESSION zstd, places VARCHAR[], known_from BIGINT,
        known_to BIGINT)""",
    """CREATE TABLE contributions (
        connection VARCHAR, module VARCHAR, number BIGINT, series INTEGER, ts BIGINT,
        energy BIGINT)""",
    """CREATE TABLE credits (
        connection VARCHAR, module VARCHAR, credit BIGINT, key VARCHAR, number BIGINT)""",
)
"""What format 3 added for records.

`number` counts the records of a connection and module in the order in which they were first seen,
without gaps. A credit takes back the record of a `key`; `number` is null until that one is there.
Documents are alike and long: zstd takes a third of the room that the engine's own choice takes, in
half of its time.
"""

RECORD_TABLE_NAMES: Final = ("records", "superseded_records", "contributions", "credits")

CATALOGUE_COLUMN: Final = "ALTER TABLE catalogue ADD COLUMN asked VARCHAR"
"""What format 3 added to catalogues: the subjects to ask for in place of an entry's own."""
