"""A list of the archive held against what is known of it: new, changed and vanished files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.plans.log import COMPLETE, PENDING, SKIPPED, FileEntry, to_stamp
from tidegate.plans.naming import folder_of, safe_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.products import ArchiveFile
    from tidegate.plans.download_desk import Desk
    from tidegate.plans.resuming import Due

VANISHED: Final = "is no longer in the archive"


def take_listing(desk: Desk, due: Due, listed: Sequence[ArchiveFile]) -> None:
    """Enter the files of the archive that a task asks for.

    A file that another task has already, or is about to fetch, is skipped. Of one that is known
    and is listed with another size or time of change, the bytes are fetched again.

    Args:
        desk: the run; its report is told what is new, changed and vanished.
        due: the task; its entry for the archive is changed.
        listed: what the archive has now.

    Raises:
        UnsafeName: the archive lists a name that is none.
    """
    task = due.task
    run = task.run(0)
    is_first = not run.is_listed
    known = {entry.name: entry for entry in run.files}
    with desk.journal.lock:
        run.status, run.is_listed, run.file_count = COMPLETE, True, len(listed)
        for file in listed:
            entry = known.get(file.name)
            if entry is None:
                run.files.append(_entry(desk, due, file))
                desk.report.new.append(file.name)
            elif _differs(entry, file):
                entry.status = PENDING
                desk.report.changed.append(file.name)
            if entry is not None:
                entry.modified = _modified(file) or entry.modified
        names = {file.name for file in listed}
        for name in known.keys() - names:
            if not is_first and known[name].complaint != VANISHED:
                known[name].complaint = VANISHED
                desk.report.vanished.append(name)


def path_of(file: ArchiveFile, due: Due, layout: str) -> str:
    """Where a file of the archive goes, relative to the folder for files.

    Raises:
        UnsafeName: its name is none.
    """
    start = due.task.window.start if file.window is None else file.window.start
    filters = due.definition.filters
    filters = {**filters, "deviceCode": file.device} if file.device else filters
    return "/".join(filter(None, (folder_of(layout, filters, start), safe_name(file.name))))


def _entry(desk: Desk, due: Due, file: ArchiveFile) -> FileEntry:
    path = path_of(file, due, desk.pace.layout)
    is_ours = desk.claim(path, due.task.task_id)
    return FileEntry(
        index="",
        name=file.name,
        path=path,
        size=file.size or 0,
        modified=_modified(file),
        status=PENDING if is_ours else SKIPPED,
    )


def _differs(entry: FileEntry, file: ArchiveFile) -> bool:
    if entry.status != COMPLETE:
        return False
    modified = _modified(file)
    is_resized = file.size is not None and not entry.complaint and file.size != entry.size
    return is_resized or bool(entry.modified and modified and modified != entry.modified)


def _modified(file: ArchiveFile) -> str | None:
    return None if file.modified is None else to_stamp(file.modified)
