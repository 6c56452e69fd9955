"""`tidegate plan create|run` for a connection to a WebTSM service."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from tests.platforms.tsm.servers import PASSWORD, serving

HOURS = """series,from,value
Hall A,2024-03-30T22:00:00Z,1
Hall A,2024-03-30T23:00:00Z,2.5
Hall A,2024-03-31T00:00:00Z,3
"""


@pytest.fixture
def market(tidegate, tmp_path, monkeypatch):
    """A connection to a service that has one series."""
    hours = tmp_path / "hours.csv"
    hours.write_text(HOURS)
    with serving(tmp_path / "server") as server:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        tidegate("connect", "tsm", "market", server.url, "--user", "Max", "--password-stdin")
        tidegate("write", str(hours), "--create", "--unit", "kWh", "--interval", "hour")
        tidegate("tsm", "push", "market", "Hall A", "--create")
        tidegate("discover", "market")
        yield "market"


def test_a_plan_of_series_is_pulled_and_written(tidegate, market, tmp_path):
    book = tmp_path / "market.xlsx"
    range_ = ("--from", "2024-03-30", "--to", "2024-04-01")
    tidegate("plan", "create", market, "--book", str(book), *range_)
    assert tidegate("plan", "check", str(book)).out == ""
    (due,) = tidegate("plan", "run", str(book), "--dry-run", "--json").rows
    assert due["due"] > 0
    (row,) = tidegate("plan", "run", str(book), "--json").rows
    assert (row["problem"], row["readings"]) == (None, 48)
    written = list(csv.DictReader(Path(row["file"]).read_text().splitlines()))
    known = [one for one in written if one["flag"] == "9"]
    assert [(one["from"], one["value"]) for one in known] == [
        ("2024-03-30T22:00:00Z", "1"),
        ("2024-03-30T23:00:00Z", "2.5"),
        ("2024-03-31T00:00:00Z", "3"),
    ]
    assert tidegate("plan", "run", str(book), check=False).code == 3
