"""A connected campus, and the command line to drive it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import Ran, tidegate
from tests.faults.campus import OPTIONS

from tidegate.standins.dcs import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.standins.dcs import Standin

__all__ = ["Ran", "tidegate"]


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
