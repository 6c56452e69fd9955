"""Discovering what a DCS server has: new, changed, gone."""

from __future__ import annotations

import pytest
from tests.faults.campus import REGISTERS


@pytest.fixture
def fresh(tidegate, standin, monkeypatch):
    """A connection that nothing was discovered through."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo")
    return tidegate


def by_state(ran):
    states: dict[str, list[str]] = {}
    for row in ran.rows:
        states.setdefault(row["state"], []).append(row["subject"])
    return states


def test_first_discovery_is_all_new(fresh):
    """Everything is new at first; every register has its series, named after meter and register."""
    ran = fresh("discover", "--json")

    assert set(by_state(ran)) == {"new"}
    assert {row["subject"] for row in ran.rows if row["kind"] == "register"} == set(REGISTERS)
    assert "campus: 5 meters, 8 registers, 6 virtual meters (19 new, 0 changed, 0 gone)" in ran.err
    names = [row["name"] for row in fresh("series", "list", "--json").rows]
    assert "Sample meter: Active Energy (import)" in names
    assert "Sample meter: Active Energy (import) total" in names
    assert "Library: Active Power" in names
    assert "Sample Virtual Meter" in names


def test_second_discovery_tells_what_moved(fresh, standin):
    """A meter renamed is changed, one removed is gone, one added is new; the rest is the same."""
    fresh("discover")
    estate = standin.service.estate
    estate.meters[405]["name"] = "Main intake"
    estate.remove_meter(303)
    estate.add_register(301, {"name": "Export", "address": "1", "unit": "kWh"})

    ran = fresh("discover", "--json", "--changes")

    states = by_state(ran)
    assert states["gone"] == ["M303", "R1168"]
    assert states["changed"] == ["M405", "R733"]
    (new,) = states["new"]
    assert new.startswith("R")
    assert set(states) == {"new", "changed", "gone"}
    assert fresh("discover", "--json", "--changes").rows == []


def test_meters_online_state_is_no_change(fresh, standin):
    """A meter that goes offline is no change of the catalogue."""
    fresh("discover")
    standin.service.estate.meters[405]["status"] = "offline"

    assert fresh("discover", "--json", "--changes").rows == []


def test_discover_offline_asks_nobody(fresh, standin):
    """`--offline` shows what is known; the server is not asked."""
    fresh("discover")
    standin.log.clear()

    rows = fresh("discover", "campus", "%: %import%", "--offline", "--json").rows

    assert {row["subject"] for row in rows} == {"R733", "R123", "R1156", "R1164", "R1168"}
    assert {row["state"] for row in rows} == {"same"}
    assert standin.log == []


def test_discover_by_kind(fresh):
    """`--kind` takes the kind as one word too."""
    rows = fresh("discover", "--kind", "virtual-meter", "--json").rows

    assert {row["kind"] for row in rows} == {"virtual meter"}
    assert len(rows) == 6
