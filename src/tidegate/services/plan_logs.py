"""Plans as they lie on disk: the workbook, the log, and how the one is brought into the other."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.errors import BadFile, BadValue
from tidegate.model.instants import now
from tidegate.plans.completing import complete
from tidegate.plans.definitions import BY_MODULE, BY_SUBJECT, Configuration, require_sound
from tidegate.plans.journal import read_log, write_whole
from tidegate.plans.log import Fault, Log, WorkbookEntry, to_stamp
from tidegate.plans.merging import Merged, merge
from tidegate.plans.workbook.configuring import configuration_of, key_named
from tidegate.plans.workbook.reading import read_workbook
from tidegate.services.checking import check_book
from tidegate.services.onc import Server

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.plans.definitions import Book
    from tidegate.services.settings import Settings


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it lies on disk.

    Attributes:
        path: of the log.
        configuration: how it is run.
        book: the workbook, if that was named.
        book_path: where it is.
    """

    path: Path
    configuration: Configuration
    book: Book | None = None
    book_path: Path | None = None

    @property
    def is_of_subjects(self) -> bool:
        """True if its rows are pulled from a connection into the store, rather than ordered."""
        return self._has(BY_SUBJECT)

    @property
    def is_of_modules(self) -> bool:
        """True if its rows are exported from an OCPI platform."""
        return self._has(BY_MODULE)

    def _has(self, tab: str) -> bool:
        return self.book is not None and any(one.tab == tab for one in self.book.definitions)


def read_plan(path: Path) -> Plan:
    """The plan of a workbook or of a log.

    Raises:
        WrongCells: the workbook has cells that are wrong.
        BadFile: it is neither, or cannot be read.
        BadValue: the log has a setting that cannot be like that.
    """
    if path.suffix.lower() == ".json":
        log = read_log(path)
        values = {key: value for key, value in log.configuration.items() if key_named(key)}
        values["logFile"] = str(path.absolute())
        configuration, faults = configuration_of(values, path.absolute())
        for fault in faults:
            if fault.level == "error":
                raise BadFile(path, f"configuration.{fault.key}: {fault.message}")
        return Plan(path=path.absolute(), configuration=configuration)
    if path.suffix.lower() != ".xlsx":
        raise BadValue("file", str(path), "a workbook (.xlsx) or the log of a plan (.json)")
    book = read_workbook(path)
    require_sound(path, book)
    return Plan(
        path=book.configuration.log_file,
        configuration=book.configuration,
        book=book,
        book_path=path,
    )


def bring_up_to_date(
    plan: Plan, folder: Path, *, settings: Settings, server: Server = Server()
) -> tuple[Log, Merged]:
    """The log of a plan with what its workbook and what hands have changed since.

    Rows that are new or changed are held against the platform's catalogue, if it answers.

    Args:
        plan: as `read_plan` gave it; nobody else may work on its log.
        folder: of the store whose connections are meant.
        settings: how platforms are treated.
        server: who is asked, in place of what the workbook says.
    """
    log = read_log(plan.path) if plan.path.exists() else Log()
    merged = Merged()
    if plan.book is not None and plan.book_path is not None:
        digest = hashlib.sha256(plan.book_path.read_bytes()).hexdigest()
        faults = _known_faults(log)
        if log.workbook is None or log.workbook.sha256 != digest or faults:
            faults = _faults(plan, folder, settings=settings, server=server)
        merged = merge(log, plan.book.definitions, plan.configuration, faults=faults)
        log.workbook = WorkbookEntry(plan.book_path.name, digest, to_stamp(now()))
    by_hand = complete(log)
    merged.definitions_added += by_hand.definitions_added
    merged.tasks_added += by_hand.tasks_added
    return log, merged


def save(path: Path, log: Log) -> None:
    """Write a log that nobody is working on.

    Raises:
        DiskFull, StoreError: it cannot be written.
    """
    log.count()
    write_whole(path, msgspec.json.format(msgspec.json.encode(log), indent=1))


def plain_rows(log: Log) -> list[dict[str, Any]]:
    """How far each definition is, as rows to print."""
    rows = []
    for definition in log.definitions:
        counts: dict[str, int] = {}
        for task in definition.tasks:
            counts[task.status] = counts.get(task.status, 0) + 1
        files = [entry for task in definition.tasks for entry in task.files()]
        came = [entry for entry in files if entry.status == "complete"]
        fault = definition.error or next(
            (task.error for task in definition.tasks if task.error), None
        )
        rows.append(
            {
                "row": definition.label,
                "from": definition.begin[:19],
                "to": definition.end[:19],
                "state": definition.state,
                "tasks": len(definition.tasks),
                "complete": counts.get("complete", 0) + counts.get("noData", 0),
                "failed": counts.get("error", 0) + counts.get("cancelled", 0),
                "files": len(came),
                "bytes": sum(entry.size for entry in came),
                "problem": None if fault is None else fault.message,
            }
        )
    return rows


def task_rows(log: Log) -> list[dict[str, Any]]:
    """How far each request is, as rows to print."""
    return [
        {
            "row": definition.label,
            "from": task.date_from[:19],
            "to": task.date_to[:19],
            "status": task.status,
            "route": task.route,
            "files": sum(entry.status == "complete" for entry in task.files()),
            "problem": None if task.error is None else task.error.message,
        }
        for definition, task in log.tasks()
    ]


def _known_faults(log: Log) -> dict[str, Fault]:
    return {
        one.row_id: one.error
        for one in log.definitions
        if one.tab and one.state == "invalid" and one.error is not None
    }


def _faults(plan: Plan, folder: Path, *, settings: Settings, server: Server) -> dict[str, Fault]:
    """What the catalogue has against rows, by their `row_id`."""
    assert plan.book_path is not None
    checked = check_book(folder, plan.book_path, settings=settings, server=server)
    rows = {(one.tab, one.row): one.row_id for one in checked.book.definitions}
    faults = {}
    for problem in checked.book.problems[-checked.failing :] if checked.failing else ():
        number = int("".join(char for char in problem.cell if char.isdigit()) or 0)
        row_id = rows.get((problem.sheet, number))
        if row_id is not None:
            faults[row_id] = Fault(
                code="row-refused",
                message=f"{problem.sheet}!{problem.cell}: {problem.message}",
                hint="mend the cell and run it again",
                permanent=True,
            )
    return faults
