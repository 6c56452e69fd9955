"""What the first description asks for that the command line answers; names carry the ids."""

from __future__ import annotations

import csv
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from tests.cli.conftest import Ran, campus, standin, tidegate, web_campus
from tests.faults.campus import SPAN, the_error, truth

__all__ = ["Ran", "campus", "standin", "tidegate", "web_campus"]

DAYS = ("--start", "2024-01-01", "--end", "2024-01-31")


def python(*arguments, cwd):
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60
    )


def test_d3_dump_for_another_system(campus, tmp_path, standin):
    """D3: a pull and an export leave a CSV file with every reading for another system."""
    campus("pull", "campus", "R733", *SPAN)
    out = tmp_path / "january.csv"
    campus("export", "Sample meter: Active Energy (import)", *SPAN, "--out", str(out))

    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["value"]) for row in rows] == truth(standin, "R733")["period"]
    assert rows[0]["from"] == "2024-01-01T00:00:00Z"


def test_d5_import_from_any_interpreter(tmp_path):
    """D5: once installed, `import tidegate` and the command work from anywhere."""
    (script,) = entry_points(group="console_scripts", name="tidegate")
    imported = python("-c", "import tidegate.dcs; print(tidegate.dcs.DCSSession)", cwd=tmp_path)

    assert script.value == "tidegate.cli:main"
    assert imported.stdout.startswith("<class 'tidegate.")
    assert python("-m", "tidegate", "--version", cwd=tmp_path).stdout.strip()


def test_d8_sign_in_is_told(tidegate, standin, monkeypatch):
    """D8: the message of a sign-in is told on stderr, with the name and role of the account."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    ran = tidegate("connect", "dcs", "campus", standin.base_app, "--user", "viewer")

    first = ran.err.splitlines()[0]
    assert first == "Successfully logged in to DCS as 'viewer' with Viewer privileges"
    assert ran.out == ""


@pytest.mark.parametrize("api", ["web", "app"])
def test_d35_the_same_from_the_command_line(tidegate, standin, monkeypatch, api):
    """D35, D36: `tidegate dcs meters|vms|readings` give what the methods of the client give."""
    from tidegate.dcs import DCSSession

    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    tidegate("connect", "dcs", "main", standin.base_app, "--user", "demo", "--api", api)
    with DCSSession(standin.base_app, "demo", "demo") as session:
        meters, virtual = session.get_meters(), session.get_vms()
        readings = session.get_readings(733, start="2024-01-01", end="2024-01-31")

    listed = tidegate("dcs", "meters", "--json").rows
    assert [{k: v for k, v in row.items() if k != "meterType"} for row in listed] == meters
    assert tidegate("dcs", "vms", "--json").rows == virtual
    rows = tidegate("dcs", "readings", "733", *DAYS, "--json").rows
    assert [row["totalValue"] for row in rows] == [one["totalValue"] for one in readings]
    assert [row["periodValue"] for row in rows] == [one["periodValue"] for one in readings]
    assert [row["startTime"] for row in rows] == [
        one["startTime"].isoformat().replace("+00:00", "Z") for one in readings
    ]


def test_d16_the_meter_id_by_accident(campus):
    """D16: who asks by the id of a meter is told its registers."""
    ran = campus("dcs", "readings", "405", *DAYS, check=False)

    assert the_error(ran)[2] == "its registers: 733 'Active Energy (import)' (kWh)"


def test_d20_the_end_is_not_included(campus):
    """D20: `--end 2024-01-31` stops before that day, and the window is said on stderr."""
    ran = campus("dcs", "readings", "733", *DAYS, "--json")

    assert len(ran.rows) == 1440
    window = "[2024-01-01T00:00:00Z, 2024-01-31T00:00:00Z)"
    assert f"window {window}, end not included: 1,440 readings" in ran.err
