"""Plain HTTP access to an OCPI stand-in."""

from __future__ import annotations

import base64
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tidegate.standins.ocpi import Fault, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.standins.ocpi import Standin


class Platform:
    """A stand-in as its clients see it."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.service = standin.service
        self.root = standin.versions_url.removesuffix("/versions")
        self.http = httpx2.Client(timeout=10, verify=False)

    def fault(self, kind: str, **settings: Any) -> None:
        """Puts one fault in force and no other."""
        self.standin.faults.clear()
        self.standin.faults.add(Fault(kind, **settings))

    def address(self, module: str, version: str = "2.2.1") -> str:
        """The address of a module's list."""
        role = "emsp" if module == "tokens" else "cpo"
        return f"{self.root}/{role}/{version}/{module}"

    def get(
        self, address: str, *, token: str = "demo-token", form: str = "plain", **more: Any
    ) -> httpx2.Response:
        """The answer to a GET of an address, or of a path below `/ocpi`."""
        address = address if "://" in address else self.root + address
        text = base64.b64encode(token.encode()).decode() if form == "base64" else token
        headers = {"Authorization": f"Token {text}", **more.pop("headers", {})}
        return self.http.get(address, headers=headers, params=more or None)

    def page(self, module: str, version: str = "2.2.1", **parameters: Any) -> httpx2.Response:
        """The answer to a list request."""
        return self.get(self.address(module, version), **parameters)

    def records(
        self, module: str, version: str = "2.2.1", **parameters: Any
    ) -> list[dict[str, Any]]:
        """All records of a module, along the links."""
        found: list[dict[str, Any]] = []
        answer = self.page(module, version, **parameters)
        while True:
            assert answer.status_code == 200, answer.text
            found += answer.json()["data"]
            following = answer.links.get("next")
            if following is None:
                return found
            answer = self.get(following["url"])

    def ids(self, module: str, version: str = "2.2.1", **parameters: Any) -> list[str]:
        """The ids of all records of a module, along the links."""
        return [record["id"] for record in self.records(module, version, **parameters)]


@contextmanager
def opened(**options: Any) -> Iterator[Platform]:
    """A stand-in with a client of it."""
    with running(**options) as standin:
        platform = Platform(standin)
        with platform.http:
            yield platform


@pytest.fixture(scope="session")
def shared() -> Iterator[Platform]:
    """A stand-in for all tests that change nothing in it."""
    with opened() as platform:
        yield platform


@pytest.fixture
def start() -> Iterator[Callable[..., Platform]]:
    """Starts stand-ins of their own for one test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(opened(**options))


@pytest.fixture
def platform(start: Callable[..., Platform]) -> Platform:
    """A stand-in of its own for one test, with 40 sessions."""
    return start(sessions=40)
