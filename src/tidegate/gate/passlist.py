"""Pass lists: the paths that somebody wants to see, as written after `--privacy-pass`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EVERYTHING: Final = "."
"""The path of the whole record."""


class BadPassList(UsageError):
    """A pass list that names nothing, or names what is not there."""

    code = "bad-pass-list"


def parse_pass_list(text: str) -> tuple[str, ...]:
    """The paths of a list such as `kwh, charging_periods.dimensions`.

    White space and empty elements are ignored; lists on the way of a path are not named.

    Raises:
        BadPassList: the list names nothing.
    """
    paths = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not paths:
        raise BadPassList(
            "the pass list names no field",
            hint="name fields, as in kwh,status; a single . passes everything",
        )
    return paths


def passes_everything(paths: Sequence[str]) -> bool:
    """Whether the list is the path of the whole record, alone.

    Raises:
        BadPassList: it is there, among others.
    """
    if EVERYTHING not in paths:
        return False
    if len(set(paths)) > 1:
        raise BadPassList(
            "the pass list has '.' among other paths",
            hint="a single . passes everything; leave it out to pass the named fields only",
        )
    return True


def unknown_path(path: str, module: str, known: Iterable[str]) -> BadPassList:
    """The error of a path that the module does not have."""
    close = difflib.get_close_matches(path, list(known), n=1, cutoff=0.6)
    return BadPassList(
        f"{module} have no field '{path}'",
        hint=f"did you mean '{close[0]}'?"
        if close
        else f"tidegate ocpi fields {module} lists the fields",
        path=path,
    )


def below_a_value(path: str, module: str, value: str) -> BadPassList:
    """The error of a path that goes on where a single value is."""
    return BadPassList(
        f"'{path}' goes below '{value}', which is a single value in {module}",
        hint=f"name '{value}' itself",
        path=path,
    )
