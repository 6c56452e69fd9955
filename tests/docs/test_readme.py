"""The quick starts of the front page run as printed, each against a platform of its kind."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import Ran, tidegate
from tests.platforms.tsm.servers import PASSWORD, serving

import tidegate as api
from tidegate.standins import dcs, ocpi, onc

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["tidegate"]

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def quick_start(tidegate, tmp_path, monkeypatch) -> Callable[..., list[Ran]]:
    """Runs the commands under a heading, at another address; gives what each left."""
    monkeypatch.chdir(tmp_path)

    def go(heading: str, *words: str, **addresses: str) -> list[Ran]:
        section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
        lines = re.findall(r"^\$ tidegate (.*)$", section, re.MULTILINE)
        ran = []
        for line in lines:
            given = shlex.split(line)
            for name, url in addresses.items():
                given = [url if one.startswith(f"https://{name}.example") else one for one in given]
            connecting = given[0] == "connect"
            ran.append(tidegate(*given, *(words if connecting else ())))
        return ran

    return go


def test_meters_of_a_campus(quick_start, tmp_path, monkeypatch):
    """The sum has a day for every day, and the workbook is there."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    with dcs.running(dcs.Options(meters=1)) as standin:
        *_, total, _ = quick_start("Meters of a campus", dcs=standin.base_web)
    assert len(total.out.splitlines()) >= 28
    assert (tmp_path / "days.xlsx").read_bytes().startswith(b"PK")


def test_charging_records(quick_start, tmp_path, monkeypatch):
    """Only what is named leaves; the sum has energy; the view and its key are made."""
    with ocpi.running(sessions=60, seed=2) as standin:
        monkeypatch.setenv("TIDEGATE_TOKEN", standin.token)
        ran = quick_start("Charging records", cpo=standin.versions_url)
    _, fields, _, _, total, _, tried, key = ran
    assert "pass list" in fields.out
    header, *rows = (tmp_path / "sessions.csv").read_text().splitlines()
    assert "kwh" in header.split(",")
    assert len(rows) == 60
    assert len(total.out.splitlines()) > 2
    assert "kwh" in tried.out
    assert key.out.strip()


def test_series_of_a_market(quick_start, tmp_path, monkeypatch):
    """A series counts for as long as it is supplied, and a formula halves the sum."""
    hours = [f"2024-01-{day:02}T{hour:02}:00:00Z,2" for day in range(1, 32) for hour in range(24)]
    (tmp_path / "hall.csv").write_text("\n".join(["from,value", *hours]))
    with api.open(tmp_path / "theirs") as store:
        store.create_series("Hall A", unit="kW", interval="hour")
        store.create_attribute("supplier")
        store.assign("supplier", "AT123456", series=["Hall A"], at="2024-01-10T23:00Z")
        store.write(tmp_path / "hall.csv", "Hall A")
    monkeypatch.setenv("TIDEGATE_PASSWORD", PASSWORD)
    with serving(tmp_path / "theirs") as server:
        ran = quick_start("Series of a market", tsm=server.url)
    *_, total, half = ([line.split()[1] for line in one.out.splitlines()[1:]] for one in ran)
    assert total == ["0"] * 10 + ["48"] * 21
    assert [float(one) for one in half[10:]] == [1.0] * 21


def test_instruments_in_the_ocean(quick_start, tmp_path, monkeypatch):
    """What was deployed is listed, and the newest measurements are read."""
    with onc.running() as standin:
        monkeypatch.setenv("TIDEGATE_TOKEN", standin.token)
        ran = quick_start("Instruments in the ocean", "--url", standin.base_url)
    _, deployments, _, read, _, _ = ran
    assert (tmp_path / "ocean" / "download.xlsx").read_bytes().startswith(b"PK")
    assert "BACAX" in deployments.out
    assert len(read.out.splitlines()) > 5
