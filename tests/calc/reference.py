"""The sum over dated members in plain Python: slow, obvious, one cell at a time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING

from tidegate.calc.calendar import edges
from tidegate.model.aggregation import Aggregation
from tidegate.model.flags import RANK, Flag
from tidegate.model.instants import FOREVER, HOUR
from tidegate.model.instants import zone as zone_named
from tidegate.model.windows import Window, WindowSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.model.intervals import Interval

Point = tuple[int, int | None, float | None, int]
"""Start, end (None: open), value and flag of one reading's covered time."""


@dataclass
class Given:
    """One candidate: `readings` are (ts, value, flag); `attributes` map names to dated values.

    `scale` and `hours` say how its numbers become those of the answer.
    """

    readings: list[tuple[int, float | None, int]] = field(repr=False)
    interval: Interval
    zone: str = "UTC"
    attributes: dict[str, dict[int, str | None]] = field(default_factory=dict)
    scale: float = 1.0
    hours: int = 0

    def points(self, window: Window) -> list[Point]:
        """Covered times, those of the raster of the window if the series has one."""
        found = {ts: (value, flag) for ts, value, flag in self.readings}
        if self.interval.is_spontaneous:
            stamps = sorted(found)
            return [
                (ts, end, *found[ts]) for ts, end in zip(stamps, [*stamps[1:], None], strict=False)
            ]
        raster = [int(at) for at in edges(self.interval, window, zone=zone_named(self.zone))]
        return [(ts, end, *found[ts]) for ts, end in itertools.pairwise(raster) if ts in found]

    def cuts(self, window: Window, names: set[str]) -> list[int]:
        """Where cells may begin: at raster points; else at break points and attribute changes."""
        if self.interval.is_spontaneous:
            changes = [at for name in names for at in self.attributes.get(name, {})]
            return [ts for ts, _, _ in self.readings] + changes
        return [int(at) for at in edges(self.interval, window, zone=zone_named(self.zone))]

    def matches(self, filters: list[tuple[str, str | None]], at: int) -> bool:
        """Whether all filters hold at an instant."""
        return all(self._holds(name, value, at) for name, value in filters)

    def _holds(self, name: str, value: str | None, at: int) -> bool:
        dated = self.attributes.get(name, {})
        before = [instant for instant in dated if instant <= at]
        current = dated[max(before)] if before else None
        if value is None:
            return current is not None
        return current is not None and current.strip().lower() == value.strip().lower()


@dataclass(frozen=True)
class Row:
    """One bucket of an answer; `size` is the sum of what was added, without sign."""

    start: int
    value: float
    flag: int
    has_number: bool
    size: float
    lenient: int = 0
    flags: frozenset[int] = frozenset()


def reference_sum(
    candidates: list[Given],
    filters: list[tuple[str, str | None]],
    buckets: list[int],
    *,
    average: bool,
    valid_if_any: bool = False,
) -> list[Row]:
    """The sum over candidates for each bucket, by the letter."""
    return [
        _bucket(candidates, filters, Window(start, end), average, valid_if_any)
        for start, end in itertools.pairwise(buckets)
    ]


def _bucket(
    candidates: list[Given],
    filters: list[tuple[str, str | None]],
    bucket: Window,
    average: bool,
    valid_if_any: bool,
) -> Row:
    numbers: list[float] = []
    flags: list[int] = []
    covered: list[Window] = []
    for candidate in candidates:
        points = candidate.points(bucket)
        cuts = candidate.cuts(bucket, {name for name, _ in filters})
        inside = sorted({bucket.start, *(at for at in cuts if bucket.start < at < bucket.end)})
        for start, end in zip(inside, [*inside[1:], bucket.end], strict=True):
            if not candidate.matches(filters, start):
                continue
            point = _covering(points, start)
            if point is None or point[3] == Flag.MISSING or (point[2] is None and point[3] != 0):
                flags.append(Flag.MISSING)
                continue
            if point[3] == Flag.NO_VALUE:
                flags.append(Flag.NO_VALUE)
                continue
            flags.append(point[3])
            numbers.append(_counted(candidate, point, end - start, average))
            covered.append(Window(start, end))
    return _row(bucket.start, numbers, flags, covered if average else None, valid_if_any)


def _covering(points: list[Point], at: int) -> Point | None:
    for point in points:
        if point[0] <= at < (FOREVER if point[1] is None else point[1]):
            return point
    return None


def _counted(candidate: Given, point: Point, length: int, average: bool) -> float:
    start, end, value, _ = point
    assert value is not None
    value *= candidate.scale
    if candidate.hours == 1:
        return value * length / HOUR
    if end is None:
        return value * length if average and not candidate.hours else 0.0
    if candidate.hours == -1:
        value = value / ((end - start) / HOUR)
    return value * length if average else value * length / (end - start)


def _row(
    start: int,
    numbers: list[float],
    flags: list[int],
    covered: list[Window] | None,
    valid_if_any: bool,
) -> Row:
    if not flags:
        return Row(start, 0.0, 0, False, 0.0)
    if not numbers:
        return Row(start, 0.0, 19 if 19 in flags else 0, False, 0.0, flags=frozenset(flags))
    divisor = WindowSet(covered).length if covered is not None else 1
    worst = max(flags, key=lambda flag: RANK[Flag(flag)])
    flag = 9 if valid_if_any and 9 in flags else int(worst)
    size = fsum(abs(number) for number in numbers) / divisor
    value = fsum(numbers) / divisor
    return Row(start, value, flag, True, size, flags=frozenset(flags))


def reference_in_steps(
    candidates: list[Given],
    filters: list[tuple[str, str | None]],
    steps: list[int],
    *,
    buckets: list[int],
    method: Aggregation,
    average: bool,
) -> list[Row]:
    """Other methods: series by series on each step, added, then one total picked a bucket."""
    totals = []
    for start, end in itertools.pairwise(steps):
        rows = [
            _bucket([candidate], [], Window(start, end), average, False)
            for candidate in candidates
            if candidate.matches(filters, start)
        ]
        found = [row for row in rows if row.has_number]
        totals.append(
            (
                Window(start, end),
                fsum(row.value for row in found),
                bool(found),
                {flag for row in rows for flag in row.flags},
                sum(row.size for row in found),
            )
        )
    return [
        _picked(start, [total for total in totals if start <= total[0].start < end], method)
        for start, end in itertools.pairwise(buckets)
    ]


_Total = tuple[Window, float, bool, set[int], float]


def _picked(start: int, totals: list[_Total], method: Aggregation) -> Row:
    numbers = [total for total in totals if total[2]]
    flags = set().union(*(total[3] for total in totals))
    size = max((total[4] for total in numbers), default=0.0)
    worst = max(flags, key=lambda flag: RANK[Flag(flag)], default=0)
    lenient = 9 if 9 in flags else worst
    if method is Aggregation.AT_THE_MOMENT:
        numbers = [total for total in numbers if total[0].start == start]
    if not numbers:
        return Row(start, 0.0, worst, False, 0.0, lenient=lenient)
    return Row(start, _PICKS[method](numbers), worst, True, size, lenient=lenient)


def _longest(totals: list[_Total]) -> float:
    held: dict[float, int] = {}
    for window, value, *_ in totals:
        held[value] = held.get(value, 0) + window.length
    return max(held, key=lambda value: held[value])


_PICKS: dict[Aggregation, Callable[[list[_Total]], float]] = {
    Aggregation.MIN: lambda totals: min(total[1] for total in totals),
    Aggregation.MAX: lambda totals: max(total[1] for total in totals),
    Aggregation.ABS_MIN: lambda totals: min((total[1] for total in totals), key=abs),
    Aggregation.ABS_MAX: lambda totals: max((total[1] for total in totals), key=abs),
    Aggregation.LAST_VALUE: lambda totals: totals[-1][1],
    Aggregation.AT_THE_MOMENT: lambda totals: totals[0][1],
    Aggregation.MOST_FREQUENTLY: _longest,
}
