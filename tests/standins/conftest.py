"""Plain HTTP clients of a stand-in, signed in to either API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tidegate.standins.dcs import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.standins.dcs import Standin


class Api:
    """One API of a stand-in, as plain HTTP."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = httpx2.Client(timeout=10, verify=False)

    def sign_in(self, user: str = "demo", password: str = "demo") -> httpx2.Response:
        """Signs in at whichever API this is."""
        path = "/account/login" if self.base.endswith("/api") else "/authentication/signin"
        return self.http.post(self.base + path, json={"username": user, "password": password})

    def get(self, path: str, **parameters: Any) -> httpx2.Response:
        """The answer to a GET."""
        return self.http.get(self.base + path, params=parameters or None)

    def post(self, path: str, body: Any = None) -> httpx2.Response:
        """The answer to a POST."""
        return self.http.post(self.base + path, json=body)

    def json(self, path: str, **parameters: Any) -> Any:
        """The document that a GET gives."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def call() -> Iterator[Callable[..., Api]]:
    """Makes a signed-in client of an address."""
    made: list[Api] = []

    def connect(base: str, user: str = "demo") -> Api:
        made.append(Api(base))
        made[-1].sign_in(user)
        return made[-1]

    yield connect
    for api in made:
        api.http.close()


@pytest.fixture(scope="session")
def shared() -> Iterator[Standin]:
    """A stand-in for all tests that change nothing in it."""
    with running() as standin:
        yield standin


@pytest.fixture
def web(shared: Standin, call: Callable[..., Api]) -> Api:
    """The Web API of the shared stand-in, signed in."""
    return call(shared.base_web)


@pytest.fixture
def app(shared: Standin, call: Callable[..., Api]) -> Api:
    """The App API of the shared stand-in, signed in."""
    return call(shared.base_app + "/api")
