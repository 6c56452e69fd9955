"""The clock that waiting goes by; tests bring one of their own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import threading

_GLANCE: Final = 0.2
"""Seconds after which one who waits for two events looks at the second."""


class Clock(Protocol):
    """Tells the time and waits; nothing in this room waits in any other way."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def wall(self) -> float:
        """Seconds since 1970, for dates that a server names."""
        ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until the event is set or the seconds are over; True if it was set."""
        ...


class SystemClock:
    """The clock of this machine."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until the event is set or the seconds are over; True if it was set."""
        return event.wait(seconds)


SYSTEM: Final = SystemClock()


def wait_for_either(
    clock: Clock, first: threading.Event, second: threading.Event | None, seconds: float
) -> bool:
    """Wait until one of two events is set or the seconds are over; True if one was set."""
    if second is None:
        return clock.wait(first, seconds)
    until = clock.monotonic() + seconds
    while (left := until - clock.monotonic()) > 0:
        if second.is_set() or clock.wait(first, min(left, _GLANCE)):
            return True
    return False
