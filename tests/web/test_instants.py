"""Lists of instants as texts and back."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from tidegate.model.errors import BadTime
from tidegate.model.instants import BEGINNING, parse, to_text
from tidegate.web.instants import instants_of, texts_of

UTC = ZoneInfo("UTC")
FORMS = [
    "2020-01-01T00:00:00Z",
    "2020-01-01T02:00:00.25+02:00",
    "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "9999-12-30T23:59:59.999999Z",
]


@pytest.mark.parametrize("more", [[], ["2020-01-01"], ["2020-01-01T00:00"]])
@pytest.mark.parametrize("times", [1, 1000])
def test_long_lists_are_read_as_short_ones(times, more):
    """A list of any length is read as each of its texts is."""
    texts = FORMS * times + more
    assert instants_of(texts, UTC) == [parse(text) for text in texts]


@pytest.mark.parametrize("more", [[], ["2020-01-01T00:00:00Z"], ["2020-01-01"]])
def test_long_lists_without_zone_are_read_as_short_ones(more):
    """Texts that name no zone are UTC, whatever the length of their list."""
    texts = [text.removesuffix("Z") for text in FORMS if text.endswith("Z")] * 1000 + more
    assert instants_of(texts, UTC) == [parse(text) for text in texts]


@pytest.mark.parametrize("bad", ["yesterday", "2020-02-30T00:00:00Z", ""])
def test_one_that_is_no_instant_is_named(bad):
    """Among many texts the one that is no instant is named."""
    with pytest.raises(BadTime, match=f"'{bad}'"):
        instants_of(FORMS * 1000 + [bad], UTC)


def test_long_lists_are_written_as_short_ones():
    """A list of any length is written as each of its instants is."""
    instants = [parse(text) for text in FORMS] + [int(BEGINNING), 0, 1]
    assert texts_of(instants * 1000) == [to_text(instant) for instant in instants] * 1000
