"""Parquet: typed columns; a blank is an absent value."""

from __future__ import annotations

import io
import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tidegate.formats.records.columns import Kind, Rows, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.formats.records.columns import Cell, Column

logger = logging.getLogger(__name__)

_TYPES: Final = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.INTEGER: pa.int64(),
    Kind.TRUTH: pa.bool_(),
    Kind.DOCUMENT: pa.string(),
}
_GROUP: Final = 50_000
"""Rows of a row group."""
_INTEGERS: Final = range(-(1 << 63), 1 << 63)


class ParquetWriter:
    """Writes records as rows of a Parquet file, in groups.

    Args:
        stream: where to.
        columns: the columns, each with the type of its kind.
        explode: path of the list that gets a row for each element.
    """

    def __init__(
        self, stream: BinaryIO, columns: Sequence[Column], explode: str | None = None
    ) -> None:
        self._kinds = [column.kind for column in columns]
        self._schema = pa.schema([(column.name, _TYPES[column.kind]) for column in columns])
        self._rows = Rows(columns, explode)
        self._stream = _Stream(stream)
        self._file = pq.ParquetWriter(self._stream, self._schema, compression="zstd")
        self._batches: list[pa.RecordBatch] = []
        self._waiting = 0
        self._unfit = 0

    def write(self, lines: bytes) -> None:
        """Write the records of some JSON lines."""
        rows = list(self._rows.of(lines))
        if not rows:
            return
        columns = zip(*rows, strict=True)
        arrays = [
            pa.array([self._fitted(value, kind) for value in column], _TYPES[kind])
            for column, kind in zip(columns, self._kinds, strict=True)
        ]
        self._batches.append(pa.record_batch(arrays, schema=self._schema))
        self._waiting += len(rows)
        if self._waiting >= _GROUP:
            self._flush()

    def close(self) -> None:
        """Write the last rows and the footer."""
        self._flush()
        self._file.close()
        if self._unfit:
            logger.warning("%d values are no numbers and stay empty in Parquet", self._unfit)

    def drop(self) -> None:
        """Write nothing more: a file without footer is none."""
        self._stream.is_dropped = True
        self._file.close()

    def _flush(self) -> None:
        if self._batches:
            self._file.write_table(pa.Table.from_batches(self._batches, self._schema))
        self._batches, self._waiting = [], 0

    def _fitted(self, value: Cell, kind: Kind) -> Any:
        if value is None:
            return None
        fitted = _FITTING[kind](value)
        self._unfit += fitted is None
        return fitted


class _Stream(io.RawIOBase):
    """What a file is written to: counts, since pipes cannot tell, and can be let go."""

    def __init__(self, stream: BinaryIO) -> None:
        self._target = stream
        self._at = 0
        self.is_dropped = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self.is_dropped:
            self._target.write(data)
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at


def _number(value: Cell) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value)


def _integer(value: Cell) -> int | None:
    number = None if isinstance(value, bool) else value
    if isinstance(number, Decimal) and number == number.to_integral_value():
        number = int(number)
    return number if isinstance(number, int) and number in _INTEGERS else None


def _truth(value: Cell) -> bool | None:
    return value if isinstance(value, bool) else None


_FITTING: Final = {
    Kind.TEXT: as_text,
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.TRUTH: _truth,
    Kind.DOCUMENT: as_text,
}
