"""What a plan has fetched, as a list of files for other programs; made anew from the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.plans.journal import write_whole
from tidegate.plans.log import ARCHIVE, COMPLETE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.plans.log import DefinitionEntry, FileEntry, Log, RunEntry, TaskEntry

_PLACES: Final = ("latitude", "longitude", "depth")


def manifest(log: Log, address: str) -> Iterator[dict[str, Any]]:
    """One row for each file that came, in the order of the log.

    Args:
        log: of the plan.
        address: of the platform, without any secret.
    """
    for definition, task in log.tasks():
        for run in task.runs:
            for file in run.files:
                if file.status == COMPLETE:
                    yield _row(definition, task, run, file, address=address)


def write_manifest(path: Path, log: Log, address: str) -> None:
    """Write the list as JSON lines, in place of an earlier one.

    Raises:
        DiskFull, StoreError: it cannot be written.
    """
    lines = [msgspec.json.encode(row) + b"\n" for row in manifest(log, address)]
    write_whole(path, b"".join(lines))


def _row(
    definition: DefinitionEntry, task: TaskEntry, run: RunEntry, file: FileEntry, *, address: str
) -> dict[str, Any]:
    filters = definition.filters
    options = {name: value for name, value in filters.items() if name.startswith("dpo_")}
    notes = {name.lower(): value for name, value in definition.notes.items()}
    return {
        "name": file.name,
        "path": file.path,
        "size": file.size,
        "sha256": file.sha256,
        "source": source_of(task, run, file, address),
        "product": filters.get("dataProductCode"),
        "extension": filters.get("extension"),
        "options": options,
        "date_from": task.date_from,
        "date_to": task.date_to,
        "location": filters.get("locationCode") or notes.get("locationcode"),
        "category": filters.get("deviceCategoryCode"),
        "device": filters.get("deviceCode") or notes.get("devicecode"),
        **{name: notes.get(name) for name in _PLACES},
        "fetched_at": file.downloaded_at,
        "modified": file.modified,
        "order": task.dp_request_id or None,
        "run": run.dp_run_id or None,
        "complaint": file.complaint,
        "replaced": file.kept,
    }


def source_of(task: TaskEntry, run: RunEntry, file: FileEntry, address: str) -> str:
    """The address under which a file was asked for, without the token."""
    base = address.rstrip("/")
    if task.route == ARCHIVE:
        return f"{base}/api/archivefile/download?filename={file.name}"
    return f"{base}/api/dataProductDelivery/download?dpRunId={run.dp_run_id}&index={file.index}"
