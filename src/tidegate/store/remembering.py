"""Answers that stay right until something is written: of definitions, and of records."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

_MOST: Final = 4096
"""Answers that are kept unless told otherwise."""
_LONGEST: Final = 256
"""Entries of an answer that is kept unless told otherwise."""


class Remembered:
    """Short lists by what was asked, of one state of the store; safe for several threads.

    Args:
        most: answers that are kept.
        longest: entries of an answer that is kept.
        size: counts the entries of an answer.
    """

    def __init__(
        self,
        most: int = _MOST,
        *,
        longest: int = _LONGEST,
        size: Callable[[list[Any]], int] = len,
    ) -> None:
        self._most, self._longest, self._size = most, longest, size
        self._lock = threading.Lock()
        self._generation = 0
        self._answers: OrderedDict[Hashable, list[Any]] = OrderedDict()

    def forget(self) -> None:
        """Forget everything: what was asked for has changed."""
        with self._lock:
            self._generation += 1
            self._answers.clear()

    def recall(self, asked: Hashable, find: Callable[[], list[T]]) -> list[T]:
        """What `find` answered last time, or answers now; a list that is the caller's own."""
        with self._lock:
            generation = self._generation
            known = self._answers.get(asked)
            if known is not None:
                self._answers.move_to_end(asked)
                return list(known)
        found = find()
        if self._size(found) <= self._longest:
            with self._lock:
                if generation == self._generation:  # else it may be older than the change
                    self._answers[asked] = list(found)
                    if len(self._answers) > self._most:
                        self._answers.popitem(last=False)
        return found
