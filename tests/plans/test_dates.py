"""Dates of cells and options: every form, durations, and what was likely meant."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.model.errors import BadTime, BadValue, UsageError
from tidegate.model.instants import from_datetime, parse
from tidegate.plans.dates import (
    ImpossibleDate,
    excel_text,
    instant_of,
    is_relative,
    likely_date,
    window_of,
)

NOW = parse("2020-06-01T10:20:30Z")


@pytest.mark.parametrize(
    "cell",
    [
        "2011-07-13 0:00:00",
        "2011-7-13",
        40737.0,
        40737,
        date(2011, 7, 13),
        datetime(2011, 7, 13),  # noqa: DTZ001 (as workbooks give it)
        datetime(2011, 7, 13, tzinfo=UTC),
        "2011-07-13T00:00:00.000Z",
        "2011-07-13T02:00:00+02:00",
    ],
)
def test_cells_of_every_form_name_the_same_instant(cell):
    assert instant_of("begin", cell, now=NOW) == parse("2011-07-13T00:00:00Z")


def test_serials_are_read_to_the_millisecond():
    serial = 40737 + (6 * 3_600_000 + 123) / 86_400_000
    assert instant_of("begin", serial, now=NOW) == parse("2011-07-13T06:00:00.123Z")


@pytest.mark.parametrize(
    ("begin", "end", "first", "last"),
    [
        ("-PT2H", "2020-01-01T12:00:00.000Z", "2020-01-01T10:00:00Z", "2020-01-01T12:00:00Z"),
        ("2020-01-01", "PT12H30M", "2020-01-01T00:00:00Z", "2020-01-01T12:30:00Z"),
        ("-P1M", "2020-03-31", "2020-02-29T00:00:00Z", "2020-03-31T00:00:00Z"),
        ("-P1DT1H", "now", "2020-05-31T09:20:30Z", "2020-06-01T10:20:30Z"),
        ("-P1D", "now[1d", "2020-05-31T00:00:00Z", "2020-06-01T00:00:00Z"),
        ("now[1h-24h", "now[1h", "2020-05-31T10:00:00Z", "2020-06-01T10:00:00Z"),
        ("-PT86400S", "2020-01-02", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"),
    ],
)
def test_ranges(begin, end, first, last):
    window = window_of(begin, end, now=NOW)
    assert (window.start, window.end) == (parse(first), parse(last))


@pytest.mark.parametrize(
    ("begin", "end"),
    [("-PT2H", "PT2H"), ("2020-01-02", "2020-01-01"), ("2020-01-01", "2020-01-01"), ("P1D", "now")],
)
def test_two_durations_and_empty_ranges_are_refused(begin, end):
    with pytest.raises(BadValue):
        window_of(begin, end, now=NOW)


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("2013-20-23T00:00:00.000Z", "2013-10-23"),
        ("2017-23-05", "2017-05-23"),
        ("2017-02-30", "2017-02-28"),
        ("2016-02-30", "2016-02-29"),
        ("2017-06-31T12:00Z", "2017-06-30"),
        ("2017-05-31T24:00:00Z", "2017-06-01"),
        ("2017-00-10", "2017-10-10"),
    ],
)
def test_impossible_dates_are_refused_with_what_was_likely_meant(text, likely):
    with pytest.raises(ImpossibleDate, match="is no date") as caught:
        instant_of("begin", text, now=NOW)
    assert caught.value.hint == f"did you mean {likely}?"
    parse(likely)


def test_what_is_no_date_at_all_has_no_likely_one():
    assert likely_date("next week") is None
    with pytest.raises(BadTime):
        instant_of("begin", "next week", now=NOW)


@pytest.mark.parametrize(
    ("cell", "is_so"),
    [("now", True), ("today-1d[1M", True), ("-P1D", True), ("2020-01-01", False), (40737.0, False)],
)
def test_relative(cell, is_so):
    assert is_relative(cell) is is_so


def test_texts_of_cells():
    assert excel_text(from_datetime(datetime(2011, 7, 13, tzinfo=UTC))) == "2011-07-13 00:00:00"
    assert excel_text(parse("2011-07-13T01:02:03.040Z")) == "2011-07-13 01:02:03.040"


@example(1e300)
@example("-P9999Y999999M")
@given(
    st.one_of(
        st.text(max_size=30),
        st.from_regex(r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2})?)?Z?", fullmatch=True),
        st.from_regex(r"-?P\d{1,9}[YMWD](T\d{1,9}[HMS])?", fullmatch=True),
        st.floats(allow_nan=False, allow_infinity=False),
        st.dates(),
        st.datetimes(),
    )
)
def test_any_cell_is_a_date_or_refused(cell):
    """No cell breaks the reading of a workbook."""
    for begin, end in ((cell, "2020-01-01"), ("2020-01-01", cell)):
        try:
            window = window_of(begin, end, now=NOW)
        except UsageError:
            continue
        assert window
