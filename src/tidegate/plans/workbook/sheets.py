"""The sheets of a workbook: made anew, or with what is new added to those that are there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.instants import from_datetime
from tidegate.plans.definitions import CONFIGURATION
from tidegate.plans.workbook import columns as names
from tidegate.plans.workbook.columns import EVENTS_COLUMN, TABS
from tidegate.plans.workbook.configuring import KEYS, key_named
from tidegate.plans.workbook.grids import Grid, key_of
from tidegate.plans.workbook.reading import configuration_cells
from tidegate.plans.workbook.rows import identity_of_row, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tidegate.plans.workbook.building import CatalogueRow
    from tidegate.plans.workbook.grids import Cell

_HEADINGS: Final[list[Cell]] = ["Configuration", "Value", "Description"]
_SAME: Final = 1_000_000
"""Microseconds by which two dates of cells may differ and still be the same."""


class Changes(msgspec.Struct, kw_only=True):
    """What adding to a workbook did.

    Attributes:
        added: rows that are new, by tab.
        closed: rows whose deployment has ended since, and whose end now says so.
        left: sentences on rows that somebody changed, so that they were left alone.
        keys: keys that the Configuration lacked.
        comments: for options, by tab, line and heading.
    """

    added: dict[str, int] = {}
    closed: int = 0
    left: list[str] = []
    keys: list[str] = []
    comments: dict[tuple[str, int, str], str] = {}

    @property
    def is_anything(self) -> bool:
        """True if the workbook is to be written."""
        return bool(any(self.added.values()) or self.closed or self.keys)


def add_rows(
    grids: list[Grid], rows: Mapping[str, Sequence[CatalogueRow]], settings: Mapping[str, Cell]
) -> Changes:
    """Add to sheets what they lack; what is there keeps every cell that somebody changed.

    Args:
        grids: the sheets, changed in place; empty for a new workbook.
        rows: of the catalogue, by tab.
        settings: values for keys that the Configuration lacks; its defaults for the others.
    """
    changes = Changes()
    for at, (tab, listed) in enumerate(rows.items()):
        grid = _named(grids, tab)
        if grid is None:
            grid = Grid(tab, [_headings(tab, listed)])
            grids.insert(at, grid)
        _add(grid, tab, listed, changes)
    configuration = _named(grids, CONFIGURATION)
    if configuration is None:
        configuration = Grid(CONFIGURATION, [list(_HEADINGS)])
        grids.append(configuration)
    changes.keys = _add_keys(configuration, settings)
    return changes


def _named(grids: Iterable[Grid], name: str) -> Grid | None:
    return next((grid for grid in grids if key_of(grid.name) == key_of(name)), None)


def _headings(tab: str, rows: Sequence[CatalogueRow]) -> list[Cell]:
    listed: list[Cell] = [column.heading for column in TABS[tab]]
    if any(names.EVENTS in row.cells for row in rows):
        listed.insert(-1, EVENTS_COLUMN.heading)
    return listed


def _add(grid: Grid, tab: str, rows: Sequence[CatalogueRow], changes: Changes) -> None:
    if not grid.rows:
        grid.rows.append(_headings(tab, rows))
    places = grid.places()
    headings = {heading for row in rows for heading in row.cells}
    at = {heading: places[key_of(heading)] for heading in headings if key_of(heading) in places}
    known = _known(grid, tab)
    changes.added[tab] = 0
    for row in rows:
        number = known.get(row.row_id, known.get(_visible(tab, row.cells)))
        if number is None:
            if names.EVENTS in row.cells and names.EVENTS not in at:
                at[names.EVENTS] = len(grid.rows[0])
                grid.rows[0].append(names.EVENTS)
            cells: list[Cell] = [""] * len(grid.rows[0])
            for heading, place in at.items():
                cells[place] = row.cells.get(heading, "")
            grid.rows.append(cells)
            changes.added[tab] += 1
            number = len(grid.rows) - 1
        else:
            _close(grid, number, row, changes)
        if row.comment:
            changes.comments[grid.name, number + 1, names.PRODUCT_OPTIONS] = row.comment


def _known(grid: Grid, tab: str) -> dict[str, int]:
    """The number of each row by its id; by its visible cells where it has lost its id."""
    places = grid.places()
    found: dict[str, int] = {}
    for number, cells in enumerate(grid.rows[1:], start=1):
        row = {
            column.heading: _cell(cells, places.get(key_of(column.heading))) for column in TABS[tab]
        }
        if row.get(names.ROW_ID):
            found.setdefault(plain(row[names.ROW_ID]), number)
        elif row.get(names.DEPLOYMENT_BEGIN):
            found.setdefault(identity_of_row(tab, row), number)
        else:
            found.setdefault(_visible(tab, row), number)
    return found


def _visible(tab: str, row: Mapping[str, Cell]) -> str:
    """What tells a row from others when all that was hidden of it is lost."""
    return "visible " + identity_of_row(
        tab, {**row, names.DEPLOYMENT_BEGIN: row.get(names.BEGIN, "")}
    )


def _close(grid: Grid, number: int, row: CatalogueRow, changes: Changes) -> None:
    """Let a row end with its deployment, if that was open before and nobody changed the end."""
    places = grid.places()
    needed = (names.END, names.WRITTEN_END, names.DEPLOYMENT_END)
    if any(key_of(name) not in places for name in needed):
        return
    cells = grid.rows[number]
    cells.extend([""] * (len(grid.rows[0]) - len(cells)))
    end, written, closed = (cells[places[key_of(name)]] for name in needed)
    now_closed = row.cells[names.DEPLOYMENT_END]
    if closed != "" or now_closed == "":
        return
    if not _is_same(end, written):
        line = f"{grid.name} line {number + 1}"
        changes.left.append(
            f"{line}: the deployment has ended at {plain(now_closed)};"
            f" the end {plain(end)} was changed by hand and stays"
        )
        return
    for name in needed:
        cells[places[key_of(name)]] = row.cells[name]
    changes.closed += 1


def _is_same(one: Cell, other: Cell) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs(from_datetime(one) - from_datetime(other)) < _SAME
    return plain(one) == plain(other)


def _cell(cells: Sequence[Cell], at: int | None) -> Cell:
    return "" if at is None or at >= len(cells) else cells[at]


def _add_keys(grid: Grid, settings: Mapping[str, Cell]) -> list[str]:
    """Add the keys that a Configuration lacks; their names."""
    if not grid.rows:
        grid.rows.append(list(_HEADINGS))
    cells = configuration_cells(grid)
    known = {key_named(text) for text in cells}
    missing = [key for key in KEYS if key.name not in known]
    is_lying = any(row == 1 and column != 1 for _, row, column in cells.values())
    for key in missing:
        value = settings.get(key.name, key.default)
        if is_lying:
            grid.rows[0].append(key.name)
            grid.rows[1].extend([""] * (len(grid.rows[0]) - 1 - len(grid.rows[1])))
            grid.rows[1].append(value)
        else:
            grid.rows.append([key.name, value, key.description])
    return [key.name for key in missing]
