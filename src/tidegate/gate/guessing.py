"""Lock-out against guessing: who fails too often has to wait, longer each time."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.gate.refusals import TooManyAttempts

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS: Final = 5
"""Failures of one name from one address before the first wait."""
ADDRESS_ATTEMPTS: Final = 50
"""Failures of one address under any names before its first wait."""
FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 900.0
FORGOTTEN_S: Final = 3600.0
"""Seconds after which failures no longer count."""
_MOST: Final = 100_000
"""Names and addresses remembered; the oldest is forgotten first."""


@dataclass(slots=True)
class _Failures:
    count: int = 0
    until: float = 0.0
    last: float = 0.0


class GuessingGuard:
    """Counts failed attempts by name and address; a success of the name clears its count.

    A name is held up only for the address that guessed it, so that nobody can lock others out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[tuple[str, str], _Failures] = {}

    def admit(self, name: str, address: str) -> None:
        """Let an attempt be made.

        Raises:
            TooManyAttempts: it must wait.
        """
        now = self._clock()
        with self._lock:
            waits = [
                known.until - now
                for known in map(self._failures.get, ((name, address), ("", address)))
                if known is not None
            ]
        if waits and max(waits) > 0:
            raise TooManyAttempts(math.ceil(max(waits)))

    def failed(self, name: str, address: str) -> None:
        """Note an attempt that failed."""
        with self._lock:
            self._count((name, address), ATTEMPTS)
            self._count(("", address), ADDRESS_ATTEMPTS)

    def succeeded(self, name: str, address: str) -> None:
        """Note an attempt that proved who it is."""
        if (name, address) in self._failures:
            with self._lock:
                self._failures.pop((name, address), None)

    def _count(self, who: tuple[str, str], allowed: int) -> None:
        now = self._clock()
        known = self._failures.pop(who, None)
        if known is None or now - known.last > FORGOTTEN_S:
            known = _Failures()
        known.count += 1
        known.last = now
        if known.count >= allowed:
            doublings = min((known.count - allowed) // max(1, allowed // ATTEMPTS), 20)
            known.until = now + min(FIRST_WAIT_S * 2**doublings, LONGEST_WAIT_S)
        self._failures[who] = known
        if len(self._failures) > _MOST:
            del self._failures[next(iter(self._failures))]
