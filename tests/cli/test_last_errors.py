"""Errors that no command foresees: a full disk behind standard output, and bugs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tidegate.cli

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
def test_a_full_disk_behind_standard_output(tmp_path):
    """One line, a hint, and the exit code of a full disk."""
    with FULL.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "tidegate", "units", "list"],
            env=os.environ | {"TIDEGATE_STORE": str(tmp_path / "store")},
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 44
    assert done.stderr.startswith("error[disk-full]: the disk of standard output is full")
    assert done.stderr.count("\n") == 2


def test_a_bug_does_not_repeat_data(monkeypatch, capsys):
    """The kind and place of the error are told, its words are not."""

    def broken(words, *, debug):
        raise KeyError("NL-MSP-C0000001-X")

    monkeypatch.setattr(tidegate.cli, "_dispatch", broken)
    assert tidegate.cli.run(["units", "list"]) == tidegate.cli.BUG
    told = capsys.readouterr().err
    assert "KeyError in " in told
    assert "broken, line " in told
    assert "C0000001" not in told
