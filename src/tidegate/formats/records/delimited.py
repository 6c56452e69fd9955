"""CSV and TSV: one header line, dotted columns, quoting of RFC 4180, nothing a spreadsheet runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, ClassVar

from tidegate.formats.guarding import cell
from tidegate.formats.records.columns import Rows, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.formats.records.columns import Cell, Column


class CsvWriter:
    """Writes records as comma-separated rows.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.

    Args:
        stream: where to.
        columns: the columns; their names are the header.
        explode: path of the list that gets a row for each element.
        goes_on: the stream has its header already.
    """

    separator: ClassVar[str] = ","

    def __init__(
        self,
        stream: BinaryIO,
        columns: Sequence[Column],
        explode: str | None = None,
        *,
        goes_on: bool = False,
    ) -> None:
        self._stream = stream
        self._rows = Rows(columns, explode)
        if not goes_on:
            self._put(self.separator.join(cell(column.name) for column in columns) + "\n")

    def write(self, lines: bytes) -> None:
        """Write the records of some JSON lines."""
        rows = [self.separator.join(map(_text, row)) for row in self._rows.of(lines)]
        if rows:
            self._put("\n".join(rows) + "\n")

    def close(self) -> None:
        """Nothing comes after the last row."""

    def drop(self) -> None:
        """What was written stays as it is."""

    def _put(self, text: str) -> None:
        self._stream.write(text.encode())
        self._stream.flush()


class TsvWriter(CsvWriter):
    """Writes records as rows separated by tabs."""

    separator: ClassVar[str] = "\t"


def _text(value: Cell) -> str:
    return cell(value) if isinstance(value, str) else as_text(value)
