"""Ranges of dates cut into requests: every worked example."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.instants import DAY, parse, to_datetime
from tidegate.model.windows import Window, WindowSet
from tidegate.plans.date_pieces import DayOfWeek, Split, date_pieces

EXAMPLES = [
    (
        "week",
        "SU",
        ["2017-05-03T06:30", "2017-05-07", "2017-05-14", "2017-05-21", "2017-05-24T12:00"],
    ),
    (
        "week",
        "WE",
        ["2017-05-03T06:30", "2017-05-10", "2017-05-17", "2017-05-24", "2017-05-24T12:00"],
    ),
    (
        "week",
        "TH",
        ["2017-05-03T06:30", "2017-05-04", "2017-05-11", "2017-05-18", "2017-05-24T12:00"],
    ),
    ("week", "SU", ["2017-05-07", "2017-05-14", "2017-05-21"]),
    ("week", "SU", ["2017-05-08", "2017-05-10"]),
    ("day", "SU", ["2017-02-28T23:00", "2017-03-01", "2017-03-02", "2017-03-02T01:00"]),
    ("day", "SU", ["2016-02-28T12:00", "2016-02-29", "2016-03-01", "2016-03-01T12:00"]),
    ("month", "SU", ["2016-01-31T12:00", "2016-02-01", "2016-03-01", "2016-04-01"]),
    (
        "month",
        "SU",
        ["2016-01-31T12:00", "2016-02-01", "2016-03-01", "2016-04-01", "2016-04-01T00:00:01"],
    ),
    ("year", "SU", ["2015-07-01", "2016-01-01", "2017-01-01", "2017-12-31T23:59:59.999"]),
    ("all", "SU", ["2015-07-01", "2017-12-31T23:59:59.999"]),
]


@pytest.mark.parametrize(("split", "first_day", "borders"), EXAMPLES)
def test_worked_example(split: str, first_day: str, borders: list[str]) -> None:
    instants = [parse(text) for text in borders]
    expected = [Window(start, end) for start, end in itertools.pairwise(instants)]
    whole = Window(instants[0], instants[-1])
    assert date_pieces(whole, Split(split), day_of_week=DayOfWeek(first_day)) == expected


def test_a_window_without_length_gives_no_piece() -> None:
    assert date_pieces(Window(5, 5), Split.ALL) == []
    assert date_pieces(Window(5, 5), Split.WEEK) == []


@given(
    start=st.integers(0, 20_000 * DAY),
    length=st.integers(1, 800 * DAY),
    split=st.sampled_from(Split),
    first_day=st.sampled_from(DayOfWeek),
)
def test_pieces_tile_the_window(
    start: int, length: int, split: Split, first_day: DayOfWeek
) -> None:
    window = Window(start, start + length)
    pieces = date_pieces(window, split, day_of_week=first_day)
    assert WindowSet(pieces) == WindowSet([window])
    assert sum(piece.length for piece in pieces) == length
    for piece in pieces[1:]:
        begins = to_datetime(piece.start)
        assert (begins.hour, begins.minute, begins.second, begins.microsecond) == (0, 0, 0, 0)
        if split is Split.WEEK:
            assert list(DayOfWeek)[begins.weekday()] is first_day
        if split in {Split.MONTH, Split.YEAR}:
            assert begins.day == 1
