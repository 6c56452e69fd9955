"""CSV without quotes, read a block at a time by columns; whatever else there is, is left over."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

BLOCK: Final = 4 << 20
"""Bytes that are read at once."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a file: their lines from 1, and one array of texts a column."""

    lines: NDArray[np.int64]
    columns: Sequence[pa.Array]


class PlainRows:
    """The rows of a stream as long as they are plain.

    A block is plain if no cell is quoted, and every line is a row of the same width. `line` is
    that of the next row; `rest` is what was read from the stream and is not plain.
    """

    def __init__(self, stream: BinaryIO, *, line: int, width: int, delimiter: str) -> None:
        self.line = line
        self.rest = b""
        self._stream = stream
        self._width = width
        self._delimiter = delimiter

    def blocks(self) -> Iterator[Block]:
        """The plain blocks, up to the first that is none, or to the end."""
        left = b""
        while read := self._stream.read(BLOCK):
            cut = read.rfind(b"\n") + 1
            found = self._parsed(left + read[:cut]) if cut else None
            if found is None:
                self.rest = left + read
                return
            left = read[cut:]
            yield found
        found = self._parsed(left) if left else None
        if found is None:
            self.rest = left
        else:
            yield found

    def _parsed(self, block: bytes) -> Block | None:
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        if b'"' in block or b"\0" in block or block.count(b"\r") != block.count(b"\r\n"):
            return None
        names = [str(place) for place in range(self._width)]
        try:
            table = csv.read_csv(
                io.BytesIO(block),
                read_options=csv.ReadOptions(column_names=names, block_size=2 * BLOCK + len(block)),
                parse_options=csv.ParseOptions(
                    delimiter=self._delimiter, quote_char=False, ignore_empty_lines=False
                ),
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            return None
        if table.num_rows != lines:
            return None
        numbers = np.arange(self.line, self.line + lines, dtype=np.int64)
        self.line += lines
        return _without_blank(numbers, [one.combine_chunks() for one in table.columns])


def _without_blank(lines: NDArray[np.int64], columns: Sequence[pa.Array]) -> Block:
    """The rows of which any cell holds something."""
    filled = pc.not_equal(columns[0], "")
    for column in columns[1:]:
        if pc.all(filled).as_py():
            return Block(lines, columns)
        filled = pc.or_(filled, pc.not_equal(column, ""))
    return Block(
        lines[filled.to_numpy(zero_copy_only=False)], [one.filter(filled) for one in columns]
    )
