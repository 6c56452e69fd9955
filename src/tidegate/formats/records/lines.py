"""JSON: one record a line, or all of them in one array."""

from __future__ import annotations

from typing import BinaryIO


class LinesWriter:
    """Writes JSON lines as they come; what was written is out of our hands at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, lines: bytes) -> None:
        """Write the records of some JSON lines."""
        self._stream.write(lines)
        self._stream.flush()

    def close(self) -> None:
        """Nothing comes after the last record."""

    def drop(self) -> None:
        """What was written stays as it is."""


class ArrayWriter:
    """Writes one JSON array, a record a line; it is closed only when every record is in it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._before = b"[\n"

    def write(self, lines: bytes) -> None:
        """Write the records of some JSON lines."""
        if lines:
            records = lines.removesuffix(b"\n").replace(b"\n", b",\n")
            self._stream.write(self._before + records)
            self._stream.flush()
            self._before = b",\n"

    def close(self) -> None:
        """Close the array."""
        self._stream.write(b"\n]\n" if self._before == b",\n" else b"[]\n")

    def drop(self) -> None:
        """The array stays open, so that nobody takes it for complete."""
