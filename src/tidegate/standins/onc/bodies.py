"""Bytes of files: as many as wanted, the same for the same name and seed, made while sent."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 1 << 18
_PATTERN: Final = random.Random(11207).randbytes(4 * BLOCK)
_HEADS: Final = {
    "mp3": b"ID3\x03\x00\x00\x00\x00\x00\x00",
    "flac": b"fLaC\x00\x00\x00\x22",
    "mat": b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x01IM",
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "nc": b"\x89HDF\r\n\x1a\n",
    "mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
    "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "pdf": b"%PDF-1.7\n",
    "zip": b"PK\x03\x04",
}
_TYPES: Final = {
    "csv": "text/csv",
    "json": "application/json",
    "txt": "text/plain",
    "xml": "application/xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "mp3": "audio/mpeg",
    "wav": "audio/x-wav",
    "mp4": "video/mp4",
}
TEXTS: Final = frozenset({"csv", "json", "txt", "xml"})
"""Extensions of files that are text."""


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of one file.

    Attributes:
        name: its name; the extension decides how it begins.
        size: how many bytes it has.
        key: what decides them, such as the seed and how often the file was made anew.
        text: the bytes themselves, of a file that is text.
    """

    name: str
    size: int
    key: str = ""
    text: bytes | None = None

    @property
    def media_type(self) -> str:
        """Its media type."""
        return _TYPES.get(self.name.rpartition(".")[2], "application/octet-stream")

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its bytes from `start` to `end`, in pieces of at most `BLOCK`."""
        end = self.size if end is None else min(end, self.size)
        if self.text is not None:
            yield self.text[start:end]
            return
        for number in range(start // BLOCK, -(-end // BLOCK)):
            first = number * BLOCK
            yield self._block(number)[max(start - first, 0) : end - first]

    def _block(self, number: int) -> bytes:
        digest = hashlib.blake2b(f"{self.key}|{self.name}|{number}".encode(), digest_size=4)
        at = int.from_bytes(digest.digest(), "big") % (3 * BLOCK)
        block = _PATTERN[at : at + BLOCK]
        if number:
            return block
        head = self._head()
        return head + block[len(head) :]

    def _head(self) -> bytes:
        extension = self.name.rpartition(".")[2]
        if extension == "wav":
            return b"RIFF" + max(self.size - 8, 0).to_bytes(4, "little") + b"WAVEfmt "
        return _HEADS.get(extension, b"")


def of_text(name: str, text: str) -> Body:
    """A file that is text."""
    encoded = text.encode()
    return Body(name, len(encoded), text=encoded)


def filler(name: str, size: int, key: str) -> Body:
    """A text file of `size` bytes, in lines."""
    line = f"{name} {key} no event\n".encode()
    text = (line * (size // len(line) + 1))[:size]
    return Body(name, size, text=text[:-1] + b"\n" if text else b"")
