"""What the values of a record mean, whatever version and shape they come in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from tidegate.model.errors import BadTime
from tidegate.model.instants import from_datetime, parse

Record = dict[str, Any]

NOT_AVAILABLE: Final = "#NA"
"""What the protocol lets platforms write where they cannot fill a mandatory text."""


def text(record: Record, name: str) -> str | None:
    """A text that says something; a number counts as its text."""
    value = record.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or value.strip() in {"", NOT_AVAILABLE}:
        return None
    return value.strip()


def number(value: Any) -> float | None:
    """A number, also one that a platform writes as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def instant(record: Record, *names: str) -> int | None:
    """The instant of the first of several members that holds one, UTC microseconds."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str):
            try:
                return from_datetime(datetime.fromisoformat(value))
            except (ValueError, OverflowError):
                pass
            try:
                return parse(value)
            except BadTime:
                continue
    return None


def child(record: Record, name: str) -> Record:
    """An object within a record, empty if it is none."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def children(record: Record, name: str) -> list[Record]:
    """The objects of a list within a record."""
    value = record.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def amount(value: Any) -> float | None:
    """The amount of a price, which is a number or, since 2.2, an object."""
    if isinstance(value, dict):
        value = value.get("excl_vat", value.get("before_taxes"))
    return number(value)
