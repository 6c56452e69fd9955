"""Progress on standard error: one line on a terminal, and nothing at all elsewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bars

    from tidegate.transport.progress import Progress


class Bar:
    """Draws a run: tasks done of those planned, readings or records stored, pauses asked for."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task = bars.add_task("asking", total=None, stored="")
        self._stored = 0

    def update(
        self, event: str, *, amount: int = 1, total: int | None = None, subject: str | None = None
    ) -> None:
        """Take one event; those that say nothing to a person are passed over."""
        if event.startswith("task."):
            self._bars.update(
                self._task, advance=amount, total=total, description=subject or "asking"
            )
        elif event in {"readings.stored", "records.stored"}:
            self._stored += amount
            what = event.removesuffix(".stored")
            self._bars.update(self._task, stored=f"{self._stored:,} {what}")
        elif event == "request.paused":
            self._bars.update(self._task, description=f"waiting {amount / 1000:.0f} s")


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress to hand to a service: drawn on a terminal, silent otherwise."""
    from tidegate.services.settings import resolve

    wanted = resolve().progress
    if quiet or wanted == "never" or (wanted == "auto" and not sys.stderr.isatty()):
        yield SILENT
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:>12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[stored]}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Bar(bars)
