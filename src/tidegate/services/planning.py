"""Workbooks of plans: made from the catalogue of a platform, added to, and checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
from xlsxwriter.utility import xl_rowcol_to_cell

from tidegate.formats.files import replacing
from tidegate.model.errors import BadFile, UnknownToPlatform, UsageError
from tidegate.plans.definitions import CONFIGURATION, ORDERED, Problem
from tidegate.plans.options_text import check_options
from tidegate.plans.workbook.columns import CODES, options_column
from tidegate.plans.workbook.grids import Grid, key_of, read_grids
from tidegate.plans.workbook.reading import configuration_cells, read_workbook
from tidegate.plans.workbook.sheets import add_rows
from tidegate.plans.workbook.writing import write_workbook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tidegate.plans.definitions import Book, Definition
    from tidegate.plans.workbook.building import Catalogue, CatalogueRow
    from tidegate.plans.workbook.grids import Cell
    from tidegate.plans.workbook.sheets import Changes

DEFAULT_NAME: Final = "download.xlsx"


class WorkbookExists(UsageError):
    """A workbook that would be replaced, and nobody said so."""

    code = "workbook-exists"
    http_status = 409

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"there is a workbook {path} already",
            hint="-a adds to it; --force replaces it and keeps the old one as"
            f" {backup_of(path).name}",
            path=str(path),
        )


class NothingToPlan(UsageError):
    """Filters that nothing of the platform passes in the range."""

    code = "nothing-to-plan"
    http_status = 404

    def __init__(self, hint: str) -> None:
        super().__init__("nothing passes these filters in this range", hint=hint)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The workbook that is to be written.

    Attributes:
        path: where to.
        append: add to the one that is there.
        force: replace the one that is there, and keep it under another name.
    """

    path: Path
    append: bool = False
    force: bool = False


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What came of making a workbook.

    Attributes:
        path: where it is; beside the one that was meant, if that is open in another program.
        rows: how many each tab has now.
        added: how many of them are new.
        closed: rows whose deployment has ended since.
        left: sentences on rows that were left alone, and on events that nothing was found for.
        backup: where the workbook is that was replaced.
        is_written: False if there was nothing to add.
    """

    path: Path
    rows: dict[str, int]
    added: dict[str, int]
    closed: int = 0
    left: tuple[str, ...] = ()
    backup: Path | None = None
    is_written: bool = True


def require_writable(target: Target) -> None:
    """Refuse a target before anything is asked of a platform.

    Raises:
        WorkbookExists: there is one, and neither `append` nor `force` is set.
        BadFile: it cannot be added to, or is no workbook by its name.
    """
    if target.path.suffix.lower() != ".xlsx":
        raise BadFile(target.path, "is no name of a workbook", hint="end it in .xlsx")
    if target.path.exists() and not (target.append or target.force):
        raise WorkbookExists(target.path)
    if target.path.exists() and target.append:
        read_grids(target.path)


def make_workbook(
    target: Target,
    rows: Mapping[str, Sequence[CatalogueRow]],
    settings: Mapping[str, Cell],
    *,
    is_private: bool = False,
) -> Made:
    """Write rows as a workbook, or add what is new to the one that is there.

    Args:
        target: where to.
        rows: by tab.
        settings: of the Configuration, by key.
        is_private: True if only its owner may read it, since it holds a token.

    Raises:
        WorkbookExists: there is one, and the target does not say what to do with it.
        DiskFull: there is no room for it.
    """
    require_writable(target)
    is_there = target.path.exists()
    grids = read_grids(target.path) if is_there and target.append else []
    changes = add_rows(grids, rows, settings)
    backup = None
    path = target.path
    if changes.is_anything:
        target.path.parent.mkdir(parents=True, exist_ok=True)
        if is_there and not target.append:
            backup = _back_up(target.path)
        is_private = is_private or _holds_token(grids)
        path = _written(target.path, grids, changes, is_private=is_private)
    counts = {grid.name: len(grid.rows) - 1 for grid in grids if key_of(grid.name) in _keys(rows)}
    return Made(
        path=path,
        rows=counts,
        added=changes.added,
        closed=changes.closed,
        left=tuple(changes.left),
        backup=backup,
        is_written=changes.is_anything,
    )


def check(path: Path, catalogue: Catalogue | None = None) -> Book:
    """A workbook with everything that is wrong in it, by its cells and by a platform's catalogue.

    Args:
        path: of the workbook.
        catalogue: asked whether there are such products with such options; None to ask nothing.

    Raises:
        BadFile: it cannot be read.
    """
    book = read_workbook(path)
    if catalogue is None:
        return book
    asked: dict[tuple[tuple[str, str], ...], list[dict[str, Any]]] = {}
    problems = []
    for definition in book.definitions:
        if definition.download and definition.tab in ORDERED:
            heading, faults = _against(definition, catalogue, asked)
            problems += [_problem(book, definition, heading, fault) for fault in faults]
    return msgspec.structs.replace(book, problems=(*book.problems, *problems))


def backup_of(path: Path) -> Path:
    """Where a workbook is kept that is replaced."""
    return path.with_name(f"{path.stem}.bak.xlsx")


def _against(
    definition: Definition,
    catalogue: Catalogue,
    asked: dict[tuple[tuple[str, str], ...], list[dict[str, Any]]],
) -> tuple[str, list[str]]:
    """What the catalogue says against a row, which would fail for it, and in which column."""
    code, extension = definition.filters["dataProductCode"], definition.filters["extension"]
    source = {
        name: value
        for name, value in definition.filters.items()
        if name not in {"dataProductCode", "extension"}
    }
    key = tuple(sorted(source.items()))
    if key not in asked:
        try:
            asked[key] = catalogue.products(source)
        except UnknownToPlatform as problem:
            return CODES[definition.tab][0], [str(problem)]
    offered = [one for one in asked[key] if one["dataProductCode"] == code]
    product = next((one for one in offered if one["extension"] == extension), None)
    if product is not None:
        faults = check_options(definition.options, product.get("dataProductOptions") or ())
        return options_column(definition.tab), faults
    if offered:
        kinds = ", ".join(sorted(one["extension"] for one in offered))
        return "extension", [f"{code} is not offered as {extension} there, only as {kinds}"]
    known = ", ".join(sorted({one["dataProductCode"] for one in asked[key]})) or "nothing"
    return "dataProductCode", [f"{code} is not offered there, only {known}"]


def _problem(book: Book, definition: Definition, heading: str, fault: str) -> Problem:
    at = book.places[definition.tab][key_of(heading)]
    cell = str(xl_rowcol_to_cell(definition.row - 1, at))
    return Problem(sheet=definition.tab, cell=cell, message=fault, level="warning")


def _keys(rows: Mapping[str, object]) -> set[str]:
    return {key_of(tab) for tab in rows}


def _back_up(path: Path) -> Path:
    """Keep a copy of a workbook beside it; the workbook itself stays until it is replaced."""
    backup = backup_of(path)
    mode = path.stat().st_mode & 0o777
    with replacing(backup) as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(path.read_bytes())
    return backup


def _holds_token(grids: Sequence[Grid]) -> bool:
    configuration = next((one for one in grids if key_of(one.name) == key_of(CONFIGURATION)), None)
    if configuration is None:
        return False
    cells = configuration_cells(configuration)
    return any(key_of(text) == "token" and cell != "" for text, (cell, _, _) in cells.items())


def _written(path: Path, grids: Sequence[Grid], changes: Changes, *, is_private: bool) -> Path:
    """Write a workbook; beside itself while another program has it open."""
    locks = (path.with_name(f".~lock.{path.name}#"), path.with_name(f"~${path.name}"))
    beside = path.with_name(f"{path.stem}.new.xlsx")
    goal = beside if any(lock.exists() for lock in locks) else path
    write_workbook(goal, grids, comments=changes.comments, is_private=is_private)
    return goal


def require_rows(rows: Mapping[str, Sequence[object]], hint: str) -> None:
    """Refuse to make a workbook of nothing.

    Raises:
        NothingToPlan: there are no rows.
    """
    if not any(rows.values()):
        raise NothingToPlan(hint)
