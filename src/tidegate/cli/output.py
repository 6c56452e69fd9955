"""Printing: data on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate.model.errors import TidegateError

Row = Mapping[str, Any]


def show(rows: Iterable[Row], *, json: bool, columns: Sequence[str] | None = None) -> None:
    """Print rows: as JSON lines, or as aligned text under the names of the columns."""
    if json:
        _json_lines(rows)
    else:
        _text(list(rows), columns)


def note(text: str, *, quiet: bool = False) -> None:
    """Print one line for a person on standard error."""
    if not quiet:
        print(text, file=sys.stderr)


def show_error(error: TidegateError) -> None:
    """Print an error on standard error: what happened to which thing, and what to do next."""
    print(f"error[{error.code}]: {error}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)


def _json_lines(rows: Iterable[Row]) -> None:
    import msgspec

    for row in rows:
        sys.stdout.write(msgspec.json.encode(row).decode() + "\n")


def _text(rows: Sequence[Row], columns: Sequence[str] | None) -> None:
    if not rows:
        return
    names = list(columns or rows[0])
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    numeric = [all(_is_number(row.get(name)) for row in rows) for name in names]
    widths = [max(len(name), *(len(row[at]) for row in cells)) for at, name in enumerate(names)]
    for line in [names, *cells]:
        parts = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ]
        print("  ".join(parts).rstrip())


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split())
