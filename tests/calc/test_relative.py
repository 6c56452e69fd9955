"""Times as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.calc.relative import moved, parse_time
from tidegate.model.errors import BadTime
from tidegate.model.instants import BEGINNING, FOREVER, parse, to_text, zone
from tidegate.model.intervals import parse_interval

VIENNA = zone("Europe/Vienna")
UTC = zone("UTC")


def said(text: str, now: str, local=UTC) -> str:
    return to_text(parse_time(text, zone=local, now=parse(now)))


@pytest.mark.parametrize(
    ("now", "text", "clock"),
    [
        ("2025-03-20T10:47:12Z", "now[30m", "10:30"),
        ("2025-03-20T10:47:12Z", "now[30m+30m", "11:00"),
        ("2025-03-20T10:47:12Z", "now]30m", "11:00"),
        ("2025-03-20T10:30:00Z", "now]30m", "10:30"),
        ("2025-03-20T10:30:00Z", "now[30m+30m", "11:00"),
    ],
)
def test_vector_54_rounding_to_half_hours(now, text, clock):
    """`[` rounds down, `]` rounds up and stays put when aligned."""
    assert said(text, now) == f"2025-03-20T{clock}:00Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("today", "2025-03-29T23:00:00Z"), ("today+1d", "2025-03-30T22:00:00Z")],
)
def test_vector_55_days_follow_the_local_calendar(text, expected):
    """`today` is local midnight and a day on the night of a clock change has 23 hours."""
    assert said(text, "2025-03-30T12:00:00Z", VIENNA) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2025-03-31T10:47:12Z"),
        ("now[30m+24h", "2025-04-01T10:30:00Z"),
        ("now-90s", "2025-03-31T10:45:42Z"),
        ("today-1w", "2025-03-24T00:00:00Z"),
        ("today-1M", "2025-02-28T00:00:00Z"),
        ("today-1y", "2024-03-31T00:00:00Z"),
        ("now[1w", "2025-03-31T00:00:00Z"),
        ("now]1M", "2025-04-01T00:00:00Z"),
        ("now-1q[1q", "2024-10-01T00:00:00Z"),
        ("today 1d", "2025-04-01T00:00:00Z"),
        ("  today  ", "2025-03-31T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"),
        ("2024-02-29T06:30+02:00", "2024-02-29T04:30:00Z"),
    ],
)
def test_steps_apply_from_left_to_right(text, expected):
    """Months and longer move by the calendar; a space stands for the plus that a URL ate."""
    assert said(text, "2025-03-31T10:47:12Z") == expected


def test_a_time_without_zone_is_local():
    """An absolute time that names no zone is of the zone given."""
    assert said("2025-07-01T12:00", "2025-01-01", VIENNA) == "2025-07-01T10:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "now+",
        "now+1",
        "now+1x",
        "now+1D",
        "today*2d",
        "now+0d",
        "now[0m",
        "now-999999y",
        "Today+-1d",
    ],
)
def test_what_names_no_instant_is_refused(text):
    """Bad relative times are named, never guessed."""
    with pytest.raises(BadTime):
        said(text, "2025-03-31T10:47:12Z")


@given(st.text(st.sampled_from("nowtday+-[] 0123456789smhdwMqyTZ:"), max_size=30))
def test_any_text_is_an_instant_or_a_clear_refusal(text):
    """No text makes the reader of times fail otherwise."""
    with contextlib.suppress(BadTime):
        found = parse_time(text, zone=VIENNA, now=parse("2025-03-31T10:47:12Z"))
        assert BEGINNING <= found < FOREVER


def test_moving_by_a_day_keeps_the_wall_clock():
    """Over a clock change local noon stays noon; a skipped time is the first after the gap."""
    noon = parse("2021-03-27T12:00", naive=VIENNA)
    assert moved(noon, parse_interval("day"), VIENNA) == parse("2021-03-28T12:00", naive=VIENNA)
    night = parse("2021-03-27T02:30", naive=VIENNA)
    assert to_text(moved(night, parse_interval("day"), VIENNA)) == "2021-03-28T01:00:00Z"
    assert to_text(moved(night, parse_interval("24h"), VIENNA)) == "2021-03-28T01:30:00Z"
