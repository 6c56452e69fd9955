"""What is fixed about DCS: periods, sources, paths, limits and marks, as data."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tidegate.model.instants import DAY, HOUR, MINUTE
from tidegate.model.intervals import Interval, IntervalUnit

HALF_HOUR: Final = 30 * MINUTE
"""The metering period: microseconds between two stored readings of a register."""

METERING_INTERVAL: Final = Interval(IntervalUnit.MINUTE, 30)

PERIODS: Final = ("halfHour", "hour", "day", "week", "month")
"""Names of integration periods as the server spells them; any case is accepted."""

PERIOD_LENGTHS: Final = {
    "halfHour": HALF_HOUR,
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
}
"""Microseconds of the periods that are always equally long."""

SOURCES: Final = ("automatic", "manual", "merged")
FORMATS: Final = ("standard", "complete")

MAX_DECIMAL_PLACES: Final = 15

STATUS_INTERPOLATED: Final = 1
"""Bit of a Web API status: no stored reading, estimated by the server."""
STATUS_DISCONTINUITY: Final = 2
"""Bit of a Web API status: a register reset or a meter exchange sits here."""

MEGA_WINDOW: Final = timedelta(days=549)
"""Longest span of one request of `get_mega_readings` unless told otherwise."""
LARGE_WINDOW: Final = timedelta(days=365)
"""Longest span of one request of `largereadings` unless told otherwise."""

DEFAULT_LAG: Final = 3 * DAY
"""Late readings arrive within this time: a collector that was offline sends on reconnection."""
DEFAULT_MAX_WINDOW: Final = 366 * DAY
DEFAULT_PARALLEL: Final = 2

SPOOL_IN_MEMORY: Final = 16 * 1024 * 1024
"""Bytes of an answer read aside that stay in memory; the rest of it goes to disk."""

APP_COOKIE_PREFIX: Final = "COHERENT-DCSV3"
WEB_COOKIE_PREFIX: Final = "COHERENT-DCS-API"
