"""Long spans are cut into blocks of whole periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tidegate.model.errors import UnknownName
from tidegate.platforms.dcs.facts import PERIODS
from tidegate.platforms.dcs.spans import (
    BadSpan,
    as_utc,
    blocks,
    dated_blocks,
    is_aligned,
    later,
    period_named,
)

DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


class TestBlocks:
    @given(st.sampled_from(PERIODS), DAYS, st.integers(1, 3000), st.integers(31, 800))
    def test_blocks_tile_the_span(self, period: str, day: date, periods: int, days: int):
        """Blocks follow each other without gap, hold whole periods and fit the window."""
        start = as_utc(day.replace(day=1) if period == "month" else day)
        if period == "week":
            start -= timedelta(days=start.weekday())
        assume(start.year + periods // 12 < 9000)
        end = later(start, period, periods)
        longest = timedelta(days=days)
        found = blocks(start, end, period, longest)

        assert start == found[0][0]
        assert end == found[-1][1]
        assert all(one[1] == next_[0] for one, next_ in pairwise(found))
        assert all(first < last <= first + longest for first, last in found)
        assert all(is_aligned(edge, period) for edge, _ in found)

    def test_ten_years_of_half_hours(self):
        """Ten years in windows of 365 days are eleven requests."""
        found = blocks(date(2010, 1, 1), date(2020, 1, 1), "halfHour", timedelta(days=365))

        assert len(found) == 11

    def test_months_never_overshoot(self):
        """Months are cut at months, also where a window of days would hold a part of one."""
        found = blocks(date(2000, 1, 1), date(2020, 1, 1), "month", timedelta(days=3650))

        assert datetime(2020, 1, 1, tzinfo=UTC) == found[-1][1]
        assert all(first.day == last.day == 1 for first, last in found)

    def test_reversed_ends(self):
        """Reversed ends are swapped."""
        there = blocks(date(2020, 1, 1), date(2021, 1, 1), "day", timedelta(days=100))
        back = blocks(date(2021, 1, 1), date(2020, 1, 1), "day", timedelta(days=100))

        assert there == back

    @pytest.mark.parametrize("window", [timedelta(minutes=5), timedelta(days=-1)])
    def test_windows_below_a_day(self, window: timedelta):
        """A window shorter than a day counts as a day."""
        assert len(blocks(date(2020, 1, 1), date(2020, 1, 4), "halfHour", window)) == 3

    @pytest.mark.parametrize(
        ("start", "end", "period", "days"),
        [
            (date(2020, 1, 1), date(2020, 1, 1), "day", 365),
            (date(2020, 1, 2), date(2020, 2, 1), "month", 365),
            (date(2020, 1, 1), date(2020, 1, 14), "week", 365),
            (datetime(2020, 1, 1, 0, 10), date(2020, 1, 2), "halfHour", 365),  # noqa: DTZ001
            (date(2020, 1, 1), date(2021, 1, 1), "month", 30),
        ],
    )
    def test_spans_that_fit_no_period(self, start: date, end: date, period: str, days: int):
        """An empty span, a misaligned end, or a window below a period is a `TypeError` too."""
        with pytest.raises(BadSpan) as caught:
            blocks(start, end, period, timedelta(days=days))

        assert isinstance(caught.value, TypeError)

    def test_unknown_period(self):
        """An unknown period is refused by name."""
        with pytest.raises(UnknownName, match="'fortnight'"):
            period_named("fortnight")


class TestDatedBlocks:
    def test_whole_days_stay_dates(self):
        """Half hours between two dates are cut between days, with no day lost."""
        found = dated_blocks(date(2010, 1, 1), date(2020, 1, 1), "halfhour", timedelta(days=549))

        assert (date(2010, 1, 1), date(2020, 1, 1)) == (found[0][0], found[-1][1])
        assert {date} == {type(edge) for block in found for edge in block}
        assert len(found) == 7

    def test_a_date_and_a_time(self):
        """A date and a time go together; the date is its first instant."""
        [(start, end)] = dated_blocks(
            date(2020, 1, 1), datetime(2020, 1, 1, 6, 30, tzinfo=UTC), "halfHour", timedelta(1)
        )

        assert datetime(2020, 1, 1, tzinfo=UTC) == start
        assert datetime(2020, 1, 1, 6, 30, tzinfo=UTC) == end


def test_as_utc():
    """Dates and naive times are UTC, aware times are converted."""
    noon = datetime(2020, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))

    assert datetime(2020, 7, 1, tzinfo=UTC) == as_utc(date(2020, 7, 1))
    assert datetime(2020, 7, 1, tzinfo=UTC) == as_utc(datetime(2020, 7, 1))  # noqa: DTZ001
    assert datetime(2020, 7, 1, 10, tzinfo=UTC) == as_utc(noon)
