"""Parameters of readings requests: read, checked, and turned to slots."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from tidegate.model import instants
from tidegate.model.errors import BadTime
from tidegate.standins.dcs.refusals import Refusal, bad_request
from tidegate.standins.dcs.slots import DAY, SLOT_US

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from tidegate.standins.dcs.arithmetic import Source
    from tidegate.standins.dcs.options import Choices

PERIODS: Final = ("halfHour", "hour", "day", "week", "month")
MINUTES: Final = {"halfHour": 30, "hour": 60, "day": 1440, "week": 10080, "month": 43800}
"""Nominal length of each period in minutes; a month counts as a twelfth of a common year."""

_ID: Final = re.compile(r"(?i)(R|VM)(\d{1,10})$")
_EARLIEST: Final = instants.parse("1900-01-01")
_LATEST: Final = instants.parse("2500-01-01")
_SOURCES: Final = ("automatic", "manual", "merged")


@dataclass(frozen=True, slots=True)
class Query:
    """One readings request.

    Attributes:
        virtual: whether a virtual meter is meant.
        id: number of the register or virtual meter.
        first: first slot.
        last: slot after the last one.
        period: canonical name of the period.
        calibrated: whether totals are calibrated.
        interpolated: whether gaps are filled.
        source: which readings count.
        decimals: places that values are rounded to.
        local: whether times are in the server's zone.
        complete: whether total and period value are both wanted (Web API).
    """

    virtual: bool
    id: int
    first: int
    last: int
    period: str = "halfHour"
    calibrated: bool = False
    interpolated: bool = False
    source: Source = "automatic"
    decimals: int = 15
    local: bool = False
    complete: bool = False


def web_query(given: Mapping[str, str]) -> Query:
    """The query of `/readings` of the Web API.

    Raises:
        Refusal: a parameter is missing, misaligned or not understood.
    """
    match = _ID.match(given.get("id", "").strip())
    if match is None:
        raise bad_request("The id must be R or VM followed by a number, such as R123 or VM9.")
    virtual = match[1].upper() == "VM"
    complete = _word(given, "format", ("standard", "complete"), "standard") == "complete"
    if virtual and complete:
        raise bad_request("The complete format is not available for virtual meters.")
    period = _word(given, "periodtype", PERIODS, "halfHour")
    first, last = _web_window(given, period)
    return Query(
        virtual,
        int(match[2]),
        first,
        last,
        period,
        calibrated=_flag(given, "calibrated", default=False),
        # Virtual meters ignore the option: their inputs are filled wherever they can be.
        interpolated=_flag(given, "interpolated", default=False) or virtual,
        complete=complete,
    )


def app_query(given: Mapping[str, str], virtual: bool, zone: ZoneInfo, choices: Choices) -> Query:
    """The query of the two readings lists of the App API.

    Raises:
        Refusal: a parameter is missing, out of range or not understood.
    """
    name = "virtualMeterId" if virtual else "registerId"
    number = given.get(name.lower(), "")
    if not number.isascii() or not number.isdigit():
        raise bad_request(f"The {name} must be a whole number.")
    local = _flag(given, "uselocaltime", default=False)
    period = _word(given, "integrationperiod", PERIODS, "halfHour")
    first, last = _app_window(given, period, zone if local else None, choices)
    decimals = given.get("decimalplaces", "1")
    if not decimals.isdigit() or int(decimals) > 15:
        raise bad_request("decimalPlaces must be a whole number from 0 to 15.")
    return Query(
        virtual,
        int(number),
        first,
        last,
        period,
        calibrated=_flag(given, "calibrated", default=False),
        interpolated=_flag(given, "interpolated", default=False),
        source=cast("Source", _word(given, "source", _SOURCES, "automatic")),
        decimals=int(decimals),
        local=local,
    )


def _flag(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = given.get(name, str(default)).lower()
    if text not in {"true", "false"}:
        raise bad_request(f"{name} must be true or false.")
    return text == "true"


def _word(given: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    text = given.get(name, default)
    for word in known:
        if word.lower() == text.lower():
            return word
    raise bad_request(f"{name} must be one of {', '.join(known)}.")


def _web_window(given: Mapping[str, str], period: str) -> tuple[int, int]:
    names = [name for name in ("starttime", "endtime", "periodcount") if name in given]
    if len(names) != 2:
        raise bad_request("Exactly two of startTime, endTime and periodCount must be given.")
    if "periodcount" not in given:
        first = _aligned(given["starttime"], "startTime", period)
        return first, _aligned(given["endtime"], "endTime", period)
    text = given["periodcount"]
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10_000_000:
        raise bad_request("periodCount must be a positive whole number.")
    if "starttime" in given:
        first = _aligned(given["starttime"], "startTime", period)
        return first, _moved(first, period, int(text))
    last = _aligned(given["endtime"], "endTime", period)
    return _moved(last, period, -int(text)), last


def _aligned(text: str, name: str, period: str) -> int:
    """The slot of a time that must lie on a border of `period` in UTC."""
    instant = _instant(text, name, None)
    if instant % SLOT_US or not _is_border(instants.to_datetime(instant), period):
        raise bad_request(f"{name} must lie on the boundary of a {period}.")
    return instant // SLOT_US


def _instant(text: str, name: str, naive: ZoneInfo | None) -> int:
    try:
        # A plus sign that was not percent-encoded arrives as a space.
        instant = instants.parse(re.sub(r" (\d\d:\d\d)$", r"+\1", text), naive=naive)
    except BadTime:
        raise bad_request(f"{name} is not a time: {text}") from None
    return _in_calendar(instant)


def _in_calendar(instant: int) -> int:
    if not _EARLIEST <= instant <= _LATEST:
        raise bad_request("The requested range is outside the calendar of the server.")
    return instant


def _is_border(moment: datetime, period: str) -> bool:
    if period == "halfHour":
        return True
    at_midnight = moment.hour == 0 and moment.minute == 0
    return {
        "hour": moment.minute == 0,
        "day": at_midnight,
        "week": at_midnight and moment.weekday() == 0,
        "month": at_midnight and moment.day == 1,
    }[period]


def _moved(slot: int, period: str, count: int) -> int:
    """The border `count` periods after the border `slot`."""
    if period != "month":
        return _in_calendar((slot + count * MINUTES[period] // 30) * SLOT_US) // SLOT_US
    moment = instants.to_datetime(slot * SLOT_US)
    months = moment.year * 12 + moment.month - 1 + count
    year = min(max(months // 12, date.min.year), date.max.year)
    return _in_calendar(instants.from_date(date(year, months % 12 + 1, 1))) // SLOT_US


def _app_window(
    given: Mapping[str, str], period: str, zone: ZoneInfo | None, choices: Choices
) -> tuple[int, int]:
    if "start" in given:
        start = _instant(given["start"], "start", zone)
    elif choices.start == "required":
        raise bad_request("The start parameter is required.")
    else:
        today = instants.to_datetime(instants.now()).astimezone(zone).date()
        start = instants.from_date(_begin(today, period), local=zone)
    moment = instants.to_datetime(start).astimezone(zone)
    if period in {"week", "month"} and not _is_border(moment, period):
        raise bad_request(f"start must be the beginning of a calendar {period}.")
    if "end" in given:
        end = _instant(given["end"], "end", zone)
    else:
        end = instants.from_date(_following(moment.date(), period), local=zone)
    return -(-start // SLOT_US), -(-end // SLOT_US)


def _begin(day: date, period: str) -> date:
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day


def _following(day: date, period: str) -> date:
    if period == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 if period == "week" else 1)


def check_range(query: Query, days: int) -> None:
    """Refuses a span of more than `days` days; 0 allows any.

    Raises:
        Refusal: the span is longer.
    """
    if days and query.last - query.first > days * DAY:
        raise Refusal(400, f"The requested range is longer than the limit of {days} days.")
