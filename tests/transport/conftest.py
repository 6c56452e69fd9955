"""A server that answers byte for byte as told, and a clock that only waiting moves."""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

RESET = "reset"
"""An action of the server: break the connection as a crashed machine does."""

Action = bytes | float | str
"""Bytes to send, seconds to be silent, or `RESET`."""


@dataclass
class Seen:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WireServer:
    """Answers each request with the next script; the last one again and again."""

    port: int = 0
    scripts: list[list[Action]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """The address of its root."""
        return f"http://127.0.0.1:{self.port}"

    def answers(self, *scripts: list[Action] | bytes) -> None:
        """Set the scripts."""
        self.scripts = [[script] if isinstance(script, bytes) else script for script in scripts]

    def take_script(self, request: Seen) -> list[Action]:
        """The script for a request that has come."""
        with self.lock:
            self.seen.append(request)
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
            return self.scripts[min(len(self.seen), len(self.scripts)) - 1]


def answer(
    body: bytes = b"{}",
    status: str = "200 OK",
    kind: str = "application/json",
    length: int | None = None,
    **headers: str,
) -> bytes:
    """One HTTP answer; `length` may lie."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*pieces: bytes, ended: bool = True) -> bytes:
    """One HTTP answer in chunks, whole or broken off."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head + chunks + (b"0\r\n\r\n" if ended else b"")


def _read_request(stream: socket.socket) -> Seen | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = stream.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (s.partition(":") for s in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += stream.recv(65536)
    method, target, _ = first.split(" ")
    return Seen(method, target, headers, body)


def _play(stream: socket.socket, script: list[Action], server: WireServer) -> bool:
    """Carry out a script; True if the connection may be used again."""
    for action in script:
        if isinstance(action, bytes):
            stream.sendall(action)
        elif isinstance(action, float):
            server.stopping.wait(action)
        else:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
    sent = b"".join(action for action in script if isinstance(action, bytes))
    head, _, body = sent.partition(b"\r\n\r\n")
    if b"chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(length) and int(length) == len(body)


def _talk(stream: socket.socket, server: WireServer) -> None:
    with stream:
        stream.settimeout(10)
        try:
            while (request := _read_request(stream)) is not None:
                script = server.take_script(request)
                try:
                    usable = _play(stream, script, server)
                finally:
                    with server.lock:
                        server.open_now -= 1
                if not usable:
                    return
        except OSError:
            return


@pytest.fixture
def server() -> Iterator[WireServer]:
    """A server on loopback that answers `{}` until told otherwise."""
    found = WireServer()
    found.answers(answer())
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        found.port = listener.getsockname()[1]

        def accept() -> None:
            while not found.stopping.is_set():
                try:
                    stream, _ = listener.accept()
                except TimeoutError:
                    continue
                thread = threading.Thread(target=_talk, args=(stream, found), daemon=True)
                threads.append(thread)
                thread.start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        yield found
        found.stopping.set()
        acceptor.join()
    for thread in threads:
        thread.join(timeout=2)


@dataclass
class SteppingClock:
    """A clock that only waiting moves on, and that remembers every wait."""

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """Its present."""
        return self.now

    def wall(self) -> float:
        """Its present, counted from 1970."""
        return 1_700_000_000.0 + self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Jump ahead at once."""
        self.waits.append(seconds)
        self.now += seconds
        return event.is_set()


@pytest.fixture
def clock() -> SteppingClock:
    """A clock of the test's own."""
    return SteppingClock()
