"""The App API of the stand-in: parameters, sources, local time, padding."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tidegate.standins.dcs import Choices, Options, running

READINGS = "/registerReadings/list"
DAY = {"start": "2024-01-01", "end": "2024-01-02"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "registerId must be"),
        ({"registerId": "R733"}, "registerId must be"),
        ({"registerId": 733, "decimalPlaces": 16}, "decimalPlaces"),
        ({"registerId": 733, "decimalPlaces": -1}, "decimalPlaces"),
        ({"registerId": 733, "source": "guessed"}, "source must be"),
        ({"registerId": 733, "integrationPeriod": "year"}, "integrationperiod must be"),
        ({"registerId": 733, "useLocalTime": "perhaps"}, "true or false"),
        ({"registerId": 733, "start": "soon"}, "not a time"),
        ({"registerId": 733, "start": "2024-01-02", "integrationPeriod": "week"}, "calendar week"),
        (
            {"registerId": 733, "start": "2024-01-02", "integrationPeriod": "month"},
            "calendar month",
        ),
        ({"registerId": 405}, "no register with the id 405"),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused_with_a_reason(app, given, words):
    """Every mistake gives 400 and a message that names it."""
    answer = app.get(READINGS, **DAY | given)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


@pytest.mark.parametrize("places", range(16))
def test_values_are_rounded_to_the_places_asked_for(app, places):
    """Every number of decimal places from 0 to 15 is honoured."""
    rows = app.json(READINGS, **DAY, registerId=801 if places > 3 else 733, decimalPlaces=places)
    for row in rows:
        assert row["totalValue"] == round(row["totalValue"], places)


def test_one_decimal_place_is_the_default(app):
    """Without decimalPlaces values have one decimal place."""
    assert app.json(READINGS, **DAY, registerId=733) == app.json(
        READINGS, **DAY, registerId=733, decimalPlaces=1
    )


@pytest.mark.parametrize(
    ("period", "start", "count"),
    [
        ("halfHour", "2024-01-01", 48),
        ("hour", "2024-01-01", 24),
        ("day", "2024-01-01", 1),
        ("week", "2024-01-01", 1),
        ("month", "2024-02-01", 1),
    ],
)
def test_the_end_follows_from_the_period_when_it_is_missing(app, period, start, count):
    """One day, week or month is answered, as the period has it."""
    rows = app.json(READINGS, start=start, registerId=733, integrationPeriod=period)
    assert len(rows) == count


def test_the_server_chooses_today_when_the_start_is_missing(app):
    """Without a start the readings of today in UTC come back."""
    rows = app.json(READINGS, registerId=733)
    today = datetime.now(UTC)
    assert len(rows) in {2 * today.hour + today.minute // 30, 0, 48}
    assert all(row["startTime"].startswith(f"{today:%Y-%m-%d}") for row in rows)


def test_a_missing_start_may_be_refused(call):
    """The other known behaviour answers 400."""
    with running(Options(choices=Choices(start="required"))) as standin:
        answer = call(standin.base_app + "/api").get(READINGS, registerId=733)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("day", "following", "count"),
    [("2024-03-31", "2024-04-01", 46), ("2024-10-27", "2024-10-28", 50)],
)
def test_local_days_of_clock_changes_have_their_own_length(app, day, following, count):
    """Local time carries an offset, and a day has 46 or 50 half hours when the clock changes."""
    given = {"start": day, "end": following, "registerId": 733, "useLocalTime": "true"}
    rows = app.json(READINGS, **given)
    starts = [datetime.fromisoformat(row["startTime"]) for row in rows]
    assert len(rows) == count
    assert len({start.utcoffset() for start in starts}) == 2
    assert starts == sorted(set(starts))
    (whole,) = app.json(READINGS, **given, integrationPeriod="day", decimalPlaces=6)
    fine = app.json(READINGS, **given, decimalPlaces=6)
    assert whole["duration"] == count * 30
    assert whole["periodValue"] == pytest.approx(sum(row["periodValue"] for row in fine))


def test_a_time_of_day_is_honoured(app):
    """Start and end may be times, with an offset that arrived as a space."""
    rows = app.json(READINGS, start="2024-01-01T06:30:00", end="2024-01-01T08:00", registerId=733)
    again = app.get(
        READINGS + "?start=2024-01-01T07:30:00+01:00&end=2024-01-01T09:00:00%2B01:00&registerId=733"
    )
    assert len(rows) == 3
    assert again.json() == rows


def test_gaps_are_padded_unless_they_are_interpolated(app):
    """Without interpolation a gap comes back as generated records of 0."""
    given = {"start": "2023-03-01", "end": "2023-03-02", "registerId": 801}
    padded = app.json(READINGS, **given, interpolated="false")
    filled = app.json(READINGS, **given, interpolated="true")
    assert [row["isGenerated"] for row in padded] == [False] * 2 + [True] * 2 + [False] * 3
    assert [(row["id"], row["totalValue"]) for row in padded[2:4]] == [(0, 0), (0, 0)]
    assert [row["isGenerated"] for row in filled] == [False] * 7
    assert [row["isInterpolated"] for row in filled] == [False] * 2 + [True] * 2 + [False] * 3


def test_padding_may_be_null(call):
    """The other known behaviour pads with null."""
    with running(Options(choices=Choices(padding="null"))) as standin:
        rows = call(standin.base_app + "/api").json(
            READINGS, start="2023-03-01", end="2023-03-02", registerId=801
        )
    assert [row["periodValue"] for row in rows[2:4]] == [None, None]


def test_virtual_meters_have_no_total(app):
    """A virtual meter's totals are 0 and its results are the period values."""
    rows = app.json("/virtualMeterReadings/list", **DAY, virtualMeterId=9, decimalPlaces=15)
    parts = [
        app.json(READINGS, **DAY, registerId=register, decimalPlaces=15, interpolated="true")
        for register in (1156, 1164, 1168)
    ]
    sums = [sum(row["periodValue"] for row in rows) for rows in zip(*parts, strict=True)]
    assert {row["totalValue"] for row in rows} == {0}
    assert [row["periodValue"] for row in rows] == pytest.approx(sums, abs=0.0051)


def test_a_meter_has_the_fields_that_its_documentation_prints(app):
    """Meter 405 and virtual meter 9 look as they are printed, field by field."""
    assert app.json("/meters/405") == {
        "connectionMethod": "tcp",
        "deviceId": "",
        "id": 405,
        "name": "Sample meter",
        "remoteAddress": "10.8.222.99:5000",
        "serialNumber": "R1100729",
        "status": "online",
        "registers": [
            {
                "address": "130",
                "id": 733,
                "isInstantaneous": False,
                "name": "Active Energy (import)",
                "scaleFactor": "",
                "defaultScaleFactor": "1",
                "unit": "kWh",
            }
        ],
    }
    assert app.json("/virtualMeters/9") == {
        "id": 9,
        "name": "Sample Virtual Meter",
        "expression": "R1+R2+R3",
        "decimalPlaces": 2,
        "isInstantaneous": False,
        "unit": "kWh",
        "registerAliases": [
            {"alias": "R1", "registerId": 1156, "registerName": ""},
            {"alias": "R2", "registerId": 1164, "registerName": ""},
            {"alias": "R3", "registerId": 1168, "registerName": ""},
        ],
    }


def test_unknown_ids_are_not_found(app):
    """A meter or virtual meter that does not exist gives 404 with a message."""
    for path in ("/meters/1", "/virtualMeters/1", "/nothing"):
        answer = app.get(path)
        assert answer.status_code == 404
        assert "There is no" in answer.json()["message"]


def test_the_bare_host_serves_the_app_api_too(shared, call):
    """`/api` without the base path is the same API."""
    bare = call(shared.base_app.removesuffix("/DCS") + "/api")
    assert bare.json("/meters/405")["name"] == "Sample meter"
