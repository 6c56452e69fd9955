"""The rows of a sheet as definitions, every cell checked."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from xlsxwriter.utility import xl_rowcol_to_cell

from tidegate.model.errors import UsageError
from tidegate.model.instants import DAY, from_datetime
from tidegate.plans.dates import Moment, excel_text, window_of
from tidegate.plans.definitions import BY_LOCATION, BY_MODULE, ORDERED, Definition, Problem
from tidegate.plans.options_text import PREFIX, parse_options
from tidegate.plans.workbook.columns import (
    BEGIN,
    CODES,
    DEPLOYMENT_BEGIN,
    DOWNLOAD,
    END,
    EVENTS,
    NEEDED,
    ROW_ID,
    TABS,
    options_column,
)
from tidegate.plans.workbook.configuring import truth
from tidegate.plans.workbook.grids import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tidegate.model.windows import Window
    from tidegate.plans.workbook.grids import Cell, Grid

_Read = TypeVar("_Read")

_LENGTH: Final = 16
"""Letters of a row's id."""


class Rows:
    """The rows of one tab.

    Args:
        grid: the sheet.
        tab: which one it is.
        now: the present instant, for dates that are relative to it.

    Attributes:
        problems: what is wrong, as far as the rows were read.
    """

    def __init__(self, grid: Grid, tab: str, now: int) -> None:
        self._grid = grid
        self._tab = tab
        self._now = now
        self._at = grid.places()
        self._options = options_column(tab)
        self.problems: list[Problem] = []

    def read(self) -> Iterator[Definition]:
        """The definitions; one for each value where a code cell lists several."""
        if not self._has_columns():
            return
        seen: Counter[str] = Counter()
        for number, cells in enumerate(self._grid.rows[1:], start=1):
            if any(cell != "" for cell in cells):
                yield from self._definitions(number, cells, seen)

    def _has_columns(self) -> bool:
        bold = [column.heading for column in TABS[self._tab] if column.is_bold]
        missing = [heading for heading in bold if key_of(heading) not in self._at]
        for heading in missing:
            self._complain("", f"the column {heading} is missing")
        return not missing

    def _definitions(
        self, number: int, cells: Sequence[Cell], seen: Counter[str]
    ) -> Iterator[Definition]:
        """What one row asks for; with a wrong cell, nothing."""
        before = len(self.problems)
        is_wanted = self._taken(
            number, DOWNLOAD, lambda: truth(DOWNLOAD, self._cell(cells, DOWNLOAD))
        )
        codes = self._codes(number, cells)
        window = self._window(number, cells)
        options = self._taken(number, self._options, lambda: self._parsed_options(cells))
        if len(self.problems) > before or window is None:
            return
        notes = self._notes(cells)
        combinations = list(itertools.product(*codes.values()))
        for values in combinations:
            filters = {name: value for name, value in zip(codes, values, strict=True) if value}
            given = plain(self._cell(cells, ROW_ID))
            if not given or len(combinations) > 1:
                given = identity([self._tab, given, *sorted(filters.items()), options])
            seen[given] += 1
            yield Definition(
                row_id=given if seen[given] == 1 else f"{given}:{seen[given]}",
                tab=self._tab,
                download=bool(is_wanted),
                filters=filters,
                options=options or {},
                begin=window.start,
                end=window.end,
                notes=notes,
                row=number + 1,
            )

    def _codes(self, number: int, cells: Sequence[Cell]) -> dict[str, list[str]]:
        """The values of each code; one blank one where the cell is blank."""
        codes = {
            name: [part.strip() for part in plain(self._cell(cells, name)).split(",")]
            for name in CODES[self._tab]
        }
        for name in NEEDED[self._tab]:
            if not all(codes[name]):
                self._complain(self._place(number, name), f"{name} is blank")
        if self._tab == BY_LOCATION and not any(
            codes["deviceCategoryCode"] + codes["propertyCode"]
        ):
            place = self._place(number, "deviceCategoryCode")
            self._complain(place, "deviceCategoryCode and propertyCode are both blank")
        return codes

    def _window(self, number: int, cells: Sequence[Cell]) -> Window | None:
        begin, end = self._moment(cells, BEGIN), self._moment(cells, END)
        for name, moment in ((BEGIN, begin), (END, end)):
            if moment is None:
                self._complain(self._place(number, name), f"{name} is no date")
        if begin is None or end is None:
            return None
        window = self._taken(number, BEGIN, lambda: window_of(begin, end, now=self._now))
        if window is not None and window.start < 0:
            self._complain(self._place(number, BEGIN), "begin lies before 1970")
        if window is not None and window.end > self._now + DAY:
            self._complain(self._place(number, END), "end lies in the future")
        return window

    def _moment(self, cells: Sequence[Cell], name: str) -> Moment | None:
        cell = self._cell(cells, name)
        if cell == "" or isinstance(cell, bool | time | timedelta):
            return None
        return cell

    def _parsed_options(self, cells: Sequence[Cell]) -> dict[str, str]:
        prefix = PREFIX if self._tab in ORDERED else ""
        text = plain(self._cell(cells, self._options))
        return parse_options(text, prefix=prefix, has_lists=self._tab == BY_MODULE)

    def _notes(self, cells: Sequence[Cell]) -> dict[str, str]:
        """The cells that ask for nothing, as texts."""
        bold = {key_of(column.heading) for column in TABS[self._tab] if column.is_bold}
        headings = [str(cell).strip() for cell in self._grid.rows[0]]
        return {
            heading: plain(cell)
            for heading, cell in zip(headings, cells, strict=False)
            if heading and key_of(heading) not in bold and cell != "" and heading != ROW_ID
        }

    def _taken(self, number: int, name: str, read: Callable[[], _Read]) -> _Read | None:
        """What is read of a cell; None, and a problem, if it is wrong."""
        try:
            return read()
        except UsageError as problem:
            hint = f": {problem.hint}" if problem.hint else ""
            self._complain(self._place(number, name), f"{problem}{hint}")
            return None

    def _cell(self, cells: Sequence[Cell], name: str) -> Cell:
        at = self._at.get(key_of(name))
        return "" if at is None or at >= len(cells) else cells[at]

    def _place(self, number: int, name: str) -> str:
        at = self._at[key_of(name)]
        return str(xl_rowcol_to_cell(number, at))

    def _complain(self, cell: str, message: str) -> None:
        self.problems.append(Problem(sheet=self._grid.name, cell=cell, message=message))


def plain(cell: Cell) -> str:
    """A cell as text: whole numbers without a fraction, dates as workbooks show them."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return excel_text(from_datetime(cell))
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, date):
        return f"{cell} 00:00:00"
    return str(cell).strip()


def identity(parts: Iterable[object]) -> str:
    """A short name of a row that is the same whenever its parts are."""
    text = "\x1f".join(map(str, parts))
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def identity_of_row(tab: str, row: Mapping[str, Cell]) -> str:
    """The name of a row of the catalogue: its codes, its device and its deployment's begin.

    A row that comes from events is named by its own begin and end too.
    """
    names = dict.fromkeys((*CODES[tab], "deviceCode", DEPLOYMENT_BEGIN))
    own = [plain(row[BEGIN]), plain(row[END])] if row.get(EVENTS) else []
    return identity([tab, *(plain(row.get(name, "")) for name in names), *own])
