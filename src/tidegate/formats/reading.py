"""Reading files of readings: long or wide, as JSON lines, CSV or Parquet, streamed in pieces.

What a file does not say clearly is asked for by name: the zone of times without one, the sign of
decimals. Rows that cannot be taken are named by line with the reason; nothing is guessed.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from tidegate.formats.collecting import MAX_REFUSALS, Collector, Refusal
from tidegate.formats.layout import Layout, recognise
from tidegate.formats.pieces import Pieces, csv_pieces, jsonl_pieces, parquet_pieces
from tidegate.formats.writing import Format
from tidegate.model.errors import BadFile, BadValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

SNIFFED: Final = 4096
"""Bytes at the start of a file by which its format is told."""

__all__ = ["MAX_REFUSALS", "FileReadings", "Refusal", "read_readings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReadings:
    """What a file holds.

    Attributes:
        table: `series` (dictionary of names, null where the file names none), `ts` (int64, UTC
            microseconds), `value` (float64, null without a number), `flag` (int16) and `line`
            (int64, from 1), in the order of the file.
        refused: the rows that cannot be taken, by line; at most `MAX_REFUSALS` of them.
        refused_count: how many rows cannot be taken.
        names: the series that the file names, in its order.
        units: units of series, where the file says them.
    """

    table: pa.Table
    refused: Sequence[Refusal]
    refused_count: int
    names: Sequence[str]
    units: dict[str, str] = field(default_factory=dict)


def read_readings(
    source: Path | BinaryIO,
    *,
    name: str | None = None,
    format: str | Format | None = None,
    zone: ZoneInfo | None = None,
    decimal: str | None = None,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
) -> FileReadings:
    """The readings of a file.

    The columns are found by their names. Long: `series` (or `name`, `id`), `from` (or `time`,
    `timestamp`, …), `value` and `flag` if there is one; without `series` it is one series. Wide:
    a column of times and one column a series. CSV files of ERDDAP and of Environment Canada are
    recognised and bring units and their own marks for missing and estimated values.

    Args:
        source: a path or a binary stream.
        name: what errors call the source; its path unless given.
        format: `jsonl`, `csv`, `tsv` or `parquet`; told by the content unless given.
        zone: the zone of times that name none; such times are refused without it.
        decimal: the decimal sign of CSV, `.` or `,`; `.` unless given, but what could also be a
            grouping sign is refused then.
        delimiter: what stands between CSV cells; told by the first line unless given.
        columns: the series to take, by the names in the file; all unless given. A single column of
            numbers is taken under any single name.

    Raises:
        BadFile: the file as a whole cannot be taken.
        BadValue: an option has a value that it cannot have.
    """
    if decimal not in {None, ".", ","}:
        raise BadValue("decimal", decimal, "'.' or ','")
    called = name or (str(source) if isinstance(source, Path) else "-")
    with _opened(source, called) as stream:
        kind = _format(stream, format, called)
        pieces = _pieces(stream, kind, delimiter, called)
        layout = recognise(pieces, columns=columns, path=called)
        collector = Collector(layout, path=called, zone=zone, decimal=decimal, dense=pieces.dense)
        for piece in pieces.rows:
            collector.add(piece)
    return _result(collector, layout, columns, called)


def _result(
    collector: Collector, layout: Layout, columns: Sequence[str] | None, called: str
) -> FileReadings:
    table, names = collector.table(), collector.names
    if columns is not None and layout.names is not None:
        table, names = _only(table, names, columns, called)
    return FileReadings(
        table=table,
        refused=collector.refused(),
        refused_count=collector.refused_count,
        names=names,
        units={series.name: series.unit for series in layout.series if series.unit},
    )


def _only(
    table: pa.Table, names: Sequence[str], wanted: Sequence[str], called: str
) -> tuple[pa.Table, list[str]]:
    """The rows of the series that are wanted, in a long file."""
    for name in wanted:
        if name not in names:
            hint = f"the file has: {', '.join(names[:20])}"
            raise BadFile(called, f"there is no series '{name}'", hint=hint)
    kept = pc.is_in(table["series"].cast(pa.string()), value_set=pa.array(wanted, pa.string()))
    return table.filter(kept), [name for name in names if name in wanted]


@contextmanager
def _opened(source: Path | BinaryIO, called: str) -> Iterator[BinaryIO]:
    """The source as a stream that can be read from its start again."""
    try:
        if isinstance(source, Path):
            with source.open("rb") as stream:
                yield stream
        elif source.seekable():
            yield source
        else:
            with tempfile.TemporaryFile() as copy:
                shutil.copyfileobj(source, copy)
                copy.seek(0)
                yield copy
    except OSError as problem:
        why = (problem.strerror or str(problem)).lower()
        raise BadFile(called, why, hint="check the path") from problem


def _format(stream: BinaryIO, format: str | Format | None, called: str) -> Format:
    if format is not None:
        chosen = Format.named(format)
        if chosen is Format.XLSX:
            raise BadFile(called, "Excel files are not read", hint="save the sheet as CSV")
        return chosen
    start = stream.read(SNIFFED)
    stream.seek(-len(start), 1)
    if start.startswith(b"PAR1"):
        return Format.PARQUET
    if start.startswith(b"PK\x03\x04"):
        raise BadFile(called, "Excel files are not read", hint="save the sheet as CSV")
    return Format.JSONL if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["} else Format.CSV


def _pieces(stream: BinaryIO, kind: Format, delimiter: str | None, called: str) -> Pieces:
    if kind is Format.PARQUET:
        return parquet_pieces(stream, called)
    if kind is Format.JSONL:
        return jsonl_pieces(stream, called)
    return csv_pieces(stream, called, "\t" if kind is Format.TSV else delimiter)
