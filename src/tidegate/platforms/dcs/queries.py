"""Requests for readings, checked and written as the server wants them, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from tidegate.model.errors import BadValue
from tidegate.platforms.dcs.facts import FORMATS, MAX_DECIMAL_PLACES, SOURCES
from tidegate.platforms.dcs.spans import BadSpan, Moment, as_utc, named, period_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Query:
    """One request for readings.

    Attributes:
        zone: of times in the answer that name none; None for UTC.
        id: of the register or virtual meter, None if the text names neither.
        may_start_today: True if the first day is left to the server, which may not like that.
    """

    path: str
    params: Mapping[str, str]
    subject: str
    zone: ZoneInfo | None
    id: int | None
    is_virtual: bool
    may_start_today: bool = False

    def starting(self, day: date) -> Query:
        """The same request from a day on."""
        return replace(
            self, params={**self.params, "start": day.isoformat()}, may_start_today=False
        )


def app_query(
    zone: ZoneInfo,
    id: int | str,
    isVirtual: bool = False,
    start: Moment | str | None = None,
    end: Moment | str | None = None,
    decimalPlaces: int = 15,
    calibrated: bool = True,
    interpolated: bool = True,
    useLocalTime: bool = False,
    integrationPeriod: str = "halfHour",
    source: str = "automatic",
) -> Query:
    """A request of the App API, from the arguments of `get_readings`.

    Raises:
        BadValue: an id or a number of decimal places that cannot be.
        UnknownName: a period or source that does not exist.
    """
    number = whole_number("id", id)
    kind = "virtualMeter" if isVirtual else "register"
    params = {
        "start": _app_time(start, is_local=useLocalTime),
        "end": _app_time(end, is_local=useLocalTime),
        "decimalPlaces": str(_decimal_places(decimalPlaces)),
        "calibrated": flag(calibrated),
        "interpolated": flag(interpolated),
        "useLocalTime": flag(useLocalTime),
        "integrationPeriod": period_named(integrationPeriod),
        "source": named("source", source, SOURCES),
        f"{kind}Id": str(number),
    }
    return Query(
        f"/api/{kind}Readings/list/",
        {name: value for name, value in params.items() if value is not None},
        f"virtual meter {number}" if isVirtual else f"register {number}",
        zone if useLocalTime else None,
        number,
        isVirtual,
        may_start_today=start is None,
    )


def web_query(
    id: object,
    startTime: Moment | str | None = None,
    endTime: Moment | str | None = None,
    periodCount: int | None = None,
    calibrated: bool = True,
    interpolated: bool = True,
    periodType: str = "halfHour",
    format: str = "standard",
) -> Query:
    """A request of the Web API, from the arguments of `readings`.

    Raises:
        BadSpan: not exactly two of start, end and number of periods are given.
        UnknownName: a period or format that does not exist.
    """
    if sum(given is not None for given in (startTime, endTime, periodCount)) != 2:
        raise BadSpan("exactly two of startTime, endTime and periodCount are needed")
    text = str(id).strip()
    params = {
        "id": text,
        "format": named("format", format, FORMATS),
        "startTime": _web_time(startTime),
        "endTime": _web_time(endTime),
        "periodCount": None if periodCount is None else str(periodCount),
        "calibrated": flag(calibrated),
        "interpolated": flag(interpolated),
        "periodType": period_named(periodType),
    }
    is_virtual = text[:2].upper() == "VM"
    digits = text[2:] if is_virtual else text.upper().removeprefix("R")
    number = int(digits) if digits.isdecimal() else None
    kind = "virtual meter" if is_virtual else "register"
    return Query(
        "/readings",
        {name: value for name, value in params.items() if value is not None},
        text if number is None else f"{kind} {number}",
        None,
        number,
        is_virtual,
    )


def whole_number(name: str, value: object) -> int:
    """An id given as a number or as its digits.

    Raises:
        BadValue: it is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    raise BadValue(name, value, "a whole number")


def flag(value: bool) -> str:
    """A boolean as the server writes it."""
    return "true" if value else "false"


def _decimal_places(places: int) -> int:
    if isinstance(places, bool) or not isinstance(places, int):
        raise BadValue("decimalPlaces", places, f"a whole number from 0 to {MAX_DECIMAL_PLACES}")
    if not 0 <= places <= MAX_DECIMAL_PLACES:
        raise BadValue("decimalPlaces", places, f"from 0 to {MAX_DECIMAL_PLACES}")
    return places


def _app_time(moment: Moment | str | None, *, is_local: bool) -> str | None:
    if moment is None or isinstance(moment, str):
        return moment
    if isinstance(moment, datetime):
        # Without local time the server's clock is UTC, and a text without zone is safest there.
        if moment.tzinfo is None and is_local:
            moment = moment.replace(tzinfo=UTC)
        return moment.isoformat(timespec="auto" if moment.microsecond else "seconds")
    if isinstance(moment, date):
        return moment.isoformat()
    raise BadValue("the time", moment, "a date, a datetime or a text")


def _web_time(moment: Moment | str | None) -> str | None:
    if moment is None or isinstance(moment, str):
        return moment
    if not isinstance(moment, date):
        raise BadValue("the time", moment, "a date, a datetime or a text")
    return as_utc(moment).replace(tzinfo=None).isoformat() + "Z"
