"""`tidegate dcs`: the server in its own words, on standard output and nowhere else."""

from __future__ import annotations

import pytest
from tests.faults.campus import the_error, truth

from tidegate.model.instants import parse, to_text
from tidegate.model.windows import Window

WELCOME = "Successfully logged in to DCS as 'demo' with Administrator privileges"
DAY = ("--start", "2024-01-10", "--end", "2024-01-11")
DAY_WINDOW = Window(parse("2024-01-10"), parse("2024-01-11"))


def test_meters_as_a_table(campus):
    """A line a register, under its meter; the sign-in is told on stderr alone."""
    ran = campus("dcs", "meters")

    assert ran.err == WELCOME + "\n"
    header, first, *rest = (" ".join(line.split()) for line in ran.out.splitlines())
    assert header == "meter name status register register name unit address"
    assert first == "405 Sample meter online 733 Active Energy (import) kWh 130"
    assert len(rest) == 7


def test_meters_as_the_server_has_them(campus):
    """`--json` gives a meter a line with all that the server says, one by its id if asked."""
    (meter,) = campus("dcs", "meters", "405", "--json").rows

    assert [name for name in meter if name != "meterType"] == [
        "id", "name", "connectionMethod", "deviceId", "remoteAddress", "serialNumber", "status",
        "registers",
    ]  # fmt: skip
    assert meter["registers"] == [
        {
            "id": 733,
            "name": "Active Energy (import)",
            "address": "130",
            "isInstantaneous": False,
            "scaleFactor": "",
            "defaultScaleFactor": "1",
            "unit": "kWh",
        }
    ]
    assert len(campus("dcs", "meters", "--json").rows) == 5


def test_virtual_meters(campus):
    """Virtual meters come with their expressions and the registers behind each alias."""
    (meter,) = campus("dcs", "vms", "9", "--json").rows

    assert meter["name"] == "Sample Virtual Meter"
    assert meter["expression"] == "R1+R2+R3"
    assert [alias["registerId"] for alias in meter["registerAliases"]] == [1156, 1164, 1168]
    assert "(MAIN - LIB) * 0.5" in campus("dcs", "vms").out


def test_readings_of_a_day(campus, standin):
    """The readings of a day are the server's; window and count stand on stderr."""
    ran = campus("dcs", "readings", "733", *DAY, "--json")

    assert ran.err.splitlines() == [
        WELCOME,
        "window [2024-01-10T00:00:00Z, 2024-01-11T00:00:00Z), end not included: 48 readings",
    ]
    expected = truth(standin, "R733", DAY_WINDOW)
    assert [row["periodValue"] for row in ran.rows] == expected["period"]
    assert [row["totalValue"] for row in ran.rows] == expected["total"]
    assert ran.rows[0]["startTime"] == "2024-01-10T00:00:00Z"
    assert {row["duration"] for row in ran.rows} == {30}


def test_end_is_exclusive_in_the_seeds_example(tidegate, dcs_standin, monkeypatch):
    """`--end 2019-01-31` stops before that day: 1,440 half hours, said on stderr."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    tidegate("connect", "dcs", "main", dcs_standin.base_app, "--user", "demo")
    words = ("dcs", "readings", "733", "--start", "2019-01-01", "--end", "2019-01-31")

    ran = tidegate(*words, "--json")

    assert len(ran.rows) == 1440
    assert (
        "[2019-01-01T00:00:00Z, 2019-01-31T00:00:00Z), end not included: 1,440 readings" in ran.err
    )
    assert ran.rows[-1]["startTime"] == "2019-01-30T23:30:00Z"


def test_readings_of_today_without_any_time(tidegate, dcs_standin, monkeypatch):
    """Without start and end the server chooses today, and the window is said."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    tidegate("connect", "dcs", "main", dcs_standin.base_app, "--user", "demo", "--api", "app")

    ran = tidegate("dcs", "readings", "733", "--json")

    query = dcs_standin.log[-2].query
    assert "start=" not in query
    assert "end=" not in query
    first, last = ran.rows[0]["startTime"], parse(ran.rows[-1]["startTime"]) + 1_800_000_000
    assert f"window [{first}, {to_text(last)}), end not" in ran.err
    assert f"{len(ran.rows):,} readings" in ran.err


def test_local_times_have_their_offset(tidegate, standin, monkeypatch):
    """With --local-time the window and the readings are told by the clock of the server."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    tidegate("connect", "dcs", "main", standin.base_app, "--user", "demo", "--api", "app")
    words = ("dcs", "readings", "733", "--start", "2024-03-30", "--end", "2024-04-01")

    ran = tidegate(*words, "--local-time")

    assert "window [2024-03-30T00:00:00+00:00, 2024-04-01T00:00:00+01:00), end" in ran.err
    assert "2024-03-31T00:30:00+00:00 " in ran.out
    assert "2024-03-31T02:00:00+01:00 " in ran.out


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ((), "decimalPlaces=15&calibrated=true&interpolated=true&useLocalTime=false"),
        (("--decimal-places", "2"), "decimalPlaces=2&"),
        (("--no-calibrated",), "calibrated=false"),
        (("--no-interpolated",), "interpolated=false"),
        (("--local-time",), "useLocalTime=true"),
        (("--period", "hour"), "integrationPeriod=hour"),
        (("--source", "merged"), "source=merged"),
        ((), "integrationPeriod=halfHour&source=automatic&registerId=733"),
    ],
)
def test_options_are_those_of_get_readings(tidegate, standin, monkeypatch, options, sent):
    """Each option has the name and default of `get_readings` and is sent as it is."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    tidegate("connect", "dcs", "main", standin.base_app, "--user", "demo", "--api", "app")

    tidegate("dcs", "readings", "733", *DAY, *options)

    (query,) = [entry.query for entry in standin.log if "readings" in entry.path.lower()]
    assert sent in query


def test_period_of_a_day(campus):
    """A coarser period gives one reading, the sum of its half hours."""
    half_hours = campus("dcs", "readings", "733", *DAY, "--json").rows
    (day,) = campus("dcs", "readings", "733", *DAY, "--period", "day", "--json").rows

    assert day["duration"] == 1440
    assert day["periodValue"] == pytest.approx(sum(row["periodValue"] for row in half_hours))


def test_virtual_readings(campus, standin):
    """`--virtual` takes the id of a virtual meter."""
    rows = campus("dcs", "readings", "9", "--virtual", *DAY, "--json").rows

    parts = [truth(standin, f"R{number}", DAY_WINDOW)["period"] for number in (1156, 1164, 1168)]
    assert [row["periodValue"] for row in rows] == pytest.approx(
        [round(sum(values), 2) for values in zip(*parts, strict=True)]
    )


def test_what_the_web_api_cannot_is_refused(web_campus, standin):
    """Options that only the App API has are refused by name on the Web API."""
    for words, name in (
        (("--source", "manual"), "source"),
        (("--local-time",), "local time"),
    ):
        ran = web_campus("dcs", "readings", "733", *DAY, *words, check=False)
        code, message, hint = the_error(ran)
        assert (ran.code, code) == (2, "bad-value")
        assert message.startswith(name)
        assert "the App API has others" in hint
    assert not [entry for entry in standin.log if "readings" in entry.path]


def test_connection_is_named_where_there_are_two(web_campus, standin):
    """`--connection` may be left out when there is one; with two, they are listed."""
    web_campus("connect", "dcs", "second", standin.base_web)
    ran = web_campus("dcs", "meters", check=False)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (2, "ambiguous")
    assert "campus, second" in message
    assert "--connection" in hint
    assert web_campus("dcs", "meters", "--connection", "campus").code == 0
