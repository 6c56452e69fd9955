"""A workbook as a book of definitions, with everything that is wrong in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlsxwriter.utility import xl_rowcol_to_cell

from tidegate.model.instants import now as present
from tidegate.plans.definitions import CONFIGURATION, Book, Definition, Problem
from tidegate.plans.workbook.columns import TABS
from tidegate.plans.workbook.configuring import configuration_of, key_named
from tidegate.plans.workbook.grids import key_of, read_grids
from tidegate.plans.workbook.rows import Rows

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.plans.definitions import Configuration
    from tidegate.plans.workbook.grids import Cell, Grid


def read_workbook(path: Path, *, now: int | None = None) -> Book:
    """The definitions and the configuration of a workbook, every cell checked.

    Nothing is raised for a cell that is wrong: the book tells all of them, and the definitions of
    the rows that are right.

    Args:
        path: of the workbook.
        now: the present instant, for dates that are relative to it.

    Raises:
        BadFile: there is no such file, or it is no workbook.
    """
    grids = {key_of(grid.name): grid for grid in read_grids(path)}
    moment = present() if now is None else now
    definitions: list[Definition] = []
    problems: list[Problem] = []
    tabs = [tab for tab in TABS if key_of(tab) in grids]
    for tab in tabs:
        rows = Rows(grids[key_of(tab)], tab, moment)
        definitions += rows.read()
        problems += rows.problems
    if not tabs:
        known = " or ".join(f"'{tab}'" for tab in TABS)
        problems.append(Problem(sheet=path.name, cell="", message=f"has no sheet {known}"))
    configuration, faults = read_configuration(grids.get(key_of(CONFIGURATION)), path)
    return Book(
        definitions=tuple(definitions),
        configuration=configuration,
        problems=(*problems, *faults),
        places={tab: grids[key_of(tab)].places() for tab in tabs},
    )


def read_configuration(grid: Grid | None, path: Path) -> tuple[Configuration, list[Problem]]:
    """The Configuration that a sheet tells, and what is wrong in it; defaults without a sheet."""
    cells = configuration_cells(grid) if grid is not None else {}
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    problems = []
    for text, (cell, row, column) in cells.items():
        place = str(xl_rowcol_to_cell(row, column))
        name = key_named(text)
        if name is None:
            message = f"'{text}' is not a known key, it has no effect"
            problems.append(_problem(place, message, "warning"))
        else:
            values[name], places[name] = cell, place
    configuration, faults = configuration_of(values, path)
    problems += [_problem(places.get(one.key, ""), one.message, one.level) for one in faults]
    return configuration, problems


def configuration_cells(grid: Grid) -> dict[str, tuple[Cell, int, int]]:
    """Value, row and column for each key, whether keys stand in the first column or row."""
    if len(grid.rows) > 1 and _is_lying(grid):
        pairs = zip(grid.rows[0], grid.rows[1], strict=False)
        return {str(key).strip(): (cell, 1, at) for at, (key, cell) in enumerate(pairs) if key}
    return {
        str(cells[0]).strip(): (cells[1], at, 1)
        for at, cells in enumerate(grid.rows)
        if len(cells) > 1 and cells[0] != "" and not (at == 0 and key_named(str(cells[0])) is None)
    }


def _is_lying(grid: Grid) -> bool:
    """True if the keys stand in the first row, their values in the second."""
    in_row = [key_named(str(cell)) for cell in grid.rows[0]]
    in_column = [key_named(str(cells[0])) for cells in grid.rows]
    return sum(map(bool, in_row)) > sum(map(bool, in_column))


def _problem(cell: str, message: str, level: str) -> Problem:
    if level == "warning":
        return Problem(sheet=CONFIGURATION, cell=cell, message=message, level="warning")
    return Problem(sheet=CONFIGURATION, cell=cell, message=message)
