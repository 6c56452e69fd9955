"""CSV and its tab-separated sister, with cells that a spreadsheet would run made harmless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc

from tidegate.formats import texts

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEPARATORS: Final = {"csv": ",", "tsv": "\t"}
_NEEDS_QUOTES: Final = re.compile(r'[",;\t\r\n]|^\s|\s$')
_RUNS: Final = re.compile(r"[=+\-@\t\r]")
_GUARD: Final = "'"


def write(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, stream: BinaryIO, format: str
) -> int:
    """Write batches under one header line; the number of rows.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    separator = _SEPARATORS[format]
    stream.write(f"{separator.join(map(_cell, schema.names))}\n".encode())
    count = 0
    for batch in batches:
        if batch.num_rows:
            stream.write(_lines(batch, separator))
        count += batch.num_rows
    return count


def unguarded(text: str) -> str:
    """A text cell as it was before it was made harmless."""
    return text[1:] if text[:1] == _GUARD and _RUNS.match(text, 1) else text


def _lines(batch: pa.RecordBatch, separator: str) -> memoryview:
    parts: list[str | pa.StringArray] = []
    for column in batch.columns:
        parts += [_column(column), separator]
    return texts.joined([*parts[:-1], "\n"])


def _column(column: pa.Array) -> pa.StringArray:
    shown = texts.plain(column)
    if texts.is_text(column.type) or pa.types.is_nested(column.type):
        shown = texts.each(shown, _cell)
    return pc.fill_null(shown, "")


def _cell(text: str) -> str:
    guarded = f"{_GUARD}{text}" if _RUNS.match(text) else text
    if _NEEDS_QUOTES.search(guarded):
        doubled = guarded.replace('"', '""')
        return f'"{doubled}"'
    return guarded
