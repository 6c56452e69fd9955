"""Columns as text, whole columns at a time: shortest numbers, instants as ISO 8601."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.model.instants import SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


def plain(column: pa.Array) -> pa.StringArray:
    """A column as text, without quotes; null stays null, and so does what is no finite number."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return instants(column)
    if pa.types.is_floating(kind):
        return _numbers(column)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        return pa.array([None if one is None else _document(one) for one in column.to_pylist()])
    return column.cast(pa.string())


def is_text(kind: pa.DataType) -> bool:
    """True for columns whose values are texts, which a format must quote or escape."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def instants(column: pa.TimestampArray) -> pa.StringArray:
    """Timestamps as ISO 8601, with `Z` where they have a zone; a fraction only if not zero."""
    seconds, rest = np.divmod(microseconds(column), SECOND)
    text = pc.replace_substring(pa.array(seconds, pa.timestamp("s")).cast(pa.string()), " ", "T")
    parts = [text, _fractions(rest)] if rest.any() else [text]
    shown = pc.binary_join_element_wise(*parts, "Z" if column.type.tz else "", "")
    return pc.if_else(column.is_valid(), shown, None)


def microseconds(column: pa.TimestampArray) -> NDArray[np.int64]:
    """Timestamps as microseconds since 1970, of UTC or of their own clock; 0 for null."""
    exact = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64())
    numbers: NDArray[np.int64] = pc.fill_null(exact, 0).to_numpy(zero_copy_only=False)
    return numbers


def joined(parts: Sequence[pa.StringArray | str]) -> memoryview:
    """The rows of several columns and constants, joined and one after the other, as UTF-8."""
    rows = pc.binary_join_element_wise(*parts, "")
    _, offsets, data = rows.buffers()
    borders = memoryview(offsets).cast("i")
    return memoryview(data)[borders[rows.offset] : borders[rows.offset + len(rows)]]


def each(values: pa.Array, change: Callable[[str], str]) -> pa.StringArray:
    """Texts changed one by one, every distinct one once."""
    encoded = values.cast(pa.string()).dictionary_encode()
    changed = pa.array([change(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return changed.take(encoded.indices)


def _fractions(rest: NDArray[np.int64]) -> pa.StringArray:
    digits = pc.utf8_lpad(pa.array(rest).cast(pa.string()), 6, "0")
    shown = pc.binary_join_element_wise(".", pc.utf8_rtrim(digits, "0"), "")
    return pc.if_else(pa.array(rest == 0), "", shown)


def _numbers(column: pa.Array) -> pa.StringArray:
    # Adding zero turns the negative zero into the plain one.
    finite = pc.if_else(pc.is_finite(column), pc.add(column, pa.scalar(0.0, column.type)), None)
    return finite.cast(pa.string())


def _document(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
