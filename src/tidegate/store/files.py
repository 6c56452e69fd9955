"""The files of a store: where they lie, and how a new one comes to be."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import NotFound
from tidegate.model.instants import now
from tidegate.model.series import MAIN
from tidegate.store.changes import Change
from tidegate.store.engine.duckdb import Session, connect
from tidegate.store.engine.faults import told
from tidegate.store.repositories import create_repository
from tidegate.store.schema import FORMAT, TABLES

if TYPE_CHECKING:
    from pathlib import Path

DATABASE: Final = "store.duckdb"


def database_of(folder: Path, *, create: bool) -> Path:
    """The database file of a store folder, made first if it is missing and `create` is set.

    Raises:
        NotFound: there is none and `create` is not set.
    """
    path = folder / DATABASE
    if path.exists():
        return path
    if not create:
        raise NotFound("store", folder, hint="name another with --store, or connect a platform")
    with told(path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    return path


def size_of(path: Path) -> int:
    """Bytes of a database file and its log."""
    log = path.with_name(path.name + ".wal")
    return sum(part.stat().st_size for part in (path, log) if part.exists())


def _make(path: Path) -> None:
    """Make a database aside and give it its name when it is whole; another's of the time wins."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        _fill(aside)
        aside.chmod(0o600)
        os.link(aside, path)
    except FileExistsError:
        return
    finally:
        aside.unlink(missing_ok=True)


def _fill(path: Path) -> None:
    connection = connect(path)
    try:
        connection.begin()
        for table in TABLES:
            connection.execute(table)
        session = Session(connection)
        session.run(
            "INSERT INTO store VALUES ($format, $id, $at)",
            format=FORMAT,
            id=str(uuid.uuid4()),
            at=now(),
        )
        create_repository(Change(session, "owner"), MAIN)
        connection.commit()
    finally:
        connection.close()
