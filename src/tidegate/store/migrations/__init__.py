"""Steps from each older format of a store to the next, each in a transaction of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import StoreDamaged, StoreTooNew
from tidegate.store.migrations.identities import add_identities
from tidegate.store.migrations.records import add_records_and_views
from tidegate.store.schema import FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.store.engine.duckdb import Engine, Session

logger = logging.getLogger(__name__)

STEPS: Final[Mapping[int, Callable[[Session], None]]] = {
    1: add_identities,
    2: add_records_and_views,
}
"""From a format to the function that makes the next one of it; format 1 is the first."""


def upgrade(
    engine: Engine,
    *,
    steps: Mapping[int, Callable[[Session], None]] = STEPS,
    known: int = FORMAT,
) -> None:
    """Bring a store to the format that this release knows.

    Raises:
        StoreTooNew: a later release wrote it.
        StoreDamaged: it does not say which format it has.
    """
    found = _format(engine)
    if found > known:
        raise StoreTooNew(engine.path, found, known)
    for version in range(found, known):
        logger.info("upgrading %s from format %s to %s", engine.path, version, version + 1)
        with engine.writing() as session:
            steps[version](session)
            session.run("UPDATE store SET format = $format", format=version + 1)


def _format(engine: Engine) -> int:
    with engine.reading() as session:
        named = session.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'store'")
        found = session.value("SELECT max(format) FROM store") if named else None
    if found is None:
        raise StoreDamaged(
            f"{engine.path} is a database, but not a store",
            hint="choose another folder with --store",
        )
    return int(found)
