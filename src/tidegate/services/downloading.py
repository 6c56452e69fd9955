"""`download`: fetch what a workbook or a log asks for; run again, it goes on."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import BadFile, BadValue, UsageError
from tidegate.model.instants import DAY, HOUR, now
from tidegate.plans.changes import path_of
from tidegate.plans.citations import write_citations
from tidegate.plans.daily_window import DailyWindow
from tidegate.plans.download_desk import Pace
from tidegate.plans.downloading import download as run
from tidegate.plans.files import Folder, Present
from tidegate.plans.interrupts import Brake
from tidegate.plans.journal import Journal, locked, read_log, write_whole
from tidegate.plans.manifest import write_manifest
from tidegate.plans.naming import check_layout
from tidegate.plans.ordering import archive_filters, is_wanted
from tidegate.plans.resuming import due_tasks, finished_files
from tidegate.services import onc
from tidegate.services.hooks import Hook
from tidegate.services.onc_tokens import server_of
from tidegate.services.plan_logs import Plan, bring_up_to_date, read_plan, save
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.model.products import ArchiveFile
    from tidegate.plans.definitions import Configuration
    from tidegate.plans.download_report import DownloadReport
    from tidegate.plans.log import Log
    from tidegate.plans.resuming import Due
    from tidegate.platforms.onc.client import OncClient
    from tidegate.services.settings import Settings
    from tidegate.transport.progress import Progress

_REQUESTS_A_SECOND: Final = 5
_BYTES_A_SECOND: Final = 10 * 1024 * 1024
_SPANS: Final = {"h": HOUR, "d": DAY, "w": 7 * DAY}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants of one run, besides what the workbook says.

    Attributes:
        file: the workbook, or the log.
        retry_failed: also try again what the platform refused for good.
        recheck: look again for files of the archive that came or changed in the last so many
            microseconds.
        keep_old: keep a file that changed.
        layout: template of folders within the download folder.
        archive: take files from the archive where it has them.
        wait: wait until the daily window opens.
        after_success: command that is called when files came and nothing failed.
    """

    file: Path
    retry_failed: bool = False
    recheck: int | None = None
    keep_old: bool = False
    layout: str = ""
    archive: bool = True
    wait: bool = True
    after_success: str | None = None


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses that were written.

    Attributes:
        count: how many.
        unmade: requests without any, whose products are still to be ordered or made.
    """

    count: int
    unmade: int


class OtherPlan(UsageError):
    """A workbook of subjects, which are pulled and not ordered."""

    code = "other-plan"


def download(
    folder: Path,
    wish: Wish,
    *,
    settings: Settings,
    server: onc.Server = onc.Server(),
    progress: Progress = SILENT,
) -> DownloadReport:
    """Fetch the files that are missing.

    Args:
        folder: of the store whose connections are meant.
        wish: what is wanted.
        settings: how platforms are treated.
        server: who is asked, in place of what the workbook says.
        progress: told of files and tasks.

    Raises:
        WrongCells: the workbook has cells that are wrong; nothing was run.
        LogBusy: another process works on the same plan.
        NoCredentials, NotSignedIn: there is no token that the platform accepts.
    """
    hook = Hook(wish.after_success) if wish.after_success else None
    check_layout(wish.layout)
    plan = _ordered(read_plan(wish.file))
    with locked(plan.path):
        log, _ = bring_up_to_date(plan, folder, settings=settings, server=server)
        files = _folder(plan, wish)
        due = _due(log, files, wish)
        configuration, brake = plan.configuration, Brake()
        with onc.opened(
            folder,
            server_of(folder, configuration, server),
            settings=settings,
            progress=progress,
            at_once=configuration.run_threads + configuration.download_threads,
            stop=brake.stop,
        ) as client:
            report = run(
                client,
                Journal(plan.path, log),
                files,
                due,
                window=DailyWindow(
                    configuration.begin_run, configuration.end_run, configuration.zone
                ),
                pace=_pace(configuration, wish),
                brake=brake,
                progress=progress,
            )
            _write_lists(plan, log, str(client.access.address))
    if hook is not None and report.exit_code == 0:
        hook.call({"files": report.files, "bytes": report.bytes, "log": str(plan.path)})
    return report


def outlook(
    folder: Path, wish: Wish, *, settings: Settings, server: onc.Server = onc.Server()
) -> list[dict[str, Any]]:
    """What a run would do, a row a task: route, requests, files, bytes; nothing is ordered.

    Files and bytes are known where the archive lists them, and None where a product has to be
    made first. The log is left as it is.
    """
    plan = _ordered(read_plan(wish.file))
    log, _ = bring_up_to_date(plan, folder, settings=settings, server=server)
    files = _folder(plan, wish)
    rows = []
    asked = server_of(folder, plan.configuration, server)
    due = _due(log, files, wish)
    if not due:
        return []
    with onc.opened(folder, asked, settings=settings) as client:
        rows += [_expected(one, _listed(client, one, wish)) for one in due]
    return rows


def links(
    folder: Path,
    wish: Wish,
    target: Path,
    *,
    with_token: bool = False,
    settings: Settings,
    server: onc.Server = onc.Server(),
) -> Links:
    """Write the addresses of the files that are missing, a line each, for download managers.

    Those are files of the archive, and files of products that are made already; nothing is
    ordered or fetched, and the log is left as it is.

    Args:
        folder: of the store whose connections are meant.
        wish: what is wanted.
        target: the file to write, in place of an earlier one.
        with_token: put the token into each address; nobody but its owner may read the file then.
        settings: how platforms are treated.
        server: who is asked, in place of what the workbook says.

    Raises:
        DiskFull, StoreError: the file cannot be written.
    """
    plan = _ordered(read_plan(wish.file))
    log, _ = bring_up_to_date(plan, folder, settings=settings, server=server)
    due = _due(log, _folder(plan, wish), wish)
    present = Present(plan.configuration.download_folder)
    found: dict[str, None] = {}
    unmade = 0
    with onc.opened(
        folder, server_of(folder, plan.configuration, server), settings=settings
    ) as client:
        for one in due:
            listed = _listed(client, one, wish)
            runs = list(finished_files(one.task))
            unmade += not listed and not runs
            found |= {
                client.files.address_of(file.name, with_token=with_token): None
                for file in listed
                if not present.has(path_of(file, one, wish.layout), file.size)
            }
            found |= {
                client.delivery.address_of(run, number, with_token=with_token): None
                for run, number in runs
            }
    write_whole(target, "".join(f"{one}\n" for one in found).encode(), is_private=with_token)
    return Links(count=len(found), unmade=unmade)


def totals(rows: list[dict[str, Any]], target: Path) -> dict[str, Any]:
    """The rows of an outlook in one: time at five requests and 10 MiB a second, room on disk."""
    known = sum(row["bytes"] or 0 for row in rows)
    requests = sum(row["requests"] for row in rows)
    place = next(one for one in (target, *target.parents) if one.exists())
    return {
        "tasks": len(rows),
        "requests": requests,
        "files": sum(row["files"] or 0 for row in rows),
        "bytes": known,
        "unknown": sum(row["bytes"] is None for row in rows),
        "seconds": round(max(requests / _REQUESTS_A_SECOND, known / _BYTES_A_SECOND), 1),
        "free": shutil.disk_usage(place).free,
    }


def target_of(path: Path) -> Path:
    """The folder that the files of a plan go to."""
    return read_plan(path).configuration.download_folder


def span_of(text: str) -> int:
    """Microseconds of a span such as `60d`.

    Raises:
        BadValue: it is none.
    """
    match = re.fullmatch(r"(\d{1,5})\s*([hdw])", text.strip())
    if match is None:
        raise BadValue("recheck", text, "a span such as 12h, 60d or 8w")
    return int(match[1]) * _SPANS[match[2]]


def status(path: Path) -> Log:
    """How far a plan is, from its log; another process may be working on it.

    Raises:
        BadFile: it has no log yet, or a broken one.
    """
    plan = read_plan(path)
    if not plan.path.exists():
        raise BadFile(plan.path, "is not there: the plan was never run")
    return read_log(plan.path)


def update(folder: Path, path: Path, *, settings: Settings) -> tuple[Log, int]:
    """Complete and check what was written into a log by hand; the log and how many tasks are new.

    Raises:
        LogBusy: another process works on it.
    """
    plan = read_plan(path)
    with locked(plan.path):
        log, merged = bring_up_to_date(plan, folder, settings=settings)
        save(plan.path, log)
    return log, merged.tasks_added


def _write_lists(plan: Plan, log: Log, address: str) -> None:
    stem = plan.path.with_suffix("")
    write_manifest(stem.with_name(f"{stem.name}.manifest.jsonl"), log, address)
    write_citations(stem, log, address)


def _pace(configuration: Configuration, wish: Wish) -> Pace:
    return Pace(
        run_threads=configuration.run_threads,
        download_threads=configuration.download_threads,
        queue_size=configuration.download_queue_size,
        retries=configuration.retries,
        include_metadata=configuration.include_metadata,
        max_bytes=configuration.max_bytes_per_run,
        prefer_archive=wish.archive,
        layout=wish.layout,
        wait=wish.wait,
    )


def _ordered(plan: Plan) -> Plan:
    if plan.is_of_subjects or plan.is_of_modules:
        what = "modules" if plan.is_of_modules else "subjects"
        raise OtherPlan(
            f"{plan.book_path} asks for {what} of a connection",
            hint=f"tidegate plan run '{plan.book_path}'",
        )
    return plan


def _folder(plan: Plan, wish: Wish) -> Folder:
    root = plan.configuration.download_folder
    root.mkdir(parents=True, exist_ok=True)
    stem = plan.path.with_suffix("")
    ours = [
        plan.path,
        *(
            stem.with_name(f"{stem.name}.{ending}")
            for ending in ("manifest.jsonl", "citations.txt", "citations.bib", "provenance.json")
        ),
    ]
    if plan.book_path is not None:
        ours.append(plan.book_path)
    overwrite = plan.configuration.overwrite
    return Folder(root, reserved=ours, keep_old=wish.keep_old, overwrite=overwrite)


def _due(log: Log, files: Folder, wish: Wish) -> list[Due]:
    return due_tasks(log, files, now=now(), retry_failed=wish.retry_failed, recheck=wish.recheck)


def _listed(client: OncClient, due: Due, wish: Wish) -> list[ArchiveFile]:
    """The files of the archive for a task that was not ordered."""
    filters = archive_filters(due.definition.filters) if wish.archive else None
    if filters is None or due.task.dp_request_id:
        return []
    return [
        file
        for file in client.archive(filters, due.task.window)
        if is_wanted(file, due.definition.filters)
    ]


def _expected(due: Due, listed: list[Any]) -> dict[str, Any]:
    sizes = [file.size for file in listed]
    is_known = bool(listed) and None not in sizes
    return {
        "row": due.definition.label,
        "from": due.task.date_from[:19],
        "to": due.task.date_to[:19],
        "route": "archive" if listed else "order",
        "requests": 1 + len(listed) if listed else 5,
        "files": len(listed) if listed else None,
        "bytes": sum(size or 0 for size in sizes) if is_known else None,
    }
