"""Requests are checked and written before anything is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tidegate.model.errors import BadValue, UnknownName
from tidegate.platforms.dcs.queries import app_query, web_query
from tidegate.platforms.dcs.spans import BadSpan

LONDON = ZoneInfo("Europe/London")
PLUS_ONE = timezone(timedelta(hours=1))
NAIVE = datetime(2021, 7, 1, 6, 30)  # noqa: DTZ001


class TestAppQuery:
    def test_defaults(self):
        """Without options the vendor's names carry the defaults of the original, and no times."""
        query = app_query(LONDON, 733)

        assert query.path == "/api/registerReadings/list/"
        assert query.params == {
            "decimalPlaces": "15",
            "calibrated": "true",
            "interpolated": "true",
            "useLocalTime": "false",
            "integrationPeriod": "halfHour",
            "source": "automatic",
            "registerId": "733",
        }

    def test_virtual_meter(self):
        """A virtual meter has its own path and parameter."""
        query = app_query(LONDON, "9", True)

        assert query.path == "/api/virtualMeterReadings/list/"
        assert query.params["virtualMeterId"] == "9"

    @pytest.mark.parametrize(
        ("moment", "is_local", "sent"),
        [
            (date(2019, 1, 1), False, "2019-01-01"),
            (datetime(2019, 1, 1, 6, 30, tzinfo=PLUS_ONE), False, "2019-01-01T06:30:00+01:00"),
            (NAIVE, False, "2021-07-01T06:30:00"),
            (NAIVE, True, "2021-07-01T06:30:00+00:00"),
            ("2019-01-01", False, "2019-01-01"),
        ],
    )
    def test_times(self, moment: Any, is_local: bool, sent: str):
        """Days are sent as days; a naive time is UTC, also when the answer is to be local."""
        query = app_query(LONDON, 1, start=moment, end=moment, useLocalTime=is_local)

        assert (sent, sent) == (query.params["start"], query.params["end"])

    @pytest.mark.parametrize(
        ("argument", "value"),
        [
            ("id", "R501"),
            ("id", -1),
            ("id", True),
            ("decimalPlaces", 16),
            ("decimalPlaces", -1),
            ("decimalPlaces", 1.5),
            ("start", 2019),
        ],
    )
    def test_bad_values(self, argument: str, value: Any):
        """A value that cannot be is refused."""
        with pytest.raises(BadValue):
            app_query(LONDON, **{"id": 1, argument: value})

    @pytest.mark.parametrize(
        ("argument", "value"), [("integrationPeriod", "year"), ("source", "auto")]
    )
    def test_unknown_words(self, argument: str, value: Any):
        """A word that the server does not know is refused by name, with what it knows."""
        with pytest.raises(UnknownName, match=f"'{value}'"):
            app_query(LONDON, **{"id": 1, argument: value})


class TestWebQuery:
    def test_parameters(self):
        """Words in any case and times of any kind are written as the vendor does."""
        query = web_query(
            "r501", date(2021, 1, 1), datetime(2021, 1, 2, 1, tzinfo=PLUS_ONE),
            periodType="HALFHOUR", format="Complete", calibrated=False,
        )  # fmt: skip

        assert query.params == {
            "id": "r501",
            "format": "complete",
            "startTime": "2021-01-01T00:00:00Z",
            "endTime": "2021-01-02T00:00:00Z",
            "calibrated": "false",
            "interpolated": "true",
            "periodType": "halfHour",
        }
        assert (query.subject, query.id, query.is_virtual) == ("register 501", 501, False)

    def test_naive_times_are_utc(self):
        """A naive time is UTC, whatever the zone of the computer."""
        query = web_query("VM7", NAIVE, periodCount=3)

        assert query.params["startTime"] == "2021-07-01T06:30:00Z"
        assert (query.id, query.is_virtual) == (7, True)

    def test_microseconds(self):
        """Microseconds are kept."""
        query = web_query("R1", datetime(2021, 1, 1, microsecond=5, tzinfo=UTC), periodCount=1)

        assert query.params["startTime"] == "2021-01-01T00:00:00.000005Z"

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"startTime": date(2021, 1, 1)},
            {"periodCount": 3},
            {"startTime": date(2021, 1, 1), "endTime": date(2021, 1, 2), "periodCount": 3},
        ],
    )
    def test_two_of_three(self, given: dict[str, Any]):
        """Any other number than two of the three time arguments is a `TypeError`."""
        with pytest.raises(BadSpan) as caught:
            web_query("R1", **given)

        assert isinstance(caught.value, TypeError)
