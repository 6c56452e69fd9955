"""A stand-in for an OCPI platform, and clients that wait by a clock of their own."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tidegate.model.secret import Secret
from tidegate.platforms.ocpi.access import open_client
from tidegate.platforms.ocpi.login import logged_in
from tidegate.platforms.ocpi.settings import OcpiSettings
from tidegate.standins.ocpi import Fault, running

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from tidegate.platforms.ocpi.client import OcpiClient, Page
    from tidegate.standins.ocpi import Standin


class Hourglass:
    """A clock on which waiting takes no time; it keeps what was waited for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_700_000_000 + self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.now += seconds
        self.waits.append(seconds)
        return event.is_set()


class Asking:
    """A stand-in and what is needed to ask it."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.clock = Hourglass()
        self.token = standin.token

    def fault(self, kind: str, **settings: Any) -> None:
        """One more fault in force."""
        self.standin.faults.add(Fault(kind, **settings))

    def log_in(self, version: str | None = "2.2.1", url: str = "", **settings: Any) -> OcpiSettings:
        """The settings that a login comes to."""
        return logged_in(
            url or self.standin.versions_url,
            OcpiSettings(**{"party": "NLABC", **settings}),
            Secret(self.token),
            version=version,
            clock=self.clock,
        )

    @contextmanager
    def client(self, version: str = "2.2.1", **changes: Any) -> Iterator[OcpiClient]:
        """A client, logged in; the requests of the login are not in the log."""
        faults = list(self.standin.faults.active)
        self.standin.faults.clear()
        settings = msgspec.to_builtins(self.log_in(version)) | changes
        self.standin.faults.add(*faults)
        self.standin.log.clear()
        self.clock.waits.clear()
        connection = SimpleNamespace(
            name="ocpi", platform="ocpi", url=self.standin.versions_url, settings=settings
        )
        with open_client(connection, Secret(self.token), clock=self.clock) as client:
            yield client

    def pages(self, module: str = "sessions", version: str = "2.2.1", **options: Any) -> list[Page]:
        """All pages of a module."""
        with self.client(version, **options.pop("settings", {})) as client:
            return list(client.pages(module, **options))

    def ids(self, module: str = "sessions", **options: Any) -> list[str]:
        """The ids of all records of a module."""
        return ids(self.pages(module, **options))

    @property
    def offsets(self) -> list[str]:
        """The offset of each page request, as sent."""
        return [query(entry).get("offset", "") for entry in self.lists]

    @property
    def lists(self) -> list[Any]:
        """The page requests so far."""
        return [entry for entry in self.standin.log if entry.query]


def query(entry: Any) -> dict[str, str]:
    """The query of a request in the log."""
    from urllib.parse import parse_qsl

    return dict(parse_qsl(entry.query))


def ids(pages: list[Page]) -> list[str]:
    """The ids of the records of pages, in their order."""
    return [record["id"] for page in pages for record in msgspec.json.decode(page.data)]


@pytest.fixture
def asking() -> Iterator[Asking]:
    """A stand-in with 40 sessions, of its own for one test."""
    with running(sessions=40, seed=1) as standin:
        yield Asking(standin)
