"""Columns as the points of an answer: `{"From":…,"Value":…,"Flag":…}`, no object a point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.formats import texts
from tidegate.model.instants import DAY, SECOND
from tidegate.model.intervals import parse_interval
from tidegate.web.forms import IntervalForm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tidegate.model.intervals import Interval

_PIECE: Final = 131_072
"""Points that are put into words at once."""
_SHOWN_WHOLE: Final = 1e15
"""From here on the kernels write whole numbers with an exponent."""
_LARGEST_WHOLE: Final = 2.0**53


def body_of(
    table: pa.Table, interval: Interval, unit: str | None, *, descending: bool = False
) -> Iterator[bytes | memoryview]:
    """The pieces of one answer: a header with interval and unit, then every point.

    Args:
        table: `from`, `value`, `flag`, as the services give it.
        interval: the raster to show.
        unit: the unit to show; null if None.
        descending: the latest point first.
    """
    head = msgspec.json.encode({"Interval": IntervalForm.of(interval), "Unit": unit})
    yield head[:-1] + b',"Data":['
    if descending:
        table = table.take(pa.array(np.arange(table.num_rows)[::-1]))
    for first in range(0, table.num_rows, _PIECE):
        piece = _points(table.slice(first, _PIECE))
        is_last = first + _PIECE >= table.num_rows
        yield piece[:-1] if is_last else piece
    yield b"]}"


def described(table: pa.Table) -> Iterator[bytes | memoryview]:
    """The pieces of one answer with the interval and the unit that its metadata tell."""
    metadata = table.schema.metadata or {}
    unit = metadata.get(b"unit")
    interval = parse_interval(metadata[b"interval"].decode())
    return body_of(table, interval, None if unit is None else unit.decode())


def _points(table: pa.Table) -> memoryview:
    """Points with a comma after each."""
    instants = texts.microseconds(table["from"].combine_chunks())
    flags = table["flag"].combine_chunks()
    values = pc.fill_null(_numbers(table["value"].combine_chunks()), "null")
    days, times = _instants(instants)
    return texts.joined([days, times, values, _flags(flags)])


def _instants(instants: NDArray[np.int64]) -> tuple[pa.StringArray, pa.StringArray]:
    """The date of each point with what stands before it, and the time with what comes after it.

    Each date and each time of day is written once and then copied.
    """
    days, within = np.divmod(instants, DAY)
    first = days.min()
    dates = np.arange(first, days.max() + 1) if _is_dense(days) else np.unique(days)
    places = days - first if _is_dense(days) else np.searchsorted(dates, days)
    shown = pa.array(dates.astype("datetime64[D]")).cast(pa.string())
    dated = pc.binary_join_element_wise('{"From":"', shown, "T", "")
    clock, turns = _distinct(within)
    timed = pc.binary_join_element_wise(_times(clock), 'Z","Value":', "")
    return dated.take(pa.array(places)), timed.take(pa.array(turns))


def _is_dense(days: NDArray[np.int64]) -> bool:
    return bool(days.max() - days.min() < 4 * len(days) + 1000)


def _distinct(within: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct times of day, and for each point which of them is its own."""
    seconds, rest = np.divmod(within, SECOND)
    if rest.any():
        clock, turns = np.unique(within, return_inverse=True)
        return clock, turns
    seen = np.zeros(DAY // SECOND, np.bool_)
    seen[seconds] = True
    return np.flatnonzero(seen) * SECOND, (np.cumsum(seen) - 1)[seconds]


def _times(clock: NDArray[np.int64]) -> pa.StringArray:
    """Times of day as `06:00:00`, with a fraction only where it is not zero."""
    moments = texts.instants(pa.array(clock, pa.timestamp("us")))
    return pc.utf8_slice_codeunits(moments, len("1970-01-01T"))


def _flags(flags: pa.Array) -> pa.StringArray:
    encoded = flags.dictionary_encode()
    shown = pc.binary_join_element_wise(',"Flag":', encoded.dictionary.cast(pa.string()), "},", "")
    return shown.take(encoded.indices)


def _numbers(values: pa.Array) -> pa.StringArray:
    """Numbers as text; whole ones in digits up to 2^53, 0 for what is not finite."""
    finite = pc.if_else(pc.or_kleene(pc.is_finite(values), pc.is_null(values)), values, 0.0)
    shown = texts.plain(finite)
    largest = pc.max(pc.abs(finite)).as_py() or 0.0
    if largest < _SHOWN_WHOLE:
        return shown
    size = pc.abs(finite)
    large = pc.and_(pc.greater_equal(size, _SHOWN_WHOLE), pc.less(size, _LARGEST_WHOLE))
    whole = pc.if_else(pc.and_(large, pc.equal(pc.floor(finite), finite)), finite, 0.0)
    digits = whole.cast(pa.int64()).cast(pa.string())
    return pc.if_else(pc.not_equal(whole, 0.0), digits, shown)
