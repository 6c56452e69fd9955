"""A server that answers as a test tells it to, for shapes that the stand-in does not send."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tidegate.standins.dcs import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.standins.dcs import Standin


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """One answer; `pieces` are sent as they are yielded, without a length."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    pieces: Callable[[], Iterator[bytes]] | None = None


@dataclass
class Canned:
    """The server: `replies` maps beginnings of paths to answers or functions of the request."""

    url: str
    replies: dict[str, Reply | Callable[[Asked], Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, path: str, document: Any, **more: Any) -> None:
        """Answer JSON under a path."""
        self.replies[path] = Reply(json.dumps(document).encode(), **more)

    def paths(self) -> list[str]:
        """What was asked for, oldest first."""
        return [f"{asked.method} {asked.path}" for asked in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    canned: Canned

    def log_message(self, *_: object) -> None:
        pass

    def _any(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        asked = Asked(self.command, parts.path, query, dict(self.headers), self.rfile.read(length))
        self.canned.asked.append(asked)
        reply = self._reply(asked)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.pieces is not None:
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in reply.pieces():
                self.wfile.write(piece)
                self.wfile.flush()
            self.close_connection = True
            return
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - names that the library looks for

    def _reply(self, asked: Asked) -> Reply:
        for path, reply in self.canned.replies.items():
            if asked.path.startswith(path):
                return reply(asked) if callable(reply) else reply
        return Reply(b"{}", status=404)


@pytest.fixture
def canned() -> Iterator[Canned]:
    """A server that answers 404 until it is told better."""

    class handler(_Handler):  # noqa: N801 - one class a server, to hold what it is told
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.canned = Canned(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield handler.canned
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="package")
def steady_standin() -> Iterator[Standin]:
    """One stand-in for all tests that change nothing on it."""
    with running() as standin:
        yield standin
