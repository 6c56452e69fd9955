"""WebTSM servers by commands: connect, discover, pull, push back, take revisions."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.platforms.tsm.servers import PASSWORD, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "platforms" / "tsm.md"
HOURS = """series,from,value
Hall A,2024-03-30T22:00:00Z,1
Hall A,2024-03-30T23:00:00Z,2.5
Hall A,2024-03-31T00:00:00Z,3
"""
SPAN = "from=2024-03-30T22:00:00Z&to=2024-03-31T02:00:00Z"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An empty service."""
    with serving(tmp_path / "server") as running:
        yield running


@pytest.fixture
def connected(tidegate, server, monkeypatch, tmp_path):
    """A store with one series and a dated attribute, connected to the service as `market`."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    tidegate("connect", "tsm", "market", server.url, "--user", "Max", "--password-stdin")
    path = tmp_path / "hours.csv"
    path.write_text(HOURS)
    tidegate("write", str(path), "--create", "--unit", "kWh", "--interval", "hour")
    tidegate("attributes", "create", "Supplier")
    for at, value in (("2000-01-01", "North"), ("2024-03-31", "South")):
        tidegate("attributes", "assign", "Supplier", value, "--at", at, "--series", "Hall A")
    return tidegate


def points(server: Server) -> list[tuple[float, int]]:
    (series,) = server.get("timeseries?name=Hall%20A")
    data = server.get(f"timeseries/{series['ID']}/data?{SPAN}")
    return [(point["Value"], point["Flag"]) for point in data["Data"]]


class TestConnect:
    def test_says_who_answered(self, connected, server):
        """`connections` shows the address that was found and what the server calls itself."""
        (row,) = connected("connections", "test", "market", "--json").rows

        assert row["root"] == f"{server.url}/api"
        assert row["server"]

    def test_with_a_wrong_password(self, tidegate, server, monkeypatch):
        """A password that the server does not accept makes no connection."""
        monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
        ran = tidegate(
            *("connect", "tsm", "x", server.url, "--user", "Max", "--password-stdin"), check=False
        )

        assert ran.code == 29
        assert "wrong" not in ran.err
        assert tidegate("connections", "--json").rows == []

    def test_with_a_token(self, tidegate, server, monkeypatch):
        """A key of the server is sent as a bearer token, with `--token-stdin` and no user."""
        monkeypatch.setattr("sys.stdin", io.StringIO("no-such-key\n"))
        ran = tidegate("connect", "tsm", "x", server.url, "--token-stdin", check=False)

        assert ran.code == 29

    @pytest.mark.parametrize(
        "words",
        [("--user", "Max", "--token-stdin"), ("--password-stdin",)],
        ids=["both", "neither"],
    )
    def test_that_contradict_themselves(self, tidegate, server, words):
        """A token with a user, and a password without one, are refused before asking."""
        assert tidegate("connect", "tsm", "x", server.url, *words, check=False).code == 2

    def test_unknown_repository(self, tidegate, server, monkeypatch):
        """A repository that the server lacks is refused with those that it has."""
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        words = ("--user", "Max", "--password-stdin", "--repository", "nowhere")
        ran = tidegate("connect", "tsm", "x", server.url, *words, check=False)

        assert ran.code == 31
        assert "known: main" in ran.err


class TestPush:
    def test_dry_run_changes_nothing(self, connected, server):
        """`--dry-run` counts what would be sent, and sends nothing."""
        before = len(server.store.audit_trail())
        ran = connected(
            "tsm", "push", "market", "Hall A", "--create", "--attributes", "--dry-run", "--json"
        )

        assert ran.rows == [
            {"series": "Hall A", "id": None, "created": True, "new": 3, "changed": 0, "equal": 0,
             "attributes": 1}
        ]  # fmt: skip
        assert "3 readings of 1 series would be sent" in ran.err
        assert len(server.store.audit_trail()) == before
        assert server.get("timeseries") == []

    def test_sends_what_differs(self, connected, server, tmp_path):
        """What the server has already is not sent again; what changed is."""
        words = ("tsm", "push", "market", "Hall A", "--create", "--attributes", "--json")
        (first,) = connected(*words).rows
        (again,) = connected(*words).rows
        (tmp_path / "more.csv").write_text("from,value\n2024-03-30T23:00Z,7\n2024-03-31T01:00Z,8\n")
        connected("write", "Hall A", str(tmp_path / "more.csv"))
        (more,) = connected(*words).rows

        assert (first["new"], first["attributes"], first["created"]) == (3, 1, True)
        assert (again["new"], again["equal"], again["attributes"]) == (0, 3, 0)
        assert (more["new"], more["changed"], more["equal"]) == (1, 1, 2)
        assert points(server) == [(1, 9), (7, 9), (3, 9), (8, 9)]
        (attributes,) = server.get(f"timeseries/{first['id']}/attributes")
        assert attributes["Values"] == {
            "2000-01-01T00:00:00Z": "North",
            "2024-03-31T00:00:00Z": "South",
        }

    def test_dated_values_replace_those_of_the_server(self, connected, server):
        """An attribute that is sent has the dated values of the store there, and no others."""
        words = ("tsm", "push", "market", "Hall A", "--create", "--attributes", "--json")
        (first,) = connected(*words).rows
        body = {"AttributeID": 1, "Values": {"2010-01-01T00:00:00Z": "East"}}
        server.ask("POST", f"timeseries/{first['id']}/attributes", body)
        (again,) = connected(*words).rows

        assert again["attributes"] == 1
        (attributes,) = server.get(f"timeseries/{first['id']}/attributes")
        assert "2010-01-01T00:00:00Z" not in attributes["Values"]

    def test_a_window(self, connected, server):
        """`--from` and `--to` bound what is sent; the end is exclusive."""
        window = ("--from", "2024-03-30T23:00Z", "--to", "2024-03-31T00:00Z")
        connected("tsm", "push", "market", "Hall A", "--create", *window)

        assert points(server) == [(0, 19), (2.5, 9), (0, 19), (0, 19)]

    def test_needs_leave_to_create(self, connected, server):
        """A series that the server lacks is an error that says what to add."""
        ran = connected("tsm", "push", "market", "Hall A", check=False)

        assert ran.code == 2
        assert "--create" in ran.err
        assert server.get("timeseries") == []

    def test_attributes_alone(self, connected, server):
        """`--no-readings` sends attributes alone."""
        words = ("--create", "--attributes", "--no-readings", "--json")
        (row,) = connected("tsm", "push", "market", "Hall A", *words).rows

        assert (row["new"], row["attributes"]) == (0, 1)
        assert points(server) == [(0, 19)] * 4

    def test_into_another_unit(self, connected, server):
        """Readings go under their own unit, and the server converts them to that of its series."""
        body = {"Name": "Hall A", "Interval": {"Value": 3}, "Unit": "MWh"}
        server.ask("POST", "timeseries", body)
        connected("tsm", "push", "market", "Hall A")

        assert points(server)[:3] == [(0.001, 9), (0.0025, 9), (0.003, 9)]

    def test_units_go_with_their_series(self, connected, server):
        """With `--create` a unit that the server lacks is made there, and those that it needs."""
        connected("units", "put", "therm", "--factor", "29307.1", "--base-unit", "Wh")
        connected("series", "create", "Gas", "--unit", "therm", "--interval", "day")
        connected("tsm", "push", "market", "Gas", "--create")

        (unit,) = [unit for unit in server.get("units") if unit["Name"] == "therm"]
        assert (unit["Factor"], unit["BaseUnit"]) == (29307.1, "Wh")


class TestPull:
    def test_back_to_where_it_came_from(self, connected, server, tmp_path):
        """A pulled series goes back to the same series of the server, under whatever name here."""
        server.ask("POST", "timeseries", {"ID": 40, "Name": "Remote", "Interval": {"Value": 3}})
        point = {"From": "2024-03-30T22:00:00Z", "Value": 1, "Flag": 9}
        server.ask("POST", "timeseries/40/data", {"Data": [point]})
        connected("pull", "market", "--from", "2024-03-01", "--to", "2024-04-01")
        connected("series", "rename", "Remote", "Mine")
        (tmp_path / "fix.csv").write_text("from,value\n2024-03-30T22:00Z,5\n")
        connected("write", "Mine", str(tmp_path / "fix.csv"))
        (row,) = connected("tsm", "push", "market", "Mine", "--json").rows

        assert (row["id"], row["changed"], row["created"]) == (40, 1, False)
        assert server.get(f"timeseries/40/data?{SPAN}")["Data"][0]["Value"] == 5

    def test_revisions(self, connected, server):
        """`tsm revisions` says how many earlier readings can be read now."""
        server.ask("POST", "timeseries", {"ID": 40, "Name": "Remote", "Interval": {"Value": 3}})
        for value in (1, 2):
            point = {"From": "2024-03-30T22:00:00Z", "Value": value, "Flag": 9}
            server.ask("POST", "timeseries/40/data", {"Data": [point]})
        connected("pull", "market", "--from", "2024-03-01", "--to", "2024-04-01")
        ran = connected("tsm", "revisions", "market", "--json")

        assert ran.rows == [{"series": "Remote", "instants": 2, "earlier": 2}]
        assert "2 earlier readings of 1 series" in ran.err

    def test_quotations(self, connected, server):
        """`tsm quotations` says how many readings of how many versions are new."""
        server.ask("POST", "timeseries", {"ID": 40, "Name": "Remote", "Interval": {"Value": 3}})
        point = {"From": "2024-03-30T22:00:00Z", "Value": 1, "Flag": 9}
        path = "timeseries/40/data?quotation=2024-03-29T00:00:00Z"
        server.ask("POST", path, {"Data": [point]})
        connected("discover", "market")
        ran = connected("tsm", "quotations", "market", "--json")

        (row,) = ran.rows
        assert row == {"series": "Remote", "quotations": 1, "new": 1, "changed": 0, "equal": 0}
        assert "1 new readings of 1 quotations" in ran.err
        refused = connected("tsm", "quotations", "market", "--quotation", "2024-03-29", check=False)
        assert refused.code == 2
        assert "--from" in refused.err

    def test_discover_counts_kinds(self, connected, server):
        """The catalogue lists series, attributes and units under their own words."""
        server.ask("POST", "timeseries", {"ID": 40, "Name": "Remote", "Interval": {"Value": 3}})
        server.ask("POST", "attributes", {"ID": 192, "Name": "Zone", "Type": 2})
        ran = connected("discover", "market", "--kind", "series", "--json")

        assert [row["subject"] for row in ran.rows] == ["TS40"]
        assert "1 attributes, 1 series" in ran.err


def test_the_page_runs(tidegate, server, monkeypatch):
    """Every command of the page on WebTSM services runs as it stands, one after the other."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", PASSWORD)
    server.ask("POST", "attributes", {"ID": 192, "Name": "Supplier", "Type": 2})
    server.ask("POST", "timeseries", {"ID": 40, "Name": "Main meter", "Interval": {"Value": 4}})
    values = {"2000-01-01T00:00:00Z": "AT123456"}
    server.ask("POST", "timeseries/40/attributes", {"AttributeID": 192, "Values": values})
    point = {"From": "2024-01-07T00:00:00Z", "Value": 1, "Flag": 9}
    server.ask("POST", "timeseries/40/data", {"Data": [point]})
    commands = re.findall(r"^\$ tidegate (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)

    for command in commands:
        words = shlex.split(command.replace("http://127.0.0.1:8400", server.url))
        ran = tidegate(*words)
        if words[0] == "sum":
            assert len(ran.out.splitlines()) == 32

    assert len(commands) == 11
