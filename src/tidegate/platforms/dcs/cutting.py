"""Reads the records of a JSON array from a stream of bytes, slice by slice.

The array may be the whole document or stand under a key of an object. A slice ends where a
record seems to end; decoding proves it, since a cut within a string or a nested value leaves
text that is not JSON. Only where the proof fails is the slice scanned with regard to strings.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from tidegate.model.errors import MalformedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

_SLICE = 256 * 1024
_LONGEST_SURROUNDING = 1024 * 1024
_LONGEST_RECORD = 16 * 1024 * 1024
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{}\[\]]', re.DOTALL)
_COLON_AND_ARRAY = re.compile(rb"\s*:\s*\[")
_RECORD = re.compile(rb"\s*(?=\{)")
_SEPARATOR = re.compile(rb"\s*,\s*(?=\{)")
_SPACE = b" \t\r\n"
_NOT_THE_SERVER = "check the address of the server; a proxy or a login page may stand before it"
_BROKEN_OFF = "the server ended its answer early; run it again, or ask for less time at once"


class RecordReader(Generic[T]):
    """The records of one array, as lists of decoded items.

    Args:
        chunks: the body in pieces of any size.
        record: the type to decode one record into.
        key: the property that holds the array; None if the array is the whole document.
        subject: what was asked for, named in errors.

    Attributes:
        text: the bytes that the slice given last was decoded from.

    Raises:
        MalformedAnswer: on construction, if the stream holds no such array; on iteration, if it
            is cut short or is not JSON of that type.
    """

    def __init__(
        self,
        chunks: Iterator[bytes],
        record: type[T],
        *,
        key: str | None = None,
        subject: str | None = None,
    ) -> None:
        self._chunks = chunks
        self._record = record
        self._decode = msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]
        self._key = key
        self._subject = subject
        self._head, self._rest = self._find_array()
        self._due = _RECORD
        self._owes_record = False
        self.text = b""
        self._tail: bytes | None = None

    def __iter__(self) -> Iterator[list[T]]:
        pieces, size = [self._rest], len(self._rest)
        for chunk in self._chunks:
            pieces.append(chunk)
            size += len(chunk)
            if size < _SLICE:
                continue
            records, rest = self._take_by_guess(pieces) or self._take_by_scan(b"".join(pieces))
            pieces, size = [rest], len(rest)
            if records:
                yield records
            elif size > _LONGEST_RECORD:
                raise self._malformed("holds a record without end")
        rest = b"".join(pieces)
        taken = self._take_by_guess([rest])
        if taken:
            yield taken[0]
            rest = taken[1]
        records, rest = self._take_by_scan(rest)
        if records:
            yield records
        self._close(rest)

    def surroundings(self) -> dict[str, Any]:
        """The object around the array, which is empty in it; whole once the records are read."""
        text = self._head + b"]" + (self._tail if self._tail is not None else b"}")
        document = self._parsed(text)
        if not isinstance(document, dict):
            raise self._malformed("is not an object")
        return document

    def _find_array(self) -> tuple[bytes, bytes]:
        data = b""
        for chunk in self._chunks:
            data += chunk
            start = _array_start(data, self._key)
            if start is not None:
                return data[:start], data[start:]
            if self._is_hopeless(data):
                break
        raise self._malformed(_what_instead(data, self._key))

    def _is_hopeless(self, data: bytes) -> bool:
        text = data.lstrip(_SPACE)
        opening = b"[" if self._key is None else b"{"
        return bool(text and not text.startswith(opening)) or len(data) > _LONGEST_SURROUNDING

    def _take_by_guess(self, pieces: list[bytes]) -> tuple[list[T], bytes] | None:
        """The records up to the last place that looks like a border, if they are whole."""
        end = pieces[-1].rfind(b"},") + 1
        if not end or self._due is _SEPARATOR:
            return None
        last = memoryview(pieces[-1])
        # One copy of every byte of every answer, not three.
        self.text = b"".join((b"[", *pieces[:-1], last[:end], b"]"))
        try:
            records = self._decode(self.text)
        except msgspec.DecodeError:
            return None
        self._due, self._owes_record = _RECORD, True
        return records, bytes(last[end + 1 :])

    def _take_by_scan(self, data: bytes) -> tuple[list[T], bytes]:
        """The whole records that the bytes begin with, and what follows them."""
        opening = self._due.match(data)
        if opening is None:
            return [], data
        start = opening.end()
        end = end_of_records(data, start)
        if end == start:
            return [], data
        self.text = b"[" + data[start:end] + b"]"
        records = self._decode_anyhow(self.text)
        # Past a comma the next slice can be guessed again.
        self._owes_record = data.startswith(b",", end)
        self._due = _RECORD if self._owes_record else _SEPARATOR
        return records, data[end + self._owes_record :]

    def _decode_anyhow(self, text: bytes) -> list[T]:
        try:
            return self._decode(text)
        except msgspec.DecodeError as first:
            # Python's own decoder takes bare NaN and whole numbers of any size.
            try:
                return msgspec.convert(json.loads(text), list[self._record])  # type: ignore[name-defined]
            except (ValueError, msgspec.ValidationError):
                raise self._malformed(f"cannot be read: {first}") from first

    def _close(self, rest: bytes) -> None:
        text = rest.lstrip(_SPACE)
        if self._owes_record or not text.startswith(b"]"):
            if _is_cut(text):
                raise self._malformed("ends in the middle", _BROKEN_OFF)
            raise self._malformed("is not JSON")
        self._tail = text[1:]
        self._parsed(self._head + text)

    def _parsed(self, text: bytes) -> Any:
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as problem:
            raise self._malformed(f"cannot be read: {problem}") from problem

    def _malformed(self, what: str, hint: str = _NOT_THE_SERVER) -> MalformedAnswer:
        about = f" about {self._subject}" if self._subject else ""
        return MalformedAnswer(
            f"the answer{about} {what}",
            hint=hint,
            subject=self._subject,
        )


def end_of_records(data: bytes, start: int) -> int:
    """Where the last whole object of a sequence ends, minding strings; `start` if there is none."""
    depth, end = 0, start
    for token in _STRING_OR_BRACKET.finditer(data, start):
        bracket = token[0]
        if bracket in {b"{", b"["}:
            depth += 1
        elif bracket in {b"}", b"]"}:
            depth -= 1
            if depth < 0:
                break
            if depth == 0:
                end = token.end()
    return end


def _array_start(data: bytes, key: str | None) -> int | None:
    """Where the first record of the array may begin; None if its opening is not there."""
    if key is None:
        start = len(data) - len(data.lstrip(_SPACE))
        return start + 1 if data.startswith(b"[", start) else None
    depth, wanted = 0, f'"{key}"'.encode()
    for token in _STRING_OR_BRACKET.finditer(data):
        if token[0] in {b"{", b"["}:
            depth += 1
        elif token[0] in {b"}", b"]"}:
            depth -= 1
        elif depth == 1 and token[0] == wanted:
            opening = _COLON_AND_ARRAY.match(data, token.end())
            if opening:
                return opening.end()
    return None


def _what_instead(data: bytes, key: str | None) -> str:
    text = data.lstrip(_SPACE)
    if not text:
        return "is empty"
    if text.startswith(b"<"):
        return "is HTML, not JSON"
    return "is not a list" if key is None else f"has no list of {key}"


def _is_cut(text: bytes) -> bool:
    return not text or text.startswith((b",", b"{"))
