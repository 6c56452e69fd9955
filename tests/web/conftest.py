"""A service on a store of its own, with three users, and ways to speak to it."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from argon2 import PasswordHasher

from tidegate.model.identities import Role, User
from tidegate.store import open_store
from tidegate.web.application import create_application
from tidegate.web.limits import Limits
from tidegate.web.serving import listening, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.store.verbs import Verbs

PASSWORD = "Mustermann123"


@pytest.fixture(scope="session")
def verifier() -> str:
    """A hash of the password of all users here, weak enough to be proven at once."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def store(tmp_path: Path, verifier: str) -> Iterator[Verbs]:
    """An empty store with an administrator Max, a writer Wanda and a reader Rita."""
    with open_store(tmp_path / "store") as opened:
        for name, role in (
            ("Max", Role.ADMINISTRATOR),
            ("Wanda", Role.WRITER),
            ("Rita", Role.READER),
        ):
            opened.put_user(User(name=name, role=role, verifier=verifier))
        yield opened


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Caller:
    """Speaks to a running service as one user, over one connection."""

    url: str
    user: str = "Max"
    repository: str = "main"
    token: str | None = None
    _connection: HTTPConnection | None = field(default=None, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request; `path` is below the repository, or below the service if it has a `/`.

        A body that is not bytes is sent as JSON.
        """
        if not path.startswith("/"):
            path = f"/api/repositories/{self.repository}/{path}"
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"Accept": "application/json", "Authorization": self.authorization}
        if sent is not None:
            given["Content-Type"] = "application/json"
        if self._connection is None:
            self._connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        self._connection.request(method, path, sent, given | (headers or {}))
        answer = self._connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())

    def get(self, path: str, **more: Any) -> Answer:
        return self.ask("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> Answer:
        return self.ask("POST", path, body, **more)

    def put(self, path: str, body: Any, **more: Any) -> Answer:
        return self.ask("PUT", path, body, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        return self.ask("DELETE", path, **more)

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()

    @property
    def authorization(self) -> str:
        if self.token is not None:
            return f"Bearer {self.token}"
        return "Basic " + b64encode(f"{self.user}:{PASSWORD}".encode()).decode()

    def send_raw(self, request: bytes) -> bytes:
        """Send bytes over a connection of their own; everything that comes back."""
        parts = urlsplit(self.url)
        with socket.create_connection((parts.hostname or "", parts.port or 80), 30) as line:
            line.sendall(request)
            chunks = []
            while chunk := line.recv(65536):
                chunks.append(chunk)
        return b"".join(chunks)


@pytest.fixture
def limits() -> Limits:
    """The limits of the service; a test overrides them by a fixture of this name."""
    return Limits()


@pytest.fixture
def service(store: Verbs, limits: Limits) -> Iterator[str]:
    """The address of a running service."""
    with running(create_application(store, limits=limits), listening("127.0.0.1", 0)) as url:
        yield url


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, verifier: str) -> Iterator[Caller]:
    """An administrator of a service that the tests of one module share."""
    from tidegate.store.local import LocalStore

    with LocalStore.open(tmp_path_factory.mktemp("shared") / "store") as opened:
        opened.put_user(User(name="Max", role=Role.ADMINISTRATOR, verifier=verifier))
        application = create_application(opened)
        with (
            running(application, listening("127.0.0.1", 0)) as url,
            closing(Caller(url)) as caller,
        ):
            yield caller


@pytest.fixture
def max_(service: str) -> Iterator[Caller]:
    """An administrator."""
    with closing(Caller(service)) as caller:
        yield caller


@pytest.fixture
def wanda(service: str) -> Iterator[Caller]:
    """A writer."""
    with closing(Caller(service, "Wanda")) as caller:
        yield caller


@pytest.fixture
def rita(service: str) -> Iterator[Caller]:
    """A reader."""
    with closing(Caller(service, "Rita")) as caller:
        yield caller
