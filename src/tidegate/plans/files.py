"""Files that a plan fetches: written beside their name, checked, and named only when whole."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import DiskFull, Interrupted, StoreError, TransportError
from tidegate.plans.file_kinds import BEGINNING, complaint, is_packed
from tidegate.plans.naming import safe_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_PIECE: Final = 1 << 20
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)


class ShortFile(TransportError):
    """A file came with another number of bytes than was told."""

    code = "short-file"
    retryable = True

    def __init__(self, name: str, received: int, told: int) -> None:
        super().__init__(
            f"'{name}' came with {received:,} bytes instead of {told:,}",
            hint="run the same command again; it fetches what is missing",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file under its final name.

    Attributes:
        path: relative to the folder for files, with `/` between its parts.
        size: bytes.
        sha256: of its bytes, in hexadecimal digits.
        complaint: what is odd about its first bytes, if anything.
        was_there: True if the same bytes lay there already.
        kept: where the file that had the name before lies now, if it was kept.
    """

    path: str
    size: int
    sha256: str
    complaint: str | None = None
    was_there: bool = False
    kept: str | None = None


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Raise failures to write inside the block as errors that name the folder.

    Raises:
        DiskFull: there is no room.
        StoreError: the system refuses for another reason.
    """
    try:
        yield
    except OSError as problem:
        if problem.errno in _NO_ROOM:
            raise DiskFull(path) from problem
        raise StoreError(
            f"{path} cannot be written: {problem.strerror or problem}",
            hint="check that it exists and that you may write to it",
            path=str(path),
        ) from problem


class PartFile:
    """The sink of one file: `NAME.TAG.part` in the folder where it will lie.

    Args:
        folder: where it will lie; made when the file begins.
        tag: tells it from other files that may come under the same name.
        abort: set to cut the transfer.
        received: told of each piece: name of the file, bytes.
    """

    def __init__(
        self,
        folder: Path,
        tag: str,
        *,
        abort: threading.Event | None = None,
        received: Callable[[str, int], object] = lambda _name, _size: None,
    ) -> None:
        self.folder = folder
        self.name = ""
        self.size = 0
        self.told: int | None = None
        self.resumable = False
        self.beginning = b""
        self._tag = tag
        self._abort = abort or threading.Event()
        self._received = received
        self._hash = hashlib.sha256()
        self._file: int | None = None

    @property
    def path(self) -> Path:
        """Where the bytes are until the file is whole."""
        return self.folder / f"{self.name}.{self._tag}.part"

    def begin(self, name: str, *, size: int | None, resumable: bool) -> None:
        """A file begins anew: what came before of it is dropped."""
        self.drop()
        self.name = safe_name(name)
        self.told = size
        self.resumable = resumable
        with told_of(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)

    def write(self, piece: bytes) -> None:
        """The next bytes.

        Raises:
            DiskFull: there is no room for them.
            Interrupted: the transfer is to be cut.
        """
        if self._abort.is_set():
            raise Interrupted("the transfer was cut", hint="run the same command again to go on")
        if self._file is None:
            raise StoreError("bytes came before the name of their file")
        view = memoryview(piece)
        with told_of(self.folder):
            while view:
                view = view[os.write(self._file, view) :]
        self._hash.update(piece)
        if len(self.beginning) < BEGINNING:
            self.beginning = (self.beginning + bytes(piece[:BEGINNING]))[:BEGINNING]
        self.size += len(piece)
        self._received(self.name, len(piece))

    def finish(self, size: int | None = None) -> str:
        """Check the bytes, flush them to disk and give their SHA-256.

        Args:
            size: bytes that the file must have besides what the answer told, if that is known;
                not held against packed bytes.

        Raises:
            ShortFile: there are more or fewer bytes.
            StoreError: no file began.
        """
        if self._file is None:
            raise StoreError("a file was said to be whole that never began")
        for wanted in (self.told, None if is_packed(self.beginning) else size):
            if wanted is not None and wanted != self.size:
                raise ShortFile(self.name, self.size, wanted)
        with told_of(self.folder):
            os.fsync(self._file)
        os.close(self._file)
        self._file = None
        return self._hash.hexdigest()

    def drop(self) -> None:
        """Remove what came; nothing is left of it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self.name:
            self.path.unlink(missing_ok=True)
        self._hash = hashlib.sha256()
        self.size = 0
        self.told = None
        self.resumable = False
        self.beginning = b""


class Folder:
    """The folder for the files of a plan; names are given one after the other.

    Args:
        root: the folder.
        reserved: files in it that are not ours to replace, such as the log.
        keep_old: keep a file that changed, under `NAME.old-HASH`.
        overwrite: replace bytes of nobody that we know, too, unless old files are kept.
    """

    def __init__(
        self,
        root: Path,
        *,
        reserved: Iterable[Path] = (),
        keep_old: bool = False,
        overwrite: bool = False,
    ) -> None:
        self.root = root
        self._reserved = {path.resolve() for path in reserved}
        self._keep_old = keep_old
        self._overwrite = overwrite
        self._naming = threading.Lock()

    def land(
        self,
        part: PartFile,
        tag: str,
        owner: Callable[[str], str | None],
        *,
        own: str | None = None,
        size: int | None = None,
    ) -> Stored:
        """Give a whole file its name.

        The same bytes under that name are left as they are. Other bytes stay if they belong to
        another task, and the new file gets `-TAG` in its name; a shorter beginning of the new file
        is replaced; bytes of nobody that we know are kept aside, unless they are to be overwritten.

        Args:
            part: the file.
            tag: what tells it from files of other tasks.
            owner: the SHA-256 that another task stored under a path, if one did.
            own: the SHA-256 that this task stored for this file before, if it did.
            size: bytes that it must have, if that is known besides.

        Raises:
            ShortFile: it is not whole.
            StoreError: the folder cannot be written.
        """
        digest = part.finish(size)
        with self._naming, told_of(part.folder):
            target = self._target(part, tag, digest, owner)
            was_there = target.is_file() and sha256_of(target) == digest
            kept = None
            if was_there:
                part.path.unlink()
            else:
                kept = self._make_room(target, part, own)
                part.path.rename(target)
                _flush_folder(target.parent)
        return Stored(
            path=target.relative_to(self.root).as_posix(),
            size=part.size,
            sha256=digest,
            complaint=complaint(part.name, part.beginning),
            was_there=was_there,
            kept=None if kept is None else kept.relative_to(self.root).as_posix(),
        )

    def clean(self, tags: Iterable[str]) -> int:
        """Remove what an earlier run left unfinished under one of the tags; how many."""
        known = set(tags)
        removed = 0
        for path in self.root.rglob("*.part"):
            if path.name.removesuffix(".part").rpartition(".")[2].partition("-")[0] in known:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def has(self, path: str, size: int) -> bool:
        """True if a file of this size lies there now."""
        try:
            found = (self.root / path).stat()
        except OSError:
            return False
        return found.st_size == size

    def _target(
        self, part: PartFile, tag: str, digest: str, owner: Callable[[str], str | None]
    ) -> Path:
        target = part.folder / part.name
        theirs = owner(target.relative_to(self.root).as_posix())
        is_theirs = theirs is not None and theirs != digest
        if is_theirs or target.resolve() in self._reserved or target.is_dir():
            return target.with_name(f"{target.stem}-{tag}{target.suffix}")
        return target

    def _make_room(self, target: Path, part: PartFile, own: str | None) -> Path | None:
        """Decide what becomes of a file that has the name: kept aside or replaced."""
        if not target.exists():
            return None
        is_ours = own is not None and sha256_of(target) == own
        if ((is_ours or self._overwrite) and not self._keep_old) or _is_beginning(
            target, part.path
        ):
            return None
        aside = target.with_name(f"{target.name}.old-{sha256_of(target)[:8]}")
        target.rename(aside)
        return aside


class Present:
    """The files that lie in a folder, each of its folders listed once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sizes: dict[str, dict[str, int]] = {}

    def has(self, path: str, size: int | None) -> bool:
        """True if a file of this size, or of any, lay there when its folder was listed."""
        folder, _, name = path.rpartition("/")
        if folder not in self._sizes:
            self._sizes[folder] = self._listed(folder)
        found = self._sizes[folder].get(name)
        return found is not None and (size is None or found == size)

    def _listed(self, folder: str) -> dict[str, int]:
        try:
            with os.scandir(self._root / folder) as entries:
                return {one.name: one.stat().st_size for one in entries if one.is_file()}
        except OSError:
            return {}


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_beginning(old: Path, new: Path) -> bool:
    """True if a file holds fewer bytes than another one, and the same as far as they go."""
    if old.stat().st_size >= new.stat().st_size:
        return False
    with old.open("rb") as before, new.open("rb") as after:
        while piece := before.read(_PIECE):
            if after.read(len(piece)) != piece:
                return False
    return True


def _flush_folder(folder: Path) -> None:
    """Write the names of a folder to disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
