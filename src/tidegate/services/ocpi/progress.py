"""How far an export that goes on has come: what `--since-last` remembers between runs.

An export is anchored on the platform's clock: what it asked for ended before an instant T0 of that
clock, and the next one begins there, less an overlap for records that came late. What was given
out within the overlap is remembered by keyed hashes, so that nothing goes out twice. State is
written only after the records are where they belong.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.formats.files import replacing
from tidegate.model.errors import BadFile, BadTime, BadValue, UsageError
from tidegate.model.instants import MINUTE, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OVERLAP: Final = 10 * MINUTE
"""How far before its anchor the next export begins."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DIGEST: Final = 12


class ExportRunning(UsageError):
    """Another process is at the same export."""

    code = "export-running"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the export '{name}' is running already",
            hint="wait for it, or name another with --since-last NAME",
            name=name,
        )


class OpenFile(msgspec.Struct, frozen=True):
    """A file that is still added to.

    Attributes:
        path: of the file under way.
        length: bytes of it that are confirmed; what is beyond is dropped.
    """

    path: str
    length: int


class Progress(msgspec.Struct, kw_only=True):
    """What one export remembers.

    Attributes:
        connection: the connection it takes from.
        module: the module it takes.
        since: the platform's clock at the last export, UTC microseconds; None before the first.
        salt: the key of the hashes below, as hex.
        seen: of each record given out within the overlap, its hash and when it was updated.
        file: the file that is added to, where there is one.
    """

    connection: str
    module: str
    since: int | None = None
    salt: str = msgspec.field(default_factory=lambda: secrets.token_hex(16))
    seen: dict[str, int] = {}
    file: OpenFile | None = None

    def start(self) -> int | None:
        """Where the next export begins; None for everything there is."""
        return None if self.since is None else self.since - OVERLAP


class _Identity(msgspec.Struct, frozen=True):
    country_code: Any = None
    party_id: Any = None
    id: Any = None
    uid: Any = None
    last_updated: Any = None


_elements: Final = msgspec.json.Decoder(list[msgspec.Raw])
_identity: Final = msgspec.json.Decoder(_Identity)


class Unseen:
    """Lets each version of a record pass once, within one export and the overlap before it.

    Args:
        progress: what the export remembers.
        anchor: the platform's clock at this export, UTC microseconds.
    """

    def __init__(self, progress: Progress, anchor: int) -> None:
        self._progress = progress
        self._horizon = anchor - OVERLAP
        self._anchor = anchor
        self._key = bytes.fromhex(progress.salt)
        self._found: dict[str, int] = {}

    def page(self, data: bytes) -> bytes:
        """The JSON array of those records of a JSON array that were not given out yet."""
        elements = _elements.decode(data)
        kept = [element for element in elements if self._is_new(element)]
        return data if len(kept) == len(elements) else b"[" + b",".join(map(bytes, kept)) + b"]"

    def confirmed(self) -> Progress:
        """What the export remembers once its records are where they belong."""
        seen = self._progress.seen | self._found
        kept = {digest: at for digest, at in seen.items() if at >= self._horizon}
        return msgspec.structs.replace(self._progress, since=self._anchor, seen=kept)

    def _is_new(self, element: msgspec.Raw) -> bool:
        try:
            record = _identity.decode(element)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return True
        at = self._updated(record)
        is_late = at >= self._horizon
        if not is_late and not self._progress.seen:
            return True
        digest = self._digest(record, at)
        if digest in self._progress.seen or digest in self._found:
            return False
        if is_late:
            self._found[digest] = at
        return True

    def _updated(self, record: _Identity) -> int:
        try:
            return parse(str(record.last_updated))
        except BadTime:
            return self._anchor

    def _digest(self, record: _Identity, at: int) -> str:
        words = (record.country_code, record.party_id, record.id or record.uid, at)
        text = "\0".join(str(word).strip().upper() for word in words)
        hashed = hashlib.blake2b(text.encode(), key=self._key, digest_size=_DIGEST)
        return hashed.hexdigest()


class Exports:
    """The exports of a store that go on, each with a file of its own that only the owner reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "exports"

    @contextmanager
    def running(self, name: str, connection: str, module: str) -> Iterator[Export]:
        """One export, for this process alone.

        Raises:
            ExportRunning: another process is at it.
            BadValue: the name is none, or belongs to another connection or module.
            BadFile: its file is damaged.
        """
        if not _NAME.fullmatch(name):
            raise BadValue("--since-last", name, "a name of letters, digits, '-', '_' and '.'")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._folder / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ExportRunning(name) from None
            yield Export(self._folder / f"{name}.json", connection, module)
        finally:
            os.close(lock)


class Export:
    """One export that goes on.

    Attributes:
        progress: how far it has come.
    """

    def __init__(self, path: Path, connection: str, module: str) -> None:
        self._path = path
        self.progress = self._read() or Progress(connection=connection, module=module)
        known = (self.progress.connection, self.progress.module)
        if known != (connection, module):
            raise BadValue(
                "--since-last",
                path.stem,
                f"the name of an export of '{connection}' {module}; this one is of "
                f"'{known[0]}' {known[1]}",
            )

    def confirm(self, progress: Progress) -> None:
        """Remember how far the export has come; on the disk when this returns.

        Raises:
            DiskFull: there is no room for it.
        """
        with replacing(self._path) as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(msgspec.json.encode(progress))
        self.progress = progress

    def _read(self) -> Progress | None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(data, type=Progress)
        except msgspec.DecodeError:
            hint = "remove it to export everything again"
            raise BadFile(self._path, "is no state of an export", hint=hint) from None
