"""Excel workbooks of records, row by row in constant memory."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING, BinaryIO, Final

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from tidegate.formats.records.columns import Rows, as_text
from tidegate.formats.workbook import MAX_ROWS, Enduring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.formats.records.columns import Cell, Column

logger = logging.getLogger(__name__)

_EXACT: Final = 2**53
"""Numbers beyond lose digits in a cell and are written as text."""
_LONGEST: Final = 32_767
"""Characters that a cell can hold."""
_SETTINGS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class WorkbookWriter:
    """Writes records as rows of a sheet; a new sheet begins when one is full.

    Texts are cells of text whatever they begin with, so none is a formula.

    Args:
        stream: where to.
        columns: the columns; their names are the first row of each sheet.
        explode: path of the list that gets a row for each element.
    """

    def __init__(
        self, stream: BinaryIO, columns: Sequence[Column], explode: str | None = None
    ) -> None:
        self._columns = columns
        self._rows = Rows(columns, explode)
        self._stream = Enduring(stream)
        self._book = xlsxwriter.Workbook(self._stream, _SETTINGS)
        self._bold = self._book.add_format({"bold": True})
        self._sheets = 0
        self._cut = 0
        self._begin()

    def write(self, lines: bytes) -> None:
        """Write the records of some JSON lines."""
        for row in self._rows.of(lines):
            if self._row == MAX_ROWS:
                self._begin()
            for place, value in enumerate(row):
                if value is not None:
                    self._put(place, value)
            self._row += 1

    def close(self) -> None:
        """Write the workbook."""
        try:
            self._book.close()
        except FileCreateError as problem:
            self._stream.failure = problem.args[0]
        if self._stream.failure is not None:
            raise self._stream.failure
        if self._cut:
            logger.warning(
                "%d texts were cut, an Excel cell holds %d characters", self._cut, _LONGEST
            )

    def drop(self) -> None:
        """Write nothing: a workbook comes to be as a whole."""
        self._stream.failure = OSError("dropped")
        self._book.close()

    def _put(self, place: int, value: Cell) -> None:
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, place, value)
        elif _is_number(value):
            self._sheet.write_number(self._row, place, value)
        else:
            text = as_text(value)
            self._cut += len(text) > _LONGEST
            self._sheet.write_string(self._row, place, text[:_LONGEST])

    def _begin(self) -> None:
        self._sheets += 1
        self._row = 1
        name = "data" if self._sheets == 1 else f"data {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.write_string(0, place, column.name, self._bold)


def _is_number(value: Cell) -> bool:
    return isinstance(value, int | float | Decimal) and -_EXACT <= value <= _EXACT
