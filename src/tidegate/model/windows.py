"""Half-open windows `[start, end)` of time and sets of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tidegate.model.errors import BadWindow
from tidegate.model.instants import to_text


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open span of time, in UTC microseconds."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise BadWindow(to_text(self.start), to_text(self.end))

    def __bool__(self) -> bool:
        return self.start < self.end

    def __str__(self) -> str:
        return f"[{to_text(self.start)}, {to_text(self.end)})"

    @property
    def length(self) -> int:
        """Microseconds covered."""
        return self.end - self.start

    def intersection(self, other: Window) -> Window | None:
        """The part both cover, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start < end else None


class WindowSet:
    """A set of instants kept as sorted, disjoint, non-touching windows."""

    __slots__ = ("_windows",)

    def __init__(self, windows: Iterable[Window] = ()) -> None:
        merged: list[Window] = []
        for window in sorted(w for w in windows if w):
            if merged and window.start <= merged[-1].end:
                merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
            else:
                merged.append(window)
        self._windows = tuple(merged)

    def __iter__(self) -> Iterator[Window]:
        return iter(self._windows)

    def __len__(self) -> int:
        return len(self._windows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WindowSet) and self._windows == other._windows

    def __hash__(self) -> int:
        return hash(self._windows)

    def __repr__(self) -> str:
        return f"WindowSet({list(self._windows)!r})"

    def __or__(self, other: WindowSet) -> WindowSet:
        return WindowSet((*self, *other))

    def __and__(self, other: WindowSet) -> WindowSet:
        parts = (mine.intersection(theirs) for mine in self for theirs in other)
        return WindowSet(part for part in parts if part is not None)

    def __sub__(self, other: WindowSet) -> WindowSet:
        left: list[Window] = []
        for window in self:
            start = window.start
            for hole in other:
                if hole.end <= start or hole.start >= window.end:
                    continue
                if hole.start > start:
                    left.append(Window(start, hole.start))
                start = max(start, hole.end)
            if start < window.end:
                left.append(Window(start, window.end))
        return WindowSet(left)

    @property
    def length(self) -> int:
        """Microseconds covered."""
        return sum(window.length for window in self)
