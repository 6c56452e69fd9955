"""Cells of delimited text: quoted where they must be, harmless to a spreadsheet."""

from __future__ import annotations

import re
from typing import Final

_NEEDS_QUOTES: Final = re.compile(r'[",;\t\r\n]|^\s|\s$')
_RUNS: Final = re.compile(r"[=+\-@\t\r]")
_GUARD: Final = "'"


def cell(text: str) -> str:
    """A text as a cell; one that a spreadsheet would run gets an apostrophe in front."""
    return quoted(f"{_GUARD}{text}" if _RUNS.match(text) else text)


def quoted(text: str) -> str:
    """A text in quotes if it would not be one cell without."""
    if _NEEDS_QUOTES.search(text):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text


def unguarded(text: str) -> str:
    """A text cell as it was before it was made harmless."""
    return text[1:] if text[:1] == _GUARD and _RUNS.match(text, 1) else text
