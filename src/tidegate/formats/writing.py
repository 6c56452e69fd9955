"""Writing a table to a file or a stream, in the format that is asked for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from tidegate.formats.files import replacing
from tidegate.formats.naming import NamedFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa


class Format(NamedFormat):
    """Formats of tables, under the endings of their files."""

    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    MAT = "mat"


_WRITERS: Final = {
    Format.JSONL: "jsonl",
    Format.CSV: "delimited",
    Format.TSV: "delimited",
    Format.PARQUET: "parquet",
    Format.XLSX: "workbook",
    Format.MAT: "matlab",
}


_BATCH: Final = 1 << 16
"""Rows that become text at once."""
_GROUP: Final = 1 << 20
"""Most rows of a row group."""


class _Writer(Protocol):
    def __call__(
        self, batches: Iterable[pa.RecordBatch], schema: pa.Schema, stream: BinaryIO, format: str
    ) -> int: ...


def write_table(
    table: pa.Table | pa.RecordBatchReader, target: Path | BinaryIO, format: str | Format
) -> int:
    """Write a table, batch by batch; the number of rows written.

    A path gets the file only when it is whole; a stream gets the bytes as they are made.
    Instants are written in UTC: as ISO 8601 with `Z` in texts, zone-less in Excel.

    Args:
        table: a table, or a reader of batches, which is used up.
        target: a path, or a binary stream that stays open.
        format: `jsonl`, `csv`, `tsv`, `parquet`, `xlsx` or `mat`.

    Raises:
        UnknownName: there is no such format.
        BadFile: the path cannot be written.
        DiskFull: there is no room for the file.
    """
    import pyarrow as pa

    chosen = Format.named(format)
    writer = cast("_Writer", import_module(f"tidegate.formats.{_WRITERS[chosen]}").write)
    given = table.to_batches() if isinstance(table, pa.Table) else table
    batches = _cut(given, _GROUP if chosen is Format.PARQUET else _BATCH)
    if isinstance(target, Path):
        with replacing(target) as stream:
            return writer(batches, table.schema, stream, chosen)
    count = writer(batches, table.schema, target, chosen)
    target.flush()
    return count


def _cut(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)
