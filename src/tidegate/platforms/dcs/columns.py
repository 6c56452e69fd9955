"""Turns slices of readings into Arrow columns: times parsed by column, numbers without objects.

Every table has one row a reading, in the order of the answer. `startTime` and `timestamp` are
UTC instants in microseconds; a number that the server does not give is null, one that it
calls NaN or infinite is that float.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from tidegate.model.errors import MalformedAnswer, TidegateError
from tidegate.model.instants import parse
from tidegate.platforms.dcs.cutting import RecordReader
from tidegate.platforms.dcs.wire import AppReading, CompleteReading, StandardReading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from tidegate.platforms.dcs.wire import Number

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_USUAL_WIDTH: Final = len("2024-01-31T06:30:00Z")

APP_COLUMNS: Final = pa.schema(
    {
        "startTime": _INSTANT,
        "totalValue": pa.float64(),
        "periodValue": pa.float64(),
        "isGenerated": pa.bool_(),
        "isInterpolated": pa.bool_(),
    }
)
STANDARD_COLUMNS: Final = pa.schema(
    {"timestamp": _INSTANT, "value": pa.float64(), "status": pa.int32()}
)
COMPLETE_COLUMNS: Final = pa.schema(
    {
        "timestamp": _INSTANT,
        "totalValue": pa.float64(),
        "periodValue": pa.float64(),
        "status": pa.int32(),
    }
)


def app_batches(
    chunks: Iterator[bytes], *, zone: ZoneInfo | None = None, subject: str | None = None
) -> Iterator[pa.RecordBatch]:
    """Batches of `APP_COLUMNS` from a body of the App API; times without zone are of `zone` (UTC).

    Raises:
        MalformedAnswer: the body is not such an answer, or is cut short.
    """
    for records in RecordReader(chunks, AppReading, subject=subject):
        columns = [
            instants([r.start_time for r in records], zone, subject),
            numbers([r.total_value for r in records]),
            numbers([r.period_value for r in records]),
            *_marks(records),
        ]
        yield pa.record_batch(columns, schema=APP_COLUMNS)


def web_table(
    chunks: Iterator[bytes], *, is_complete: bool, subject: str | None = None
) -> pa.Table:
    """A table of `COMPLETE_COLUMNS` or `STANDARD_COLUMNS` from a body of the Web API.

    The schema's metadata hold the scalar properties of the answer, each as text.

    Raises:
        MalformedAnswer: the body is not such an answer, or is cut short.
    """
    if is_complete:
        complete = RecordReader(chunks, CompleteReading, key="readings", subject=subject)
        batches = [_complete_batch(records, subject) for records in complete]
        table = pa.Table.from_batches(batches, COMPLETE_COLUMNS)
        return table.replace_schema_metadata(_scalars(complete.surroundings()))
    standard = RecordReader(chunks, StandardReading, key="readings", subject=subject)
    batches = [_standard_batch(records, subject) for records in standard]
    table = pa.Table.from_batches(batches, STANDARD_COLUMNS)
    return table.replace_schema_metadata(_scalars(standard.surroundings()))


def _standard_batch(records: list[StandardReading], subject: str | None) -> pa.RecordBatch:
    columns = [
        instants([r.timestamp for r in records], None, subject),
        numbers([r.value for r in records]),
        pa.array([r.status for r in records], pa.int32()),
    ]
    return pa.record_batch(columns, schema=STANDARD_COLUMNS)


def _complete_batch(records: list[CompleteReading], subject: str | None) -> pa.RecordBatch:
    columns = [
        instants([r.timestamp for r in records], None, subject),
        numbers([r.total_value for r in records]),
        numbers([r.period_value for r in records]),
        pa.array([r.status for r in records], pa.int32()),
    ]
    return pa.record_batch(columns, schema=COMPLETE_COLUMNS)


def _scalars(document: dict[str, Any]) -> dict[str, str]:
    return {
        name: str(value) for name, value in document.items() if isinstance(value, str | int | float)
    }


def instants(texts: Sequence[str], zone: ZoneInfo | None, subject: str | None) -> pa.Array:
    """The instants of ISO 8601 texts; those without zone are times of `zone` (UTC).

    Raises:
        MalformedAnswer: a text that is no time.
    """
    try:
        # Arrow reads whole columns, but only texts with a zone and at most six decimals.
        return _as_strings(texts).cast(_INSTANT)
    except pa.ArrowInvalid:
        try:
            return pa.array([parse(text, naive=zone) for text in texts], pa.int64()).cast(_INSTANT)
        except TidegateError as problem:
            raise MalformedAnswer(
                f"the answer holds a time that is none: {problem.message}", subject=subject
            ) from problem


def _marks(records: list[AppReading]) -> tuple[pa.Array, pa.Array]:
    # Most slices hold no mark at all, and one look at every reading is cheaper than two.
    if not [True for r in records if r.is_generated or r.is_interpolated]:
        return (pa.array(np.zeros(len(records), dtype=np.bool_)),) * 2
    return (
        pa.array([r.is_generated for r in records], pa.bool_()),
        pa.array([r.is_interpolated for r in records], pa.bool_()),
    )


def _as_strings(texts: Sequence[str]) -> pa.Array:
    """A column of texts; for those of the usual width, without an object a row."""
    joined = "".join(texts).encode()
    if len(joined) != _USUAL_WIDTH * len(texts):
        return pa.array(texts, pa.string())
    # If widths differ and only the sum agrees, the column holds pieces of times, and no piece
    # that is cut elsewhere than at its end can be read as a time with zone.
    offsets = np.arange(0, len(joined) + 1, _USUAL_WIDTH, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(joined)]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def numbers(values: Sequence[Number]) -> pa.Array:
    """A column of floats: null stays null, the texts of NaN and infinity become those floats."""
    try:
        return pa.array(values, pa.float64())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        plain = [None if value is None else float(value) for value in values]
        return pa.array(plain, pa.float64())
