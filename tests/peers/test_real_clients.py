"""The published clients, unmodified, against the stand-in: every function of both releases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tidegate.standins.dcs import running

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300), pytest.mark.xdist_group("peers")]

RELEASES = [("pythondcs-0.1.1", "pythondcs"), ("pythondcs-1.1.1", "pythondcspro")]


@pytest.fixture(scope="module", params=RELEASES, ids=[name for name, _ in RELEASES])
def session(request, run_peer):
    """What one release got from every core function."""
    name, module = request.param
    with running() as standin:
        return run_peer(name, "drive_session.py", module, standin.base_app + "/")


def test_the_core_functions_of_both_releases_work(session):
    """Sign-in, lists, readings in every period and mode, and sign-out work with both releases."""
    assert session["refused role"] is None
    assert (session["later role"], session["role"]) == ("Viewer", "Administrator")
    assert session["signed out role"] is None
    assert session["signed out"] == 401
    assert session["unknown id"] == 400
    assert session["meter"] in session["meters"]
    assert session["vm"] in session["vms"]
    assert session["inside"] == len(session["meters"])
    assert len(session["register"]) == len(session["virtual"]) == 48
    for mode in ("register", "virtual"):
        assert _numbers(session[f"{mode} iterator"]) == _numbers(session[mode])
    assert {row["duration"] for row in session["hour"]} == {60}
    counts = [len(session[period]) for period in ("hour", "day", "week", "month")]
    assert counts == [1440, 60, 9, 2]
    assert [row["duration"] for row in session["month"]] == [44640, 41760]


def _numbers(rows: list[dict[str, Any]]) -> list[tuple[str, float, float]]:
    return [(row["startTime"], float(row["totalValue"]), float(row["periodValue"])) for row in rows]


def test_the_options_of_readings_reach_the_server(session):
    """Gaps, padding, local time, decimal places and sources come back as the options say."""
    assert [row["isInterpolated"] for row in session["gap"]] == [False] * 2 + [True] * 2 + [
        False
    ] * 3
    assert [row["isGenerated"] for row in session["padded"]] == [False] * 2 + [True] * 2 + [
        False
    ] * 3
    first = datetime.fromisoformat(session["local"][0]["startTime"])
    assert first.utcoffset() == timedelta(hours=1)
    assert (len(session["local"]), session["long local day"]) == (48, 50)
    assert all(round(row["totalValue"], 1) == row["totalValue"] for row in session["places"])
    assert len(session["time of day"]) == 3
    assert len(session["manual"]) == len(session["merged"]) == 48
    assert session["manual"] != session["merged"]


def test_the_basic_and_the_elaborate_example_run(run_peer, standin):
    """Both example scripts of the readme end, with the readings that the stand-in computes."""
    got = run_peer("pythondcs-0.1.1", "seed_examples.py", "pythondcs", standin.base_app + "/")
    assert len(got["readings"]) == 30 * 48
    assert got["readings"][0]["startTime"] == "2019-01-01T00:00:00+00:00"
    assert got["id"] == 12
    assert got["maximum"] > 0


@pytest.mark.parametrize("release", ["0.1.1", "1.1.1"])
def test_the_extra_functions_work(run_peer, standin, release):
    """Collectors, devices, groups, meters, types and long readings work with both releases."""
    got = run_peer(
        f"pythondcs-{release}", "drive_pro.py", "pythondcspro", release, standin.base_app
    )
    assert got["idc"] in got["idcs"]
    assert got["settings after"] == {"name": "Changed", "dhcp": False, "ntpServer": ""}
    assert got["device"] in got["devices"]
    assert got["added device"]["serialNumber"] == "AB12CD34"
    assert got["updated device"]["serialNumber"] == ""
    assert got["command"]["success"] is True
    assert got["devices after"] == got["devices"]
    assert got["top of tree"]["meterGroups"] == []
    assert len(got["flat leaf"]) == 8
    assert all(meter["remoteAddress"].startswith("00:17:BF:00:00:01") for meter in got["by idc"])
    assert ["registers" in meter for meter in got["by idc"]] == [False] * len(got["by idc"])
    assert got["by idc"]
    assert got["renamed"]["name"] == "Renamed meter"
    assert (got["blanked"]["name"], got["blanked"]["serialNumber"]) == ("Sample meter", "")
    assert got["type"] in got["types"]
    assert [register["unit"] for register in got["registers after"]] == ["kWh", "kW"]
    assert got["mega iterator count"] == got["mega count"] == 731 * 48


def test_the_functions_that_only_the_new_release_has_work(run_peer, standin):
    """Calibrations, import, users and restriction profiles work with 1.1.1."""
    got = run_peer("pythondcs-1.1.1", "drive_pro.py", "pythondcspro", "1.1.1", standin.base_app)
    readings = got["calibrations"]
    assert [row["value"] for row in readings] == [6002.0, 6039.75]
    assert readings[0]["timestamp"] == "2023-03-01T00:15:00+00:00"
    assert got["one calibration"] == readings[1:]
    assert got["imported"][2]["totalValue"] == 5011
    assert got["user"] in got["users"]
    assert got["update echo"]["email"] != "new@example.org"
    assert got["user after"]["email"] == "new@example.org"
    assert got["created user"]["name"] == "newcomer"
    assert got["users after"] == len(got["users"])
    assert len(got["meter profiles"]) == len(got["idc profiles"]) == 1
    assert sorted(got["flat tree"]) == sorted(standin.service.estate.meters)
    assert got["mac"] == ["00:17:BF:00:00:01", 101988696065]


@pytest.fixture(scope="module")
def web(run_peer):
    """What the new release got from every function of DcsWebApi."""
    with running() as standin:
        return run_peer("pythondcs-1.1.1", "drive_web.py", "pythondcs", standin.base_web)


def test_every_function_of_the_web_client_works(web):
    """DcsWebApi lists, reads in both formats and modes, and joins long spans."""
    got = web
    assert got["role"] == "Administrator"
    assert got["status"]["role"] == "Administrator"
    assert got["after refusal"] == got["after sign-out"] == len(got["meters"])
    assert {meter["remoteAddress"] for meter in got["public meters"]} == {""}
    assert got["meters iterator"] == got["meters"]
    assert got["vms iterator"] == got["vms"]
    for name in ("standard", "complete"):
        assert got[f"{name} iterator"] == got[name]
        assert len(got[name]["readings"]) == 48
    assert got["virtual"]["duration"] == 30
    assert len(got["by end and count"]["readings"]) == 3
    assert [row["periodValue"] for row in got["gap"]["readings"]] == [4.0, 6.0, 6.0, 6.0, 3.5, 4.5]
    assert got["large"]["halfHour"][1] == got["large iterator"] == 731 * 48
    assert got["large"]["week"] == ["2022-01-03T00:00:00+00:00", 104]
    assert got["large"]["month"] == ["2022-01-01T00:00:00+00:00", 24]


def test_division_by_zero_reaches_the_web_client_as_infinity(web):
    """A ratio over a solar plant is infinite at night and a number by day."""
    values = [row["value"] for row in web["ratio"]["readings"]]
    assert values[0] == float("inf")
    assert 0 < values[24] < float("inf")


def test_error_texts_reach_the_web_client(web):
    """Every refusal arrives with its status and the server's own text."""
    for status, message in web["errors"].values():
        assert status == 400
        assert "details : " in message
