"""A password leaves no trace but in the file that only its owner can read."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.faults.campus import SPAN

from tidegate.standins.dcs import Fault

PASSWORD = "unmistakable-7f3a9c-Ω"
FORMS = (PASSWORD, "unmistakable-7f3a9c", json.dumps(PASSWORD), PASSWORD.encode("utf-16-le").hex())


class Watched:
    """The command line, with everything that it has printed."""

    def __init__(self, tidegate):
        self._tidegate = tidegate
        self.printed = []

    def __call__(self, *words):
        ran = self._tidegate(*words, check=False)
        self.printed.append(ran.out + ran.err)
        return ran


@pytest.fixture
def guarded(standin, tidegate, monkeypatch):
    """The command line with a connection whose password is easy to find; every output is kept."""
    account = standin.service.accounts["demo"]
    standin.service.accounts["demo"] = dataclasses.replace(account, password=PASSWORD)
    monkeypatch.setenv("TIDEGATE_RETRY_ATTEMPTS", "1")
    command = Watched(tidegate)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    url = standin.base_web
    command("connect", "dcs", "campus", url, "--user", "demo", "--password-stdin")
    return command


def files_with(folder: Path, forms: tuple[str, ...]) -> list[Path]:
    """The regular files below a folder that hold one of the texts."""
    needles = [form.encode() for form in forms]
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]


def test_no_output_and_no_file_holds_the_password(guarded, standin, tmp_path):
    """Good and bad runs print no password, and no file but the owner's own holds it."""
    guarded("connections", "--json")
    guarded("connections", "test")
    guarded("discover", "campus", "--json")
    guarded("pull", "campus", *SPAN, "--json")
    guarded("config", "show")
    guarded("store", "audit", "--json")
    for fault in ("html", "malformed", "status", "throttle", "drop"):
        standin.faults.clear()
        standin.faults.add(Fault(fault, retry_after="900"))
        guarded("pull", "campus", *SPAN, "--again")
        guarded("connections", "test")
    standin.faults.clear()
    standin.service.accounts["demo"] = dataclasses.replace(
        standin.service.accounts["demo"], password="another"
    )
    assert guarded("pull", "campus", *SPAN, "--again").code == 29

    text = "".join(guarded.printed)
    assert len(guarded.printed) == 18
    assert [form for form in FORMS if form in text] == []
    kept = tmp_path / "secrets.json"
    assert files_with(tmp_path, FORMS) == [kept]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_debug_shows_no_password(guarded, tmp_path):
    """Not even the log of `--debug`, with every request, holds the password or the session."""
    ran = subprocess.run(
        [sys.executable, "-m", "tidegate", "pull", "campus", *SPAN, "--debug"],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.returncode == 0
    assert "GET http://127.0.0.1" in ran.stderr
    assert [form for form in FORMS if form in ran.stdout + ran.stderr] == []
    assert "COHERENT-DCS" not in ran.stderr


def test_a_server_that_repeats_the_password_is_not_quoted(guarded, standin, monkeypatch):
    """Where the server's words hold the password they are shown without it."""
    from tidegate.standins.dcs.refusals import Refusal
    from tidegate.standins.dcs.service import Service

    def repeat(_self, given):
        raise Refusal(401, f"The password {given['password']} is wrong.")

    monkeypatch.setattr(Service, "check_credentials", repeat)

    ran = guarded("connections", "test")

    assert ran.code == 29
    assert "The password" in ran.err
    assert [form for form in FORMS if form in ran.err] == []


def test_children_get_no_password_as_an_argument(guarded, standin):
    """The argument list and the environment of a pull hold no password."""
    standin.faults.add(Fault("delay", path="readings", seconds=1.0))
    child = subprocess.Popen(
        [sys.executable, "-m", "tidegate", "pull", "campus", *SPAN], stderr=subprocess.DEVNULL
    )
    while not any("readings" in entry.path for entry in standin.log):
        assert child.poll() is None
        time.sleep(0.02)
    seen = b"".join(
        Path(f"/proc/{number}/{name}").read_bytes()
        for number in [child.pid, os.getpid()]
        for name in ("cmdline", "environ")
    )
    child.terminate()
    child.communicate()

    assert PASSWORD.encode() not in seen
    assert child.returncode == 130
