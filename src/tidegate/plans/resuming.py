"""What of a plan is due: decided from the log and from the files that lie in the folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.model.instants import DAY, parse
from tidegate.plans.files import Present
from tidegate.plans.log import (
    ACTIVE,
    ARCHIVE,
    CANCELLED,
    COMPLETE,
    DISABLED,
    DOWNLOADING,
    ERROR,
    NO_DATA,
    PENDING,
    REQUESTED,
    SKIPPED,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.plans.files import Folder
    from tidegate.plans.log import DefinitionEntry, Log, TaskEntry

_KEPT_BY_PLATFORM: Final = 21 * DAY
"""How long a platform keeps what a run made."""
LATE: Final = 7 * DAY
"""A range that ended less long ago may still get its first data."""


@dataclass(frozen=True, slots=True)
class Due:
    """A task to carry out, with the definition it belongs to."""

    definition: DefinitionEntry
    task: TaskEntry


def due_tasks(
    log: Log, folder: Folder, *, now: int, retry_failed: bool = False, recheck: int | None = None
) -> list[Due]:
    """The tasks that something is missing of, made ready to go on.

    Args:
        log: is changed where a file is missing or a request is too old to be of use.
        folder: the files.
        now: the present instant.
        retry_failed: also try again what the platform refused for good, or what was cancelled.
        recheck: look again at tasks of the archive whose range ends within so many microseconds,
            for files that came or changed since.
    """
    present = Present(folder.root)
    return [
        Due(definition, task)
        for definition in log.definitions
        if definition.state == ACTIVE
        for task in definition.tasks
        if _is_due(task, present, now, retry_failed=retry_failed, recheck=recheck)
    ]


def finished_files(task: TaskEntry) -> Iterator[tuple[int, int]]:
    """The files that finished runs of an order have and that did not come: run, number."""
    for run in task.runs:
        if not run.dp_run_id or run.status != COMPLETE:
            continue
        here = {entry.index for entry in run.files if entry.status in {COMPLETE, SKIPPED}}
        for number in range(1, run.file_count + 1):
            if str(number) not in here:
                yield run.dp_run_id, number


def _is_due(
    task: TaskEntry, folder: Present, now: int, *, retry_failed: bool, recheck: int | None
) -> bool:
    if task.status == DISABLED:
        return False
    if task.status == COMPLETE:
        return _lacks_files(task, folder) or _is_seen_again(task, now, recheck)
    if task.status == NO_DATA:
        asked = parse(task.asked_at) if task.asked_at else 0
        is_late = parse(task.date_to) > now - LATE or parse(task.date_to) > asked
        if is_late or _is_seen_again(task, now, recheck):
            task.forget_request()
            return True
        return False
    if task.status in {ERROR, CANCELLED}:
        return _goes_on_after_error(task, retry_failed=retry_failed)
    if task.requested_at and now - parse(task.requested_at) > _KEPT_BY_PLATFORM:
        task.forget_request()
    _lacks_files(task, folder)
    return True


def _goes_on_after_error(task: TaskEntry, *, retry_failed: bool) -> bool:
    is_permanent = task.status == CANCELLED or (task.error is not None and task.error.permanent)
    if is_permanent and not retry_failed:
        return False
    is_begun = any(entry.status == COMPLETE for entry in task.files())
    is_over = any(run.status in {ERROR, CANCELLED} for run in task.runs)
    if (is_permanent or is_over) and not is_begun:
        task.forget_request()
    task.status = DOWNLOADING if is_begun else REQUESTED if task.dp_request_id else PENDING
    task.error = None
    return True


def _lacks_files(task: TaskEntry, folder: Present) -> bool:
    """True if a file of it is missing or has another size; it is to be fetched again."""
    lacking = [
        entry
        for entry in task.files()
        if entry.status in {COMPLETE, SKIPPED}
        and not folder.has(entry.path, entry.size if entry.status == COMPLETE else None)
    ]
    for entry in lacking:
        entry.status = PENDING
    if lacking:
        task.status = DOWNLOADING
    return bool(lacking)


def _is_seen_again(task: TaskEntry, now: int, recheck: int | None) -> bool:
    if recheck is None or task.route not in {ARCHIVE, ""}:
        return False
    return parse(task.date_to) > now - recheck
