"""Numbers and flags as files write them, to arrays: whole columns, nothing guessed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.model.flags import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_EXPONENT: Final = r"([eE][+-]?[0-9]+)?$"
_PLAIN: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)" + _EXPONENT
_COMMA_GROUPS: Final = r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$"
_DECIMAL_COMMA: Final = r"^[+-]?(([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]*)?|,[0-9]+)" + _EXPONENT
_WITH_COMMA: Final = r"^[+-]?[0-9.]*,[0-9.,]*" + _EXPONENT
_GROUPS_OR_DECIMALS: Final = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
_NOT_A_NUMBER: Final = "nan"
_ABSENT: Final = pa.array(["na", "n/a", "null", "none", "-", "#n/a"])

NO_FLAG: Final = -1
"""In a column of flags: none is given."""
BAD_FLAG: Final = -2
"""In a column of flags: what is given is no flag."""


class Cell(IntEnum):
    """What a cell of a column of numbers holds."""

    NUMBER = 0
    ABSENT = 1
    """A word that says that there is no number."""
    EMPTY = 2
    BAD = 3
    """Anything else."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers.

    Attributes:
        values: float64; 0 where there is no number.
        state: a `Cell` each.
        unclear: rows whose decimal sign cannot be told.
        doubtful: rows whose point could be a decimal point or stand between groups.
        has_point: whether any number has a point that can only be a decimal point.
    """

    values: NDArray[np.float64]
    state: NDArray[np.uint8]
    unclear: NDArray[np.int64]
    doubtful: NDArray[np.int64]
    has_point: bool


def numbers(column: pa.Array, decimal: str | None, *, nan_is_missing: bool = False) -> Numbers:
    """The numbers of a column of texts, or of one that has numbers already.

    Args:
        column: the cells.
        decimal: the decimal sign; None takes the point, and marks what a comma makes unclear.
        nan_is_missing: the text `NaN` is the mark for a missing number; else it is a bad one, since
            programs also write it for a calculation that went wrong.
    """
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return _typed(column)
    texts = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    good, exact = _exact(texts, decimal)
    state = np.where(good, Cell.NUMBER, Cell.BAD).astype(np.uint8)
    lowered = pc.utf8_lower(texts)
    state[_mask(pc.is_in(lowered, _ABSENT))] = Cell.ABSENT
    if nan_is_missing:
        state[_mask(pc.equal(lowered, _NOT_A_NUMBER))] = Cell.ABSENT
    state[_mask(pc.equal(texts, ""))] = Cell.EMPTY
    values = _values(exact)
    state[~np.isfinite(values)] = Cell.BAD
    if decimal is not None:
        return Numbers(values, state, _nowhere(), _nowhere(), has_point=True)
    unclear = _mask(pc.match_substring_regex(texts, _WITH_COMMA))
    doubtful = _mask(pc.match_substring_regex(texts, _GROUPS_OR_DECIMALS))
    has_point = bool((_mask(pc.match_substring(texts, ".")) & good & ~doubtful).any())
    return Numbers(values, state, np.flatnonzero(unclear), np.flatnonzero(doubtful), has_point)


def flags(
    column: pa.Array | None, marks: Mapping[str, int] | None, length: int
) -> NDArray[np.int16]:
    """The flags of a column; `NO_FLAG` or `BAD_FLAG` where there is none.

    Args:
        column: the cells; None for a file without flags.
        marks: what letters stand for; None for a column of numbers.
        length: rows of the column.
    """
    if column is None:
        return np.full(length, NO_FLAG, np.int16)
    encoded = pc.utf8_trim_whitespace(column.cast(pa.string())).fill_null("").dictionary_encode()
    known = [_flag(text, marks) for text in encoded.dictionary.to_pylist()]
    found: NDArray[np.int16] = np.array(known, np.int16)[encoded.indices.to_numpy()]
    return found


def _flag(text: str, marks: Mapping[str, int] | None) -> int:
    if marks is not None:
        return marks.get(text, Flag.VALID)
    if not text:
        return NO_FLAG
    return int(text) if text in _FLAGS else BAD_FLAG


_FLAGS: Final = {str(int(flag)) for flag in Flag}


def _typed(column: pa.Array) -> Numbers:
    if pa.types.is_null(column.type):
        column = column.cast(pa.float64())
    kind = column.type
    state = np.full(len(column), Cell.BAD, np.uint8)
    values = np.zeros(len(column))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        found = column.cast(pa.float64(), safe=False)
        values = pc.fill_null(found, 0.0).to_numpy(zero_copy_only=False)
        state[np.isfinite(values)] = Cell.NUMBER
        state[np.isnan(values)] = Cell.ABSENT
        state[column.is_null().to_numpy(zero_copy_only=False)] = Cell.EMPTY
    return Numbers(np.nan_to_num(values), state, _nowhere(), _nowhere(), has_point=True)


def _exact(texts: pa.StringArray, decimal: str | None) -> tuple[NDArray[np.bool_], pa.StringArray]:
    """Which texts are numbers, and those with a decimal point and without grouping signs."""
    if decimal == ",":
        good = pc.match_substring_regex(texts, _DECIMAL_COMMA)
        texts = pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")
    elif decimal == ".":
        grouped = pc.match_substring_regex(texts, _COMMA_GROUPS)
        good = pc.or_(grouped, pc.match_substring_regex(texts, _PLAIN))
        texts = pc.replace_substring(texts, ",", "")
    else:
        good = pc.match_substring_regex(texts, _PLAIN)
    return _mask(good), pc.if_else(good, texts, "0")


def _values(texts: pa.StringArray) -> NDArray[np.float64]:
    found: NDArray[np.float64]
    try:
        found = pc.utf8_ltrim(texts, "+").cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        found = np.array([float(text) for text in texts.to_pylist()], np.float64)
    return found


def _mask(found: pa.BooleanArray) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = found.to_numpy(zero_copy_only=False)
    return mask


def _nowhere() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)
