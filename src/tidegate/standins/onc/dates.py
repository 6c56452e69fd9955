"""Dates of requests: absolute, whole days, or durations counted from the other end."""

from __future__ import annotations

import re
from calendar import monthrange
from typing import TYPE_CHECKING, Final

from tidegate.model import instants
from tidegate.model.errors import BadTime
from tidegate.standins.onc.refusals import IN_FUTURE, REVERSED, UNKNOWN, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?Z)?")
_DURATION: Final = re.compile(
    r"(?P<sign>-?)P(?=\w)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?"
    r"(?:(?P<days>\d+)D)?(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d+)S)?)?"
)
_LENGTHS: Final = {
    "weeks": 7 * instants.DAY,
    "days": instants.DAY,
    "hours": instants.HOUR,
    "minutes": instants.MINUTE,
    "seconds": instants.SECOND,
}


def span(
    parameters: Mapping[str, str], now: int, names: tuple[str, str] = ("dateFrom", "dateTo")
) -> tuple[int | None, int | None]:
    """Begin and end that a request names, UTC microseconds; `None` where it names none.

    Args:
        parameters: its parameters.
        now: the server's present.
        names: names of the two parameters.

    Raises:
        Refusal: a date makes no sense, the begin is in the future or after the end.
    """
    texts = [parameters.get(name, "") for name in names]
    lasting = [_DURATION.fullmatch(text) for text in texts]
    if all(lasting):
        raise Refusal(UNKNOWN, *names)
    start, end = (
        None if duration else _date(text, name)
        for text, duration, name in zip(texts, lasting, names, strict=True)
    )
    if lasting[0]:
        start = _moved(now if end is None else end, lasting[0], names[0], sign="-")
    if lasting[1]:
        if start is None:
            raise Refusal(UNKNOWN, names[1])
        end = _moved(start, lasting[1], names[1], sign="")
    if start is not None and start > now:
        raise Refusal(IN_FUTURE, names[0])
    if start is not None and end is not None and start > end:
        raise Refusal(REVERSED, *names)
    return start, end


def _date(text: str, name: str) -> int | None:
    if not text:
        return None
    if _DATE.fullmatch(text) is None:
        raise Refusal(UNKNOWN, name)
    try:
        return instants.parse(text)
    except BadTime:
        raise Refusal(UNKNOWN, name) from None


def _moved(instant: int, duration: re.Match[str], name: str, *, sign: str) -> int:
    """An instant moved by a duration, whose sign must be `sign`."""
    if duration["sign"] != sign:
        raise Refusal(UNKNOWN, name)
    way = -1 if sign else 1
    months = int(duration["years"] or 0) * 12 + int(duration["months"] or 0)
    lengths = sum(int(duration[part] or 0) * length for part, length in _LENGTHS.items())
    try:
        moved = _shifted(instant, way * months) + way * lengths
        instants.to_datetime(moved)
    except (ValueError, OverflowError):
        raise Refusal(UNKNOWN, name) from None
    return moved


def _shifted(instant: int, months: int) -> int:
    """An instant moved by months, on the last day of the month where it has no such day."""
    moment = instants.to_datetime(instant)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return instants.from_datetime(moment.replace(year=year, month=month + 1, day=day))
