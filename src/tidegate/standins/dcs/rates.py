"""The rate limits of the Web API: so many requests in each period, of all callers together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from tidegate.model import instants
from tidegate.standins.dcs.refusals import Refusal


@dataclass(slots=True)
class RateLimit:
    """Requests counted in periods that follow each other without overlap.

    Attributes:
        allowed: requests in a period; 0 allows any number.
        period_s: length of a period in whole seconds.
        back_off: JSON kind of the suggestion in a refusal.
    """

    allowed: int
    period_s: int
    back_off: Literal["text", "number"] = "text"
    _period: int = 0
    _count: int = 0

    def admit(self) -> dict[str, str]:
        """Counts one request and gives the headers that tell the caller what is left.

        Raises:
            Refusal: the period is used up (429).
        """
        if not self.allowed:
            return {}
        now = time.time()
        period = int(now // self.period_s)
        if period != self._period:
            self._period, self._count = period, 0
        end = (period + 1) * self.period_s
        if self._count >= self.allowed:
            raise throttled(max(int(end - now) + 1, 1), self.back_off)
        self._count += 1
        return {
            "X-Rate-Limit-Limit": _length(self.period_s),
            "X-Rate-Limit-Remaining": str(self.allowed - self._count),
            "X-Rate-Limit-Reset": instants.to_text(end * instants.SECOND),
        }


def throttled(wait_s: float, back_off: str, *, header: str | None = "") -> Refusal:
    """A refusal for the time being (429).

    Args:
        wait_s: seconds to wait.
        back_off: `number` or `text`, the kind of the suggestion in the body.
        header: text of `Retry-After`; empty is the wait in seconds, `None` leaves it out.
    """
    suggestion: object = wait_s if back_off == "number" else str(wait_s)
    headers = {} if header is None else {"Retry-After": header or str(wait_s)}
    return Refusal(
        429,
        "The rate limit was exceeded.",
        fields={"backOffSuggestion": suggestion},
        headers=headers,
    )


def _length(seconds: int) -> str:
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"
