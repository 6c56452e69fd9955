"""JSON lines: one record a line, in the order of the columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from tidegate.formats import texts

if TYPE_CHECKING:
    from collections.abc import Iterable


def write(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, stream: BinaryIO, format: str
) -> int:
    """Write batches as JSON lines; the number of rows."""
    del format
    keys = [f"{json.dumps(name, ensure_ascii=False)}:" for name in schema.names]
    count = 0
    for batch in batches:
        if batch.num_rows:
            stream.write(_lines(batch, keys))
        count += batch.num_rows
    return count


def _lines(batch: pa.RecordBatch, keys: list[str]) -> memoryview:
    parts: list[str | pa.StringArray] = []
    for place, (key, column) in enumerate(zip(keys, batch.columns, strict=True)):
        parts += [f",{key}" if place else f"{{{key}", _values(column)]
    return texts.joined([*parts, "}\n"])


def _values(column: pa.Array) -> pa.StringArray:
    if texts.is_text(column.type):
        shown = texts.each(column, lambda text: json.dumps(text, ensure_ascii=False))
    elif pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        shown = pc.binary_join_element_wise('"', texts.plain(column), '"', "")
    else:
        shown = texts.plain(column)
    return pc.fill_null(shown, "null")
