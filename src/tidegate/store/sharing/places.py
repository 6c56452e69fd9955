"""Where the socket of an owner lies, and the pointer file in the store that names it.

A socket path over 107 bytes cannot be bound, and stores may lie deep or on file systems without
sockets; so sockets have short names in a runtime folder that is their owner's alone. What a
pointer says is believed only if the socket is ours and nobody else can reach it.
"""

from __future__ import annotations

import os
import stat
import tempfile
import uuid
from pathlib import Path
from typing import Final

import msgspec

POINTER: Final = "owner.json"
_LONGEST_SOCKET: Final = 107
_LARGEST_POINTER: Final = 4096


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns a store, and the socket at which it answers."""

    socket: str
    pid: int
    host: str


def socket_for(database: Path) -> Path | None:
    """A new name for the socket of a database file; None if there is no safe place for one.

    Sockets that earlier owners of the file left behind are removed: the caller owns the file.
    """
    status = database.stat()
    stem = f"{status.st_dev:x}-{status.st_ino:x}"
    for folder in _runtime_folders():
        path = folder / f"{stem}-{uuid.uuid4().hex[:8]}"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET and _is_made_private(folder):
            for left in folder.glob(f"{stem}-*"):
                left.unlink(missing_ok=True)
            return path
    return None


def write_pointer(store: Path, pointer: Pointer) -> None:
    """Name the owner of a store, in place of the one before."""
    aside = store / f".{POINTER}.{uuid.uuid4().hex}"
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(pointer))
        aside.rename(store / POINTER)
    finally:
        aside.unlink(missing_ok=True)


def read_pointer(store: Path) -> Pointer | None:
    """Who says that it owns a store; None if nobody does, or nobody that we believe."""
    try:
        handle = os.open(
            store / POINTER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            return msgspec.json.decode(file.read(_LARGEST_POINTER), type=Pointer)
    except (OSError, msgspec.DecodeError):
        return None


def remove_pointer(store: Path, socket: Path) -> None:
    """Take the pointer away, unless it names another's socket by now."""
    pointer = read_pointer(store)
    if pointer is not None and pointer.socket == str(socket):
        (store / POINTER).unlink(missing_ok=True)


def is_ours(socket: Path) -> bool:
    """True if a path is a socket of ours in a folder that only we can enter."""
    try:
        status = socket.lstat()
        return (
            socket.is_absolute()
            and stat.S_ISSOCK(status.st_mode)
            and status.st_uid == os.geteuid()
            and _is_private(socket.parent)
        )
    except (OSError, ValueError):
        return False


def _runtime_folders() -> list[Path]:
    name = f"tidegate-{os.geteuid()}"
    given = os.environ.get("XDG_RUNTIME_DIR")
    folders = [Path(given) / "tidegate"] if given and _is_private(Path(given)) else []
    return [*folders, Path(tempfile.gettempdir()) / name, Path("/tmp") / name]  # noqa: S108


def _is_made_private(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return False
    return _is_private(folder)


def _is_private(folder: Path) -> bool:
    """True for a real folder of ours that nobody else may enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & 0o077
    )
