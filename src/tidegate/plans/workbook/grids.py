"""The sheets of a workbook as plain cells."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from python_calamine import CalamineError, SheetTypeEnum, load_workbook

from tidegate.model.errors import BadFile

if TYPE_CHECKING:
    from pathlib import Path

Cell = str | float | bool | date | time | timedelta
"""What a cell holds: an empty one an empty text, one with a formula what it last gave."""


@dataclass(slots=True)
class Grid:
    """One sheet.

    Attributes:
        name: of its tab.
        rows: lists of cells, the first one the headings.
    """

    name: str
    rows: list[list[Cell]] = field(default_factory=list)

    def places(self) -> dict[str, int]:
        """The number of each column from 0, by heading without blanks and in small letters."""
        found: dict[str, int] = {}
        for at, heading in enumerate(self.rows[0] if self.rows else ()):
            found.setdefault(key_of(heading), at)
        return found


def key_of(heading: object) -> str:
    """A heading as headings are compared."""
    return str(heading).strip().lower()


def read_grids(path: Path) -> list[Grid]:
    """The sheets of a workbook, in order.

    Raises:
        BadFile: there is no such file, or it is no workbook.
    """
    try:
        with path.open("rb") as stream, load_workbook(stream) as book:
            return [
                Grid(one.name, book.get_sheet_by_name(one.name).to_python(skip_empty_area=False))
                for one in book.sheets_metadata
                if one.typ is SheetTypeEnum.WorkSheet
            ]
    except FileNotFoundError:
        hint = "tidegate onc createXLS and tidegate plan create make a workbook"
        raise BadFile(path, "there is no such file", hint=hint) from None
    except OSError as problem:
        raise BadFile(path, (problem.strerror or str(problem)).lower()) from problem
    except (CalamineError, zipfile.BadZipFile) as problem:
        hint = "save it as a workbook of Excel (.xlsx)"
        raise BadFile(path, "it is no workbook that can be read", hint=hint) from problem
