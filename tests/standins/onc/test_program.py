"""The ONC stand-in as a program, and its control endpoint."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx2
import pytest

NAME = "ICLISTENHF1354_20200102T000403.000Z.mp3"


@contextmanager
def program(*arguments, module="tidegate.standins.onc"):
    """The stand-in as a child process."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def get(child, service, **parameters):
    """The answer of a service, with the address and token that the program prints first."""
    said = dict(child.stdout.readline().split() for _ in range(2))
    return httpx2.get(
        f"{said['url']}api/{service}", params={"token": said["token"], **parameters}, verify=False
    )


def test_it_prints_address_and_token_and_ends_with_a_signal():
    """What is printed first opens the services; options count; SIGTERM ends it without a word."""
    options = [
        "--token",
        "made-up",
        "--file-bytes",
        "5000",
        "--fault",
        "truncate:bytes=9,path=file",
    ]
    with program(*options, "--clock", "2024-01-01", "--clock-rate", "0") as child:
        answer = get(child, "archivefile/download", filename=NAME)
        assert (answer.headers["content-length"], answer.content[:3]) == ("9", b"ID3")
        assert answer.headers["date"] == "Mon, 01 Jan 2024 00:00:00 GMT"
        child.send_signal(signal.SIGTERM)
        _, errors = child.communicate(timeout=10)
    assert (child.returncode, errors) == (0, "")


def test_the_command_starts_it_and_it_ends_with_its_input():
    """`tidegate standin onc` is this program; closing standard input ends it."""
    with program(
        "standin", "onc", "--any-token", "--until-stdin-closes", module="tidegate"
    ) as child:
        assert len(get(child, "deviceCategories", token="whatever").json()) == 7
        child.communicate(timeout=10)
        assert child.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "unheard"], "unknown fault 'unheard'"),
        (["--clock", "soon"], "soon"),
        (["--catalogue", "nowhere.json"], "cannot read nowhere.json"),
        (["--catalogue", __file__], "is no catalogue"),
    ],
)
def test_a_wrong_option_ends_it_with_code_2(arguments, said):
    """Usage errors are one line and exit code 2."""
    with program(*arguments) as child:
        _, errors = child.communicate(timeout=10)
    assert child.returncode == 2
    assert said in errors.splitlines()[-1]


def test_a_port_that_is_taken_is_named(platform):
    """A second stand-in on the same port ends with one line that says why."""
    port = platform.standin.base_url.split(":")[2].rstrip("/")
    with program("--port", port) as second:
        _, errors = second.communicate(timeout=10)
    assert second.returncode == 2
    assert errors.splitlines()[-1].endswith(f"port {port}: Address already in use")


def test_the_control_endpoint_sets_faults_changes_files_and_shows_the_log(platform):
    """Faults, log, files, deployments and the clock, without a token."""
    base = platform.standin.base_url + "standin"

    def ask(verb, path, body=None):
        answer = platform.http.request(verb, base + path, json=body)
        return answer.json() if answer.status_code == 200 else answer.status_code

    assert ask("POST", "/faults", {"kind": "status", "status": 500, "times": 1})[0]["status"] == 500
    shown = ask("GET", "/faults")
    assert [one["kind"] for one in shown["active"]] == ["status"]
    assert "throttle" in shown["kinds"]
    assert platform.ask("locations").status_code == 500
    ask("POST", "/faults", [{"kind": "html"}, {"kind": "gzip"}])
    assert ask("DELETE", "/faults") == {}
    assert platform.ask("locations").status_code == 200
    assert [one["status"] for one in ask("GET", "/log")] == [500, 200]
    assert ask("DELETE", "/log") == {}
    assert ask("GET", "/log") == []
    assert ask("POST", "/reprocess", {"filename": NAME}) == {}
    assert len(platform.ask("archivefile/download", filename=NAME).content) == 24576 + 64
    assert ask("POST", "/remove", {"filename": NAME}) == {}
    assert platform.ask("archivefile/download", filename=NAME).status_code == 400
    assert ask("POST", "/restore", {"filename": NAME}) == {}
    assert platform.ask("archivefile/download", filename=NAME).status_code == 200
    assert ask("POST", "/recover", {"device": "BPR_BC", "end": "2024-01-01T00:00:00.000Z"}) == {}
    stay = {"device": "BPR_BC", "location": "FGPD", "begin": "2024-01-02T00:00:00.000Z"}
    assert ask("POST", "/deployments", {**stay, "end": None}) == {}
    assert len(platform.rows("deployments", deviceCode="BPR_BC")) == 2
    ask("POST", "/clock", {"now": "2023-03-03T00:00:00Z", "rate": 0})
    assert len(platform.rows("deployments", deviceCode="BPR_BC")) == 1
    assert platform.ask("locations").headers["date"] == "Fri, 03 Mar 2023 00:00:00 GMT"
    for path, body in (
        ("/faults", {"kind": "unheard"}),
        ("/remove", {"filename": "nothing"}),
        ("/recover", {"device": "BPR_BC"}),
        ("/deployments", {"device": "BPR_BC"}),
        ("/clock", {"now": "soon"}),
    ):
        assert ask("POST", path, body) == 400
    assert ask("GET", "/nothing") == 404


def test_a_clock_can_run_faster(start):
    """An hour in less than a second."""
    platform = start(clock=1_577_836_800_000_000, clock_rate=100_000.0)
    first = platform.service.clock.now()
    platform.ask("locations")
    assert platform.service.clock.now() - first > 10_000_000
    platform.service.clock.set(1_577_836_800_000_000, 0.0)
    assert platform.service.clock.now() == 1_577_836_800_000_000
    assert platform.service.clock.rate == 0.0
