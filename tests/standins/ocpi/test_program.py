"""The OCPI stand-in as a program, and its control endpoint."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx2
import pytest


@contextmanager
def program(*arguments):
    """The stand-in as a child process."""
    command = [sys.executable, "-m", "tidegate.standins.ocpi", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def read_start(child):
    """The three lines that the program prints first."""
    pairs = [child.stdout.readline().rsplit(maxsplit=1) for _ in range(3)]
    return {name.strip(): value for name, value in pairs}


def get(said, url=None, **parameters):
    """The answer to a GET with the printed token."""
    headers = {"Authorization": f"Token {said['token']}"}
    return httpx2.get(url or said["versions"], headers=headers, params=parameters, verify=False)


def test_it_prints_address_token_and_party_and_ends_with_a_signal():
    """What is printed first opens the platform; SIGTERM ends it without a word."""
    options = ["--sessions", "7", "--version", "2.2.1", "--fault", "no-total:path=cdrs"]
    with program(*options, "--clock", "2024-01-01", "--token", "made-up") as child:
        said = read_start(child)
        assert (said["token"], said["party"]) == ("made-up", "NL-TST")
        (version,) = get(said).json()["data"]
        ends = get(said, version["url"]).json()["data"]["endpoints"]
        urls = {end["identifier"]: end["url"] for end in ends if end.get("role") == "SENDER"}
        answer = get(said, urls["sessions"])
        assert answer.headers["x-total-count"] == "7"
        assert answer.json()["timestamp"].startswith("2024-01-01T00:0")
        assert "x-total-count" not in get(said, urls["cdrs"]).headers
        child.send_signal(signal.SIGTERM)
        _, errors = child.communicate(timeout=10)
    assert (child.returncode, errors) == (0, "")


def test_the_command_starts_it_and_it_ends_with_its_input():
    """`tidegate standin ocpi` is this program; closing standard input ends it."""
    command = [sys.executable, "-m", "tidegate", "standin", "ocpi", "--until-stdin-closes"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        said = read_start(child)
        assert get(said).json()["status_code"] == 1000
        child.communicate(timeout=10)
        assert child.returncode == 0


@pytest.mark.parametrize(
    "arguments", [["--fault", "unheard"], ["--clock", "soon"], ["--version", "3.0"]]
)
def test_a_wrong_option_ends_it_with_code_2(arguments):
    """Usage errors are one line and exit code 2."""
    with program(*arguments) as child:
        _, errors = child.communicate(timeout=10)
    assert child.returncode == 2
    assert "error:" in errors.splitlines()[-1]


def test_a_port_that_is_taken_is_named(platform):
    """A second stand-in on the same port ends with one line that says why."""
    port = platform.root.split(":")[2].split("/")[0]
    with program("--port", port) as second:
        _, errors = second.communicate(timeout=10)
    assert second.returncode == 2
    assert errors.splitlines()[-1].endswith(f"port {port}: Address already in use")


def test_the_control_endpoint_sets_faults_and_shows_the_log(platform):
    """Faults, log, changes of data and the clock, without a token."""
    base = platform.root.removesuffix("/ocpi") + "/standin"

    def ask(method, path, body=None):
        answer = platform.http.request(method, base + path, json=body)
        return answer.json() if answer.status_code == 200 else answer.status_code

    assert ask("POST", "/faults", {"kind": "status", "status": 500, "times": 1})[0]["status"] == 500
    shown = ask("GET", "/faults")
    assert [one["kind"] for one in shown["active"]] == ["status"]
    assert "throttle" in shown["kinds"]
    assert platform.page("sessions").status_code == 500
    ask("POST", "/faults", [{"kind": "html"}, {"kind": "gzip"}])
    assert ask("DELETE", "/faults") == {}
    before = platform.ids("sessions")
    assert [one["status"] for one in ask("GET", "/log")] == [500, 200]
    assert ask("DELETE", "/log") == {}
    assert ask("GET", "/log") == []
    assert ask("POST", "/remove", {"module": "sessions", "index": 3}) == {}
    assert ask("POST", "/touch", {"module": "sessions", "index": 4}) == {}
    assert ask("POST", "/grow", {"sessions": 5}) == {}
    after = platform.records("sessions")
    assert [record["id"] for record in after[:39]] == before[:3] + before[4:]
    assert len(after) == 44
    assert after[3]["last_updated"] > after[38]["last_updated"]
    assert after[-1]["last_updated"] >= after[3]["last_updated"]
    ask("POST", "/clock", {"now": "2023-03-03T00:00:00Z", "still": True})
    assert platform.page("sessions").json()["timestamp"] == "2023-03-03T00:00:00Z"
    for path, body in (
        ("/faults", {"kind": "unheard"}),
        ("/touch", {"module": "sessions"}),
        ("/touch", {"module": "nothing", "index": 1}),
        ("/clock", {"now": "soon"}),
    ):
        assert ask("POST", path, body) == 400
    assert ask("GET", "/nothing") == 404


def test_the_log_of_the_control_endpoint_is_json(platform):
    """Headers and times of the requests are in it."""
    platform.page("sessions", limit=1)
    answer = platform.http.get(platform.root.removesuffix("/ocpi") + "/standin/log")
    (entry,) = json.loads(answer.content)
    assert entry["query"] == "limit=1"
    assert entry["headers"]["authorization"] == "Token demo-token"
