"""CSV and its tab-separated sister, with cells that a spreadsheet would run made harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc

from tidegate.formats import texts
from tidegate.formats.guarding import cell

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEPARATORS: Final = {"csv": ",", "tsv": "\t"}


def write(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, stream: BinaryIO, format: str
) -> int:
    """Write batches under one header line; the number of rows.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    separator = _SEPARATORS[format]
    stream.write(f"{separator.join(map(cell, schema.names))}\n".encode())
    count = 0
    for batch in batches:
        if batch.num_rows:
            stream.write(_lines(batch, separator))
        count += batch.num_rows
    return count


def _lines(batch: pa.RecordBatch, separator: str) -> memoryview:
    parts: list[str | pa.StringArray] = []
    for column in batch.columns:
        parts += [_column(column), separator]
    return texts.joined([*parts[:-1], "\n"])


def _column(column: pa.Array) -> pa.StringArray:
    shown = texts.plain(column)
    if texts.is_text(column.type) or pa.types.is_nested(column.type):
        shown = texts.each(shown, cell)
    return pc.fill_null(shown, "")
