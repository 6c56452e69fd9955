"""What the first description of the DCS client names, as the stand-in holds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tidegate.standins.dcs import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READINGS = "registerReadings/list/"
DAY = {"start": "2019-02-01", "end": "2019-02-02"}


@pytest.fixture(scope="module")
def get() -> Iterator[Callable[..., Any]]:
    """Asks the App API as a viewer, at an address with a trailing slash."""
    with running() as standin, httpx2.Client(verify=False) as http:
        root = standin.base_app + "/"
        http.post(root + "/api/account/login/", json={"username": "viewer", "password": "demo"})

        def ask(path: str, **parameters: Any) -> Any:
            answer = http.get(f"{root}/api/{path}", params=parameters or None)
            return answer.json() if answer.status_code == 200 else answer.status_code

        yield ask


def test_d8_a_viewer_signs_in(dcs_standin):
    """D8: signing in tells the name and the role."""
    body = {"username": "viewer", "password": "demo"}
    answer = httpx2.post(dcs_standin.base_app + "/api/account/login/", json=body, verify=False)
    assert answer.json() == {"username": "viewer", "role": "Viewer"}


def test_d11_meters_come_all_or_one(get):
    """D11: one meter is one of all meters."""
    assert get("Meters/405") in get("Meters/")


def test_d12_a_meter_has_seven_fields_and_registers_of_seven(get):
    """D12: the printed fields and no others, factors as text."""
    meter = get("Meters/405")
    assert sorted(meter) == [
        "connectionMethod",
        "deviceId",
        "id",
        "name",
        "registers",
        "remoteAddress",
        "serialNumber",
        "status",
    ]
    (register,) = meter["registers"]
    assert len(register) == 7
    assert (register["scaleFactor"], register["defaultScaleFactor"]) == ("", "1")


def test_d13_virtual_meters_come_all_or_one(get):
    """D13: one virtual meter is one of all."""
    assert get("VirtualMeters/9") in get("VirtualMeters/")


def test_d14_a_virtual_meter_names_its_registers(get):
    """D14: the expression and the register behind each of its names."""
    meter = get("VirtualMeters/9")
    assert meter["expression"] == "R1+R2+R3"
    assert [alias["registerId"] for alias in meter["registerAliases"]] == [1156, 1164, 1168]


def test_d15_every_id_of_the_examples_has_readings_since_2018(get):
    """D15: registers 733, 123, 1156, 1164 and 1168, and the virtual meters of the examples."""
    names = {meter["name"]: meter["id"] for meter in get("VirtualMeters/")}
    yesterday = datetime.now(UTC) - timedelta(days=1)
    days = [
        {"start": "2018-01-01", "end": "2018-01-02"},
        {"start": f"{yesterday:%Y-%m-%d}", "end": f"{datetime.now(UTC):%Y-%m-%d}"},
    ]
    for day in days:
        for register in (733, 123, 1156, 1164, 1168):
            assert len(get(READINGS, registerId=register, **day)) == 48
        for meter in (9, names["Virtual Meter of Interest"]):
            assert len(get("VirtualMeterReadings/list/", virtualMeterId=meter, **day)) == 48


def test_d16_a_meter_is_no_register(get):
    """D16: the id of a meter and the address of a register have no readings."""
    assert [get(READINGS, registerId=number, **DAY) for number in (405, 130)] == [400, 400]


def test_d19_the_server_chooses_a_missing_start_and_end(get):
    """D19: without a start the server takes today, without an end one day."""
    assert isinstance(get(READINGS, registerId=733), list)
    assert len(get(READINGS, registerId=733, start="2019-01-01")) == 48


@pytest.mark.parametrize(("places", "value"), [(0, 1), (1, 0.1), (3, 0.001), (15, 1e-6)])
def test_d21_decimal_places_are_0_to_15(get, places, value):
    """D21: values are multiples of the last place; 16 is refused."""
    for row in get(READINGS, registerId=733, decimalPlaces=places, **DAY):
        steps = row["periodValue"] / value
        assert steps == pytest.approx(round(steps), abs=1e-6)
    assert get(READINGS, registerId=733, decimalPlaces=16, **DAY) == 400


def test_d22_calibration_and_interpolation_are_options(get):
    """D22: totals change with the first, gaps with the second."""
    given = {"registerId": 801, "start": "2023-03-01", "end": "2023-03-02"}
    plain = get(READINGS, **given)
    calibrated = get(READINGS, **given, calibrated="True")
    filled = get(READINGS, **given, interpolated="True")
    assert calibrated[0]["totalValue"] - plain[0]["totalValue"] == 1000
    assert sum(row["isGenerated"] for row in plain) == 2
    assert sum(row["isInterpolated"] for row in filled) == 2


def test_d23_local_times_carry_their_offset(get):
    """D23: with local time the text has an offset, in winter and in summer."""
    for day, offset in (("2019-02-01", 0), ("2019-07-01", 1)):
        first, *_ = get(READINGS, registerId=733, start=day, useLocalTime="True")
        moment = datetime.fromisoformat(first["startTime"])
        assert moment.utcoffset() == timedelta(hours=offset)
        assert (moment.hour, moment.minute) == (0, 0)


@pytest.mark.parametrize(
    ("period", "start", "minutes"),
    [
        ("halfHour", "2019-02-01", 30),
        ("hour", "2019-02-01", 60),
        ("day", "2019-02-01", 1440),
        ("week", "2019-02-04", 10_080),
        ("month", "2019-02-01", 40_320),
    ],
)
def test_d24_each_period_sums_its_half_hours(get, period, start, minutes):
    """D24: five periods, each with its length and the consumption of its half hours."""
    given = {"registerId": 733, "start": start, "decimalPlaces": 6}
    first, *_ = get(READINGS, **given, integrationPeriod=period)
    end = f"{datetime.fromisoformat(start) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S}"
    parts = get(READINGS, **given, end=end)
    assert first["duration"] == minutes
    assert first["periodValue"] == pytest.approx(sum(row["periodValue"] for row in parts))


def test_d25_three_sources_are_answered(get):
    """D25: collected, typed and merged readings; another word is refused."""
    for source in ("automatic", "manual", "merged"):
        assert isinstance(get(READINGS, registerId=733, source=source, **DAY), list)
    assert get(READINGS, registerId=733, source="other", **DAY) == 400


def test_d27_a_reading_has_seven_fields(get):
    """D27: id, start, duration, total, period value and two flags, numbers whole or not."""
    rows = get(READINGS, registerId=733, **DAY, decimalPlaces=15)
    assert list(rows[0]) == [
        "id",
        "startTime",
        "duration",
        "totalValue",
        "periodValue",
        "isGenerated",
        "isInterpolated",
    ]
    whole = get(READINGS, registerId=733, **DAY, decimalPlaces=0)
    assert {type(row["periodValue"]) for row in whole} == {int}
    assert float in {type(row["periodValue"]) for row in rows}
