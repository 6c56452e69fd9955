"""The worked vectors of the platform's description, number by number."""

from __future__ import annotations

START = "2023-03-01T00:00:00Z"
GAP = {"id": "R801", "format": "complete", "startTime": START, "interpolated": "True"}


def test_vector_10_1_interpolates_a_gap_of_two_periods(web):
    """Six half hours around a gap come back with the estimated ones marked."""
    answer = web.json("/readings", **GAP, periodCount=6, calibrated="False", periodType="halfhour")
    rows = [
        (0, "2023-03-01T00:00:00Z", 5000.0, 4.0),
        (0, "2023-03-01T00:30:00Z", 5004.0, 6.0),
        (1, "2023-03-01T01:00:00Z", 5010.0, 6.0),
        (1, "2023-03-01T01:30:00Z", 5016.0, 6.0),
        (0, "2023-03-01T02:00:00Z", 5022.0, 3.5),
        (0, "2023-03-01T02:30:00Z", 5025.5, 4.5),
    ]
    names = ("status", "timestamp", "totalValue", "periodValue")
    assert answer == {
        "startTime": START,
        "endTime": "2023-03-01T03:00:00Z",
        "name": "Plant room: Import",
        "periodType": "halfHour",
        "unit": "kWh",
        "duration": 0,
        "readings": [dict(zip(names, row, strict=True)) for row in rows],
    }
    assert list(answer)[-1] == "readings"


def test_vector_10_1_leaves_the_gap_when_not_interpolated(web):
    """Without interpolation the two estimated records are absent."""
    answer = web.json("/readings", **GAP | {"interpolated": "False"}, periodCount=6)
    assert [row["status"] for row in answer["readings"]] == [0, 0, 0, 0]


def test_vector_10_1_sums_hours(web):
    """Hours show the total at their start and the sum of their periods."""
    rows = web.json("/readings", **GAP, periodCount=3, periodType="hour")["readings"]
    assert [row["totalValue"] for row in rows] == [5000, 5010, 5022]
    assert [row["periodValue"] for row in rows] == [10, 12, 8]


def test_vector_10_1_applies_two_calibrations(web):
    """Calibrated totals are offset and interpolated again; period values stay as they are."""
    rows = web.json("/readings", **GAP, periodCount=6, calibrated="True")["readings"]
    assert [row["totalValue"] for row in rows] == [6000, 6004, 6014, 6024, 6034, 6037.5]
    assert [row["periodValue"] for row in rows] == [4, 6, 6, 6, 3.5, 4.5]


def test_vector_10_2_shows_the_same_register_on_the_app_api(app):
    """The App API gives ids, minutes and flags for the same readings."""
    rows = app.json(
        "/registerReadings/list/",
        start="2023-03-01",
        end="2023-03-02",
        decimalPlaces=15,
        calibrated="True",
        interpolated="True",
        useLocalTime="False",
        integrationPeriod="halfhour",
        source="automatic",
        registerId=801,
    )
    names = (
        "id",
        "startTime",
        "duration",
        "totalValue",
        "periodValue",
        "isGenerated",
        "isInterpolated",
    )
    expected = [
        (7001, "2023-03-01T00:00:00Z", 30, 6000.0, 4.0, False, False),
        (7002, "2023-03-01T00:30:00Z", 30, 6004.0, 6.0, False, False),
        (0, "2023-03-01T01:00:00Z", 30, 6014.0, 6.0, False, True),
    ]
    assert rows[:3] == [dict(zip(names, row, strict=True)) for row in expected]


def test_vector_10_3_evaluates_two_virtual_meters(web):
    """A weighted sum and a condition over two halls give the values worked out by hand."""
    halls = web.json(
        "/readings",
        id="VM55",
        format="standard",
        startTime=START,
        periodCount=3,
        calibrated="True",
        interpolated="True",
        periodType="halfhour",
    )
    assert halls == {
        "startTime": START,
        "endTime": "2023-03-01T01:30:00Z",
        "name": "Two halls",
        "periodType": "halfHour",
        "unit": "kWh",
        "duration": 30,
        "readings": [
            {"status": 0, "timestamp": "2023-03-01T00:00:00Z", "value": 3.0},
            {"status": 0, "timestamp": "2023-03-01T00:30:00Z", "value": 4.0},
            {"status": 0, "timestamp": "2023-03-01T01:00:00Z", "value": 2.75},
        ],
    }
    busy = web.json("/readings", id="VM56", startTime=START, periodCount=3)
    assert [row["value"] for row in busy["readings"]] == [0, 6, 0]


def test_vector_10_4_lists_the_meter(web):
    """The meter of the examples is listed with its register."""
    assert {
        "id": 61,
        "name": "Plant room",
        "connectionMethod": "idc",
        "deviceId": "",
        "meterType": "Pulse electricity",
        "remoteAddress": "00:17:BF:00:00:01-P100.3",
        "serialNumber": "SN-0061",
        "status": "online",
        "registers": [
            {
                "id": 801,
                "name": "Import",
                "address": "0",
                "isInstantaneous": False,
                "scaleFactor": "0.5",
                "defaultScaleFactor": "1",
                "unit": "kWh",
            }
        ],
    } in web.json("/meters")


def test_vector_10_5_accepts_every_recorded_spelling(web, app, shared):
    """Slashes, cases and signed-out calls of the recorded sequences are all understood."""
    assert app.get("/Meters/").status_code == 200
    assert app.get("/Meters/405").status_code == 200
    assert app.get("/VirtualMeters/").status_code == 200
    assert app.get("/VirtualMeters/9").status_code == 200
    doubled = shared.base_app + "//api/VirtualMeterReadings/list/"
    answer = app.http.get(doubled, params={"start": "2019-01-01", "virtualMeterId": 9})
    assert len(answer.json()) == 48
    assert app.http.post(app.base + "/account/logout/").status_code == 200
    assert web.get("/virtualMeters").status_code == 200
    assert web.http.post(web.base + "/authentication/signout").status_code == 204
    assert not web.http.cookies
    assert web.get("/public/meters").status_code == 200
