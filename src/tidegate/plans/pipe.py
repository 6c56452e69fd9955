"""The pipe between those who fetch and the one who writes: bounded by size, emptied in batches."""

from __future__ import annotations

import threading
import time
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_GLANCE: Final = 0.1
"""Seconds after which a waiter looks whether it was told to give up, as a signal handler may."""


class Pipe(Generic[T]):
    """Holds things of a size until there are enough of them, or the first has waited long enough.

    Args:
        producers: how many threads will put and then leave.
        capacity: the total size at which they have to wait.
    """

    def __init__(self, *, producers: int, capacity: int) -> None:
        self._changed = threading.Condition()
        self._things: list[T] = []
        self._size = 0
        self._first_at = 0.0
        self._producers = producers
        self._capacity = capacity
        self._aborted = False

    def put(self, thing: T, size: int) -> None:
        """Hand over a thing; waits while the pipe is full, drops it once aborted."""
        with self._changed:
            while self._size >= self._capacity and not self._aborted:
                self._changed.wait(_GLANCE)
            if self._aborted:
                return
            if not self._things:
                self._first_at = time.monotonic()
            self._things.append(thing)
            self._size += size
            self._changed.notify_all()

    def leave(self) -> None:
        """Say that this producer puts no more."""
        with self._changed:
            self._producers -= 1
            self._changed.notify_all()

    def abort(self) -> None:
        """Drop what is held and whatever will be put."""
        self._aborted = True

    def take(self, *, enough: int, patience: float, until: threading.Event) -> list[T]:
        """Everything held, once it is `enough` or its first has waited `patience` seconds.

        Returns:
            Nothing once all producers have left and all was taken, or the event is set.
        """
        with self._changed:
            while not until.is_set():
                waited = time.monotonic() - self._first_at
                is_ripe = self._size >= enough or waited >= patience
                if (self._things and is_ripe) or not self._producers:
                    return self._emptied()
                self._changed.wait(_GLANCE if not self._things else min(_GLANCE, patience - waited))
        return []

    def _emptied(self) -> list[T]:
        things, self._things, self._size = self._things, [], 0
        self._changed.notify_all()
        return things
