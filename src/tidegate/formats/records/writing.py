"""Which writer writes a format."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from tidegate.formats.naming import NamedFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.formats.records.columns import Column


class RecordFormat(NamedFormat):
    """Formats of records, under the endings of their files."""

    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"
    XLSX = "xlsx"

    @property
    def has_columns(self) -> bool:
        """True if records become rows of a table."""
        return self not in {RecordFormat.JSONL, RecordFormat.JSON}

    @property
    def can_grow(self) -> bool:
        """True if a file of it can be added to after it was written."""
        return self in {RecordFormat.JSONL, RecordFormat.CSV, RecordFormat.TSV}


_WRITERS: Final = {
    RecordFormat.JSONL: "lines:LinesWriter",
    RecordFormat.JSON: "lines:ArrayWriter",
    RecordFormat.CSV: "delimited:CsvWriter",
    RecordFormat.TSV: "delimited:TsvWriter",
    RecordFormat.PARQUET: "parquet:ParquetWriter",
    RecordFormat.XLSX: "workbook:WorkbookWriter",
}


class RecordWriter(Protocol):
    """Writes pages of records to a stream, each as it comes."""

    def write(self, lines: bytes) -> None:
        """Write the records of some JSON lines."""

    def close(self) -> None:
        """Write what comes after the last record; the stream stays open."""

    def drop(self) -> None:
        """Write nothing more, so that what was begun cannot be taken for complete."""


def writer(
    format: RecordFormat,
    stream: BinaryIO,
    *,
    columns: Sequence[Column] = (),
    explode: str | None = None,
    goes_on: bool = False,
) -> RecordWriter:
    """A writer of records.

    Args:
        format: what to write.
        stream: where to.
        columns: the columns of formats that have any.
        explode: path of the list that gets a row for each element.
        goes_on: the stream holds records of this format already; no header is written.
    """
    module, name = _WRITERS[format].split(":")
    made = getattr(import_module(f"tidegate.formats.records.{module}"), name)
    if not format.has_columns:
        return cast("Callable[[BinaryIO], RecordWriter]", made)(stream)
    options = {"goes_on": goes_on} if format.can_grow else {}
    return cast("RecordWriter", made(stream, columns, explode, **options))
