"""Lists of events, and the windows around them."""

from __future__ import annotations

import pytest

from tidegate.model.errors import BadFile
from tidegate.model.instants import parse
from tidegate.plans.event_lists import merged, read_events, unmet

NOW = parse("2020-06-01T00:00:00Z")


def windows(events):
    return [(str(window), labels) for window, labels in merged(events)]


def test_overlapping_windows_become_one_that_names_all_its_events(tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text(
        "time,place,padding\n"
        "2012-01-01T00:00:00Z,BACAX,60\n"
        "2012-01-01T00:01:30Z,BACAX,1m\n"
        "2012-01-01T01:00:00Z,BACAX,30s\n"
    )
    events = read_events(file, padding=None, now=NOW)
    assert windows(events) == [
        ("[2011-12-31T23:59:00Z, 2012-01-01T00:02:30Z)", ["2", "3"]),
        ("[2012-01-01T00:59:30Z, 2012-01-01T01:00:30Z)", ["4"]),
    ]
    assert {event.place for event in events} == {"BACAX"}


def test_spans_with_a_peak_are_events_without_padding(tmp_path):
    file = tmp_path / "spans.csv"
    file.write_text("start,end,peak\n2012-01-01T00:00:00Z,2012-01-01T00:10:00Z,7.5\n")
    (event,) = read_events(file, padding=None, now=NOW)
    assert str(event.window) == "[2012-01-01T00:00:00Z, 2012-01-01T00:10:00Z)"
    (padded,) = read_events(file, padding="5m", now=NOW)
    assert str(padded.window) == "[2011-12-31T23:55:00Z, 2012-01-01T00:15:00Z)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("place,padding\nBACAX,5m\n", "lists no events"),
        ("", "lists no events"),
        ("time\n2012-13-01\n", "line 2: the time '2012-13-01' is no date"),
        ("time,padding\n2012-01-01,0\n", "line 2: the padding is '0'"),
        ("start,end\n2012-01-02,2012-01-01\n", "line 2: the end is '2012-01-01'"),
    ],
)
def test_wrong_lists_are_refused_by_line(tmp_path, text, why):
    file = tmp_path / "calls.csv"
    file.write_text(text)
    with pytest.raises(BadFile, match=why):
        read_events(file, padding=None, now=NOW)


def test_events_without_data_are_named(tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text("time,place,padding,label\n2012-01-01,A,5m,first\n2012-01-02,B,5m,second\n")
    events = read_events(file, padding=None, now=NOW)
    assert unmet(events, {"first"}) == ("event second: there is nothing at 'B' then",)
