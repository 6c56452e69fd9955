"""Files as pieces: the names of their columns, then rows column by column with line numbers."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

import msgspec
import numpy as np
import pyarrow as pa

from tidegate.formats.plain_csv import PlainRows
from tidegate.formats.plain_jsonl import PlainObjects, schema_of
from tidegate.model.errors import BadFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

ROWS: Final = 10_000
"""Rows of a piece."""

MAX_LINE: Final = 16 << 20
"""Bytes of one line; what is longer is no line of readings."""

_DELIMITERS: Final = ",;\t|"


class Lines(Protocol):
    """What lines can be read from."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or as much of it as `size` allows; empty at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a file.

    Attributes:
        lines: the line (or row) number of each, from 1.
        columns: one array a column, texts unless the file has types.
        broken: lines that have no cells, with the reason.
    """

    lines: NDArray[np.int64]
    columns: Sequence[pa.Array]
    broken: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class Pieces:
    """A file: its columns and its rows.

    Attributes:
        names: the columns, as the file names them.
        rows: the pieces, to be used up once.
        first: the cells of the first row, by which layouts are told; None if there are none.
        dense: whether a comma stands between the cells, so that none is a decimal comma.
    """

    names: Sequence[str]
    rows: Iterator[Piece]
    first: Sequence[Any] | None = None
    dense: bool = False


# ---- CSV --------------------------------------------------------------------------------------


def csv_pieces(stream: BinaryIO, path: str, delimiter: str | None) -> Pieces:
    """The pieces of a CSV file in UTF-8, under one line of names."""
    texts = _texts(stream, path)
    opening = next(texts, "")
    chosen = delimiter or max(_DELIMITERS, key=opening.count)
    rows = _csv_rows(chain([opening], texts), path, chosen)
    names = [cell.strip() for cell in next(rows, (0, [""]))[1]]
    first = next(rows, None)
    return Pieces(
        names=names,
        rows=_csv_rest(stream, path, chosen, rows=chain([first], rows), width=len(names))
        if first
        else iter(()),
        first=first[1] if first else None,
        dense=chosen == ",",
    )


def _csv_rest(
    stream: BinaryIO,
    path: str,
    delimiter: str,
    *,
    rows: Iterator[tuple[int, list[str]]],
    width: int,
) -> Iterator[Piece]:
    """The first of the rows and all that follow: by blocks while they are plain, then by row."""
    line, cells = next(rows)
    if len(cells) != width or any("\n" in cell or "\r" in cell for cell in cells):
        yield from _csv_columns(chain([(line, cells)], rows), width)
        return
    plain = PlainRows(stream, line=line + 1, width=width, delimiter=delimiter)
    first: list[tuple[int, list[str]]] = [(line, cells)]
    for block in plain.blocks():
        piece = Piece(block.lines, block.columns)
        yield _after(next(_csv_columns(first, width)), piece) if first else piece
        first = []
    texts = _texts(_Rejoined(plain.rest, stream), path, plain.line - 1)
    left = _csv_rows(texts, path, delimiter, plain.line - 1)
    yield from _csv_columns(chain(first, left), width)


def _after(some: Piece, more: Piece) -> Piece:
    """Two pieces of whole rows as one."""
    columns = [pa.concat_arrays(parts) for parts in zip(some.columns, more.columns, strict=True)]
    return Piece(np.concatenate([some.lines, more.lines]), columns)


class _Rejoined:
    """A stream with what was read from it already put before it again."""

    def __init__(self, read: bytes, stream: BinaryIO) -> None:
        self._before = io.BytesIO(read)
        self._stream = stream

    def readline(self, size: int) -> bytes:
        """The next line, or as much of it as `size` allows."""
        text = self._before.readline(size)
        if text.endswith(b"\n") or len(text) == size:
            return text
        return text + self._stream.readline(size - len(text))


def _csv_rows(
    texts: Iterable[str], path: str, delimiter: str, before: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with the lines at which they start; `before` are lines before."""
    line = before + 1
    reader = csv.reader(texts, delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cells):
                yield line, cells
            line = before + reader.line_num + 1
    except csv.Error as problem:
        hint = "close every quote and put it next to a delimiter; double quotes within"
        raise BadFile(path, f"line {line}: {problem}", hint=hint) from None


def _texts(stream: Lines, path: str, before: int = 0) -> Iterator[str]:
    for line, text in _lines(stream, path, before):
        try:
            yield text.decode()
        except UnicodeDecodeError:
            hint = "save the file as UTF-8"
            raise BadFile(path, f"line {line} is not UTF-8", hint=hint) from None


def _lines(stream: Lines, path: str, before: int = 0) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers from 1, without the byte order mark; `before` came before."""
    line = before
    while text := stream.readline(MAX_LINE):
        line += 1
        if len(text) == MAX_LINE:
            hint = "write one reading, or the readings of one instant, a line"
            raise BadFile(path, f"line {line} is longer than {MAX_LINE:,} bytes", hint=hint)
        yield line, text.removeprefix(codecs.BOM_UTF8) if line == 1 else text


def _csv_columns(rows: Iterable[tuple[int, list[str]]], width: int) -> Iterator[Piece]:
    left = iter(rows)
    while some := list(islice(left, ROWS)):
        whole = [(line, cells) for line, cells in some if len(cells) == width]
        broken = [
            (line, f"has {len(cells)} cells, the first line has {width}")
            for line, cells in some
            if len(cells) != width
        ]
        columns = list(zip(*(cells for _, cells in whole), strict=True)) or [()] * width
        yield Piece(
            np.array([line for line, _ in whole], np.int64),
            [pa.array(column, pa.string()) for column in columns],
            broken,
        )


# ---- JSON lines -------------------------------------------------------------------------------


def jsonl_pieces(stream: BinaryIO, path: str) -> Pieces:
    """The pieces of a file of JSON objects, one a line; the first names the columns.

    Readings with a `value` may have a `flag` on any line.
    """
    rows = _json_rows(stream, path)
    opening: list[tuple[int, Any]] = []
    for line, found in rows:
        opening.append((line, found))
        if isinstance(found, dict):
            names = list(found)
            if "value" in names and "flag" not in names:
                names.append("flag")
            return Pieces(names, _json_rest(stream, path, opening, names), dense=True)
        if len(opening) == ROWS:
            break
    raise BadFile(path, "no line holds a JSON object", hint="write one object a line")


def _json_rest(
    stream: BinaryIO, path: str, opening: list[tuple[int, Any]], names: list[str]
) -> Iterator[Piece]:
    """The lines up to the first object, and all that follow: by blocks while they are alike."""
    line, first = opening[-1]
    schema = schema_of(first, names)
    if schema is None:
        yield from _json_columns(chain(opening, _json_rows(stream, path, line)), names)
        return
    yield from _json_columns(opening, names)
    plain = PlainObjects(stream, schema, line=line + 1)
    for block in plain.blocks():
        yield Piece(block.lines, block.columns)
    left = _json_rows(_Rejoined(plain.rest, stream), path, plain.line - 1)
    yield from _json_columns(left, names)


def _json_rows(stream: Lines, path: str, before: int = 0) -> Iterator[tuple[int, Any]]:
    """Lines with their objects, or with the reason why they hold none; `before` came before."""
    decoder = msgspec.json.Decoder()
    for line, text in _lines(stream, path, before):
        stripped = text.strip()
        if line == 1 and stripped.startswith(b"["):
            hint = "write one object a line, without brackets around them"
            raise BadFile(path, "this is one JSON list, not JSON lines", hint=hint)
        if stripped:
            yield line, _object(decoder, stripped)


def _object(decoder: msgspec.json.Decoder[Any], text: bytes) -> Any:
    try:
        found = decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return f"is not JSON: {problem}"
    return found if isinstance(found, dict) else "is not a JSON object"


def _json_columns(rows: Iterable[tuple[int, Any]], names: list[str]) -> Iterator[Piece]:
    known = set(names)
    left = iter(rows)
    while some := list(islice(left, ROWS)):
        whole: list[tuple[int, dict[str, Any]]] = []
        broken: list[tuple[int, str]] = []
        for line, found in some:
            if isinstance(found, str):
                broken.append((line, found))
            elif found.keys() <= known:
                whole.append((line, found))
            else:
                stranger = next(key for key in found if key not in known)
                broken.append((line, f"has '{stranger}', which the first line has not"))
        lines = np.array([line for line, _ in whole], np.int64)
        yield Piece(lines, [_json_column(whole, name) for name in names], broken)


def _json_column(rows: list[tuple[int, dict[str, Any]]], name: str) -> pa.StringArray:
    """One member of many objects as texts; numbers by their shortest form, exactly."""
    return pa.array([_json_text(found.get(name)) for _, found in rows], pa.string())


def _json_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    return msgspec.json.encode(value).decode()


# ---- Parquet ----------------------------------------------------------------------------------


def parquet_pieces(stream: BinaryIO, path: str) -> Pieces:
    """The pieces of a Parquet file, with the types it has; lines are rows."""
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(stream)
    except (pa.ArrowInvalid, OSError) as problem:
        why = f"this is no Parquet file: {str(problem).rstrip('.')}"
        hint = "name its format with --format, or write the file again"
        raise BadFile(path, why, hint=hint) from None
    return Pieces(file.schema_arrow.names, _parquet_columns(file, path))


def _parquet_columns(file: Any, path: str) -> Iterator[Piece]:
    start = 1
    try:
        for batch in file.iter_batches(batch_size=ROWS):
            lines = np.arange(start, start + batch.num_rows, dtype=np.int64)
            start += batch.num_rows
            yield Piece(lines, batch.columns)
    except (pa.ArrowInvalid, OSError) as problem:
        why = f"row {start} or one after it cannot be read: {problem}"
        hint = "the file is damaged; write or copy it again"
        raise BadFile(path, why, hint=hint) from None
