"""Failures of the engine, told in the words of the store."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from tidegate.model.errors import DiskFull, StoreBusy, StoreDamaged, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_ROOM = ("No space left", "File too large", "quota exceeded", "max_temp_directory_size")
_LOCKED = ("Could not set lock",)
_DAMAGED = (
    "not a valid DuckDB database",
    "Corrupt",
    "checksum",
    "WAL file",
    "Failed to deserialize",
    "Could not read enough bytes",
)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raise the engine's failures inside the block as errors of the store at `path`."""
    try:
        yield
    except duckdb.Error as error:
        raise translated(error, path) from error
    except OSError as error:
        raise translated(error, path) from error


def translated(error: Exception, path: Path) -> StoreError:
    """The error of ours that says what an engine failure means to the user."""
    text = str(error)
    if _any(text, _NO_ROOM):
        return DiskFull(path)
    if _any(text, _LOCKED):
        return StoreBusy(
            f"another process has {path} open",
            hint="wait until it ends, or stop it",
            path=str(path),
        )
    if _any(text, _DAMAGED):
        return StoreDamaged(
            f"{path} cannot be read as a store",
            hint="restore it from a backup; a pull fills what is missing since",
            path=str(path),
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return StoreError(
            "the request needs more memory than the store may use",
            hint="ask for a shorter window or fewer series",
        )
    return StoreError(f"{path}: {_first_line(text)}", path=str(path))


def is_fatal(error: BaseException) -> bool:
    """True when the engine will answer nothing more until it is opened again."""
    return isinstance(error, duckdb.FatalException | duckdb.InternalException)


def _any(text: str, marks: tuple[str, ...]) -> bool:
    return any(mark.lower() in text.lower() for mark in marks)


def _first_line(text: str) -> str:
    return text.partition("\n")[0].strip()
