"""How often and how many at once: one limiter a connection, shared by its threads."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tidegate.model.errors import BadValue, Interrupted
from tidegate.transport.clock import SYSTEM, Clock, wait_for_either

if TYPE_CHECKING:
    from collections.abc import Iterator


class Limiter:
    """Lets requests start `rate` a second at most, with at most `in_flight` open.

    A pause that the platform asks one thread for holds all of them.
    """

    def __init__(
        self, *, rate: float | None = None, in_flight: int = 4, clock: Clock = SYSTEM
    ) -> None:
        if rate is not None and rate <= 0:
            raise BadValue("requests per second", rate, "above zero")
        if in_flight < 1:
            raise BadValue("requests in flight", in_flight, "at least one")
        self.in_flight = in_flight
        self._gap = 0.0 if rate is None else 1.0 / rate
        self._places = threading.Semaphore(in_flight)
        self._clock = clock
        self._lock = threading.Lock()
        self._next_start = 0.0
        self._held_until = 0.0

    @contextmanager
    def slot(
        self, cancelled: threading.Event, stop: threading.Event | None = None
    ) -> Iterator[None]:
        """Hold a place for one exchange, its body included, once it is this one's turn.

        Args:
            cancelled: ends every wait.
            stop: ends the pauses that the platform asks for.

        Raises:
            Interrupted: an event was set while waiting.
        """
        while not self._places.acquire(timeout=0.2):
            if cancelled.is_set():
                raise Interrupted("stopped while waiting for a free connection")
        try:
            self._await_turn(cancelled, stop)
            yield
        finally:
            self._places.release()

    @contextmanager
    def spaced(self, seconds: float) -> Iterator[None]:
        """Let at least so many seconds lie between two starts, while in the block."""
        with self._lock:
            before, self._gap = self._gap, max(self._gap, seconds)
        try:
            yield
        finally:
            with self._lock:
                self._gap = before

    def hold_off(self, seconds: float) -> None:
        """Let no request start before the seconds are over."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)
            self._next_start = max(self._next_start, self._held_until)

    def _await_turn(self, cancelled: threading.Event, stop: threading.Event | None) -> None:
        while (delay := self._claim_turn()) > 0:
            is_held = self._clock.monotonic() < self._held_until
            if wait_for_either(self._clock, cancelled, stop if is_held else None, delay):
                raise Interrupted("stopped while waiting for a turn to ask")

    def _claim_turn(self) -> float:
        """Seconds still to wait; 0 means that the turn is taken."""
        with self._lock:
            now = self._clock.monotonic()
            if self._next_start > now:
                return self._next_start - now
            self._next_start = now + self._gap
            return 0.0
