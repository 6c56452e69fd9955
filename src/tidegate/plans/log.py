"""The JSON log of a plan: what was asked for, how far it is, and every file that came."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.instants import parse, to_datetime
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT: Final = 1

PENDING: Final = "pending"
REQUESTED: Final = "requested"
QUEUED: Final = "queued"
RUNNING: Final = "running"
DOWNLOADING: Final = "downloading"
COMPLETE: Final = "complete"
NO_DATA: Final = "noData"
ERROR: Final = "error"
CANCELLED: Final = "cancelled"
DISABLED: Final = "disabled"
"""Of a task whose range nobody asks for any more; of a definition that is not to be run."""

SKIPPED: Final = "skipped"
"""Of a file that another task has fetched."""

ACTIVE: Final = "active"
REMOVED: Final = "removed"
INVALID: Final = "invalid"

DELIVERY: Final = "delivery"
ARCHIVE: Final = "archive"

META: Final = "meta"


class Fault(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """Why a task or file failed; a permanent fault is not tried again by itself."""

    code: str
    message: str
    hint: str | None = None
    permanent: bool = False


class FileEntry(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """One file: `index` of the run, or empty in the archive; `path` within the download folder."""

    index: str
    name: str = ""
    path: str = ""
    size: int = 0
    sha256: str = ""
    status: str = PENDING
    downloaded_at: str | None = None
    modified: str | None = None
    attempts: int = 0
    complaint: str | None = None
    kept: str | None = None
    error: Fault | None = None


class RunEntry(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """One run of an order; number 0 stands for the archive.

    Once `is_listed`, `files` names every file that it has.
    """

    dp_run_id: int
    status: str = QUEUED
    file_count: int = 0
    is_listed: bool = False
    started_at: str | None = None
    ended_at: str | None = None
    messages: list[str] = []
    files: list[FileEntry] = []

    def file(self, index: str, name: str = "") -> FileEntry:
        """The entry of a file by its index, or in the archive by its name; made if missing."""
        for entry in self.files:
            if (entry.name == name) if not index else (entry.index == index):
                return entry
        entry = FileEntry(index=index, name=name)
        self.files.append(entry)
        return entry


class Estimate(msgspec.Struct, rename="camel", gc=False):
    """What a platform expects of an order."""

    bytes: int | None = None
    seconds: float | None = None


class Times(msgspec.Struct, rename="camel", gc=False):
    """Seconds that a task spent in each state."""

    queuing: float = 0
    running: float = 0
    transferring: float = 0
    downloading: float = 0


class TaskEntry(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """One request: a part of the range of a definition."""

    task_id: str = ""
    date_from: str
    date_to: str
    status: str = PENDING
    route: str = ""
    dp_request_id: int = 0
    requested_at: str | None = None
    asked_at: str | None = None
    estimate: Estimate = msgspec.field(default_factory=Estimate)
    runs: list[RunEntry] = []
    times: Times = msgspec.field(default_factory=Times)
    attempts: int = 0
    next_attempt_at: str | None = None
    error: Fault | None = None
    messages: list[str] = []
    citations: list[dict[str, Any]] = []

    @property
    def window(self) -> Window:
        """What it covers."""
        return Window(parse(self.date_from), parse(self.date_to))

    def files(self) -> Iterator[FileEntry]:
        """The files of all its runs."""
        for run in self.runs:
            yield from run.files

    def run(self, number: int) -> RunEntry:
        """The entry of a run; made if missing."""
        for entry in self.runs:
            if entry.dp_run_id == number:
                return entry
        entry = RunEntry(dp_run_id=number)
        self.runs.append(entry)
        return entry

    def forget_request(self) -> None:
        """Begin anew: what was ordered is of no use any more."""
        self.dp_request_id = 0
        self.requested_at = None
        self.runs = []
        self.status = PENDING
        self.route = ""


class DefinitionEntry(msgspec.Struct, rename="camel", kw_only=True):
    """A row of a workbook, or one that somebody wrote into the log by hand (`tab` is empty)."""

    row_id: str = ""
    tab: str = ""
    download: bool = True
    filters: dict[str, str]
    begin: str
    end: str
    state: str = ACTIVE
    error: Fault | None = None
    notes: dict[str, str] = {}
    tasks: list[TaskEntry] = []

    @property
    def window(self) -> Window:
        """What it asks for."""
        return Window(parse(self.begin), parse(self.end))

    @property
    def label(self) -> str:
        """What messages call it."""
        named = ("deviceCode", "locationCode", "deviceCategoryCode", "propertyCode")
        source = " ".join(self.filters[name] for name in named if self.filters.get(name))
        product = self.filters.get("dataProductCode", "")
        extension = self.filters.get("extension", "")
        return f"{source} {product}.{extension}".strip(" .")


class WorkbookEntry(msgspec.Struct, rename="camel"):
    """The workbook that a log was made from."""

    path: str
    sha256: str
    read_at: str


class Totals(msgspec.Struct, rename="camel"):
    """How much there is, and how much is done."""

    tasks: int = 0
    complete: int = 0
    bytes: int = 0


class Log(msgspec.Struct, rename="camel", kw_only=True):
    """Everything that is known of a plan."""

    format_version: int = FORMAT
    workbook: WorkbookEntry | None = None
    configuration: dict[str, Any] = {}
    definitions: list[DefinitionEntry] = []
    totals: Totals = msgspec.field(default_factory=Totals)

    def tasks(self) -> Iterator[tuple[DefinitionEntry, TaskEntry]]:
        """Every task with its definition."""
        for definition in self.definitions:
            for task in definition.tasks:
                yield definition, task

    def count(self) -> Totals:
        """The totals as they are now, which are kept too."""
        done = [task.status in {COMPLETE, NO_DATA} for _, task in self.tasks()]
        size = sum(
            entry.size
            for _, task in self.tasks()
            for entry in task.files()
            if entry.status == COMPLETE
        )
        self.totals = Totals(tasks=len(done), complete=sum(done), bytes=size)
        return self.totals


def to_stamp(instant: int) -> str:
    """An instant as the log writes it: with three digits of a second, as the platform does."""
    moment = to_datetime(instant)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def task_id_of(row_id: str, filters: Mapping[str, str], window: Window) -> str:
    """The stable name of a task: 16 hexadecimal digits."""
    asked = "&".join(f"{name}={filters[name]}" for name in sorted(filters))
    text = f"{row_id}|{asked}|{window.start}|{window.end}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
