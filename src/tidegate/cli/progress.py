"""Progress on standard error: one bar, and nothing at all when it is not a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from tidegate.transport.progress import Progress


class Bar:
    """Draws events: each with a total becomes a bar, the others are counted beside it."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def update(
        self, event: str, *, amount: int = 1, total: int | None = None, subject: str | None = None
    ) -> None:
        """Count `amount` of `event` forward; `total` sets how many are to come."""
        if event not in self._tasks:
            self._tasks[event] = self._bars.add_task(event, total=total)
        self._bars.update(
            self._tasks[event], advance=amount, total=total, subject=subject or "", refresh=False
        )


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress to hand to a service: drawn on a terminal, silent otherwise."""
    if quiet or not sys.stderr.isatty():
        yield SILENT
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Bar(bars)
