"""Blocks of JSON lines are read as the same lines are read one by one."""

from __future__ import annotations

import io
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.formats import plain, plain_jsonl, reading
from tidegate.model.errors import BadFile

VALUES = st.one_of(
    st.floats(-1e3, 1e3), st.integers(-9, 10**20), st.none(), st.sampled_from(["5", True, [], {}])
)
OBJECTS = st.fixed_dictionaries(
    {"series": st.sampled_from(["a", "b", 'c"\\é', 5]), "value": VALUES},
    optional={"flag": st.sampled_from([9, 19, 77, "9", None, 9.5]), "more": st.just(1)},
)
START = 1_500_000_000


def taken(content: bytes) -> Any:
    """Every reading with its line, what is refused, and the names; or the error."""
    try:
        found = reading.read_readings(io.BytesIO(content), format="jsonl")
    except BadFile as error:
        return str(error)
    return found.table.to_pylist(), list(found.refused), found.refused_count, found.names


def one_by_one(content: bytes) -> Any:
    """The same without blocks."""
    with mock.patch.object(plain_jsonl.PlainObjects, "_parsed", return_value=None):
        return taken(content)


def lines(objects: list[dict[str, Any]]) -> list[bytes]:
    """Each object with a time of its own."""
    return [
        msgspec.json.encode({"from": f"2020-01-01T00:00:{place:02}Z", **one})
        for place, one in enumerate(objects)
    ]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(OBJECTS, min_size=1, max_size=12),
    st.integers(1, 300),
    st.sampled_from([b"\n", b"\r\n", b"\n\n"]),
)
def test_the_same_readings(objects, block, ending):
    """Whatever the lines hold, and wherever blocks end."""
    content = ending.join(lines([{"series": "a", "value": 1}, *objects]))
    with mock.patch.object(plain, "BLOCK", block):
        assert taken(content) == one_by_one(content)


@pytest.mark.parametrize(
    "bad",
    [
        b'{"series":"a","value":NaN,"from":"2020-01-02T00:00:00Z"}',
        b'{"series":"a","value":1e999,"from":"2020-01-02T00:00:00Z"}',
        b'{"series":"\xff","value":1,"from":"2020-01-02T00:00:00Z"}',
        b'{"series":"a","value":1,"value":2,"from":"2020-01-02T00:00:00Z"}',
        b'{"series":"a","value":1,"from":"2020-01-02T00:00:00Z"} x',
        b'{"series":"a","value":1,"from":"2020-01-02T00:00:00Z"}{}',
        b'{"series":"a",\n{"value":1}',
        b'{"series":"a","value":1,"from":2020}',
        b"[1]",
        b"no JSON",
        b"",
    ],
)
def test_a_line_that_is_not_plain_late_in_a_file(bad):
    """After many plain lines the line of a bad one is told, and lines after it are read."""
    before = lines([{"series": "a", "value": number / 8} for number in range(60)])
    content = b"\n".join([*before, bad, *lines([{"series": "b", "value": 1}])])
    with mock.patch.object(plain, "BLOCK", 512):
        assert taken(content) == one_by_one(content)
