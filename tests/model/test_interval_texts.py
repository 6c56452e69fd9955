"""Intervals as texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.errors import UnknownName
from tidegate.model.intervals import Interval, IntervalUnit, parse_interval


@given(st.builds(Interval, st.sampled_from(IntervalUnit), st.integers(1, 10_000)))
def test_the_text_of_an_interval_can_be_read_again(interval):
    """`str` of an interval parses to the same interval."""
    assert parse_interval(str(interval)) == interval


@pytest.mark.parametrize("text", ["3", "Hour", "hour", "PT1H", "1h", "60m", "hours", "1 hour"])
def test_vector_53_every_form_of_an_hour_is_the_same_raster(text):
    """Code, name in any case, ISO form and counts mean the hour."""
    assert parse_interval(text).elapsed == 3_600_000_000


@pytest.mark.parametrize("text", ["", "fortnight", "0m", "h1", "-5m", "1.5h", "PT0M", "PT1D"])
def test_what_is_no_interval_is_refused(text):
    """Unknown words and multipliers below one are refused."""
    with pytest.raises(UnknownName):
        parse_interval(text)
