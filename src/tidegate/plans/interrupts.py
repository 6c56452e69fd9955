"""Ctrl-C while a run goes on: once to finish what is in flight, twice to stop at once."""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

logger = logging.getLogger(__name__)

_HEEDED: Final = (signal.SIGINT, signal.SIGTERM)
_UNTOUCHED: Final = (signal.SIG_DFL, signal.default_int_handler)


@dataclass(frozen=True, slots=True)
class Brake:
    """Two steps of stopping a run, from any thread.

    Attributes:
        stop: no further task begins; what is in flight is finished and confirmed.
        abort: nothing more is confirmed; what is in flight is dropped and stays due.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    abort: threading.Event = field(default_factory=threading.Event)

    def press(self) -> None:
        """Go one step further."""
        if self.stop.is_set():
            self.abort.set()
        self.stop.set()


@contextmanager
def pressing(brake: Brake) -> Iterator[None]:
    """Let SIGINT and SIGTERM press the brake; a third one ends the program as usual.

    Handlers that somebody else has set are left alone, and so is everything off the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _HEEDED}
    ours = [number for number in _HEEDED if before[number] in _UNTOUCHED]
    for number in ours:
        signal.signal(number, _presser(brake, before[number]))
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


def _presser(
    brake: Brake, original: Callable[[int, FrameType | None], object] | int | None
) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, _frame: FrameType | None) -> None:
        if brake.abort.is_set():
            signal.signal(number, original)
            signal.raise_signal(number)
        brake.press()
        if not brake.abort.is_set():
            logger.warning("finishing what is in flight; once more to stop at once")

    return handle
