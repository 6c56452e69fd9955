"""The hours in which a run may begin something: worked examples and clock changes."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from tidegate.model.errors import BadValue
from tidegate.model.instants import HOUR, MINUTE, SECOND, parse
from tidegate.plans.daily_window import DailyWindow, parse_time_of_day

UTC = ZoneInfo("UTC")
VANCOUVER = ZoneInfo("America/Vancouver")


def _window(begin: str, end: str, zone: ZoneInfo = UTC) -> DailyWindow:
    return DailyWindow(parse_time_of_day("beginRun", begin), parse_time_of_day("endRun", end), zone)


@pytest.mark.parametrize(
    ("begin", "end", "at", "opens_in"),
    [
        ("22:00:00", "06:00:00", "21:59:59", SECOND),
        ("22:00:00", "06:00:00", "22:00:00", 0),
        ("22:00:00", "06:00:00", "00:00:00", 0),
        ("22:00:00", "06:00:00", "05:59:59", 0),
        ("22:00:00", "06:00:00", "06:00:00", 16 * HOUR),
        ("08:00:00", "17:30:00", "17:30:00", 14 * HOUR + 30 * MINUTE),
        ("00:00:00", "00:00:00", "13:00:00", 0),
        ("00:00:00", "06:00:00", "00:00:00", 0),
        ("06:00:00", "00:00:00", "23:59:59", 0),
    ],
)
def test_worked_example(begin: str, end: str, at: str, opens_in: int) -> None:
    window, instant = _window(begin, end), parse(f"2024-05-01T{at}Z")
    assert window.is_open(instant) is (opens_in == 0)
    assert window.next_opening(instant) == instant + opens_in


@pytest.mark.parametrize(
    ("evening", "hours"), [("2024-03-09", 7), ("2024-11-02", 9), ("2024-05-01", 8)]
)
def test_a_night_with_a_clock_change_is_shorter_or_longer(evening: str, hours: int) -> None:
    window = _window("22:00", "06:00", VANCOUVER)
    noon = parse(f"{evening}T12:00", naive=VANCOUVER)
    opening = window.next_opening(noon)
    open_minutes = sum(window.is_open(opening + minute * MINUTE) for minute in range(12 * 60))
    assert open_minutes == hours * 60


def test_an_opening_that_the_clock_skips_happens_after_the_gap() -> None:
    window = _window("02:30", "05:00", VANCOUVER)
    before = parse("2024-03-10T01:00", naive=VANCOUVER)
    assert window.next_opening(before) == parse("2024-03-10T10:00:00Z")


def test_an_hour_shown_twice_opens_twice() -> None:
    window = _window("01:30", "01:45", VANCOUVER)
    first = window.next_opening(parse("2024-11-03T07:00:00Z"))
    assert first == parse("2024-11-03T08:30:00Z")
    assert not window.is_open(first + 15 * MINUTE)
    assert window.next_opening(first + 15 * MINUTE) == parse("2024-11-03T09:30:00Z")


def test_going_back_into_an_open_hour_opens_at_the_change() -> None:
    window = _window("00:30", "01:15", VANCOUVER)
    closed = parse("2024-11-03T08:20:00Z")
    assert not window.is_open(closed)
    assert window.next_opening(closed) == parse("2024-11-03T09:00:00Z")


@pytest.mark.parametrize("text", ["24:00", "6", "12:60", "noon", ""])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="beginRun"):
        parse_time_of_day("beginRun", text)


def test_short_forms_are_taken() -> None:
    assert parse_time_of_day("endRun", " 6:05 ") == time(6, 5)
    assert parse_time_of_day("endRun", "22:00:01") == time(22, 0, 1)
