"""Instants: UTC microseconds since 1970 as plain integers, and their text forms."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import Final, NewType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tidegate.model.errors import BadTime, UnknownZone
from tidegate.model.zone_names import WINDOWS_ZONES

Instant = NewType("Instant", int)
"""UTC microseconds since 1970-01-01T00:00:00Z."""

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

BEGINNING: Final = Instant(-62_135_596_800_000_000)
"""Before everything: 0001-01-01T00:00:00Z."""
FOREVER: Final = Instant(253_402_214_400_000_000)
"""The open end of validity: 9999-12-31T00:00:00Z."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ISO: Final = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r"(?P<zone>Z|z|[+-]\d{2}:?\d{2})?$"
)


def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name, or of a common Windows name such as `W. Europe Standard Time`.

    Raises:
        UnknownZone: the zone database has no such name.
    """
    try:
        return ZoneInfo(WINDOWS_ZONES.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(name) from None


def now() -> Instant:
    """The present instant of this machine's clock."""
    return Instant(time.time_ns() // 1000)


def from_datetime(moment: datetime, *, naive: ZoneInfo | None = None) -> Instant:
    """The instant of a `datetime`; one without zone is local time of `naive` (UTC unless given)."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=naive or UTC)
    return Instant((moment - _EPOCH) // timedelta(microseconds=1))


def to_datetime(instant: int) -> datetime:
    """The aware UTC `datetime` of an instant."""
    return _EPOCH + timedelta(microseconds=instant)


def from_date(day: date, *, local: ZoneInfo | None = None) -> Instant:
    """The first instant of a calendar day in `local` (UTC unless given)."""
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=local or UTC))


def parse(text: str, *, naive: ZoneInfo | None = None) -> Instant:
    """The instant that an ISO 8601 text names.

    Args:
        text: a date or a date with time, with `Z`, an offset, or neither.
        naive: the zone of a text that names none; UTC unless given.

    Raises:
        BadTime: the text is not ISO 8601 or names no real instant.
    """
    match = _ISO.match(text.strip())
    if match is None:
        raise BadTime(text)
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    offset = (match["zone"] or "").upper().replace("Z", "+00:00")
    clock = f"{match['hour'] or '00'}:{match['minute'] or '00'}:{match['second'] or '00'}"
    try:
        moment = datetime.fromisoformat(f"{match['day']}T{clock}.{fraction}{offset}")
        return from_datetime(moment, naive=naive)
    except (ValueError, OverflowError) as problem:
        raise BadTime(text, str(problem)) from None


def to_text(instant: int) -> str:
    """ISO 8601 in UTC with `Z`; a fraction only when it is not zero."""
    moment = to_datetime(instant)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".rstrip("0")
    return text + "Z"
