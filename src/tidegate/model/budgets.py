"""How long one request may be worked on: what takes longer is stopped, not left running."""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import TidegateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_AGAIN_S: Final = 0.05


class OutOfTime(TidegateError):
    """A request that takes longer than one may; it was stopped."""

    code = "out-of-time"
    exit_code = 2
    http_status = 503

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the request takes more than the {seconds:g} seconds that one may take",
            hint="ask for less time, a coarser interval or fewer series",
            seconds=seconds,
        )


class _Budget:
    """The time of one request, and how to stop what is running for it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._running: dict[int, Callable[[], None]] = {}
        self._changed = threading.Condition()
        self._watch: threading.Timer | None = None

    def require(self) -> None:
        if time.monotonic() >= self._end:
            raise OutOfTime(self.seconds)

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        self.require()
        with self._changed:
            self._running[id(stop)] = stop
            if self._watch is None:
                self._watch = threading.Timer(self._end - time.monotonic(), self._stop_all)
                self._watch.daemon = True
                self._watch.start()
        try:
            yield
        except Exception:
            self.require()  # what was stopped may call it anything
            raise
        finally:
            with self._changed:
                del self._running[id(stop)]
                self._changed.notify_all()

    def _stop_all(self) -> None:
        """Stop what runs, again and again: between two statements there is nothing to stop."""
        with self._changed:
            while self._running and time.monotonic() >= self._end:
                for stop in self._running.values():
                    stop()
                self._changed.wait(_AGAIN_S)

    def close(self) -> None:
        """What still runs, such as an answer on its way, may go on."""
        self._end = math.inf
        if self._watch is not None:
            self._watch.cancel()


_present: Final[ContextVar[_Budget | None]] = ContextVar("budget", default=None)


@contextmanager
def time_budget(seconds: float) -> Iterator[None]:
    """Let all that this thread does in the block take so many seconds together.

    Raises:
        OutOfTime: it takes longer.
    """
    budget = _Budget(seconds)
    before = _present.set(budget)
    try:
        yield
    finally:
        _present.reset(before)
        budget.close()


def require_time() -> None:
    """Go on only if there is time left; without a budget there always is.

    Raises:
        OutOfTime: there is none.
    """
    budget = _present.get()
    if budget is not None:
        budget.require()


@contextmanager
def stopped_in_time(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop`, from another thread, if the time is up before the block ends.

    Raises:
        OutOfTime: the time was up, and the block ended by an error because of it.
    """
    budget = _present.get()
    if budget is None:
        yield
    else:
        with budget.stopping(stop):
            yield
