"""A stand-in for Ocean Networks Canada, and clients that wait by a clock of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tidegate.model.instants import parse
from tidegate.model.secret import Secret
from tidegate.model.windows import Window
from tidegate.platforms.onc.client import OncClient
from tidegate.platforms.onc.settings import OncSettings
from tidegate.standins.onc import Fault, Options, running

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from tidegate.standins.onc import Standin

NOW = parse("2018-01-01T00:00:00Z")
"""The present of the stand-in."""


def span(start: str, end: str) -> Window:
    """The window between two times."""
    return Window(parse(start), parse(end))


class Hourglass:
    """A clock on which waiting takes no time; it keeps what was waited for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return NOW / 1e6 + self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.now += seconds
        self.waits.append(seconds)
        return event.is_set()


class Kept:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int | None, bool]] = []
        self.data = b""

    def begin(self, name: str, *, size: int | None, resumable: bool) -> None:
        self.begun.append((name, size, resumable))
        self.data = b""

    def write(self, piece: bytes) -> None:
        self.data += piece


class Asking:
    """A stand-in and what is needed to ask it."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.clock = Hourglass()
        self.clients: list[OncClient] = []

    def fault(self, kind: str, **settings: Any) -> None:
        """One more fault in force."""
        self.standin.faults.add(Fault(kind, **settings))

    def client(self, token: str = "", url: str = "", **settings: Any) -> OncClient:
        """A client, closed at the end of the test."""
        made = OncClient(
            url or self.standin.base_url,
            Secret(token or self.standin.token),
            OncSettings(**settings),
            clock=self.clock,
        )
        self.clients.append(made)
        return made

    @property
    def paths(self) -> list[str]:
        """The path of each request so far, with its `method` if it has one."""
        return [
            entry.path + (f" {method}" if (method := entry.parameters.get("method")) else "")
            for entry in self.standin.log
        ]


@pytest.fixture(scope="module")
def server() -> Iterator[Standin]:
    """A stand-in at the begin of 2018, for one module."""
    with running(clock=NOW, clock_rate=0) as standin:
        yield standin


@pytest.fixture
def asking(server: Standin) -> Iterator[Asking]:
    """The stand-in as at its start, and what is needed to ask it."""
    server.faults.clear()
    server.log.clear()
    server.service.options = Options(clock=NOW, clock_rate=0)
    found = Asking(server)
    yield found
    for client in found.clients:
        client.close()
