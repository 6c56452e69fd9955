"""The command line in this process, on a store of its own, and a small campus to connect to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.faults.campus import OPTIONS

from tidegate.cli import run
from tidegate.standins.dcs import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tidegate.standins.dcs import Standin


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, standard output and error."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, object]]:
        """The JSON lines of standard output."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]


@pytest.fixture
def tidegate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run `tidegate WORDS` on a store in the test's folder."""
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))

    def command(*words: str, check: bool = True) -> Ran:
        try:
            code = run(words)
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capfd.readouterr()
        assert not check or code == 0, err
        return Ran(code, out, err)

    return command


@pytest.fixture
def standin() -> Iterator[Standin]:
    """A stand-in with a small campus."""
    with running(OPTIONS) as standin:
        yield standin


@pytest.fixture(params=["web", "app"])
def campus(
    request: pytest.FixtureRequest,
    standin: Standin,
    tidegate: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Ran]:
    """The command line with a connection `campus` to the stand-in, by either API."""
    return connected(tidegate, standin, request.param, monkeypatch)


@pytest.fixture
def web_campus(
    standin: Standin, tidegate: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ran]:
    """The command line with a connection `campus` to the stand-in, by the Web API."""
    return connected(tidegate, standin, "web", monkeypatch)


def connected(
    tidegate: Callable[..., Ran], standin: Standin, api: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ran]:
    monkeypatch.setenv("TIDEGATE_RETRY_ATTEMPTS", "2")
    monkeypatch.setenv("TIDEGATE_READ_TIMEOUT", "1")
    monkeypatch.setenv("TIDEGATE_PASSWORD", standin.password)
    url = standin.base_web if api == "web" else standin.base_app
    tidegate("connect", "dcs", "campus", url, "--user", standin.user, "--api", api)
    monkeypatch.delenv("TIDEGATE_PASSWORD")
    tidegate("discover", "campus")
    standin.log.clear()
    return tidegate
