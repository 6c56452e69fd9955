"""Plain text, read a block of whole lines at a time by columns; the rest is left over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

BLOCK: Final = 4 << 20
"""Bytes that are read at once."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a file: their lines from 1, and one array of cells a column."""

    lines: NDArray[np.int64]
    columns: Sequence[pa.Array]


class PlainText(ABC):
    """The rows of a stream as long as they are plain, whatever that is in their format.

    `line` is that of the next row; `rest` is what was read from the stream and is not plain.
    """

    def __init__(self, stream: BinaryIO, *, line: int) -> None:
        self.line = line
        self.rest = b""
        self._stream = stream

    def blocks(self) -> Iterator[Block]:
        """The plain blocks, up to the first that is none, or to the end."""
        left = b""
        while read := self._stream.read(BLOCK):
            cut = read.rfind(b"\n") + 1
            found = self._block(left + read[:cut]) if cut else None
            if found is None:
                self.rest = left + read
                return
            left = read[cut:]
            yield found
        found = self._block(left) if left else None
        if found is None:
            self.rest = left
        else:
            yield found

    def _block(self, text: bytes) -> Block | None:
        """The rows of whole lines; None if they are not plain."""
        table = self._parsed(text)
        count = text.count(b"\n") + (not text.endswith(b"\n"))
        if table is None or table.num_rows != count:
            return None
        lines = np.arange(self.line, self.line + count, dtype=np.int64)
        self.line += count
        return Block(lines, [column.combine_chunks() for column in table.columns])

    @abstractmethod
    def _parsed(self, text: bytes) -> pa.Table | None:
        """A row for each line, if they are plain."""
