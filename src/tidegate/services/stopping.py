"""Stopping at the next good place when SIGINT or SIGTERM comes."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second ends the program as usual."""
    stop = threading.Event()
    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def press(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, press)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
