"""Which failures are worth another try, how long to pause before it, and when to give up."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import ServerFault, Throttled, TransportError
from tidegate.transport.clock import SYSTEM, Clock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

_SECONDS: Final = re.compile(r"(\d+(?:\.\d+)?)\s*s?", re.IGNORECASE)
"""Seconds; a unit is against the rules but one platform's manual shows it."""

_GATEWAY: Final = frozenset({502, 503, 504})
_IDEMPOTENT: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How patient to be.

    Attributes:
        attempts: requests sent for one call, the first included.
        base: upper bound of the first pause in seconds; it doubles with each attempt.
        longest: upper bound of every pause that we choose ourselves.
        longest_asked: pauses that the platform asks for are kept up to this; a longer one ends
            the call as `Throttled`, to be resumed later.
        silence: seconds without any data after which to give up; pauses asked for do not count.
        retry_500: True where the platform is known to answer 500 for hiccups.
        stop: once set, nobody waits for another try: pauses end, and no further ones begin.
    """

    attempts: int = 6
    base: float = 0.5
    longest: float = 30.0
    longest_asked: float = 120.0
    silence: float = 180.0
    retry_500: bool = False
    stop: threading.Event | None = field(default=None, compare=False, repr=False)

    def allows(self, method: str, explicit: bool | None) -> bool:
        """True if a request of this method is sent again; only those that change nothing are."""
        return method.upper() in _IDEMPOTENT if explicit is None else explicit

    def is_worth_retrying(self, error: TransportError) -> bool:
        """True if the same request may well succeed soon."""
        if isinstance(error, ServerFault):
            return error.status in _GATEWAY or (error.status == 500 and self.retry_500)
        return error.retryable


def asked_pause(headers: Mapping[str, str], clock: Clock = SYSTEM) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or a date; None if it asks for nothing."""
    text = headers.get("retry-after", "").strip()
    if match := _SECONDS.fullmatch(text):
        return float(match[1])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - clock.wall())


class Attempts:
    """The tries of one call and the patience that is left for it."""

    def __init__(
        self,
        policy: RetryPolicy,
        clock: Clock = SYSTEM,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._draw = draw
        self._failures = 0
        self._last_data = clock.monotonic()

    def data_arrived(self) -> None:
        """Begin the budget of silence anew."""
        self._last_data = self._clock.monotonic()

    def pause_after(self, error: TransportError) -> float | None:
        """Seconds to wait before the next try, or None to give up with this error.

        Raises:
            Throttled: the platform asks for a longer pause than the policy allows.
        """
        self._failures += 1
        policy = self._policy
        if error.retry_after is not None and error.retry_after > policy.longest_asked:
            raise too_long_a_pause(error) from error
        if self._failures >= policy.attempts or not policy.is_worth_retrying(error):
            return None
        pause = self._pause(error.retry_after)
        until = self._clock.monotonic() + pause
        if error.retry_after is not None:
            # A platform that names a time is not silent.
            self._last_data = until
        return pause if until - self._last_data <= policy.silence else None

    def _pause(self, asked: float | None) -> float:
        if asked is not None:
            # Threads that were refused together should not come back together.
            return asked * (1 + 0.1 * self._draw())
        bound = self._policy.base * 2.0 ** (self._failures - 1)
        return min(self._policy.longest, bound) * self._draw()


def too_long_a_pause(error: TransportError) -> Throttled:
    """The error of a platform that wants to be left alone for longer than we wait."""
    return Throttled(
        f"the platform asks for a pause of {error.retry_after:.0f} s",
        hint="run the same command again after that; what was confirmed is kept",
        status=error.status,
        details=error.details,
        subject=error.subject,
        retry_after=error.retry_after,
    )
