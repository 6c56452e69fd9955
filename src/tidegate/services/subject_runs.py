"""`plan run` for rows of subjects: each is pulled into the store and written to a file."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.errors import Interrupted, NothingNew, RunFailed, TidegateError, UsageError
from tidegate.model.instants import to_datetime, to_text
from tidegate.plans.naming import safe_name
from tidegate.store.messages import SeriesSelection
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tidegate.plans.definitions import Definition
    from tidegate.services.opened import Store
    from tidegate.services.plan_logs import Plan
    from tidegate.transport.progress import Progress


class SubjectsRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of rows of subjects did.

    Attributes:
        rows: one each: `subject`, `from`, `to`, `file`, `readings`, `problem`.
        is_new: True if a pull brought something new.
        failed: rows that failed, in whole or in part.
        interrupted: True if it was told to stop.
    """

    rows: list[dict[str, Any]]
    is_new: bool
    failed: int
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 all good, 1 some failed, 3 nothing new, 130 interrupted."""
        if self.interrupted:
            return Interrupted.exit_code
        if self.failed:
            return RunFailed.exit_code
        return 0 if self.is_new else NothingNew.exit_code


def run_subjects(store: Store, plan: Plan, *, progress: Progress = SILENT) -> SubjectsRun:
    """Pull what is due of every row that is to be run, and write its readings to a file.

    Rows of one range are pulled together. A row that fails does not keep the others from it.

    Args:
        store: open.
        plan: a workbook of subjects.
        progress: told of tasks.

    Raises:
        UsageError: the workbook names no connection.
    """
    wanted = _wanted(plan)
    problems: dict[str, str] = {}
    tried: set[str] = set()
    is_new = interrupted = False
    for (begin, end), rows in _by_range(wanted).items():
        subjects = tuple(row.filters["subject"] for row in rows)
        try:
            report = store.pull(
                _connection(plan),
                subjects=subjects,
                start=to_text(begin),
                end=to_text(end),
                progress=progress,
            )
        except TidegateError as error:
            problems |= {row.row_id: str(error) for row in rows}
            tried |= {row.row_id for row in rows}
            continue
        is_new = is_new or report.is_new
        interrupted = report.interrupted
        said = {subject: one.message for one in report.causes for subject in one.subjects}
        if report.fatal is not None:
            said |= dict.fromkeys(subjects, str(report.fatal))
        problems |= {
            row.row_id: said[row.filters["subject"]]
            for row in rows
            if row.filters["subject"] in said
        }
        if interrupted:
            break
        tried |= {row.row_id for row in rows}
    if interrupted:
        left = (row.row_id for row in wanted if row.row_id not in tried)
        problems = dict.fromkeys(left, "stopped before all of it was pulled") | problems
    written = [_write(store, plan, row, problems.get(row.row_id)) for row in wanted]
    failed = sum(row["problem"] is not None for row in written)
    return SubjectsRun(rows=written, is_new=is_new, failed=failed, interrupted=interrupted)


def subjects_due(store: Store, plan: Plan) -> list[dict[str, Any]]:
    """How far every row is: the requests that are due, and whether its file is there."""
    return [
        {
            "subject": row.filters["subject"],
            "from": to_text(row.begin),
            "to": to_text(row.end),
            "due": len(
                store.plan_pull(
                    _connection(plan),
                    subjects=[row.filters["subject"]],
                    start=to_text(row.begin),
                    end=to_text(row.end),
                )
            ),
            "file": str(_target(plan, row)) if _target(plan, row).exists() else None,
        }
        for row in _wanted(plan)
    ]


def _wanted(plan: Plan) -> list[Definition]:
    rows = () if plan.book is None else plan.book.definitions
    return [row for row in rows if row.download]


def _by_range(rows: Sequence[Definition]) -> dict[tuple[int, int], list[Definition]]:
    found: dict[tuple[int, int], list[Definition]] = defaultdict(list)
    for row in rows:
        found[row.begin, row.end].append(row)
    return found


def _connection(plan: Plan) -> str:
    name = plan.configuration.connection
    if name is None:
        hint = "write its name into the row 'connection' of the Configuration"
        raise UsageError(f"{plan.book_path} names no connection", hint=hint)
    return name


def _write(store: Store, plan: Plan, row: Definition, problem: str | None) -> dict[str, Any]:
    subject = row.filters["subject"]
    chosen = SeriesSelection(connection=_connection(plan))
    keys = [
        one.name
        for one in store.verbs.find_series(chosen)
        if one.origin is not None and one.origin.subject == subject
    ]
    path, count = _target(plan, row), 0
    if keys:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            count = store.export(*keys, out=path, start=to_text(row.begin), end=to_text(row.end))
        except TidegateError as error:
            problem = problem or str(error)
    elif problem is None:
        problem = "it has no series"
    return {
        "subject": subject,
        "from": to_text(row.begin),
        "to": to_text(row.end),
        "file": str(path) if path.exists() else None,
        "readings": count,
        "problem": problem,
    }


def _target(plan: Plan, row: Definition) -> Path:
    subject = row.filters["subject"].replace("/", "_").replace("\\", "_")
    span = "_".join(f"{to_datetime(at):%Y%m%dT%H%M%S}Z" for at in (row.begin, row.end))
    name = safe_name(f"{subject}_{span}.{row.options.get('format', 'csv')}")
    return plan.configuration.download_folder / name
