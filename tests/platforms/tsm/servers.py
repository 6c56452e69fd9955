"""Real services on stores of their own, and the bodies that they answer."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from tidegate.gate.passwords import verifier_of
from tidegate.model.identities import Role, User
from tidegate.model.secret import Secret
from tidegate.store import open_store
from tidegate.web.application import create_application
from tidegate.web.limits import Limits
from tidegate.web.serving import listening, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.store import OpenedStore

PASSWORD = "Mustermann123"
VERIFIER = verifier_of(Secret(PASSWORD))


@dataclass(frozen=True)
class Server:
    """A running service."""

    url: str
    store: OpenedStore

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request below the repository `main`."""
        parts = urlsplit(self.url)
        line = HTTPConnection(parts.netloc, timeout=30)
        credentials = b64encode(f"Max:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        line.request(method, f"{parts.path}/api/repositories/main/{path}", sent, headers)
        answer = line.getresponse()
        text = answer.read()
        line.close()
        assert answer.status < 400, text
        return json.loads(text) if text else None

    def get(self, path: str) -> Any:
        """A body."""
        return self.ask("GET", path)


@contextmanager
def serving(folder: Path, *, prefix: str = "", limits: Limits = Limits()) -> Iterator[Server]:
    """A service on the store in a folder, with the administrator Max."""
    with open_store(folder) as store:
        if not store.users():
            store.put_user(User(name="Max", role=Role.ADMINISTRATOR, verifier=VERIFIER))
        application = create_application(store, prefix=prefix, limits=limits)
        with running(application, listening("127.0.0.1", 0)) as url:
            yield Server(f"{url}{prefix}", store)


def named(name: str) -> str:
    """A name as a segment of a path."""
    return quote(name, safe="")
