"""Workbooks of plans written: headings, formats, links, comments, and lists to choose from."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import xlsxwriter

from tidegate.formats.files import replacing
from tidegate.formats.workbook import MAX_ROWS
from tidegate.model.errors import TooMuch
from tidegate.model.instants import to_datetime
from tidegate.plans.definitions import CONFIGURATION
from tidegate.plans.workbook.columns import (
    BEGIN,
    DOWNLOAD,
    END,
    EVENTS_COLUMN,
    TABS,
    Column,
    Content,
)
from tidegate.plans.workbook.configuring import KEYS
from tidegate.plans.workbook.grids import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tidegate.plans.workbook.grids import Cell, Grid

_MOMENT: Final = "yyyy-mm-dd hh:mm:ss"
_CLOCK: Final = "hh:mm:ss"
_EARLIEST: Final = date(1900, 3, 1)
_MAX_LINKS: Final = 65_000
"""Links that a sheet may have; Excel refuses more than 65,530."""
_MAX_LINK: Final = 2_000

_COLUMNS: Final = {
    tab: {key_of(column.heading): column for column in (*columns, EVENTS_COLUMN)}
    for tab, columns in TABS.items()
}
_WIDTHS: Final = {"configuration": 22, "value": 44, "description": 76}


def write_workbook(
    path: Path,
    grids: Sequence[Grid],
    *,
    comments: Mapping[tuple[str, int, str], str] | None = None,
    is_private: bool = False,
) -> None:
    """Write sheets as a workbook that takes the place of an earlier one, whole or not at all.

    Args:
        path: of the workbook.
        grids: its sheets in order.
        comments: by tab, line from 1, and heading.
        is_private: nobody but its owner may read the file.

    Raises:
        DiskFull: there is no room for it.
        BadFile: the path cannot be written.
        TooMuch: a sheet would have more lines than sheets can have.
    """
    for grid in grids:
        if len(grid.rows) > MAX_ROWS:
            remedy = "make several workbooks, each with narrower filters or a shorter range"
            raise TooMuch(f"the lines of '{grid.name}'", len(grid.rows), MAX_ROWS, remedy)
    with replacing(path) as stream:
        if is_private:
            os.fchmod(stream.fileno(), 0o600)
        _write(stream, grids, comments or {})


def moment_cell(instant: int) -> datetime:
    """An instant as a cell: a date without zone, in UTC."""
    return to_datetime(instant).replace(tzinfo=None)


def _write(
    stream: BinaryIO, grids: Sequence[Grid], comments: Mapping[tuple[str, int, str], str]
) -> None:
    settings = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
        "max_url_length": _MAX_LINK,
    }
    with xlsxwriter.Workbook(stream, settings) as book:
        # nothing of the file says when it was made: the same rows make the same file
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        writer = _Writer(book)
        for grid in grids:
            writer.add(grid, comments)


class _Writer:
    """Writes sheets into a workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._bold = book.add_format({"bold": True})
        self._moment = book.add_format({"num_format": _MOMENT})
        self._clock = book.add_format({"num_format": _CLOCK})
        self._link = book.get_default_url_format()

    def add(self, grid: Grid, comments: Mapping[tuple[str, int, str], str]) -> None:
        sheet = self._book.add_worksheet(grid.name)
        tab = next((tab for tab in TABS if key_of(tab) == key_of(grid.name)), None)
        columns = self._headings(sheet, grid, _COLUMNS.get(tab or "", {}))
        links = 0
        for number, cells in enumerate(grid.rows[1:], start=1):
            for at, cell in enumerate(cells):
                column = columns.get(at)
                is_link = column is not None and column.content is Content.LINK
                if is_link and links < _MAX_LINKS and _is_address(cell):
                    links += 1
                    sheet.write_url(number, at, cell, self._link, cell)
                else:
                    self._cell(sheet, number, at, cell)
        for (name, row, heading), text in comments.items():
            if name == grid.name and key_of(heading) in (places := grid.places()):
                sheet.write_comment(row - 1, places[key_of(heading)], text)
        if tab is not None:
            _choices_of_rows(sheet, grid)
        elif key_of(grid.name) == key_of(CONFIGURATION):
            _choices_of_keys(sheet, grid)

    def _headings(self, sheet: Any, grid: Grid, known: Mapping[str, Column]) -> dict[int, Column]:
        """Write the first line; the known columns by number."""
        found = {}
        for at, heading in enumerate(grid.rows[0] if grid.rows else ()):
            column = known.get(key_of(heading))
            if column is not None:
                found[at] = column
                sheet.set_column(at, at, column.width)
            elif grid.name == CONFIGURATION and key_of(heading) in _WIDTHS:
                sheet.set_column(at, at, _WIDTHS[key_of(heading)])
            is_bold = column.is_bold if column else grid.name == CONFIGURATION
            self._cell(sheet, 0, at, heading, self._bold if is_bold else None)
        if found:
            sheet.freeze_panes(1, 0)
        return found

    def _cell(self, sheet: Any, row: int, at: int, cell: Cell, style: Any = None) -> None:
        if cell == "":
            return
        if isinstance(cell, bool):
            sheet.write_boolean(row, at, cell, style)
        elif isinstance(cell, int | float):
            sheet.write_number(row, at, cell, style)
        elif isinstance(cell, date) and _day(cell) >= _EARLIEST:
            sheet.write_datetime(row, at, cell, self._moment)
        elif isinstance(cell, time | timedelta):
            sheet.write_datetime(row, at, cell, self._clock)
        else:
            sheet.write_string(row, at, str(cell), style)


def _day(cell: date) -> date:
    return cell.date() if isinstance(cell, datetime) else cell


def _is_address(cell: Cell) -> bool:
    is_text = isinstance(cell, str) and cell.startswith(("https://", "http://"))
    return is_text and len(str(cell)) <= _MAX_LINK


def _choices_of_rows(sheet: Any, grid: Grid) -> None:
    """What may be chosen in the cells of rows; also in those that are added below."""
    places = grid.places()
    last = max(len(grid.rows) + 1000, 2)
    if key_of(DOWNLOAD) in places:
        at = places[key_of(DOWNLOAD)]
        sheet.data_validation(1, at, last, at, {"validate": "list", "source": ["T", "F"]})
    for name in (BEGIN, END):
        if key_of(name) in places:
            at = places[key_of(name)]
            prompt = {
                "validate": "any",
                "input_title": f"{name} (UTC)",
                "input_message": "A date and time, or now, today-1d, -P1D",
            }
            sheet.data_validation(1, at, last, at, prompt)


def _choices_of_keys(sheet: Any, grid: Grid) -> None:
    lists = {key_of(key.name): list(key.choices) for key in KEYS if key.choices}
    for number, cells in enumerate(grid.rows):
        if cells and key_of(cells[0]) in lists:
            source = {"validate": "list", "source": lists[key_of(cells[0])]}
            sheet.data_validation(number, 1, number, 1, source)
