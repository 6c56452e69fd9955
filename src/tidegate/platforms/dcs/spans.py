"""Long spans as blocks of whole periods that one request each can carry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

from tidegate.model.errors import UnknownName, UsageError
from tidegate.platforms.dcs.facts import PERIODS

Moment = date | datetime

_DAY: Final = timedelta(days=1)
_LENGTHS: Final = {
    "halfHour": timedelta(minutes=30),
    "hour": timedelta(hours=1),
    "day": _DAY,
    "week": timedelta(days=7),
    "month": timedelta(days=31),
}
"""The longest that one period can be."""
_FIRST_MONDAY: Final = datetime(1, 1, 1, tzinfo=UTC)


class BadSpan(UsageError, TypeError):
    """Time arguments that do not fit each other or the period; also a `TypeError`."""

    code = "bad-span"


def period_named(text: str) -> str:
    """The period of a name in any case, as the server spells it.

    Raises:
        UnknownName: no period has that name.
    """
    return named("period", text, PERIODS)


def named(kind: str, text: object, known: tuple[str, ...]) -> str:
    """The word of a closed list that a text names in any case.

    Raises:
        UnknownName: it names none.
    """
    for word in known:
        if word.lower() == str(text).strip().lower():
            return word
    raise UnknownName(kind, str(text), known)


def as_utc(moment: Moment) -> datetime:
    """A date as its first instant, a naive time as UTC, an aware one in UTC."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def blocks(
    start: Moment, end: Moment, period: str, longest: timedelta
) -> list[tuple[datetime, datetime]]:
    """The fewest near-equal blocks of whole periods, none longer than `longest`, in order.

    Reversed ends are swapped; a `longest` below a day counts as a day. Each block ends where the
    next begins, the first begins at the start and the last ends at the end.

    Raises:
        BadSpan: the ends are equal or lie inside a period, or `longest` is shorter than a period.
        UnknownName: there is no such period.
    """
    period = period_named(period)
    first, last = sorted((as_utc(start), as_utc(end)))
    longest = max(abs(longest), _DAY)
    if first == last:
        raise BadSpan("the span is empty", hint="give an end after the start")
    if longest < _LENGTHS[period]:
        raise BadSpan(f"a window of {longest} is shorter than one {period}")
    for moment in (first, last):
        if not is_aligned(moment, period):
            raise BadSpan(
                f"{moment:%Y-%m-%d %H:%M:%S} UTC is not the beginning of a {period}",
                hint="in UTC: weeks begin on Monday, months on the 1st, half hours at :00 and :30",
            )
    periods = _periods_between(first, last, period)
    count = -(-periods // (longest // _LENGTHS[period]))
    edges = [later(first, period, periods * index // count) for index in range(count + 1)]
    return list(pairwise(edges))


def dated_blocks(
    start: Moment, end: Moment, period: str, longest: timedelta
) -> list[tuple[Moment, Moment]]:
    """`blocks` for an API that counts in days: cut between days where the ends are whole days.

    The ends of blocks are dates if both given ends are.

    Raises:
        BadSpan, UnknownName: as `blocks`.
    """
    period = period_named(period)
    whole_days = all(is_aligned(as_utc(moment), "day") for moment in (start, end))
    if whole_days and _LENGTHS[period] < _DAY:
        period = "day"
    cut = blocks(start, end, period, longest)
    if isinstance(start, datetime) or isinstance(end, datetime):
        return list(cut)
    return [(first.date(), last.date()) for first, last in cut]


def is_aligned(moment: datetime, period: str) -> bool:
    """True if a period begins at that instant of UTC."""
    if period == "month":
        return moment == moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (moment - _FIRST_MONDAY) % _LENGTHS[period] == timedelta(0)


def _periods_between(first: datetime, last: datetime, period: str) -> int:
    if period == "month":
        return (last.year - first.year) * 12 + last.month - first.month
    return (last - first) // _LENGTHS[period]


def later(moment: datetime, period: str, periods: int) -> datetime:
    """The instant a number of periods after the beginning of one."""
    if period != "month":
        return moment + periods * _LENGTHS[period]
    months = moment.year * 12 + moment.month - 1 + periods
    return moment.replace(year=months // 12, month=months % 12 + 1)
