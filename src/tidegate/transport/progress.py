"""Progress as events; who draws, counts or logs them is none of the sender's business.

Events of transport: `request.sent`, `request.retried`, `request.paused` (amount: milliseconds),
`bytes.received`. Events of plans: `task.done`, `task.empty`, `task.failed`, `task.refused`
(total: tasks of the run) and `readings.received`, `readings.stored`, `records.stored`. Events of
downloads: `state.` with the new state of a task, `file.received` (amount: bytes), `file.done` and
`file.failed`.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final, Protocol


class Progress(Protocol):
    """Takes events, from any thread; must return at once and never raise."""

    def update(
        self,
        event: str,
        *,
        amount: int = 1,
        total: int | None = None,
        subject: str | None = None,
    ) -> None:
        """Something happened, `amount` times, of `total` where that is known."""
        ...


class Silent:
    """Takes events and does nothing."""

    def __repr__(self) -> str:
        return "SILENT"

    def update(
        self,
        event: str,
        *,
        amount: int = 1,
        total: int | None = None,
        subject: str | None = None,
    ) -> None:
        """Do nothing."""


class Tally:
    """Counts events and passes them on."""

    def __init__(self, onward: Progress | None = None) -> None:
        self._onward = onward or SILENT
        self._lock = threading.Lock()
        self._amounts: Counter[str] = Counter()

    def update(
        self,
        event: str,
        *,
        amount: int = 1,
        total: int | None = None,
        subject: str | None = None,
    ) -> None:
        """Add `amount` to the event's sum."""
        with self._lock:
            self._amounts[event] += amount
        self._onward.update(event, amount=amount, total=total, subject=subject)

    def __getitem__(self, event: str) -> int:
        with self._lock:
            return self._amounts[event]


SILENT: Final = Silent()
