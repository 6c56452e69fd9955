"""Serving an application on a socket: until told to stop, or in a thread while a block runs."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import uvicorn

from tidegate.model.errors import BadFile, BadValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from starlette.types import ASGIApp

logger = logging.getLogger(__name__)

_START_S: Final = 10.0
_GRACE_S: Final = 10
_IDLE_S: Final = 75
_BACKLOG: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Files of a TLS certificate with its chain, and of its private key."""

    chain: Path
    key: Path


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one.

    Raises:
        BadValue: the address cannot be listened at.
    """
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )
        # asyncio sends short answers at once only on sockets that say their protocol
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        wanted = f"an address that can be listened at ({error})"
        raise BadValue("the address", f"{host}:{port}", wanted) from None
    return listener


def address_of(listener: socket.socket, *, tls: bool = False) -> str:
    """The address of a listening socket, without a path."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class _Server(uvicorn.Server):
    """A server that leaves signals to who starts it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(application: ASGIApp, certificate: Certificate | None) -> _Server:
    config = uvicorn.Config(
        application,
        http="httptools",  # takes the absolute form of request targets
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=certificate.chain if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
    )
    try:
        config.load()
    except OSError as error:
        chain = certificate.chain if certificate else "certificate"
        raise BadFile(chain, f"cannot be used as a certificate: {error}") from None
    return _Server(config)


def serve(
    application: ASGIApp,
    listener: socket.socket,
    *,
    certificate: Certificate | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first.

    Args:
        application: what is served.
        listener: where it is served; closed at the end.
        certificate: for TLS.
        ready: called once signals are heeded.

    Raises:
        BadFile: the certificate cannot be used.
    """
    server = _server(application, certificate)

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        if server.should_exit:
            server.force_exit = True
        logger.info("stopping on signal %s", number)
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        ready()
        server.run(sockets=[listener])
    finally:
        listener.close()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def running(
    application: ASGIApp, listener: socket.socket, *, certificate: Certificate | None = None
) -> Iterator[str]:
    """Serve in a thread while the block runs; gives the address."""
    server = _server(application, certificate)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        yield address_of(listener, tls=certificate is not None)
    finally:
        server.should_exit = True
        thread.join(_GRACE_S + _START_S)
        listener.close()


def _await_start(server: _Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(_START_S / 0.005)):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.005)
    raise RuntimeError("the service did not start")
