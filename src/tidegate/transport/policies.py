"""How to treat a platform: everything that the user's settings say of it, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tidegate.transport.limits import AnswerLimits, Timeouts
from tidegate.transport.retry import RetryPolicy

if TYPE_CHECKING:
    import threading


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies of one connection.

    Attributes:
        timeouts: seconds to wait for an answer.
        retry: how patient to be.
        limits: bytes that an answer may have.
        rate: requests a second; no limit if None.
        in_flight: requests that may be open at once, where the connection asks for more.
    """

    timeouts: Timeouts = field(default_factory=Timeouts)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limits: AnswerLimits = field(default_factory=AnswerLimits)
    rate: float | None = None
    in_flight: int = 4

    def until(self, stop: threading.Event) -> Policies:
        """The same policies; once the event is set, nobody waits for another try."""
        return replace(self, retry=replace(self.retry, stop=stop))
