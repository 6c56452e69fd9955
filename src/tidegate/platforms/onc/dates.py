"""Times as the services write and take them: UTC with milliseconds, and durations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import BadTime, BadValue
from tidegate.model.instants import to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable

_DURATION: Final = re.compile(
    r"(?P<sign>-?)P(?=\d|T\d)(?:(?P<y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")


def stamp(instant: int) -> str:
    """An instant as the services write it, cut to milliseconds."""
    moment = to_datetime(instant)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z".rjust(24, "0")


def resolved(
    start: str | None,
    end: str | None,
    *,
    now: int,
    instant: Callable[[str, int], int],
) -> tuple[int | None, int | None]:
    """The instants of a begin and an end, each a time or an ISO 8601 duration.

    A begin such as `-P1DT1H` counts back from the end, or from now where there is none; an end
    such as `PT12H30M` counts forward from the begin.

    Args:
        start: text of the begin.
        end: text of the end.
        now: the present instant.
        instant: of a text and of the instant that its `now` means.

    Raises:
        BadTime: a text is no time; one with day and month swapped is told so.
        BadValue: both are durations, or an end counts from a begin that is not given.
    """
    lasting = [_DURATION.fullmatch(text.strip()) if text else None for text in (start, end)]
    if all(lasting):
        raise BadValue("begin and end", f"{start} and {end}", "not durations both")
    if lasting[1]:
        if start is None:
            raise BadValue("the end", end, "a time, where no begin is given")
        first = checked(start, lambda text: instant(text, now))
        return first, instant(f"now{_steps(lasting[1], '+', end)}", first)
    last = None if end is None else checked(end, lambda text: instant(text, now))
    if lasting[0]:
        return instant(f"now{_steps(lasting[0], '-', start)}", now if last is None else last), last
    return None if start is None else checked(start, lambda text: instant(text, now)), last


def checked(text: str, instant: Callable[[str], int]) -> int:
    """The instant of a text; the error of an impossible date says what may have been meant.

    Raises:
        BadTime: the text names no instant.
    """
    try:
        return instant(text)
    except BadTime as problem:
        meant = likely(text, instant)
        if meant is None:
            raise
        problem.hint = f"did you mean {meant}?"
        raise


def likely(text: str, instant: Callable[[str], int]) -> str | None:
    """The date that was likely meant by an impossible one: the nearest that differs by a slip."""
    match = _PLAIN.match(text)
    if match is None:
        return None
    year, month, day = match.groups()
    rest = text.strip()[len(match[0].strip()) :]
    slips = [(year, f"{digit}{month[-1]}", day) for digit in "10"] + [(year, day, month)]
    for one in slips:
        meant = "-".join(part.zfill(2) for part in one)
        try:
            instant(meant + rest)
        except BadTime:
            continue
        return meant
    return None


def _steps(match: re.Match[str], sign: str, text: str | None) -> str:
    if (match["sign"] == "-") != (sign == "-"):
        raise BadValue("a duration", text, "counted back (-P1D) as begin, forward (P1D) as end")
    return "".join(f"{sign}{match[unit]}{unit}" for unit in "yMwdhms" if int(match[unit] or 0))
