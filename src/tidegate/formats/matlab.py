"""MATLAB files of level 5: one variable a column, and one for unit, zone and interval each.

An instant becomes two variables: days since the year 0 (`datenum`) and an exact ISO 8601 text, both
in UTC. MATLAB files know no absent numbers; those are NaN.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import pyarrow as pa

from tidegate.formats import texts
from tidegate.model.errors import TooMuch
from tidegate.model.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

MAX_ROWS: Final = 50_000_000
"""Rows of a file: a variable of level 5 holds less than 2 GiB."""

_DAY_ZERO: Final = 719_529
"""MATLAB's number of 1970-01-01."""
_VARIABLES: Final = {"from": "time", "end": "end_time"}
"""Variables that are not named like their column: `end` is a keyword."""
_FACTS: Final = ("unit", "zone", "interval")


def write(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, stream: BinaryIO, format: str
) -> int:
    """Write batches as variables; the number of rows.

    Raises:
        TooMuch: there are more rows than a file holds.
    """
    del format
    from scipy.io import savemat

    kept: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        kept.append(batch)
        count += batch.num_rows
        if count > MAX_ROWS:
            raise TooMuch("the rows", count, MAX_ROWS, "choose a shorter window, or parquet")
    table = pa.Table.from_batches(kept, schema).combine_chunks()
    # the writer goes back to fill in sizes, which standard output cannot
    made = io.BytesIO()
    savemat(made, dict(_variables(table)), do_compression=True, oned_as="column")
    stream.write(made.getbuffer())
    return count


def _variables(table: pa.Table) -> Iterator[tuple[str, Any]]:
    facts = table.schema.metadata or {}
    for name in _FACTS:
        if name.encode() in facts:
            yield name, facts[name.encode()].decode()
    for field, column in zip(table.schema, table.columns, strict=True):
        name = _VARIABLES.get(field.name, field.name)
        values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if pa.types.is_timestamp(field.type):
            yield name, _days(values)
            yield f"{name}_text", _characters(values)
        elif pa.types.is_primitive(field.type):
            yield name, _numbers(values)
        else:
            yield name, np.array(texts.plain(values).fill_null("").to_pylist(), dtype=object)


def _days(column: pa.Array) -> NDArray[np.float64]:
    days = texts.microseconds(column) / DAY + _DAY_ZERO
    return np.where(_absent(column), np.nan, days)


def _characters(column: pa.Array) -> NDArray[np.str_]:
    return np.array(texts.plain(column).fill_null("").to_pylist(), dtype=np.str_)


def _numbers(column: pa.Array) -> NDArray[Any]:
    if column.null_count:
        column = column.cast(pa.float64())
    found: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found


def _absent(column: pa.Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = column.is_null().to_numpy(zero_copy_only=False)
    return found
