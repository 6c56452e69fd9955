"""JSON lines of readings of one shape, read a block at a time by columns; the rest is left over."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json

from tidegate.formats.plain import PlainText

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NUMBERS: Final = {"value": pa.float64(), "flag": pa.int64()}


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


class PlainObjects(PlainText):
    """The objects of a stream as long as each is on a line of its own and fits a schema."""

    def __init__(self, stream: BinaryIO, schema: pa.Schema, *, line: int) -> None:
        super().__init__(stream, line=line)
        self._schema = schema

    def _parsed(self, text: bytes) -> pa.Table | None:
        lines = text.count(b"\n") + (not text.endswith(b"\n"))
        if text.count(b"\n{") + text.startswith(b"{") != lines:
            return None
        try:
            text.decode()
            table = json.read_json(
                io.BytesIO(text),
                read_options=json.ReadOptions(block_size=len(text) + 1),
                parse_options=json.ParseOptions(
                    explicit_schema=self._schema, unexpected_field_behavior="error"
                ),
            )
        except (pa.ArrowInvalid, UnicodeDecodeError):
            return None
        if not pc.all(pc.is_finite(table["value"]), min_count=0).as_py():
            return None  # NaN and Infinity are no JSON, and 1e999 is no number
        return table.select(self._schema.names)
