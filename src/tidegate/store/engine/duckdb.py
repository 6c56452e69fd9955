"""The embedded engine: one DuckDB file, one writer at a time, readers on cursors of their own."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import duckdb

from tidegate.model.budgets import stopped_in_time
from tidegate.model.errors import StoreError
from tidegate.store.engine.faults import is_fatal, told, translated
from tidegate.store.remembering import Remembered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from tidegate.store.records_keys import KnownKeys

STORAGE_VERSION: Final = "v1.5.0"
"""Files are written so that every engine release from this one on can open them."""

_MEMORY_SHARE: Final = 0.5
_MEMORY_CAP: Final = 1 << 30
_CHECKPOINT_AT: Final = "64MiB"

_PARSED: Final[dict[str, duckdb.Statement]] = {}
_MOST_PARSED: Final = 256
_LONG: Final = 2_000
"""Characters of a statement above which parsing is a small part of the work."""


@dataclass(slots=True)
class Latest:
    """What the one writer knows of what it wrote, so that it need not look it up.

    Attributes:
        taken: the latest instant and revision; None if not looked up yet.
        keys: the keys of records by connection and module, during a run.
    """

    taken: tuple[int, int] | None = None
    keys: dict[tuple[str, str], KnownKeys] = field(default_factory=dict)

    def forget(self) -> None:
        """Forget everything: what was taken was undone."""
        self.taken = None
        self.keys.clear()


class Session:
    """One cursor with the few ways in which the store speaks to it; parameters are `$named`.

    `latest` is that of the writer, None for readers.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, latest: Latest | None = None) -> None:
        self._cursor = cursor
        self.latest = latest

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Every row of an answer that is known to be small."""
        return self._cursor.execute(self._parsed(sql, parameters), parameters).fetchall()

    def row(self, sql: str, **parameters: Any) -> tuple[Any, ...] | None:
        """The first row of an answer that is known to be small, or None."""
        rows = self.rows(sql, **parameters)  # taken whole: an open answer would block the cursor
        return rows[0] if rows else None

    def value(self, sql: str, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, **parameters)
        return None if row is None else row[0]

    def run(self, sql: str, **parameters: Any) -> int:
        """Execute a statement; the number of rows it changed."""
        row = self.row(sql, **parameters)
        return int(row[0]) if row and isinstance(row[0], int) else 0

    def table(self, sql: str, **parameters: Any) -> pa.Table:
        """The whole answer as columns."""
        return self._cursor.sql(sql, params=parameters).to_arrow_table()

    def append(self, name: str, rows: pa.Table) -> int:
        """Add rows to a table that has their columns, in that order; how many they are."""
        self._cursor.from_arrow(rows).insert_into(name)
        return int(rows.num_rows)

    @contextmanager
    def bound(self, **tables: pa.Table) -> Iterator[None]:
        """Let statements inside the block name Arrow tables."""
        with ExitStack() as stack:
            for name, table in tables.items():
                self._cursor.register(name, table)
                stack.callback(self._forget, name)
            yield

    def _parsed(self, sql: str, parameters: dict[str, Any]) -> str | duckdb.Statement:
        """A statement that comes again and again with other parameters; parsed once."""
        if not parameters or len(sql) > _LONG:
            return sql
        statement = _PARSED.get(sql)
        if statement is None:
            (statement,) = self._cursor.extract_statements(sql)
            if len(_PARSED) >= _MOST_PARSED:
                _PARSED.clear()
            _PARSED[sql] = statement
        return statement

    def _forget(self, name: str) -> None:
        with suppress(duckdb.Error):  # after a failure the cursor takes no more, and goes anyway
            self._cursor.unregister(name)


class Engine:
    """One open database file, shared by everything in this process that opened the same path.

    Use `open`, not the constructor; each `open` needs one `close`.
    """

    _open: Final[dict[Path, Engine]] = {}
    _registry: Final = threading.Lock()

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = threading.RLock()
        self.remembered = Remembered()
        self._written: Session | None = None
        self._outdated: list[Remembered] = []
        self._latest = Latest()
        self._users = 0
        self._process = os.getpid()
        self._state = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()

    @classmethod
    def open(cls, path: Path) -> Engine:
        """The engine of a database file that exists.

        Raises:
            StoreBusy: another process has it.
            StoreDamaged: it is no database.
        """
        path = path.resolve()
        with cls._registry:
            engine = cls._open.get(path)
            if engine is None:
                engine = cls(path)
                engine._connect()
                cls._open[path] = engine
            engine._require_own_process()
            engine._users += 1
            return engine

    def close(self) -> bool:
        """Give this use of the engine back; True if it was the last and the file is closed."""
        with self._registry:
            self._users -= 1
            if self._users > 0:
                return False
            self._open.pop(self.path, None)
        with self.writer:
            self._disconnect()
        return True

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the store from its first statement to its last.

        Its statement is interrupted when the time of the request is up.
        """
        with told(self.path), self._transaction() as cursor, stopped_in_time(cursor.interrupt):
            yield Session(cursor)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """The session of the one writer: all it does is kept together, or none of it.

        Inside another `writing` of the same thread it is the session of that one.
        """
        with self.writer, told(self.path):
            if self._written is not None:
                yield self._written
                return
            try:
                with self._transaction() as cursor:
                    self._written = Session(cursor, self._latest)
                    try:
                        yield self._written
                    finally:
                        self._written = None
            except BaseException:
                self._latest.forget()
                raise
            finally:
                outdated, self._outdated = self._outdated, []
                for remembered in outdated:
                    remembered.forget()

    def outdates(self, remembered: Remembered) -> None:
        """Note, inside `writing`, that what is remembered there changes with it."""
        self._outdated.append(remembered)

    def checkpoint(self) -> None:
        """Move what the log holds into the file."""
        with self.writer, told(self.path):
            cursor = self._new_cursor()
            try:
                cursor.execute("CHECKPOINT")
            except duckdb.TransactionException:
                pass  # a reader still needs the old state; the next checkpoint does it
            finally:
                cursor.close()

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._new_cursor()
        try:
            cursor.begin()
            yield cursor
            cursor.commit()
        except BaseException as error:
            self._undo(cursor)
            if is_fatal(error):
                self._disconnect()
            raise
        finally:
            self._cursors.discard(cursor)
            cursor.close()

    @staticmethod
    def _undo(cursor: duckdb.DuckDBPyConnection) -> None:
        try:
            cursor.rollback()
        except duckdb.Error:
            return  # the commit itself failed, and undid everything

    def _new_cursor(self) -> duckdb.DuckDBPyConnection:
        self._require_own_process()
        with self._state:
            if self._users == 0:
                raise StoreError("the store is closed", hint="open it again")
            if self._root is None:
                self._connect()
            assert self._root is not None
            cursor = self._root.cursor()
            self._cursors.add(cursor)
            return cursor

    @property
    def inherited(self) -> bool:
        """True in a process that was forked from the one that opened the file."""
        return self._process != os.getpid()

    def _require_own_process(self) -> None:
        if self.inherited:
            raise StoreError(
                f"{self.path} was opened before this process was forked",
                hint="fork first, or start processes with the method 'spawn'",
            )

    @classmethod
    def _abandon(cls) -> None:
        """Never close, in a forked child, what the parent has open: closing writes to the file."""
        for engine in cls._open.values():
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine._root))  # noqa: SLF001

    def _connect(self) -> None:
        try:
            self._root = connect(self.path)
        except (duckdb.Error, OSError) as error:
            raise translated(error, self.path) from error

    def _disconnect(self) -> None:
        with self._state:
            for cursor in list(self._cursors):
                with suppress(duckdb.Error):  # one that just ended by itself
                    cursor.interrupt()
                    cursor.close()
            self._cursors.clear()
            if self._root is not None:
                self._root.close()
                self._root = None


os.register_at_fork(after_in_child=Engine._abandon)  # noqa: SLF001


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A bare connection to a database file with the settings that every store has."""
    return duckdb.connect(
        path,
        config={
            "storage_compatibility_version": STORAGE_VERSION,
            "memory_limit": f"{_memory() >> 20}MiB",
            "temp_directory": str(path.parent / "temp"),
            "wal_autocheckpoint": _CHECKPOINT_AT,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )


def _memory() -> int:
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(int(installed * _MEMORY_SHARE), _MEMORY_CAP)
