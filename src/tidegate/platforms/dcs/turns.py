"""One transaction at a time: the next begins when the body of the last is read or dropped.

A thread that asks again while it still holds an unfinished answer must not wait for itself: the
rest of that answer is read aside first, and comes from there when the thread reads on.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from tidegate.model.closing import Closing
from tidegate.model.errors import TidegateError, Unreachable
from tidegate.platforms.dcs.facts import SPOOL_IN_MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from tidegate.transport.answers import StreamedAnswer

_PIECE = 256 * 1024


class Turns:
    """Hands out turns, one at a time, to any thread."""

    def __init__(self) -> None:
        self._freed = threading.Condition()
        self._current: Turn | None = None

    def begin(self) -> Turn:
        """The next turn; waits for other threads, puts an own unfinished answer aside."""
        while True:
            with self._freed:
                current = self._current
                if current is None:
                    self._current = turn = Turn(self)
                    return turn
                if current.thread != threading.get_ident():
                    self._freed.wait()
                    continue
            current.set_aside()

    def abandon(self) -> None:
        """Drop the unfinished answer, if there is one: reading on fails."""
        current = self._current
        if current is not None:
            current.close()

    def free(self, turn: Turn) -> None:
        """Let the next turn begin, if this one is the current one."""
        with self._freed:
            if self._current is turn:
                self._current = None
                self._freed.notify()


class Turn(Closing):
    """One transaction; a context manager that ends it."""

    def __init__(self, turns: Turns) -> None:
        self.thread = threading.get_ident()
        self._turns = turns
        self._reading = threading.Lock()
        self._resources = ExitStack()
        self._chunks: Iterator[bytes] = iter(())
        self._failure: TidegateError | None = None
        self._is_aside = False
        self._is_closed = False

    def open(self, answer: AbstractContextManager[StreamedAnswer]) -> None:
        """Send the request and take its answer's body as what the turn reads."""
        streamed = self._resources.enter_context(answer)
        streamed.expect_json()
        self._chunks = streamed.chunks()

    def chunks(self) -> Iterator[bytes]:
        """The body, piece by piece, from the network or from where it was put aside."""
        while True:
            with self._reading:
                chunk = self._next()
            if chunk is None:
                return
            yield chunk

    def set_aside(self) -> None:
        """Read the rest of the body to memory or disk, and free the turn."""
        with self._reading:
            if not (self._is_aside or self._is_closed):
                self._is_aside = True
                self._spool()
        self._turns.free(self)

    def close(self) -> None:
        """Drop what was not read, and free the turn."""
        self._is_closed = True
        self._resources.close()
        self._turns.free(self)

    def _next(self) -> bytes | None:
        if self._is_closed:
            raise Unreachable(
                "the connection was closed before the answer was read to its end",
                hint="read the answer inside the `with` block",
            )
        chunk = next(self._chunks, None)
        if chunk is None and self._failure is not None:
            raise self._failure
        return chunk

    def _spool(self) -> None:
        spool = SpooledTemporaryFile(max_size=SPOOL_IN_MEMORY)  # noqa: SIM115 - closed with the turn
        try:
            for chunk in self._chunks:
                spool.write(chunk)
        except TidegateError as failure:
            # It is the reader of this answer who must learn of it, after what did arrive.
            self._failure = failure
        self._resources.close()
        self._resources.callback(spool.close)
        spool.seek(0)
        self._chunks = iter(lambda: spool.read(_PIECE), b"")
