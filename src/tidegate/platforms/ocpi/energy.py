"""Energy of a session or CDR over time, in bins of one raster; pure functions of the record.

The energy of each charging period is spread evenly over its time, from its start to that of the
next one or to the end; without periods that tell energy the whole is spread from start to end.
Bins are counted in whole units and add up to the energy of the record.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from tidegate.model.records import UNITS_PER_KWH
from tidegate.platforms.ocpi.fields import Record, amount, children, instant, number

if TYPE_CHECKING:
    from collections.abc import Iterable

Span = tuple[int, int, float]
"""Start and end in UTC microseconds, and kWh."""

STARTS: Final = ("start_date_time", "start_datetime")
ENDS: Final = ("end_date_time", "stop_date_time", "end_datetime")

MOST_KWH: Final = 1e6
"""More than that no vehicle takes at once: it is an error of the platform."""
MOST_BINS: Final = 40_000
"""More than a year of quarters of an hour: the times are an error, all counts at the start."""


def bins(record: Record, step: int) -> dict[int, int]:
    """Units of energy by start of the bin, of a session or CDR as it came.

    A CDR that credits without naming which one takes its energy back where it stood.

    Args:
        record: of any version.
        step: microseconds of a bin.
    """
    found: defaultdict[int, int] = defaultdict(int)
    sign = -1 if takes_back(record) else 1
    for start, end, kwh in spans(record):
        for ts, units in spread(start, end, round(kwh * UNITS_PER_KWH), step):
            found[ts] += sign * abs(units) if sign < 0 else units
    return dict(found)


def takes_back(record: Record) -> bool:
    """True for a CDR that credits another without naming it: 2.1.1 has no other mark."""
    cost = amount(record.get("total_cost"))
    is_old = "credit" not in record and cost is not None and cost < 0
    return (record.get("credit") is True or is_old) and not record.get("credit_reference_id")


def spans(record: Record) -> list[Span]:
    """When energy flowed; nothing where the record does not tell, or tells what cannot be."""
    start, end = instant(record, *STARTS), instant(record, *ENDS)
    end = instant(record, "last_updated") if end is None else end
    told = _periods(record, end)
    if not told and start is not None:
        kwh = number(record.get("kwh", record.get("total_energy")))
        told = [] if kwh is None else [(start, start if end is None else end, kwh)]
    return [(first, max(first, last), kwh) for first, last, kwh in told if abs(kwh) <= MOST_KWH]


def _periods(record: Record, end: int | None) -> list[Span]:
    """The charging periods by time; none unless some of them tell energy."""
    periods = []
    for period in children(record, "charging_periods"):
        start = instant(period, *STARTS)
        volumes = [
            number(dimension.get("volume"))
            for dimension in children(period, "dimensions")
            if str(dimension.get("type")).upper() == "ENERGY"
        ]
        kwh = [volume for volume in volumes if volume is not None]
        if start is None and kwh:
            return []
        if start is not None:
            periods.append((start, sum(kwh) if kwh else None))
    periods.sort(key=lambda period: period[0])
    stops = [start for start, _ in periods[1:]]
    if periods:
        stops.append(periods[-1][0] if end is None else end)
    return [
        (start, stop, kwh)
        for (start, kwh), stop in zip(periods, stops, strict=True)
        if kwh is not None
    ]


def spread(start: int, end: int, units: int, step: int) -> Iterable[tuple[int, int]]:
    """Units by bin, the share of each to the nearest whole one and the sum exactly as given."""
    first = start // step * step
    if end <= first + step or end - first > MOST_BINS * step:
        yield first, units
        return
    before = 0
    for ts in range(first, end, step):
        passed = min(ts + step, end) - start
        until = units * passed // (end - start)
        yield ts, until - before
        before = until
