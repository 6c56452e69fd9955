"""The page on workbooks says what the program does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tidegate.cli import run
from tidegate.plans.event_lists import read_events
from tidegate.plans.workbook.columns import TABS
from tidegate.plans.workbook.configuring import KEYS
from tidegate.plans.workbook.reading import read_workbook
from tidegate.standins.onc import running

PAGE = (Path(__file__).parents[2] / "docs" / "workbooks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(?:\w*)\n(.*?)```", PAGE, flags=re.DOTALL)


def rows_of(section: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    text = PAGE.split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_key_is_there():
    named = [name for row in rows_of("Configuration") for name in re.findall(r"`(\w+)`", row[0])]
    assert named == [key.name for key in KEYS]


def test_every_sheet_is_there():
    assert [row[0].strip("`") for row in rows_of("Rows")[: len(TABS)]] == list(TABS)


@pytest.fixture
def ocean(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("ONC_TOKEN", "T-1")
    with running(any_token=True) as onc:
        monkeypatch.setenv("TIDEGATE_ONC_URL", onc.base_url)
        yield tmp_path / "ocean" / "download.xlsx"


def test_the_first_commands_run(ocean, capfd):
    for line in BLOCKS[0].splitlines():
        if line.startswith("tidegate "):
            assert run(shlex.split(line)[1:]) == 0, capfd.readouterr().err
    assert len(read_workbook(ocean).definitions) == 18


def test_the_script_runs(ocean):
    script = next(block for block in BLOCKS if "createXLS(outPath" in block)
    exec(compile(script, "the page", "exec"), {})
    assert len(read_workbook(ocean).definitions) == 18


def test_the_list_of_events_is_one(tmp_path):
    file = tmp_path / "events.csv"
    file.write_text(next(block for block in BLOCKS if block.startswith("time,place")))
    assert [event.place for event in read_events(file, padding=None, now=0)] == ["BACAX", "BACAX"]
