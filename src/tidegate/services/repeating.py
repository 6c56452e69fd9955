"""Doing something again and again, on the beat of the clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from tidegate.model.instants import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


def repeat(step: int, call: Callable[[], T]) -> Iterator[T]:
    """What a call gives, once in every `step` microseconds of UTC, for ever.

    A call that takes longer than a step is followed at once by one more, not by several.
    """
    while True:
        began = now()
        yield call()
        time.sleep(max(0, began // step * step + step - now()) / 1e6)
