"""What the original's description asks of its client, line by line."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.dcs import DCSSession, DcsWebApi
from tidegate.model.errors import NotSignedIn, TidegateError, UnknownToPlatform
from tidegate.standins.dcs import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.standins.dcs import Standin

BASIC = """\
import datetime
from tidegate.dcs import DCSSession
dcs = DCSSession("{url}/", "demo", "demo")
listofreadings = dcs.get_readings(123, start=datetime.date(2019,1,1), end=datetime.date(2019,1,31))
dcs.logout()
print(len(listofreadings), listofreadings[0]["startTime"], listofreadings[-1]["startTime"])
"""

ELABORATE = """\
from datetime import date
from tidegate.dcs import DCSSession
with DCSSession("{url}/", "demo", "demo") as dcs:
    listofvms = dcs.get_vms()
    for vm in listofvms:
        if vm["name"] == "Virtual Meter of Interest":
            idofinterest = vm["id"]
            break
    maxdemand = max(item["periodValue"] for item in dcs.get_readings(
        idofinterest, True, date(2019,1,1), date.today(), iterator=True))
print(maxdemand)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Standin]:
    with running() as standin:
        yield standin


@pytest.fixture
def session(server: Standin) -> Iterator[DCSSession]:
    with DCSSession(server.base_app, "demo", "demo") as opened:
        yield opened


def run(program: str, folder: Path) -> str:
    script = folder / "script.py"
    script.write_text(program)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=50, check=True
    )
    return done.stdout


def test_d1_d2_standard_types(session: DCSSession):
    """D1, D2: the JSON of a DCS server comes as standard Python types and `datetime`."""
    reading = session.get_readings(733, start=date(2019, 1, 1))[0]

    assert {int, float, bool, datetime} == {type(value) for value in reading.values()}


def test_d3_dump_to_a_file(session: DCSSession, tmp_path: Path):
    """D3: readings can be dumped to a file for another system, as a list or as columns."""
    import pyarrow.parquet as pq

    target = tmp_path / "readings.parquet"
    pq.write_table(session.get_readings_table(733, start=date(2019, 1, 1)), target)

    assert pq.read_metadata(target).num_rows == 48


@pytest.mark.parametrize("slash", ["", "/"])
def test_d7_url_of_the_user_interface(server: Standin, slash: str):
    """D6, D7: a session takes the user interface's URL, with or without slash at its end."""
    with DCSSession(server.base_app + slash, "demo", "demo") as session:
        assert session.role == "Administrator"


def test_d8_message(server: Standin, caplog: pytest.LogCaptureFixture):
    """D8: signing in says who signed in with which privileges."""
    caplog.set_level(logging.INFO)
    with DCSSession(server.base_app) as session:
        said = session.login("demo", "demo")

    assert said == "Successfully logged in to DCS as 'demo' with Administrator privileges"
    assert said in caplog.messages


def test_d9_cookie(server: Standin):
    """D9: one sign-in serves every call of the object."""
    with DCSSession(server.base_app, "demo", "demo") as session:
        before = len(server.log)
        session.get_meters()
        session.get_vms()

    assert not any("login" in entry.path for entry in server.log[before:])


def test_d10_sign_in_later(server: Standin):
    """D10: an object without credentials signs in later."""
    with DCSSession(server.base_app) as session:
        with pytest.raises(NotSignedIn):
            session.get_meters()
        session.login("demo", "demo")

        assert session.get_meters()


def test_d11_d12_meters(session: DCSSession):
    """D11, D12: all meters or one, with the printed fields; a scale factor is text."""
    meter = session.get_meters(405)

    assert meter in session.get_meters()
    assert meter == {
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


def test_d13_d14_virtual_meters(session: DCSSession):
    """D13, D14: all virtual meters or one, with the printed fields."""
    virtual = session.get_vms(9)

    assert virtual in session.get_vms()
    assert virtual == {
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


def test_d15_ids_of_the_examples(session: DCSSession):
    """D15: the ids of the examples give readings."""
    for register in (733, 123, 1156, 1164, 1168):
        assert len(session.get_readings(register, start=date(2019, 1, 1))) == 48
    assert "Virtual Meter of Interest" in {virtual["name"] for virtual in session.get_vms()}


@pytest.mark.parametrize("id", [405, 130])
def test_d16_meter_id_by_accident(session: DCSSession, id: int):
    """D16: a meter's id or a register's address says what it is, and which id is meant."""
    with pytest.raises(UnknownToPlatform, match=str(id)) as caught:
        session.get_readings(id, start=date(2019, 1, 1))

    assert "733" in (caught.value.hint or "")


def test_d17_d18_positions(session: DCSSession):
    """D17, D18: registers and virtual meters share one call with the documented order."""
    by_place = session.get_readings(
        9, True, date(2019, 1, 1), date(2019, 1, 2), 15, True, True, False, "halfHour",
        "automatic", False,
    )  # fmt: skip

    assert by_place == session.get_readings(9, True, date(2019, 1, 1), date(2019, 1, 2))


def test_d19_the_server_chooses(session: DCSSession, server: Standin):
    """D19: without start and end the server chooses: today, one day."""
    readings = session.get_readings(733)

    assert "start" not in server.log[-1].query
    assert "end=" not in server.log[-1].query
    assert {datetime.now(UTC).date()} == {reading["startTime"].date() for reading in readings}


def test_d20_end_is_exclusive(session: DCSSession):
    """D20: the example "for January 2019" ends before 31 January: 1,440 half hours."""
    readings = session.get_readings(123, start=date(2019, 1, 1), end=date(2019, 1, 31))
    by_time = session.get_readings(
        123, start=datetime(2019, 1, 1, tzinfo=UTC), end=datetime(2019, 1, 31, tzinfo=UTC)
    )

    assert len(readings) == 1440
    assert readings == by_time


@pytest.mark.parametrize("places", range(16))
def test_d21_decimal_places(session: DCSSession, places: int):
    """D21: 0 to 15 decimal places."""
    full = session.get_readings(733, start=date(2019, 1, 1))
    rounded = session.get_readings(733, start=date(2019, 1, 1), decimalPlaces=places)

    assert [pytest.approx(one["totalValue"], abs=0.51 * 10**-places) for one in full] == [
        one["totalValue"] for one in rounded
    ]


def test_d21_more_decimal_places(session: DCSSession):
    """D21: other numbers of decimal places are refused by name."""
    with pytest.raises(TidegateError, match="decimalPlaces"):
        session.get_readings(733, decimalPlaces=16)


def test_d22_calibrated_and_interpolated(session: DCSSession):
    """D22: totals as calibrated or not, gaps filled or not."""
    span: dict[str, Any] = {"start": date(2023, 3, 1), "end": date(2023, 3, 2)}

    assert session.get_readings(801, **span)[0]["totalValue"] == 6000.0
    assert session.get_readings(801, **span, calibrated=False)[0]["totalValue"] == 5000.0
    assert session.get_readings(801, **span)[2]["isInterpolated"]
    assert session.get_readings(801, **span, interpolated=False)[2]["isGenerated"]


def test_d23_local_time(session: DCSSession):
    """D23: times are aware regardless, and in summer an hour ahead in local time."""
    span: dict[str, Any] = {"start": date(2019, 7, 1), "end": date(2019, 7, 2)}
    utc = session.get_readings(733, **span)[0]["startTime"]
    local = session.get_readings(733, **span, useLocalTime=True)[0]["startTime"]

    assert utc.tzinfo == UTC
    assert (utc - local).total_seconds() == 3600


@pytest.mark.parametrize(
    ("period", "count"), [("halfHour", 2976), ("hour", 1488), ("day", 62), ("month", 2)]
)
def test_d24_integration_periods(session: DCSSession, period: str, count: int):
    """D24: half hours, hours, days, months; weeks begin on Monday."""
    span: dict[str, Any] = {
        "start": date(2019, 7, 1),
        "end": date(2019, 9, 1),
        "integrationPeriod": period,
    }
    weeks = session.get_readings(
        733, start=date(2019, 7, 1), end=date(2019, 7, 29), integrationPeriod="week"
    )

    assert count == len(session.get_readings(733, **span))
    assert {0} == {week["startTime"].weekday() for week in weeks}
    assert len(weeks) == 4


@pytest.mark.parametrize("source", ["automatic", "manual", "merged"])
def test_d25_sources(session: DCSSession, source: str):
    """D25: collected readings, typed ones, or both."""
    assert len(session.get_readings(5017, start=date(2023, 3, 1), source=source)) == 48


def test_d26_iterator(session: DCSSession):
    """D26: an iterator gives one reading at a time, the first before the last has come."""
    iterator = session.get_readings(
        733, start=date(2018, 1, 1), end=date(2022, 1, 1), iterator=True
    )
    first = next(iterator)

    assert iter(iterator) is iterator
    assert datetime(2018, 1, 1, tzinfo=UTC) == first["startTime"]
    assert sum(1 for _ in iterator) == 1461 * 48 - 1


def test_d27_properties(session: DCSSession):
    """D27: a reading has the seven documented properties."""
    [reading, *_] = session.get_readings(733, start=date(2019, 2, 1))

    assert list(reading) == [
        "id",
        "startTime",
        "duration",
        "totalValue",
        "periodValue",
        "isGenerated",
        "isInterpolated",
    ]


def test_d28_d29_signing_out(server: Standin):
    """D28, D29: the object outlives its sign-out; a `with` block signs in and out."""
    with DCSSession(server.base_app, "demo", "demo") as session:
        session.logout()
        session.login("demo", "demo")

        assert session.get_meters()
    assert server.log[-1].path.endswith("/account/logout/")


def test_d30_errors(server: Standin):
    """D30: a refused sign-in gives the server's message; other errors reach the caller."""
    with DCSSession(server.base_app, "demo", "wrong") as session:
        assert session.role is None
        assert "incorrect" in session.login("demo", "wrong again")
        session.login("demo", "demo")
        with pytest.raises(TidegateError) as caught:
            session.get_readings(99999, start=date(2019, 1, 1))

    assert isinstance(caught.value, UnknownToPlatform)
    assert caught.value.status == 400


def test_d31_several_objects(server: Standin):
    """D31: several objects ask at the same time; threads on one object take turns."""
    with (
        DCSSession(server.base_app, "demo", "demo") as one,
        DCSSession(server.base_app, "demo", "demo") as two,
    ):
        open_answer = one.get_readings(
            733, start=date(2018, 1, 1), end=date(2024, 1, 1), iterator=True
        )
        next(open_answer)
        other = threading.Thread(target=two.get_vms)
        other.start()
        other.join(20)

        assert not other.is_alive()
        open_answer.close()


def test_d32_one_request_for_a_long_span(session: DCSSession, server: Standin):
    """D32: a year is one request, not one a day."""
    before = len(server.log)
    session.get_mega_readings(733, start=date(2020, 1, 1), end=date(2021, 1, 1))

    assert len(server.log) - before == 1


def test_d33_extras(session: DCSSession):
    """D33: the extra functions of the second module are methods of the same session."""
    assert session.get_idcs()
    assert session.get_users()
    assert session.get_metertypes()
    assert session.get_meterrestrictions() is not None


def test_d34_basic_example(server: Standin, tmp_path: Path):
    """D34: the basic example runs with only its import changed."""
    said = run(BASIC.format(url=server.base_app), tmp_path)

    assert said == "1440 2019-01-01 00:00:00+00:00 2019-01-30 23:30:00+00:00\n"


def test_d34_elaborate_example(server: Standin, session: DCSSession, tmp_path: Path):
    """D34: the elaborate example runs with its missing colon and only its import changed."""
    said = run(ELABORATE.format(url=server.base_app), tmp_path)
    [virtual] = [one for one in session.get_vms() if one["name"] == "Virtual Meter of Interest"]
    readings = session.get_readings(virtual["id"], True, date(2019, 1, 1), datetime.now(UTC).date())

    assert float(said) == max(reading["periodValue"] for reading in readings)


def test_d36_both_apis(server: Standin, session: DCSSession):
    """D36: the App API and the Web API give the same readings."""
    with DcsWebApi(server.base_web, "demo", "demo") as web:
        complete = web.readings("R733", date(2019, 1, 1), date(2019, 2, 1), format="complete")
    app = session.get_readings(733, start=date(2019, 1, 1), end=date(2019, 2, 1))

    def essence(rows: list[dict[str, Any]], name: str) -> list[Any]:
        return [(row[name], row["totalValue"], row["periodValue"]) for row in rows]

    assert essence(app, "startTime") == essence(complete["readings"], "timestamp")
