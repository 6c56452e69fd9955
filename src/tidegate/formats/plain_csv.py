"""CSV without quotes, read a block at a time by columns; whatever else there is, is left over."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tidegate.formats.plain import BLOCK, Block, PlainText

if TYPE_CHECKING:
    from collections.abc import Iterator


class PlainRows(PlainText):
    """The rows of a stream as long as they are plain.

    A block is plain if no cell is quoted, and every line is a row of the same width. Rows without
    any text are passed over.
    """

    def __init__(self, stream: BinaryIO, *, line: int, width: int, delimiter: str) -> None:
        super().__init__(stream, line=line)
        self._names = [str(place) for place in range(width)]
        self._delimiter = delimiter

    def blocks(self) -> Iterator[Block]:
        """The plain blocks, up to the first that is none, or to the end."""
        return map(_without_blank, super().blocks())

    def _parsed(self, text: bytes) -> pa.Table | None:
        if b'"' in text or b"\0" in text or text.count(b"\r") != text.count(b"\r\n"):
            return None
        try:
            return csv.read_csv(
                io.BytesIO(text),
                read_options=csv.ReadOptions(
                    column_names=self._names, block_size=2 * BLOCK + len(text)
                ),
                parse_options=csv.ParseOptions(
                    delimiter=self._delimiter, quote_char=False, ignore_empty_lines=False
                ),
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(self._names, pa.string()), strings_can_be_null=False
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            return None


def _without_blank(block: Block) -> Block:
    """The rows of which any cell holds something."""
    first, *others = block.columns
    filled = pc.not_equal(first, "")
    for column in others:
        if pc.all(filled).as_py():
            return block
        filled = pc.or_(filled, pc.not_equal(column, ""))
    return Block(
        block.lines[filled.to_numpy(zero_copy_only=False)],
        [one.filter(filled) for one in block.columns],
    )
