"""The stand-in as a program: what it prints, how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def program(*arguments: str) -> Iterator[Any]:
    """The stand-in as a child process."""
    command = [sys.executable, "-m", "tidegate.standins.dcs", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def read_start(child: Any) -> dict[str, str]:
    """The four lines that the program prints first."""
    pairs = [child.stdout.readline().rsplit(maxsplit=1) for _ in range(4)]
    return {name.strip(): value for name, value in pairs}


def test_addresses_and_credentials_are_printed_first():
    """Both addresses answer, and the credentials sign in."""
    with program("--app-path", "/ui", "--web-path", "/api2") as child:
        said = read_start(child)
        assert said["App API"].endswith("/ui")
        assert said["Web API"].endswith("/api2")
        body = {"username": said["user"], "password": said["password"]}
        answers = [
            httpx2.post(said["App API"] + "/api/account/login", json=body),
            httpx2.post(said["Web API"] + "/authentication/signin", json=body),
        ]
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_without_a_word(number):
    """SIGTERM and SIGINT end the program, whose standard error stays empty."""
    with program() as child:
        read_start(child)
        child.send_signal(number)
        _, errors = child.communicate(timeout=10)
    assert (child.returncode, errors) == (0, "")


def test_it_ends_with_its_standard_input_if_asked():
    """Closing standard input ends the program with exit code 0."""
    with program("--until-stdin-closes") as child:
        read_start(child)
        child.stdin.close()
        assert child.wait(timeout=10) == 0


def test_faults_and_sizes_are_options():
    """The number of meters, the span of readings and faults come from the command line."""
    options = ["--meters", "30", "--no-examples", "--from", "2020-01-01", "--to", "2020-02-01"]
    with program(*options, "--fault", "html:path=virtual", "--range-days", "40") as child:
        web = read_start(child)["Web API"] + "/public"
        assert len(httpx2.get(web + "/meters").json()) == 30
        assert httpx2.get(web + "/virtualMeters").headers["content-type"].startswith("text/html")
        span = {"startTime": "2019-12-31T00:00Z", "endTime": "2020-03-01T00:00Z"}
        rows = httpx2.get(web + "/readings", params={"id": "R733", **span}).json()["readings"]
    assert len(rows) == 31 * 48
    assert rows[0]["timestamp"] == "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "arguments",
    [["--fault", "unheard"], ["--from", "soon"], ["--role", "King"], ["--zone", "Mars/Phobos"]],
)
def test_a_wrong_option_ends_it_with_code_2(arguments):
    """Usage errors are one line and exit code 2."""
    with program(*arguments) as child:
        _, errors = child.communicate(timeout=10)
    assert child.returncode == 2
    assert "error:" in errors.splitlines()[-1]


def test_a_port_that_is_taken_is_named():
    """A second stand-in on the same port ends with one line that says why."""
    with program() as first:
        port = read_start(first)["App API"].split(":")[2].split("/")[0]
        with program("--port", port) as second:
            _, errors = second.communicate(timeout=10)
    assert second.returncode == 2
    assert errors.splitlines()[-1].endswith(f"port {port}: Address already in use")
