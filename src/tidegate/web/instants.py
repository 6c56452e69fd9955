"""Instants on the wire: lists of them as texts and back, long ones a column at a time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from tidegate.formats import texts as columns
from tidegate.model.instants import parse, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

_LONG: Final = 1_000
"""From here on a column costs less than one by one."""
_ZONED: Final = pa.timestamp("us", "UTC")
_PLAIN: Final = pa.timestamp("us")


def instants_of(texts: Sequence[str], zone: ZoneInfo) -> list[int]:
    """The instants of texts; those that name no zone are local times of `zone`.

    Raises:
        BadTime: a text names none.
    """
    if len(texts) >= _LONG:
        column = pa.array(texts, pa.string())
        for kind in (_ZONED, _PLAIN) if zone.key == "UTC" else (_ZONED,):  # all of one kind
            with suppress(pa.ArrowInvalid):  # mixed, or some name no instant: which, is told below
                found: list[int] = column.cast(kind).cast(pa.int64()).to_pylist()
                return found
    return [parse(text, naive=zone) for text in texts]


def texts_of(instants: Sequence[int]) -> list[str]:
    """Instants as ISO 8601 with `Z`."""
    if len(instants) < _LONG:
        return [to_text(instant) for instant in instants]
    shown: list[str] = columns.instants(pa.array(instants, _ZONED)).to_pylist()
    return shown
