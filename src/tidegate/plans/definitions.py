"""What a plan is made of: the rows of a workbook, how they are run, and what is wrong with them."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from tidegate.model.errors import UsageError
from tidegate.model.secret import Secret  # noqa: TC001 (the type of a field)
from tidegate.plans.date_pieces import DayOfWeek, Split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BY_LOCATION: Final = "By Location"
BY_DEVICE: Final = "By Device"
BY_SUBJECT: Final = "By Subject"
BY_MODULE: Final = "By Module"
CONFIGURATION: Final = "Configuration"

ORDERED: Final = (BY_LOCATION, BY_DEVICE)
"""The tabs whose rows a platform is asked for as products."""

MIDNIGHT: Final = time(0)


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a workbook: what is asked for over which range.

    Attributes:
        row_id: stable name of the row, whatever its dates become.
        tab: the sheet it stands in.
        row: its line there, counted from 1; 0 if it does not come from a sheet.
        download: True if it is to be run.
        filters: what is asked for, under the names that the platform knows.
        options: of the product, under the names that the platform knows.
        begin: first instant.
        end: end, exclusive.
        notes: the other cells of the row as texts, by heading: for reports and folders.
    """

    row_id: str
    tab: str
    download: bool
    filters: dict[str, str]
    begin: int
    end: int
    options: dict[str, str] = {}
    notes: dict[str, str] = {}
    row: int = 0


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows of a workbook are run.

    Attributes:
        token: of the platform, if the workbook holds one.
        download_folder: where files go.
        log_file: the JSON file of definitions and progress.
        split: what one request covers at most.
        day_of_week: the day that begins a week.
        run_threads: runs that may be queued or running at once.
        download_threads: files that may be fetched at once.
        download_queue_size: files that may wait to be fetched; None for any number.
        begin_run: the local time from which something may begin.
        end_run: the local time from which nothing may begin any more.
        zone: whose clock `begin_run` and `end_run` are read on.
        retries: how often a task is tried again after it failed.
        include_metadata: fetch the metadata file of each run too.
        overwrite: put a file in place of another one of its name.
        max_bytes_per_run: an order that is estimated to give more is not run.
        base_url: address of the platform, if not the one of the connection.
        connection: the connection that the rows are asked through.
    """

    download_folder: Path
    log_file: Path
    token: Secret | None = None
    split: Split = Split.ALL
    day_of_week: DayOfWeek = DayOfWeek.SU
    run_threads: int = 4
    download_threads: int = 10
    download_queue_size: int | None = None
    begin_run: time = MIDNIGHT
    end_run: time = MIDNIGHT
    zone: ZoneInfo = ZoneInfo("UTC")
    retries: int = 5
    include_metadata: bool = True
    overwrite: bool = False
    max_bytes_per_run: int | None = None
    base_url: str | None = None
    connection: str | None = None

    def plain(self) -> dict[str, Any]:
        """Everything but the token, under the keys of the workbook, for a log file."""
        queue = self.download_queue_size
        return {
            "downloadFolder": str(self.download_folder),
            "logFile": str(self.log_file),
            "splitDateRange": str(self.split),
            "dayOfWeek": str(self.day_of_week),
            "runThreads": self.run_threads,
            "downloadThreads": self.download_threads,
            "downloadQueueSize": "unlimited" if queue is None else queue,
            "beginRun": self.begin_run.isoformat(),
            "endRun": self.end_run.isoformat(),
            "timezone": self.zone.key,
            "retries": self.retries,
            "includeMetadataFile": self.include_metadata,
            "overwrite": self.overwrite,
            "maxBytesPerRun": self.max_bytes_per_run,
            "baseUrl": self.base_url,
            "connection": self.connection,
        }


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One cell that is wrong, or that somebody should look at.

    Attributes:
        sheet: the tab.
        cell: such as `G2`; empty if the whole sheet is meant.
        message: what is wrong and what would be right.
        level: an error keeps the whole workbook from being run, a warning does not.
    """

    sheet: str
    cell: str
    message: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.sheet}!{self.cell}" if self.cell else self.sheet
        return f"{place}: {self.message}"


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """A workbook as read: its rows, how to run them, and what is wrong with its cells.

    Attributes:
        definitions: of the rows that are right.
        configuration: how they are run.
        problems: what is wrong.
        places: the number of each column from 0, by tab and by heading in small letters.
    """

    definitions: tuple[Definition, ...]
    configuration: Configuration
    problems: tuple[Problem, ...] = ()
    places: dict[str, dict[str, int]] = {}

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep it from being run."""
        return tuple(one for one in self.problems if one.level == "error")


class WrongCells(UsageError):
    """A workbook with cells that are wrong; nothing of it was run.

    Attributes:
        problems: all of them.
    """

    code = "wrong-cells"

    def __init__(self, path: object, problems: Sequence[Problem]) -> None:
        count = "one cell is" if len(problems) == 1 else f"{len(problems)} cells are"
        super().__init__(
            f"{path}: {count} wrong: {problems[0]}",
            hint=f"mend it; tidegate plan check '{path}' shows all that is wrong",
            path=str(path),
        )
        self.problems = tuple(problems)


def require_sound(path: object, book: Book) -> None:
    """Refuse a workbook with errors.

    Raises:
        WrongCells: it has some.
    """
    if book.errors:
        raise WrongCells(path, book.errors)
