"""The page for users of ocpi-tool names options that exist, and each defect has its test."""

from __future__ import annotations

import re
from pathlib import Path

from tidegate.cli import run
from tidegate.platforms.ocpi.rules import PROFILES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "coming-from-ocpi-tool.md").read_text()
LEGAL = (ROOT / "docs" / "sharing-charging-data.md").read_text()


def _column(row: str, place: int) -> str:
    return row.split("|")[place + 1]


def test_every_option_of_the_table_exists(capsys):
    """Each option in the column of ours is known to login or get."""
    shown = ""
    for command in ("login", "get"):
        assert run(["ocpi", command, "--help"]) == 0
        shown += capsys.readouterr().out
    table = PAGE.split("## Options")[1].split("Exit codes")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "---" not in line]
    named = {name for row in rows for name in re.findall(r"--[a-z-]+", _column(row, 1))}
    assert len(named) > 15
    assert named - set(re.findall(r"--[a-z-]+", shown)) == set()


def test_every_defect_is_listed_once_and_has_a_test():
    """D1 to D20 each have a row, and a test somewhere that carries the number."""
    rows = re.findall(r"^\| D(\d+) \|", PAGE, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 21)]
    tests = "\n".join(
        path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)
    )
    named = {
        int(number)
        for number in re.findall(r"\bD(\d+)\b|def test_d(\d+)_", tests)
        for number in number
        if number
    }
    assert set(range(1, 21)) - named == set()


def test_every_profile_is_explained():
    """The page on what may leave has a row for each profile."""
    assert set(re.findall(r"^\| `([a-z]+)` \|", LEGAL, re.MULTILINE)) == set(PROFILES)
