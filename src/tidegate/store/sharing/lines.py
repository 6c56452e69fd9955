"""Ending connections over a Unix socket whose other end is silent.

A write to a process that is stopped waits in the kernel, out of reach of deadlines; only shutting
the connection down ends it. The Flight library does not give its sockets out, so they are found
among the open files of this process by the path that they are bound or connected to.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def hang_up(path: Path) -> int:
    """Shut down every connection of this process over the socket at `path`; how many."""
    ended = 0
    for line in _streams():
        with line:
            if str(path) in _ends_of(line):
                line.shutdown(socket.SHUT_RDWR)
                ended += 1
    return ended


def _streams() -> Iterator[socket.socket]:
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - pathlib would stat closed ones
        try:
            handle = os.dup(int(name))
        except OSError:
            continue  # closed since it was listed, as that of the listing itself
        try:
            line = socket.socket(fileno=handle)
        except OSError:
            os.close(handle)
            continue
        if line.family == socket.AF_UNIX and line.type == socket.SOCK_STREAM:
            yield line
        else:
            line.close()


def _ends_of(line: socket.socket) -> set[object]:
    """The paths of both ends; none for a socket that listens, which is not ours to end."""
    try:
        return {line.getsockname(), line.getpeername()}
    except OSError:
        return set()
