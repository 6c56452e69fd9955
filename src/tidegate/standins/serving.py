"""Running an ASGI application on a loopback socket: in a thread, or until told to stop."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from starlette.types import ASGIApp, Receive, Scope, Send

CUT_KEY: Final = "tidegate.cut"
"""Where the ASGI scope carries a function that breaks the connection at once."""

_START_S: Final = 10.0
_GRACE_S: Final = 1


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on `host`; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends short answers at once only on sockets that say their protocol
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener


def address(listener: socket.socket) -> str:
    """The http address of a listening socket, without a path."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """A server that leaves signals alone and lets its application cut connections."""

    def __init__(self, application: ASGIApp, *, dates: bool = True) -> None:
        async def with_cut(scope: Scope, receive: Receive, send: Send) -> None:
            await application({**scope, CUT_KEY: self._cutter(scope.get("client"))}, receive, send)

        super().__init__(
            uvicorn.Config(
                with_cut,
                lifespan="off",
                ws="none",
                http="h11",
                loop="asyncio",
                log_config=None,
                log_level="critical",
                access_log=False,
                date_header=dates,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def _cutter(self, client: object) -> Callable[[], None]:
        def cut() -> None:
            for connection in list(self.server_state.connections):
                if isinstance(connection, H11Protocol) and connection.client == client:
                    connection.transport.abort()

        return cut


def serve(
    application: ASGIApp,
    listener: socket.socket,
    *,
    announce: Sequence[str] = (),
    until_stdin_closes: bool = False,
    dates: bool = True,
) -> None:
    """Serves until SIGTERM or SIGINT arrives or, if asked, until standard input ends.

    Args:
        application: what is served.
        listener: where it is served; closed at the end.
        announce: lines for standard output, written once signals are heeded.
        until_stdin_closes: whether the end of standard input is the end.
        dates: whether answers get this machine's `Date`; else the application sends its own.
    """
    server = _Server(application, dates=dates)

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    sys.stdout.write("".join(f"{line}\n" for line in announce))
    sys.stdout.flush()
    if until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    try:
        server.run(sockets=[listener])
    finally:
        listener.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_at_end_of_input(server: _Server) -> None:
    while sys.stdin.buffer.read(1024):
        pass
    server.should_exit = True


@contextmanager
def running(application: ASGIApp, listener: socket.socket, *, dates: bool = True) -> Iterator[None]:
    """Serves in a thread while the block runs; `dates` as for `serve`."""
    server = _Server(application, dates=dates)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        yield
    finally:
        server.should_exit = True
        thread.join(_START_S)
        listener.close()


def _await_start(server: _Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(_START_S / 0.005)):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.005)
    raise RuntimeError("the stand-in did not start")
