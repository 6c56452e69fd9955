"""JSON lines of readings of one shape, read a block at a time by columns; the rest is left over."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
from pyarrow import json

from tidegate.formats.plain_csv import BLOCK, Block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NUMBERS: Final = {"value": pa.float64(), "flag": pa.int64()}
_NO_JSON: Final = (b"NaN", b"Inf", b"inf", b"nan")


def schema_of(first: Mapping[str, Any], names: Sequence[str]) -> pa.Schema | None:
    """The types of objects like the first; None if they are not single readings of plain members.

    Args:
        first: the first object of the file.
        names: its members, and others that objects may have.
    """
    if "value" not in first:
        return None
    fields = []
    for name in names:
        given = first.get(name)
        if isinstance(given, str):
            fields.append((name, pa.string()))
        elif name in _NUMBERS and not isinstance(given, bool | list | dict):
            fields.append((name, _NUMBERS[name]))
        else:
            return None
    return pa.schema(fields)


class PlainObjects:
    """The objects of a stream as long as each is on a line of its own and fits a schema.

    `line` is that of the next object; `rest` is what was read from the stream and does not fit.
    """

    def __init__(self, stream: BinaryIO, schema: pa.Schema, *, line: int) -> None:
        self.line = line
        self.rest = b""
        self._stream = stream
        self._schema = schema

    def blocks(self) -> Iterator[Block]:
        """The blocks that fit, up to the first that does not, or to the end."""
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
        if block.count(b"\n{") + block.startswith(b"{") != lines:
            return None
        if any(word in block for word in _NO_JSON):
            return None
        try:
            block.decode()
            table = json.read_json(
                io.BytesIO(block),
                read_options=json.ReadOptions(block_size=len(block) + 1),
                parse_options=json.ParseOptions(
                    explicit_schema=self._schema, unexpected_field_behavior="error"
                ),
            )
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None
        if table.num_rows != lines:
            return None
        numbers = np.arange(self.line, self.line + lines, dtype=np.int64)
        self.line += lines
        return Block(numbers, [table[name].combine_chunks() for name in self._schema.names])
