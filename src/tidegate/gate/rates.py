"""How often a key may ask."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Final

from tidegate.gate.refusals import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST: Final = 100_000
"""Keys remembered; the one that has not asked for longest is forgotten first."""


class Rates:
    """A bucket of requests for each key, filled evenly; safe to use from several threads.

    Args:
        per_minute: requests that a key may make a minute, at once or spread.
        clock: seconds that never go back.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def admit(self, key: str) -> None:
        """Let a request of a key be made.

        Raises:
            TooManyRequests: it made too many within the last minute.
        """
        now = self._clock()
        with self._lock:
            left, last = self._left.pop(key, (float(self._most), now))
            left = min(self._most, left + (now - last) * self._most / 60)
            self._left[key] = (left - 1, now) if left >= 1 else (left, now)
            if len(self._left) > _MOST:
                del self._left[next(iter(self._left))]
        if left < 1:
            raise TooManyRequests(max(1, math.ceil((1 - left) * 60 / self._most)))
