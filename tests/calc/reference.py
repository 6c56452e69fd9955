"""The procedure of webtsm.md 9.6 in plain Python: slow, obvious, one cell at a time."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING

from tidegate.calc.calendar import edges
from tidegate.model.flags import RANK, Flag
from tidegate.model.instants import FOREVER, HOUR
from tidegate.model.instants import zone as zone_named
from tidegate.model.windows import Window, WindowSet

if TYPE_CHECKING:
    from tidegate.model.intervals import Interval

Point = tuple[int, int | None, float | None, int]
"""Start, end (None: open), value and flag of one reading's covered time."""


@dataclass
class Given:
    """One candidate: `readings` are (ts, value, flag); `attributes` map names to dated values.

    `scale` and `hours` say how its numbers become those of the answer.
    """

    readings: list[tuple[int, float | None, int]]
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
        return Row(start, 0.0, 19 if 19 in flags else 0, False, 0.0)
    divisor = WindowSet(covered).length if covered is not None else 1
    worst = max(flags, key=lambda flag: RANK[Flag(flag)])
    flag = 9 if valid_if_any and 9 in flags else int(worst)
    size = fsum(abs(number) for number in numbers) / divisor
    return Row(start, fsum(numbers) / divisor, flag, True, size)
