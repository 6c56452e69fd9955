"""Plans of OCPI platforms: a workbook with a row for each module, checked, and exported by rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from xlsxwriter.utility import xl_rowcol_to_cell

from tidegate.formats.records import RecordFormat
from tidegate.gate.passlist import parse_pass_list
from tidegate.model.errors import (
    BadValue,
    Interrupted,
    NotFound,
    NothingNew,
    RunFailed,
    TidegateError,
    UnknownName,
    UsageError,
)
from tidegate.model.instants import now as present
from tidegate.model.instants import to_datetime, to_text
from tidegate.plans.dates import window_of
from tidegate.plans.definitions import BY_MODULE, CONFIGURATION, Problem, require_sound
from tidegate.plans.naming import safe_name
from tidegate.plans.options_text import options_text
from tidegate.plans.workbook import columns as names
from tidegate.plans.workbook.building import CatalogueRow
from tidegate.plans.workbook.grids import key_of
from tidegate.plans.workbook.rows import identity
from tidegate.platforms.ocpi.settings import MODULES, read_settings
from tidegate.services.connection_files import connection as connection_of
from tidegate.services.ocpi.exporting import Way, export, export_through
from tidegate.services.ocpi.outlet import Outlet, Wanted, rules_of
from tidegate.services.planning import make_workbook, require_writable

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tidegate.plans.dates import Moment
    from tidegate.plans.definitions import Book, Definition
    from tidegate.plans.workbook.grids import Cell
    from tidegate.services.plan_logs import Plan
    from tidegate.services.planning import Made, Target
    from tidegate.services.settings import Settings
    from tidegate.store.messages import ConnectionRecord

OPTIONS: Final = ("format", "privacy-pass", "profile", "join", "view")
"""What a row may say beside its module and range; each as the option of `ocpi get`."""


class ModulesRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of rows of modules did.

    Attributes:
        rows: one each: `module`, `from`, `to`, `file`, `records`, `problem`.
        failed: rows that failed.
        interrupted: True if it was told to stop.
    """

    rows: list[dict[str, Any]]
    failed: int
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 all good, 1 some failed, 3 no records, 130 interrupted."""
        if self.interrupted:
            return Interrupted.exit_code
        if self.failed:
            return RunFailed.exit_code
        return 0 if any(row["records"] for row in self.rows) else NothingNew.exit_code


def create(
    record: ConnectionRecord,
    target: Target,
    *,
    begin: Moment,
    end: Moment,
    modules: tuple[str, ...] = (),
    format: str = "csv",
) -> Made:
    """Make a workbook with a row for each module of a connection, or add to one.

    Args:
        record: the connection.
        target: the workbook.
        begin: records updated then or later; relative ones stay so in the workbook.
        end: records updated before.
        modules: only these; all that the platform has if none.
        format: of the files.

    Raises:
        UnknownName: there is no such module or format.
        WorkbookExists: there is one, and the target does not say what to do with it.
        BadTime, ImpossibleDate, BadFile: a date or the workbook is wrong.
    """
    require_writable(target)
    RecordFormat.named(format)
    window_of(begin, end, now=present())
    endpoints = read_settings(record.settings).endpoints
    offered = [name for name in MODULES if name in endpoints]
    for name in modules:
        if name not in offered:
            raise UnknownName("module", name, offered)
    rows = [
        CatalogueRow(
            cells={
                "module": name,
                names.DOWNLOAD: "T",
                names.BEGIN: begin,
                names.END: end,
                names.OPTIONS: options_text({"format": format}),
                names.ROW_ID: identity([BY_MODULE, name]),
            }
        )
        for name in modules or offered
    ]
    settings: dict[str, Cell] = {
        "downloadFolder": ".",
        "logFile": f"{target.path.stem}.json",
        "connection": record.name,
    }
    return make_workbook(target, {BY_MODULE: rows}, settings)


def checked(folder: Path, book: Book) -> Book:
    """A workbook with what is wrong in its rows of modules; the platform is asked nothing.

    Args:
        folder: of the store that has the connection.
        book: as read.
    """
    return msgspec.structs.replace(book, problems=(*book.problems, *_problems(folder, book)))


def run_modules(
    folder: Path, plan: Plan, *, settings: Settings, stop: threading.Event
) -> ModulesRun:
    """Export each row that is to be run into a file of its own; nothing is kept in the store.

    What leaves is decided as by `ocpi get`: private, unless the row says otherwise. A row that
    fails does not keep the others from it, and leaves the file of an earlier run as it was.

    Args:
        folder: of the store that has the connection.
        plan: a workbook of modules.
        settings: how platforms are treated.
        stop: ends it after the present page.

    Raises:
        WrongCells: a row cannot be run.
    """
    assert plan.book is not None
    require_sound(plan.book_path, checked(folder, plan.book))
    export_row = _export(folder, plan.configuration.connection, settings, stop)
    rows = []
    for row, path in _files(plan):
        count, problem = 0, "stopped" if stop.is_set() else None
        if problem is None:
            try:
                count = export_row(row, path)
            except TidegateError as error:
                problem = str(error)
        rows.append({**_told(row, path), "records": count, "problem": problem})
    failed = sum(row["problem"] is not None for row in rows)
    return ModulesRun(rows=rows, failed=failed, interrupted=stop.is_set())


def modules_due(folder: Path, plan: Plan) -> list[dict[str, Any]]:
    """Every row that is to be run, with its file and whether that is there.

    Raises:
        WrongCells: a row cannot be run.
    """
    assert plan.book is not None
    require_sound(plan.book_path, checked(folder, plan.book))
    return [{**_told(row, path), "isThere": path.exists()} for row, path in _files(plan)]


def _export(
    folder: Path, connection: str | None, settings: Settings, stop: threading.Event
) -> Callable[[Definition, Path], int]:
    """Exports a row into a file, and counts the records."""

    def export_row(row: Definition, path: Path) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        wanted, way = _wanted(row), Way(out=path)
        view = row.options.get("view")
        if view is not None:
            from tidegate.services.opened import Store

            with Store.open(folder) as store:
                return export_through(store, view, wanted, way, stop=stop).records
        runs = export(folder, wanted, way, settings=settings, connection=connection, stop=stop)
        return sum(taken.records for taken in runs)

    return export_row


def _told(row: Definition, path: Path) -> dict[str, Any]:
    return {
        "module": row.filters["module"],
        "from": to_text(row.begin),
        "to": to_text(row.end),
        "file": str(path),
    }


def _wanted(row: Definition) -> Wanted:
    options = row.options
    for name in options:
        if name not in OPTIONS:
            raise UnknownName("option", name, OPTIONS)
    view = options.get("view")
    if view is not None and (beside := {"privacy-pass", "profile", "join"} & set(options)):
        raise BadValue("the option view", view, f"given without {', '.join(sorted(beside))}")
    return Wanted(
        module=row.filters["module"],
        profile=options.get("profile", "default"),
        passes=parse_pass_list(options["privacy-pass"]) if "privacy-pass" in options else (),
        joins=tuple(name.strip() for name in options.get("join", "").split(",") if name.strip()),
        format=RecordFormat.named(options.get("format", "csv")),
        date_from=row.begin,
        date_to=row.end,
    )


def _problems(folder: Path, book: Book) -> Iterator[Problem]:
    rows = [row for row in book.definitions if row.tab == BY_MODULE]
    try:
        record, _ = connection_of(folder, book.configuration.connection, platform="ocpi")
    except UsageError as problem:
        yield Problem(sheet=CONFIGURATION, cell="", message=f"connection: {problem}")
        return
    version = read_settings(record.settings).version
    views = _views(folder) if any("view" in row.options for row in rows) else set()
    for row in rows:
        if row.filters["module"] not in MODULES:
            message = f"no module, only {', '.join(MODULES)}"
            yield _problem(book, row, "module", f"'{row.filters['module']}' is {message}")
            continue
        try:
            wanted = _wanted(row)
            Outlet(wanted, rules_of(wanted, version))
            view = row.options.get("view")
            if view is not None and view not in views:
                raise NotFound("view", view, hint="tidegate view list shows the names")
        except UsageError as problem:
            hint = f": {problem.hint}" if problem.hint else ""
            yield _problem(book, row, names.OPTIONS, f"{problem}{hint}")


def _problem(book: Book, row: Definition, heading: str, message: str) -> Problem:
    at = book.places[BY_MODULE][key_of(heading)]
    cell = str(xl_rowcol_to_cell(row.row - 1, at))
    return Problem(sheet=BY_MODULE, cell=cell, message=message)


def _views(folder: Path) -> set[str]:
    from tidegate.services.opened import Store

    with Store.open(folder) as store:
        return {view.name for view in store.verbs.views()}


def _files(plan: Plan) -> list[tuple[Definition, Path]]:
    """The rows that are to be run, each with a file that no other row has."""
    assert plan.book is not None
    rows = [row for row in plan.book.definitions if row.download and row.tab == BY_MODULE]
    usual = Counter(_stem(row) for row in rows)
    folder = plan.configuration.download_folder
    found = []
    for row in rows:
        stem = _stem(row)
        own = stem if usual[stem] == 1 else f"{stem}_{row.row_id}"
        name = safe_name(f"{own}.{row.options.get('format', 'csv')}")
        found.append((row, folder / name))
    return found


def _stem(row: Definition) -> str:
    span = "_".join(f"{to_datetime(at):%Y%m%dT%H%M%S}Z" for at in (row.begin, row.end))
    view = row.options.get("view")
    return f"{row.filters['module']}{f'_{view}' if view else ''}_{span}"
