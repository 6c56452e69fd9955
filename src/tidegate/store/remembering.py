"""Answers that stay right until a definition changes: series, units, attributes, repositories."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

_MOST: Final = 4096
"""Answers that are kept."""
_LONGEST: Final = 256
"""Entries of an answer that is kept."""


class Remembered:
    """Short lists by what was asked, of one state of the definitions; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generation = 0
        self._answers: OrderedDict[Hashable, list[Any]] = OrderedDict()

    def forget(self) -> None:
        """Forget everything: a definition has changed."""
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
        if len(found) <= _LONGEST:
            with self._lock:
                if generation == self._generation:  # else it may be older than the change
                    self._answers[asked] = list(found)
                    if len(self._answers) > _MOST:
                        self._answers.popitem(last=False)
        return found
