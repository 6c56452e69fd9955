"""The tables of a store, format 3.

Rows that say what is believed carry `known_from` and `known_to` (half-open, `FOREVER` while
believed). No table has a key: one writer checks what must be unique, and keys cost more than
they give on columns this long.
"""

from __future__ import annotations

from typing import Final

from tidegate.store.identities import IDENTITY_TABLES
from tidegate.store.records_tables import RECORD_TABLES
from tidegate.store.views import VIEW_TABLES

FORMAT: Final = 3
"""The format that this release writes; it opens every earlier one."""

TABLES: Final = (
    """CREATE TABLE store (format INTEGER, id VARCHAR, created_at BIGINT)""",
    """CREATE TABLE repositories (
        name VARCHAR, created_at BIGINT, zone VARCHAR DEFAULT 'UTC')""",
    """CREATE TABLE units (
        repository VARCHAR, name VARCHAR, factor DOUBLE, "offset" DOUBLE, base_unit VARCHAR,
        aggregation VARCHAR, integral_unit VARCHAR, description VARCHAR,
        known_from BIGINT, known_to BIGINT, category VARCHAR DEFAULT '')""",
    """CREATE TABLE series (
        key INTEGER, id BIGINT, repository VARCHAR, name VARCHAR, unit VARCHAR,
        interval_unit SMALLINT, interval_multiplier INTEGER, type SMALLINT, zone VARCHAR,
        aggregation VARCHAR, description VARCHAR, connection VARCHAR, subject VARCHAR,
        quantity VARCHAR, formula VARCHAR, known_from BIGINT, known_to BIGINT,
        audit BOOLEAN DEFAULT true, quotation BOOLEAN DEFAULT true)""",
    """CREATE TABLE attributes (
        id INTEGER, repository VARCHAR, name VARCHAR, type SMALLINT,
        known_from BIGINT, known_to BIGINT)""",
    """CREATE TABLE assigned (
        series INTEGER, attribute INTEGER, known_from BIGINT, known_to BIGINT)""",
    """CREATE TABLE attribute_values (
        series INTEGER, attribute INTEGER, instant BIGINT, value VARCHAR,
        known_from BIGINT, known_to BIGINT)""",
    """CREATE TABLE revisions (
        revision INTEGER, written_at BIGINT, actor VARCHAR, run INTEGER)""",
    """CREATE TABLE readings (
        series INTEGER, ts BIGINT, value DOUBLE, flag SMALLINT, revision INTEGER)""",
    """CREATE TABLE superseded (
        series INTEGER, ts BIGINT, value DOUBLE, flag SMALLINT, revision INTEGER,
        known_from BIGINT, known_to BIGINT)""",
    """CREATE TABLE quoted (
        series INTEGER, ts BIGINT, value DOUBLE, flag SMALLINT, revision INTEGER,
        quotation BIGINT)""",
    """CREATE TABLE superseded_quoted (
        series INTEGER, ts BIGINT, value DOUBLE, flag SMALLINT, revision INTEGER,
        known_from BIGINT, known_to BIGINT, quotation BIGINT)""",
    """CREATE TABLE months (month INTEGER, unsorted BIGINT)""",
    """CREATE TABLE connections (
        name VARCHAR, platform VARCHAR, url VARCHAR, settings VARCHAR)""",
    """CREATE TABLE catalogue (
        connection VARCHAR, subject VARCHAR, kind VARCHAR, name VARCHAR, parent VARCHAR,
        document VARCHAR, series VARCHAR, first_seen BIGINT, last_seen BIGINT, gone_at BIGINT,
        asked VARCHAR)""",
    """CREATE TABLE coverage (
        connection VARCHAR, subject VARCHAR, start BIGINT, "end" BIGINT, state VARCHAR,
        asked_at BIGINT, run INTEGER, detail VARCHAR)""",
    """CREATE TABLE runs (
        run INTEGER, connection VARCHAR, request VARCHAR, started_at BIGINT,
        heartbeat_at BIGINT, ended_at BIGINT, state VARCHAR, summary VARCHAR)""",
    """CREATE TABLE answered (call VARCHAR, made_at BIGINT, answer BLOB)""",
    """CREATE TABLE audit (
        made_at BIGINT, actor VARCHAR, verb VARCHAR, resource VARCHAR,
        before VARCHAR, after VARCHAR)""",
    *IDENTITY_TABLES,
    *RECORD_TABLES,
    *VIEW_TABLES,
)
