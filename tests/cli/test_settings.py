"""Settings that the command line follows."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HOURS = "from,value\n2024-05-01T00:00:00Z,1.5\n2024-05-01T01:00:00Z,2.5\n"


@pytest.mark.parametrize(("level", "told"), [("info", True), ("warning", False), ("error", False)])
def test_log_level(tidegate, standin, monkeypatch, level, told):
    """`log_level` decides which messages are shown; `--debug` shows all the same."""
    monkeypatch.setenv("TIDEGATE_LOG_LEVEL", level)
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    words = ("connect", "dcs", "campus", standin.base_web, "--user", "demo")

    assert ("Successfully logged in" in tidegate(*words).err) is told
    assert "Successfully logged in" in tidegate(*words, "--debug").err


@pytest.mark.parametrize(
    ("setting", "variable", "coloured"),
    [("auto", None, False), ("always", None, True), ("never", None, False), ("always", "1", False)],
)
def test_color(tmp_path, setting, variable, coloured):
    """`color` draws plots in colour also off a terminal, or never; NO_COLOR wins."""
    (tmp_path / "hours.csv").write_text(HOURS)
    tidegate = (sys.executable, "-m", "tidegate")
    shared = {"TIDEGATE_STORE": str(tmp_path / "store"), "TIDEGATE_COLOR": setting}
    environment = {**os.environ, **shared} | ({"NO_COLOR": variable} if variable else {})
    source = str(tmp_path / "hours.csv")
    subprocess.run(
        [*tidegate, "write", "A", source, "--create", "--interval", "1h"],
        env=environment, check=True, capture_output=True,
    )  # fmt: skip
    drawn = subprocess.run(
        [*tidegate, "read", "A", "--plot"], env=environment, check=True, capture_output=True
    )

    assert (b"\x1b[" in drawn.stdout) is coloured
