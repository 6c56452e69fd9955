"""Answers as curves to draw: one a series, gaps as gaps, thinned to what can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.compute as pc

from tidegate.formats.texts import microseconds
from tidegate.model.flags import WITHOUT_NUMBER
from tidegate.model.instants import DAY, HOUR, MINUTE, from_datetime, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

_GAP: Final = 1.5
"""Steps between two readings that still touch; months differ by less."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Corners of a curve: `x` in UTC microseconds, `y` NaN where there is a gap."""

    name: str
    x: NDArray[np.int64]
    y: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn, and in which unit and zone."""

    curves: tuple[Curve, ...]
    unit: str
    zone: ZoneInfo

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last instant; None if nothing is there."""
        filled = [curve.x for curve in self.curves if len(curve.x)]
        if not filled:
            return None
        return int(min(x[0] for x in filled)), int(max(x[-1] for x in filled))

    @property
    def extremes(self) -> tuple[float, float] | None:
        """Lowest and highest number; None if there is none."""
        numbers = [curve.y[~np.isnan(curve.y)] for curve in self.curves]
        filled = [part for part in numbers if len(part)]
        if not filled:
            return None
        return min(float(part.min()) for part in filled), max(float(part.max()) for part in filled)


def chart(answer: pa.Table | Mapping[str, pa.Table], *, columns: int) -> Chart:
    """The chart of an answer.

    Args:
        answer: a table with `from`, `value` and `flag`, and `name` if it holds several series;
            or one such table a name.
        columns: places beside one another that can be told apart.
    """
    tables = answer if isinstance(answer, Mapping) else dict(_by_name(answer))
    facts = [_facts(table) for table in tables.values()]
    units = {unit for unit, _ in facts if unit and unit != "none"}
    curves = tuple(_thinned(_curve(name, table), columns) for name, table in tables.items())
    zone = next((zone for _, zone in facts if zone), "UTC")
    return Chart(curves, " / ".join(sorted(units)), ZoneInfo(zone))


def _by_name(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    if "name" not in table.column_names:
        yield "", table
        return
    for name in pc.unique(table["name"]).to_pylist():
        yield name, table.filter(pc.equal(table["name"], name))


def _facts(table: pa.Table) -> tuple[str, str]:
    found = table.schema.metadata or {}
    return found.get(b"unit", b"").decode(), found.get(b"zone", b"").decode()


def _curve(name: str, table: pa.Table) -> Curve:
    """Each reading as a level from its instant to the next, or to the end of its step."""
    starts = microseconds(table["from"].combine_chunks())
    values = _drawn(table)
    order = np.argsort(starts, kind="stable")
    starts, values = starts[order], values[order]
    steps = np.diff(starts)
    step = int(np.median(steps)) if len(steps) else HOUR
    lasts = np.append(steps, [step] * len(starts[-1:]))
    holds = (table.schema.metadata or {}).get(b"interval") == b"no"
    ends = starts + (lasts if holds else np.where(lasts <= _GAP * step, lasts, step))
    apart = np.append(ends[:-1] < starts[1:], np.zeros(len(starts[-1:]), np.bool_))
    x = np.stack([starts, ends, ends], axis=1)
    y = np.stack([values, values, np.full(len(values), np.nan)], axis=1)
    kept = np.stack([np.ones_like(apart), np.ones_like(apart), apart], axis=1)
    return Curve(name, x[kept], y[kept])


def _drawn(table: pa.Table) -> NDArray[np.float64]:
    values: NDArray[np.float64] = table["value"].to_numpy().astype(np.float64)
    if "flag" in table.column_names:
        values[np.isin(table["flag"].to_numpy(), list(WITHOUT_NUMBER))] = np.nan
    return values


def _thinned(curve: Curve, columns: int) -> Curve:
    """The lowest and highest corner of each place, where there are many more than places."""
    size = -(-len(curve.x) // columns)
    if size <= 4:
        return curve
    chosen = []
    for start in range(0, len(curve.x), size):
        part = curve.y[start : start + size]
        if np.isnan(part).all():
            chosen.append(start)
            continue
        gaps = np.flatnonzero(np.isnan(part))[:1]
        extremes = {int(np.nanargmin(part)), int(np.nanargmax(part)), *gaps.tolist()}
        chosen.extend(start + place for place in sorted(extremes))
    return Curve(curve.name, curve.x[chosen], curve.y[chosen])


# ---- levels of numbers -----------------------------------------------------------------------


def levels(low: float, high: float, most: int = 5) -> tuple[list[float], list[str]]:
    """At most about `most` round numbers between two, and how to label them."""
    rough = (high - low) / most or abs(high) or 1.0
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(float(power * unit) for unit in (1, 2, 5, 10) if power * unit >= rough * 0.999)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    marks = [count * step for count in range(first, last + 1)]
    digits = max(0, -int(np.floor(np.log10(step))))
    return marks, [f"{mark:,.{digits}f}" if digits < 7 else f"{mark:.3g}" for mark in marks]


# ---- ticks of time ---------------------------------------------------------------------------

_STEPS: Final = (
    *(minutes * MINUTE for minutes in (1, 5, 15, 30)),
    *(hours * HOUR for hours in (1, 3, 6, 12)),
    *(days * DAY for days in (1, 2, 7, 14)),
)
_MONTHS: Final = (1, 3, 6, 12, 24, 60, 120, 600, 1200)
_LENGTH: Final = 31 * DAY


def ticks(start: int, end: int, zone: ZoneInfo, most: int) -> tuple[list[int], list[str]]:
    """At most about `most` round local times between two instants, and how to label them."""
    wanted = (end - start) / most
    for step in _STEPS:
        if step >= wanted:
            return _clock_ticks(start, end, zone, step)
    months = next((count for count in _MONTHS if count * _LENGTH >= wanted), _MONTHS[-1])
    return _month_ticks(start, end, zone, months)


def _clock_ticks(start: int, end: int, zone: ZoneInfo, step: int) -> tuple[list[int], list[str]]:
    local = to_datetime(start).astimezone(zone).replace(tzinfo=None)
    wall = local.replace(hour=0, minute=0, second=0, microsecond=0)
    instants: list[int] = []
    labels: list[str] = []
    while (instant := from_datetime(wall, naive=zone)) <= end:
        if instant >= start:
            instants.append(int(instant))
            labels.append(_label(wall, first=len(labels) == 0, step=step))
        wall += timedelta(microseconds=step)
    return instants, labels


def _label(wall: datetime, *, first: bool, step: int) -> str:
    if step >= DAY or (wall.hour, wall.minute) == (0, 0):
        return f"{wall:%d %b}"
    return f"{wall:%d %b %H:%M}" if first else f"{wall:%H:%M}"


def _month_ticks(start: int, end: int, zone: ZoneInfo, months: int) -> tuple[list[int], list[str]]:
    first = to_datetime(start).astimezone(zone)
    count = (first.year * 12 + first.month - 1) // months * months
    instants: list[int] = []
    labels: list[str] = []
    while count // 12 < 9999:
        wall = datetime(count // 12, count % 12 + 1, 1, tzinfo=zone)
        instant = from_datetime(wall)
        if instant > end:
            break
        if instant >= start:
            instants.append(int(instant))
            labels.append(f"{wall:%Y}" if months >= 12 else f"{wall:%b %Y}")
        count += months
    return instants, labels
