"""JSON text of many records at once.

Every field is built as columns of four-byte words, padded with NUL; one pass over the finished
text removes the padding. That is ten times as fast as formatting record by record.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.standins.dcs.slots import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Words = NDArray[np.uint32]

_WORD: Final = np.dtype("<u4")
_NUL: Final = b"\0"
_TEN_THOUSAND: Final = 10_000


def records(parts: Sequence[bytes | Words]) -> bytes:
    """The text of all records: literal parts repeat in each, columns of words differ.

    Args:
        parts: what a record consists of, in order; at least one is a column.
    """
    columns = [_literal(part) if isinstance(part, bytes) else part for part in parts]
    count = max(len(column) for column in columns)
    text = np.empty((count, sum(column.shape[1] for column in columns)), _WORD)
    at = 0
    for column in columns:
        text[:, at : at + column.shape[1]] = column
        at += column.shape[1]
    return text.tobytes().translate(None, _NUL)


def _literal(text: bytes) -> Words:
    return np.frombuffer(_padded(text), _WORD)[None, :]


def _padded(text: bytes, size: int = 0) -> bytes:
    return text.ljust(max(-(-len(text) // 4) * 4, size), _NUL)


def _table(texts: Sequence[bytes]) -> Words:
    """Texts as rows of words, all as wide as the widest."""
    size = -(-max(len(text) for text in texts) // 4) * 4
    joined = b"".join(_padded(text, size) for text in texts)
    return np.frombuffer(joined, _WORD).reshape(len(texts), -1)


@cache
def _digits() -> tuple[Words, Words, Words]:
    """Four digits with leading zeros; without; and without but for a lone zero."""
    full = _table([b"%04d" % n for n in range(_TEN_THOUSAND)])[:, 0]
    bare = _table([(b"%d" % n if n else b"").rjust(4, _NUL) for n in range(_TEN_THOUSAND)])[:, 0]
    last = _table([(b"%d" % n).rjust(4, _NUL) for n in range(_TEN_THOUSAND)])[:, 0]
    return full, bare, last


@cache
def _fractions() -> tuple[Words, Words, Words]:
    """Point and three digits with trailing zeros; without; and three more digits without."""
    full = _table([b".%03d" % n for n in range(1000)])[:, 0]
    bare = _table([(b".%03d" % n).rstrip(b"0").rstrip(b".") for n in range(1000)])[:, 0]
    more = _table([(b"%03d" % n).rstrip(b"0") for n in range(1000)])[:, 0]
    return full, bare, more


def integers(values: NDArray[np.int64]) -> Words:
    """Whole numbers from 0 to 10**12 - 1."""
    full, bare, last = _digits()
    columns: list[Words] = []
    high, low = np.divmod(values, _TEN_THOUSAND)
    if high.any():
        top, middle = np.divmod(high, _TEN_THOUSAND)
        if top.any():
            columns.append(bare[top])
            columns.append(np.where(top > 0, full[middle], bare[middle]))
        else:
            columns.append(bare[middle])
        columns.append(np.where(high > 0, full[low], last[low]))
    else:
        columns.append(last[low])
    return np.stack(columns, axis=1)


def decimals(micro: NDArray[np.int64], *, point: bool) -> Words:
    """Numbers given in millionths, in their shortest form; whole ones end in `.0` if `point`."""
    whole, fraction = np.divmod(np.abs(micro), 1_000_000)
    high, low = np.divmod(fraction, 1000)
    full, bare, more = _fractions()
    tail = bare[high]
    if point:
        tail = np.where(fraction == 0, _POINT_ZERO, tail)
    columns = [integers(whole), tail[:, None]]
    if low.any():
        columns[1] = np.where(low > 0, full[high], tail)[:, None]
        columns.append(more[low][:, None])
    if (micro < 0).any():
        columns.insert(0, np.where(micro < 0, _MINUS, 0).astype(_WORD)[:, None])
    return np.hstack(columns)


def either(choose: NDArray[np.bool_], yes: bytes, no: bytes) -> Words:
    """One of two texts."""
    return _table([no, yes])[choose.astype(np.intp)]


def replaced(words: Words, where: NDArray[np.bool_], text: bytes) -> Words:
    """The same column with `text` in some places."""
    other = _literal(text)
    wide = np.zeros((len(words), max(words.shape[1], other.shape[1])), _WORD)
    wide[:, : words.shape[1]] = words
    wide[where] = 0
    wide[where, : other.shape[1]] = other
    return wide


def timestamps(slots: NDArray[np.int64], shift: NDArray[np.int64] | None = None) -> Words:
    """Slots as ISO 8601: in UTC with `Z`, or `shift` slots ahead of it with an offset."""
    local = slots if shift is None else slots + shift
    days, times = np.divmod(local, DAY)
    first = int(days.min())
    every = np.arange(first, int(days.max()) + 1).astype("datetime64[D]")
    texts = [f"{day}T".encode() for day in np.datetime_as_string(every)]
    columns = [_table(texts)[days - first], _clock()[times]]
    if shift is None:
        columns.append(np.broadcast_to(_literal(b"Z"), (slots.size, 1)))
    else:
        columns.append(_offset_texts()[shift + _WIDEST_SHIFT])
    return np.hstack(columns)


_WIDEST_SHIFT: Final = 28


@cache
def _clock() -> Words:
    return _table([b"%02d:%02d:00" % divmod(slot * 30, 60) for slot in range(DAY)])


@cache
def _offset_texts() -> Words:
    shifts = range(-_WIDEST_SHIFT, _WIDEST_SHIFT + 1)
    signs = [b"-" if shift < 0 else b"+" for shift in shifts]
    return _table(
        [
            sign + b"%02d:%02d" % divmod(abs(shift) * 30, 60)
            for sign, shift in zip(signs, shifts, strict=True)
        ]
    )


_MINUS: Final = np.frombuffer(_padded(b"-"), _WORD)[0]
_POINT_ZERO: Final = np.frombuffer(_padded(b".0"), _WORD)[0]
