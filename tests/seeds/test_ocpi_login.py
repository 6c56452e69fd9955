"""What the description of the exporter asks of its login; names carry the ids."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import Ran, tidegate

from tidegate.services.connection_files import connection
from tidegate.services.secrets import load
from tidegate.standins.ocpi import Fault, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.standins.ocpi import Standin

__all__ = ["Ran", "tidegate"]


@pytest.fixture
def standin() -> Iterator[Standin]:
    """A platform with the documented session."""
    with running(sessions=20, seed=1) as standin:
        yield standin


@pytest.fixture
def typed(monkeypatch):
    """Lines on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def untouched(tmp_path):
    """O27: HOME stays as it is, a session file of the other exporter in it included."""
    home = tmp_path / "home"
    (home / ".ocpi").write_text("not to be written\n")
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    yield home
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before


def kept(tmp_path, name="ocpi"):
    """The connection of a name and its token."""
    record, store_id = connection(tmp_path / "store", name)
    secret = load(name, store_id)
    return record, secret and secret.reveal()


def session_file(path: Path, root: str, **changes: object) -> Path:
    """What the other exporter writes at its login."""
    url = f"{root.removesuffix('/versions')}/cpo/2.2.1/sessions"
    session = {
        "version": "2.2.1",
        "endpoints": [{"identifier": "sessions", "role": "SENDER", "url": url}],
        "token": "demo-token",
        "partyId": "NLABC",
        **changes,
    }
    path.write_text(json.dumps({"session": session}))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("words", [("ocpi",), ("help", "ocpi"), ("ocpi", "--help"), ("ocpi", "-h")])
def test_o3_usage_lists_the_commands(tidegate, words):
    """O3: the command alone says what there is, with exit code 2; `help` and `-h` with 0."""
    ran = tidegate(*words, check=False)
    assert ran.code == (2 if words == ("ocpi",) else 0)
    shown = ran.err if ran.code else ran.out
    assert shown.startswith("Usage: tidegate ocpi")
    for command in ("login", "get", "help"):
        assert f"\n  {command}: " in shown
    assert (ran.out if ran.code else ran.err) == ""


@pytest.mark.parametrize("words", [("help", "ocpi", "login"), ("ocpi", "help", "login")])
def test_o3_help_at_every_level(tidegate, words):
    """O3: `help [command…]` in front or behind the noun."""
    shown = tidegate(*words).out
    assert shown.startswith("Usage: tidegate ocpi login")
    assert "--party" in shown


def test_o3_a_command_that_does_not_exist(tidegate):
    """O3: one line and a hint."""
    ran = tidegate("ocpi", "logn", check=False)
    assert ran.code == 2
    assert "did you mean 'login'?" in ran.err


def test_o4_login_as_printed(tidegate, standin, tmp_path, untouched):
    """O4, O6: `login URL --party XX-YYY --token T` with a versions URL by plain http."""
    ran = tidegate(
        "ocpi", "login", standin.versions_url, "--party", "XX-YYY", "--token", standin.token
    )
    assert "logged in" in ran.err
    assert ran.out == ""
    record, token = kept(tmp_path)
    assert record.settings["party"] == "XXYYY"
    assert record.settings["version"] == "2.3.0"
    assert token == standin.token


@pytest.mark.parametrize("option", ["--token", "-t"])
def test_o5_a_token_on_the_command_line_warns(tidegate, standin, option):
    """O5: it is taken, with one line on stderr that does not repeat it."""
    ran = tidegate(
        "ocpi", "login", standin.versions_url, "--party", "XX-YYY", option, standin.token
    )
    (warning,) = [line for line in ran.err.splitlines() if line.startswith("warning: ")]
    assert "--token" in warning
    assert standin.token not in ran.err


def test_o6_plain_http_to_another_machine_needs_leave(tidegate):
    """O6: the refusal names the option; nothing is asked for before."""
    ran = tidegate("ocpi", "login", "http://example.org/versions", "--party", "XX-YYY", check=False)
    assert ran.code == 10
    assert "--allow-http" in ran.err


def test_o7_the_only_connection_needs_no_name(tidegate, standin, tmp_path):
    """O7: what `get` finds is what `login` made."""
    tidegate("ocpi", "login", standin.versions_url, "--party", "XX-YYY", "-t", standin.token)
    record, _ = connection(tmp_path / "store", platform="ocpi")
    assert (record.name, record.platform) == ("ocpi", "ocpi")


def test_o7_a_second_login_replaces_after_saying_so(tidegate, standin, tmp_path):
    """O7: one connection is left, of the second login."""
    words = ("ocpi", "login", standin.versions_url, "-t", standin.token, "--party")
    assert "replacing" not in tidegate(*words, "XX-YYY").err
    ran = tidegate(*words, "NL-ABC", "--version", "2.1.1")
    assert f"replacing the connection 'ocpi' to {standin.versions_url}" in ran.err
    record, _ = kept(tmp_path)
    assert record.settings["party"] == "NLABC"
    assert record.settings["version"] == "2.1.1"


def test_o7_a_failed_second_login_leaves_the_first(tidegate, standin, tmp_path):
    """O7: nothing is replaced before the platform has answered."""
    words = ("ocpi", "login", standin.versions_url, "--party", "XX-YYY", "-t")
    tidegate(*words, standin.token)
    ran = tidegate(*words, "another-token", check=False)
    assert ran.code == 29
    assert "another-token" not in ran.err
    assert kept(tmp_path)[1] == standin.token


@pytest.mark.parametrize("text", ["N-ABC", "NL-ABCD", "BADPARTY"])
def test_o8_a_party_that_is_none(tidegate, standin, text):
    """O8: one line and a hint, no stack trace."""
    ran = tidegate("ocpi", "login", standin.versions_url, "--party", text, "-t", "x", check=False)
    assert ran.code == 2
    assert f"--party is '{text}'" in ran.err
    assert "Traceback" not in ran.err


def test_o24_the_token_comes_from_the_environment(tidegate, standin, tmp_path, monkeypatch):
    """O24: TIDEGATE_TOKEN; nothing is warned of."""
    monkeypatch.setenv("TIDEGATE_TOKEN", standin.token)
    ran = tidegate("ocpi", "login", standin.versions_url, "--party", "XX-YYY")
    assert "warning" not in ran.err
    monkeypatch.delenv("TIDEGATE_TOKEN")
    assert kept(tmp_path)[1] == standin.token


def test_o24_connect_ocpi_is_the_same(tidegate, standin, tmp_path, typed, untouched):
    """O24: by the word that the other platforms have."""
    typed(f"{standin.token}\n")
    tidegate("connect", "ocpi", "city", standin.versions_url, "--party", "XX-YYY", "--token-stdin")
    record, token = kept(tmp_path, "city")
    assert (record.platform, token) == ("ocpi", standin.token)


def test_o24_a_login_as_json(tidegate, standin, typed):
    """O24: what was found, on standard output."""
    typed(f"{standin.token}\n")
    words = ("--party", "XX-YYY", "--token-stdin", "--version", "2.2.1", "--json")
    (row,) = tidegate("ocpi", "login", standin.versions_url, *words).rows
    assert row["version"] == "2.2.1"
    assert "sessions" in row["modules"]


def test_o27_another_exporters_login_is_read_and_not_written(tidegate, standin, tmp_path):
    """O27: `--import` takes token, party and modules of the file, which stays as it is."""
    path = session_file(tmp_path / "home" / ".ocpi", standin.versions_url)
    before = path.read_bytes(), path.stat().st_mtime_ns
    standin.faults.add(Fault("status", status=401, token="base64"))
    tidegate("ocpi", "login", "--import")
    record, token = kept(tmp_path)
    assert token == "demo-token"
    assert record.settings["party"] == "NLABC"
    assert list(record.settings["endpoints"]) == ["sessions"]
    assert record.settings["token_form"] == "plain"
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_o27_the_file_may_be_named(tidegate, standin, tmp_path, monkeypatch):
    """O27: by OCPI_SESSION_FILE; with a URL, only token and party are taken from it."""
    path = session_file(tmp_path / "elsewhere", standin.versions_url, version="2.3.0")
    path.chmod(0o644)
    monkeypatch.setenv("OCPI_SESSION_FILE", str(path))
    ran = tidegate("ocpi", "login", standin.versions_url, "--import")
    assert "others can read the token" in ran.err
    assert len(kept(tmp_path)[0].settings["endpoints"]) == 5
    assert "demo-token" not in ran.err


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file"),
        ("{", "is no session"),
        (
            '{"session":{"version":"2.2.1","endpoints":[],"token":"t","partyId":"NLABC"}}',
            "no module",
        ),
    ],
)
def test_o27_a_file_that_cannot_be_taken(tidegate, tmp_path, content, why):
    """O27: one line and a hint."""
    if content is not None:
        (tmp_path / "home" / ".ocpi").write_text(content)
    ran = tidegate("ocpi", "login", "--import", check=False)
    assert ran.code == 2
    assert why in ran.err


def test_o38_the_token_is_asked_at_a_hidden_prompt(standin, tmp_path):
    """O38: on a terminal; what is typed is not shown."""
    main, side = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "TIDEGATE_STORE": str(tmp_path / "store"),
        "TIDEGATE_SECRETS": str(tmp_path / "secrets.json"),
    }
    words = ("ocpi", "login", standin.versions_url, "--party", "XX-YYY")
    child = subprocess.Popen(
        [sys.executable, "-m", "tidegate", *words],
        env=environment,
        stdin=side,
        stdout=side,
        stderr=side,
        start_new_session=True,
    )
    os.close(side)
    shown = b""
    while b"token for 'ocpi': " not in shown:
        shown += os.read(main, 1000)
    os.write(main, f"{standin.token}\n".encode())
    while b"logged in" not in shown:
        shown += os.read(main, 1000)
    assert child.wait(timeout=20) == 0
    os.close(main)
    assert standin.token.encode() not in shown


def test_o38_without_a_terminal_a_line_says_what_to_do(tidegate, standin, typed):
    """O38: nobody can be asked."""
    typed("")
    ran = tidegate("ocpi", "login", standin.versions_url, "--party", "XX-YYY", check=False)
    assert ran.code == 13
    assert "TIDEGATE_TOKEN" in ran.err
    assert "--token-stdin" in ran.err


def test_o39_not_logged_in(tidegate, tmp_path, untouched):
    """O39: one line, a hint, an exit code; no store is made."""
    ran = tidegate("ocpi", "get", "sessions", check=False)
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "error[not-logged-in]: not logged in to an OCPI platform",
        "hint: tidegate ocpi login URL --party XX-YYY makes one",
    ]
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("status", status=404, query="offset=8"), 31),
        (Fault("code", code=2001, query="offset=8"), 28),
        (Fault("malformed", query="offset=8"), 25),
        (Fault("self-link", query="offset=8"), 27),
    ],
)
def test_d14_an_export_that_breaks_off_says_so(tidegate, standin, fault, code):
    """Defect 14: what came before is printed whole, and the exit code is not zero."""
    tidegate("ocpi", "login", standin.versions_url, "--party", "XX-YYY", "-t", standin.token)
    standin.faults.add(fault)
    ran = tidegate("ocpi", "get", "sessions", "--page-size", "8", check=False)
    assert ran.code == code
    assert len(ran.rows) == (16 if fault.kind == "self-link" else 8)
    assert "error[" in ran.err
    assert "hint: " in ran.err
