"""The file of secrets where there is no keyring: its owner's alone, replaced whole."""

from __future__ import annotations

import fcntl
import os
import stat
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import BadFile, SecretExposed
from tidegate.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMAT: Final = 1
_LARGEST: Final = 1 << 20


class _Document(msgspec.Struct):
    format: int = _FORMAT
    secrets: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"_Document({len(self.secrets)} secrets)"


class SecretFile:
    """Secrets by name in one file; several processes may change it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, entry: str) -> Secret | None:
        """The secret of a name, or None.

        Raises:
            SecretExposed: others can read or write the file.
            BadFile: the file is no file of secrets.
        """
        text = self._read().secrets.get(entry)
        return Secret(text) if text else None

    def put(self, entry: str, secret: Secret) -> None:
        """Keep a secret under a name."""
        with self._changing() as document:
            document.secrets[entry] = secret.reveal()

    def remove(self, entry: str) -> None:
        """Forget a name; one that is unknown is no error."""
        if self.path.exists() and entry in self._read().secrets:
            with self._changing() as document:
                document.secrets.pop(entry, None)

    def _read(self) -> _Document:
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return _Document()
        except OSError as error:
            why = (error.strerror or "cannot be opened").lower()
            hint = "make it a plain file that you can read, or remove it"
            raise BadFile(self.path, why, hint=hint) from error
        with os.fdopen(handle, "rb") as file:
            self._require_private(os.fstat(file.fileno()))
            content = file.read(_LARGEST)
        try:
            document = msgspec.json.decode(content, type=_Document)
        except msgspec.DecodeError:
            raise BadFile(self.path, "is no file of secrets", hint="remove it") from None
        if document.format > _FORMAT:
            hint = "use that release, or remove the file and connect again"
            raise BadFile(self.path, "was written by a later release", hint=hint)
        return document

    def _require_private(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            hint = "put a plain file there, or nothing"
            raise BadFile(self.path, "is no regular file", hint=hint)
        if status.st_mode & 0o077 or status.st_uid != os.geteuid():
            raise SecretExposed(self.path)

    @contextmanager
    def _changing(self) -> Iterator[_Document]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            document = self._read()
            yield document
            self._replace(msgspec.json.format(msgspec.json.encode(document)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.path.with_name(f"{self.path.name}.lock")
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _replace(self, content: bytes) -> None:
        aside = self.path.with_name(f".{self.path.name}.{uuid.uuid4().hex}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.rename(self.path)
        finally:
            aside.unlink(missing_ok=True)
