"""`tidegate onc download` at the ends of disk and day, and the command that follows it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.standins.onc import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tidegate.standins.onc import Standin

USDDL = ("-l", "USDDL", "-c", "CTD", "-b", "2017-05-01", "-e", "2017-05-03")


@pytest.fixture
def onc(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """A stand-in of Ocean Networks Canada whose runs take no time, named in the environment."""
    with running(pace=0) as standin:
        monkeypatch.setenv("TIDEGATE_ONC_URL", standin.base_url)
        monkeypatch.setenv("ONC_TOKEN", standin.token)
        yield standin


def test_dry_run_warns_of_a_disk_that_is_too_small(
    onc: Standin,
    tidegate: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF", "-x", "txt")
    words = ("onc", "download", "-f", str(data / "download.xlsx"), "--dry-run")
    assert "lacks" not in tidegate(*words).err
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("tidegate.services.downloading.shutil.disk_usage", lambda _: usage)
    due = sum(row["bytes"] for row in tidegate(*words, "--json").rows)
    assert f"the disk lacks {due - 1000:,} bytes" in tidegate(*words).err


def test_a_closed_window_is_said_and_has_its_own_code(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "TSSD", "-x", "csv")
    tidegate("onc", "download", "-f", str(data / "download.xlsx"))
    log = data / "download.json"
    written = json.loads(log.read_text())
    hour = (datetime.now(UTC) + timedelta(hours=6)).strftime("%H")
    written["configuration"] |= {
        "beginRun": f"{hour}:00:00",
        "endRun": f"{hour}:00:01",
        "timezone": "UTC",
    }
    added = {**written["definitions"][0], "begin": "2017-05-04", "end": "2017-05-05"}
    added = {name: added[name] for name in ("filters", "begin", "end")}
    written["definitions"].append(added)
    log.write_text(json.dumps(written))
    ran = tidegate("onc", "download", "-f", str(log), "--no-wait", check=False)
    assert ran.code == 4
    assert "daily window is closed" in ran.err


def test_u10_a_command_follows_a_run_that_brought_files(
    onc: Standin, tidegate: Callable[..., Any], tmp_path: Path
) -> None:
    """It is told what came, once; a run that finds nothing new does not call it."""
    data, told = tmp_path / "data", tmp_path / "told"
    script = tmp_path / "hook.py"
    script.write_text(
        f"import os, sys; open({str(told)!r}, 'a').write("
        "sys.stdin.read() + str('ONC_TOKEN' in os.environ) + chr(10))"
    )
    tidegate("onc", "createXLS", "-o", str(data), *USDDL, "-p", "LF", "-x", "txt")
    words = ("onc", "download", "-f", str(data / "download.xlsx"))
    hook = ("--after-success", f"{sys.executable} {script}")
    ran = tidegate(*words, *hook, "--json")
    again = tidegate(*words, *hook, check=False)
    assert again.code == 3
    facts, has_token = told.read_text().splitlines()
    assert has_token == "False"
    assert json.loads(facts)["files"] == ran.rows[0]["files"] > 0
