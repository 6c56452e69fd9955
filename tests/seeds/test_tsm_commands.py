"""The first description of the time-series service, from the command line (rows H28 and H29)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def tidegate(
    tmp_path: Path,
    empty_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Callable[..., list[Any]]:
    """Run `tidegate WORDS --json`; the JSON lines that it writes."""
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))

    def command(*words: str) -> list[Any]:
        try:
            code = run((*words, "--json"))
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capfd.readouterr()
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    return command


def points(rows: list[Any]) -> list[tuple[str, float, int]]:
    return [(row["from"], row["value"], row["flag"]) for row in rows]


def test_h28_h29_the_worked_example(tidegate, tmp_path):
    """Attributes, data from files, sum and formula give the answer of the page: 75, then 3.7."""
    tidegate("attributes", "create", "Documentation_Attribute", "--type", "text", "--id", "192")
    for name, value in (("Documentation_TS", 71.3), ("Documentation_TS_2", 3.7)):
        file = tmp_path / f"{name}.jsonl"
        file.write_text(json.dumps({"from": "2000-01-01T00:00:00Z", "value": value, "flag": 9}))
        tidegate("series", "create", name)
        tidegate("write", name, str(file))
        assign = ("attributes", "assign", "Documentation_Attribute")
        tidegate(*assign, "AT123456", "--at", "2000-01-01T00:00:00Z", "--series", name)
    tidegate(*assign, "AT99999", "--at", "2001-01-01T00:00:00Z", "--series", "Documentation_TS")

    shown = tidegate("attributes", "show", "Documentation_TS")
    assert [(row["from"], row["value"]) for row in shown] == [
        ("2000-01-01T00:00:00Z", "AT123456"),
        ("2001-01-01T00:00:00Z", "AT99999"),
    ]
    (then,) = tidegate("attributes", "show", "Documentation_TS", "--at", "2000-06-01")
    assert then["value"] == "AT123456"

    years = ("--from", "2000-01-01", "--to", "2002-01-01")
    expected = [("2000-01-01T00:00:00Z", 75, 9), ("2001-01-01T00:00:00Z", 3.7, 9)]
    wanted = "Documentation_Attribute|AT123456"
    summed = tidegate("sum", "--attribute", wanted, *years, "--interval", "year")
    assert points(summed) == expected
    formula = f'TSAA("none","TRUE","{wanted}")'
    calculated = tidegate("calc", formula, *years, "--calculation-interval", "year")
    assert points(calculated) == expected
