"""Ocean Networks Canada by commands: what the page of the platform shows can be run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tidegate.model.instants import parse
from tidegate.standins.onc import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.standins.onc import Standin

PAGE = Path(__file__).parents[2] / "docs" / "platforms" / "onc.md"
SHOWN = re.compile(r"`(tidegate onc [^`]+)`")


@pytest.fixture
def ocean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Standin]:
    """The stand-in, as the environment names it, and a folder to work in."""
    with running(clock=parse("2018-01-01"), clock_rate=0) as standin:
        monkeypatch.setenv("TIDEGATE_ONC_URL", standin.base_url)
        monkeypatch.setenv("ONC_TOKEN", standin.token)
        monkeypatch.chdir(tmp_path)
        yield standin


def test_the_page_can_be_run(tidegate, ocean, tmp_path):
    """Each command of the page, in its order."""
    (tmp_path / "TRACK.csv").write_text("time,lat,lon\n2017-06-01,49.08,-123.33\n")
    page = PAGE.read_text("utf-8")
    commands = re.findall(r"^\$ tidegate (.+)$", page, re.MULTILINE)
    assert len(commands) >= 9
    for command in commands:
        if "$(" in command:
            inner = command.partition("$(tidegate ")[2].rstrip(")")
            subjects = tidegate(*shlex.split(inner)).out.split()
            ran = tidegate("pull", "ocean", *subjects, "--from", "2017-05-01", "--dry-run")
            assert "USDDL/CTD" in ran.out
        else:
            tidegate(*shlex.split(command))
    for command in SHOWN.findall(page):
        words = shlex.split(command.partition(", ")[0])[1:]
        if "--since" not in words:
            assert tidegate(*words).out, command


def test_commands_say_whom_they_cannot_ask(tidegate, monkeypatch):
    """Without token and connection the hint names both."""
    monkeypatch.delenv("ONC_TOKEN", raising=False)
    ran = tidegate("onc", "locations", check=False)
    assert ran.code == 2
    assert "ONC_TOKEN" in ran.err
    assert "tidegate connect onc" in ran.err


def test_an_older_server_cannot_tell_availability(tidegate, ocean):
    """The refusal names the command that can."""
    from tidegate.standins.onc import Fault

    ocean.faults.add(Fault("status", query=r"^(?!.*method=)", status=404))
    words = ("-l", "BACAX", "-c", "CTD")
    ran = tidegate("onc", "availability", *words, check=False)
    assert ran.code == 2
    assert "tidegate onc archive" in ran.err
    assert tidegate("onc", "archive", *words, "--from", "2017-01-01", "--to", "P1D").out


def test_options_of_products_in_json(tidegate, ocean):
    """With --json the options come as the platform tells them."""
    rows = tidegate("onc", "products", "-c", "CTD", "-p", "TSSD", "-x", "csv", "--json").rows
    (options,) = [row["dataProductOptions"] for row in rows]
    assert {one["option"] for one in options} >= {"dpo_qualityControl", "dpo_resample"}


def test_means_from_the_platform(tidegate, ocean):
    """--resample asks for means of that length."""
    words = ("-l", "BACAX", "-c", "CTD", "-v", "pressure", "--from", "2017-01-01", "--to", "PT1H")
    rows = tidegate("onc", "scalar", *words, "--resample", "10m", "--json").rows
    assert [row["time"][11:16] for row in rows] == [
        "00:00",
        "00:10",
        "00:20",
        "00:30",
        "00:40",
        "00:50",
    ]
    assert ocean.log[-1].parameters["resamplePeriod"] == "600"
