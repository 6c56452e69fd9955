"""Records are cut out of a byte stream whatever they hold and however it is chunked."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.model.errors import MalformedAnswer
from tidegate.platforms.dcs import cutting
from tidegate.platforms.dcs.cutting import RecordReader, end_of_records

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]

TRAPS = st.text(alphabet='{}[],:"\\ \n€a', max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TRAPS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRAPS, inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(TRAPS, VALUES, max_size=4), max_size=12)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n ", " : ")])


def chunked(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def read(body: bytes, *, size: int = 7, key: str | None = None) -> list[Row]:
    return list(chain.from_iterable(RecordReader(chunked(body, size), Row, key=key)))


class TestRecords:
    @settings(max_examples=60)
    @given(RECORDS, SEPARATORS, st.integers(1, 40), st.booleans())
    def test_any_records(
        self, records: list[Row], separators: tuple[str, str], size: int, is_ascii: bool
    ):
        """Every record comes out as it went in, for every chunking and spacing."""
        body = json.dumps(records, separators=separators, ensure_ascii=is_ascii).encode()
        before = cutting._SLICE
        cutting._SLICE = 16
        try:
            found = read(b" \r\n" + body + b"\n", size=size)
        finally:
            cutting._SLICE = before

        assert records == found

    @settings(max_examples=60)
    @given(RECORDS, st.dictionaries(TRAPS, VALUES, max_size=3), st.integers(1, 40))
    def test_records_under_a_key(self, records: list[Row], around: Row, size: int):
        """Records under a key are found, and what stands before and after them is kept."""
        document = {"readings of yesterday": [], **around, "readings": records, "tail": [{"a": 1}]}
        reader = RecordReader(chunked(json.dumps(document).encode(), size), Row, key="readings")

        assert records == list(chain.from_iterable(reader))
        assert {**document, "readings": []} == reader.surroundings()

    def test_many_records_come_in_slices(self):
        """A large array is given slice by slice, so that memory holds a slice and not the array."""
        records = [{"id": number, "name": "} ,{"} for number in range(40_000)]
        slices = list(RecordReader(chunked(json.dumps(records).encode(), 65_536), Row))

        assert len(slices) > 3
        assert records == list(chain.from_iterable(slices))

    def test_numbers_of_any_kind(self):
        """A bare NaN and an integer of more than 64 bits are read as Python reads them."""
        first, second = read(b'[{"a":NaN},{"a":123456789012345678901234567890}]')

        assert first["a"] != first["a"]
        assert second["a"] == 123456789012345678901234567890

    def test_nested_key_of_the_same_name(self):
        """A key of the same name inside another property is not taken for the array."""
        body = b'{"note":{"readings":[{"x":1}]},"readings":[{"a":1}]}'

        assert read(body, key="readings") == [{"a": 1}]


class TestMalformed:
    @pytest.mark.parametrize("cut", [1, 9, 20, 30, 39])
    def test_cut_short(self, cut: int):
        """A body that ends before its array does is an error, never a shorter list."""
        body = b'[{"a":"x{},"},{"a":{"b":[1,2]}},{"a":3}]'
        with pytest.raises(MalformedAnswer) as caught:
            read(body[:cut])
        if "middle" in str(caught.value):
            assert "ended its answer early" in str(caught.value.hint)

    def test_cut_between_records(self):
        """Of an answer that ends early the server is told of, not a proxy."""
        with pytest.raises(MalformedAnswer, match="ends in the middle") as caught:
            read(b'[{"a":"x"},{"a":"y"}')
        assert caught.value.hint is not None
        assert caught.value.hint.startswith("the server ended its answer early")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"  ",
            b"<html><body>Sign in</body></html>",
            b'{"details":"no"}',
            b"null",
            b"[1,2]",
            b'[{"a":1}{"a":2}]',
            b'[{"a":1},]',
            b'[{"a":1}] and more',
            b'[{"a":1}',
            b'[{"a":}]',
        ],
    )
    def test_not_an_array_of_records(self, body: bytes):
        """What is not a JSON array of objects is an error."""
        with pytest.raises(MalformedAnswer):
            read(body)

    @pytest.mark.parametrize(
        "body",
        [b"[]", b"{}", b'{"readings":null}', b'{"readings":[{"a":1}]', b'{"readings":[],}'],
    )
    def test_not_an_object_with_the_array(self, body: bytes):
        """An object without the array, or one that does not end, is an error."""
        with pytest.raises(MalformedAnswer):
            read(body, key="readings")

    def test_error_names_what_was_asked_for(self):
        """The error says about what the answer was, and that it is HTML."""
        with pytest.raises(MalformedAnswer, match="about register 733 is HTML") as caught:
            RecordReader(iter([b"<!DOCTYPE html>"]), Row, subject="register 733")

        assert caught.value.subject == "register 733"

    def test_record_without_end(self, monkeypatch: pytest.MonkeyPatch):
        """A record that never ends is refused before it fills the memory."""
        monkeypatch.setattr(cutting, "_LONGEST_RECORD", 1_000_000)
        endless = chain([b'[{"a":"'], (b"x" * 100_000 for _ in range(10_000)))
        with pytest.raises(MalformedAnswer, match="without end"):
            list(RecordReader(endless, Row))


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b'{"a":1}', 7),
        (b'{"a":1},{"b"', 7),
        (b'{"a":"}"}', 9),
        (b'{"a":"\\"}"}', 11),
        (b'{"a":"}', 0),
        (b'{"a":"x\\', 0),
        (b'{"a":[{}]},{"b":"{}', 10),
        (b'{"a":1}],{"b":2}', 7),
        (b"", 0),
    ],
)
def test_end_of_records(data: bytes, end: int):
    """The scan ends after the last whole object and is not misled by strings."""
    assert end == end_of_records(data, 0)
