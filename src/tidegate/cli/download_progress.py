"""Progress of downloads: a bar for tasks and bytes in all, and one for each file under way."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from tidegate.transport.progress import Progress


class FileBars:
    """Draws tasks done of those planned, and the bytes of each file as they come."""

    def __init__(self, tasks: Bars, files: Bars) -> None:
        self._lock = threading.Lock()
        self._tasks, self._files = tasks, files
        self._all = tasks.add_task("tasks", total=None)
        self._bytes = files.add_task("all files", total=None)
        self._open: dict[str, TaskID] = {}

    def update(
        self, event: str, *, amount: int = 1, total: int | None = None, subject: str | None = None
    ) -> None:
        """Take one event; those that say nothing to a person are passed over."""
        name = subject or ""
        with self._lock:
            if event.startswith("task."):
                self._tasks.update(self._all, advance=1, total=total)
            elif event == "file.received":
                if name not in self._open:
                    self._open[name] = self._files.add_task(name[-40:], total=total)
                self._files.update(self._open[name], advance=amount)
                self._files.update(self._bytes, advance=amount)
            elif event in {"file.done", "file.failed"} and name in self._open:
                self._files.remove_task(self._open.pop(name))


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress to hand to a service: drawn on a terminal, silent otherwise."""
    from tidegate.services.settings import resolve

    wanted = resolve().progress
    if quiet or wanted == "never" or (wanted == "auto" and not sys.stderr.isatty()):
        yield SILENT
        return
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    name = TextColumn("{task.description:>40}")
    tasks = Progress(name, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    files = Progress(
        name, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    )
    with Live(Group(tasks, files), console=Console(stderr=True), transient=True):
        yield FileBars(tasks, files)
