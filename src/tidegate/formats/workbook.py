"""Excel workbooks, written row by row in constant memory.

Excel knows no time zones: instants become zone-less dates in UTC, their headings say so, and the
sheet `about` repeats it with unit, zone and interval. Instants before March 1900, which Excel
cannot show, become texts.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa

from tidegate.formats import texts
from tidegate.model.instants import DAY, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_ROWS: Final = 1_048_576
"""Rows of a sheet; what is more goes to further sheets."""

_DAY_ZERO: Final = 25_569
"""Excel's number of 1970-01-01."""
_FIRST: Final = parse("1900-03-01")
_NOTE: Final = "Instants are in UTC; a reading counts from its instant on."


def write(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, stream: BinaryIO, format: str
) -> int:
    """Write batches to as many sheets as they need; the number of rows."""
    del format
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    settings = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    target = Enduring(stream)
    try:
        with xlsxwriter.Workbook(target, settings) as book:
            sheets = _Sheets(book, schema)
            for batch in batches:
                sheets.add(batch)
            sheets.about()
    except FileCreateError as problem:
        target.failure = problem.args[0]
    if target.failure is not None:
        raise target.failure
    return sheets.count


class Enduring:
    """A stream that takes everything, also once it cannot be written any more.

    An archive writes once more when it is thrown away, and could only complain on standard error.

    Attributes:
        failure: what happened, if anything did.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0
        self._is_seekable = stream.seekable()
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        """Take data; how much."""
        self._try(lambda: self._stream.write(data))
        self._at += len(data)
        return len(data)

    def seek(self, at: int) -> int:
        """Go to a place, where the stream can."""
        if not self._is_seekable:
            raise io.UnsupportedOperation
        self._try(lambda: self._stream.seek(at))
        self._at = at
        return at

    def tell(self) -> int:
        """The place where the next data go."""
        if not self._is_seekable:
            raise io.UnsupportedOperation
        return self._at

    def flush(self) -> None:
        """Send on what was written."""
        self._try(self._stream.flush)

    def _try(self, call: Callable[[], object]) -> None:
        if self.failure is None:
            try:
                call()
            except OSError as problem:
                self.failure = problem


class _Sheets:
    """The sheets of one workbook; a new one begins when the last is full."""

    def __init__(self, book: Any, schema: pa.Schema) -> None:
        self.count = 0
        self._book = book
        self._schema = schema
        self._bold = book.add_format({"bold": True})
        self._date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._number = 0
        self._begin()

    def add(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch below the last ones."""
        columns = [list(self._cells(column)) for column in batch.columns]
        for cells in zip(*columns, strict=True):
            if self._row == MAX_ROWS:
                self._begin()
            for place, cell in enumerate(cells):
                if cell is not None:
                    write, value = cell
                    write(self._sheet, self._row, place, value)
            self._row += 1
        self.count += batch.num_rows

    def about(self) -> None:
        """Add the sheet that says what the columns mean."""
        sheet = self._book.add_worksheet("about")
        facts = {key.decode(): value.decode() for key, value in self._metadata().items()}
        for row, (name, text) in enumerate({"note": _NOTE, **facts}.items()):
            sheet.write_string(row, 0, name, self._bold)
            sheet.write_string(row, 1, text)
        sheet.set_column(0, 0, 12)

    def _metadata(self) -> dict[bytes, bytes]:
        found = self._schema.metadata or {}
        return {key: text for key, text in found.items() if key in {b"unit", b"zone", b"interval"}}

    def _begin(self) -> None:
        self._number += 1
        self._row = 1
        name = "data" if self._number == 1 else f"data {self._number}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for place, field in enumerate(self._schema):
            is_instant = pa.types.is_timestamp(field.type) and field.type.tz
            heading = f"{field.name} (UTC)" if is_instant else field.name
            self._sheet.set_column(place, place, 20 if is_instant else 12)
            self._sheet.write_string(0, place, heading, self._bold)

    def _cells(self, column: pa.Array) -> Iterator[tuple[Callable[..., None], Any] | None]:
        if pa.types.is_timestamp(column.type):
            return self._dates(column)
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            return (None if one is None else (_number, one) for one in _finite(column))
        if pa.types.is_boolean(column.type):
            return (None if one is None else (_boolean, one) for one in column.to_pylist())
        return (None if one is None else (_text, one) for one in texts.plain(column).to_pylist())

    def _dates(self, column: pa.Array) -> Iterator[tuple[Callable[..., None], Any] | None]:
        def date(sheet: Any, row: int, place: int, serial: float) -> None:
            sheet.write_number(row, place, serial, self._date)

        instants = texts.microseconds(column).tolist()
        for instant, text in zip(instants, texts.plain(column).to_pylist(), strict=True):
            if text is None:
                yield None
            elif instant < _FIRST:
                yield _text, text
            else:
                yield date, instant / DAY + _DAY_ZERO


def _finite(column: pa.Array) -> list[float | None]:
    import pyarrow.compute as pc

    return pc.if_else(pc.is_finite(column), column, None).to_pylist()  # type: ignore[no-any-return]


def _number(sheet: Any, row: int, place: int, value: float) -> None:
    sheet.write_number(row, place, value)


def _boolean(sheet: Any, row: int, place: int, value: bool) -> None:
    sheet.write_boolean(row, place, value)


def _text(sheet: Any, row: int, place: int, value: str) -> None:
    sheet.write_string(row, place, value)
