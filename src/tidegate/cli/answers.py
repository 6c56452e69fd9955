"""Printing answers: tables of readings as text, as JSON lines or as a plot."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli.output import note, show
from tidegate.model.instants import to_text

if TYPE_CHECKING:
    import pyarrow as pa

    from tidegate.cli.common import Common


def show_answer(answer: pa.Table, *, common: Common, plot: Sequence[Path] | None) -> None:
    """Print one table of readings, or draw it."""
    if plot is None:
        _print(answer, json=common.json)
        return
    from tidegate.formats.plot import to_png, to_terminal

    if plot:
        to_png(answer, plot[0])
        note(f"plotted to {plot[0]}", quiet=common.quiet)
    else:
        to_terminal(answer, sys.stdout)


def _print(answer: pa.Table, *, json: bool) -> None:
    from tidegate.formats import write_table

    if json:
        write_table(answer, sys.stdout.buffer, "jsonl")
        return
    rows = answer.set_column(
        answer.column_names.index("from"), "from", answer["from"].cast("int64")
    ).to_pylist()
    show([{**row, "from": to_text(row["from"])} for row in rows], json=False)
