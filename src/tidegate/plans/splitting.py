"""What is due, cut into requests: pure functions of coverage, capabilities and the clock.

Borders follow the calendar (UTC years, months, days, hours) where that costs no extra requests,
so that the same stretch of time is asked for in the same pieces by every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.model.connector import Capabilities, Task
from tidegate.model.coverage import ASKED_AGAIN, PROVISIONAL, Coverage, CoverageState
from tidegate.model.instants import DAY, HOUR, from_datetime, to_datetime
from tidegate.model.windows import Window, WindowSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_ANSWERED: Final = frozenset({CoverageState.DONE, CoverageState.EMPTY})


def plan(
    subjects: Sequence[str],
    wanted: Window,
    coverage: Iterable[Coverage],
    capabilities: Capabilities,
    *,
    now: int,
    again: bool = False,
) -> list[Task]:
    """The requests that complete a window of several subjects, in their order, oldest first.

    Args:
        subjects: what to ask for.
        wanted: the time to complete; what lies after `now`, or as far ahead of it as the platform
            has readings, is left for later.
        coverage: what is recorded for these subjects.
        capabilities: of the platform.
        now: the present instant.
        again: True to ask for everything once more, whatever is recorded.
    """
    known = now + capabilities.ahead
    recorded: dict[str, list[Coverage]] = {subject: [] for subject in subjects}
    for row in () if again else coverage:
        if row.subject in recorded:
            recorded[row.subject].append(row)
    return [
        Task(subject, piece)
        for subject, rows in recorded.items()
        for window in due(wanted, rows, alignment=capabilities.alignment, now=known)
        for piece in pieces(window, capabilities)
    ]


def due(wanted: Window, rows: Iterable[Coverage], *, alignment: int = 1, now: int) -> WindowSet:
    """The windows to ask for: wanted, past, and not answered for good.

    What failed or was refused is due again, also where an earlier answer is kept, and so is what
    was asked for so early that late data may have come since. Borders lie on multiples of
    `alignment`, outwards, but never after `now`.
    """
    settled = WindowSet(row.window for row in rows if is_settled(row))
    past = _floor(now, alignment)
    if wanted.start >= past:
        return WindowSet()
    left = WindowSet([Window(wanted.start, min(wanted.end, past))]) - settled
    return WindowSet(
        Window(_floor(window.start, alignment), -_floor(-window.end, alignment)) for window in left
    )


def is_settled(row: Coverage) -> bool:
    """True if the platform has answered for the window, late enough and when last asked."""
    is_final = row.detail != PROVISIONAL and not row.detail.startswith(ASKED_AGAIN)
    return row.state in _ANSWERED and is_final


def final_before(asked_at: int, capabilities: Capabilities) -> int:
    """The instant before which an answer is final; readings after it may still change."""
    return _floor(asked_at - capabilities.lag, capabilities.alignment)


def pieces(window: Window, capabilities: Capabilities) -> Iterator[Window]:
    """A window cut so that no piece is longer than the platform allows."""
    if capabilities.max_window is None:
        yield window
        return
    alignment = capabilities.alignment
    reach = max(_floor(capabilities.max_window, alignment), alignment)
    start = window.start
    while window.end - start > reach:
        cut = _cut(start, reach, alignment)
        yield Window(start, cut)
        start = cut
    yield Window(start, window.end)


def _cut(start: int, reach: int, alignment: int) -> int:
    """The last border of the coarsest unit in reach that wastes at most half of it."""
    for floor in _CALENDAR:
        edge = floor(start + reach)
        if 2 * (edge - start) >= reach and edge % alignment == 0:
            return edge
    aligned = _floor(start + reach, alignment)
    return aligned if aligned > start else start + reach


def _floor(instant: int, step: int) -> int:
    return instant // step * step


def _year(instant: int) -> int:
    return from_datetime(
        to_datetime(instant).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    )


def _month(instant: int) -> int:
    return from_datetime(
        to_datetime(instant).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    )


_CALENDAR: Final[tuple[Callable[[int], int], ...]] = (
    _year,
    _month,
    lambda instant: _floor(instant, DAY),
    lambda instant: _floor(instant, HOUR),
)
