"""Questions put to a server itself, in one form for both of its APIs; nothing is stored."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from tidegate.model.errors import BadValue, BadWindow, UnknownToPlatform
from tidegate.platforms.dcs.facts import MAX_DECIMAL_PLACES, STATUS_INTERPOLATED
from tidegate.platforms.dcs.spans import as_utc, later, period_named
from tidegate.platforms.dcs.webapi import DcsWebApi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.errors import TransportError
    from tidegate.platforms.dcs.access import Client
    from tidegate.platforms.dcs.rows import Row
    from tidegate.platforms.dcs.spans import Moment

_MINUTES: Final = {"halfHour": 30, "hour": 60, "day": 1440, "week": 10080}
_DEFAULT_SPANS: Final = {"week": "week", "month": "month"}
"""What a server gives without an end; a day unless the period is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about a register or virtual meter; members as of `get_readings`.

    Raises:
        BadValue: the number of decimal places is none that the server knows.
        BadWindow: the end lies before the start.
    """

    id: int
    is_virtual: bool = False
    start: Moment | None = None
    end: Moment | None = None
    decimal_places: int = MAX_DECIMAL_PLACES
    calibrated: bool = True
    interpolated: bool = True
    local_time: bool = False
    period: str = "halfHour"
    source: str = "automatic"

    def __post_init__(self) -> None:
        if not 0 <= self.decimal_places <= MAX_DECIMAL_PLACES:
            wanted = f"from 0 to {MAX_DECIMAL_PLACES}"
            raise BadValue("the number of decimal places", self.decimal_places, wanted)
        if self.start is not None and self.end is not None:
            first, last = as_utc(self.start), as_utc(self.end)
            if last < first:
                raise BadWindow(first.isoformat(), last.isoformat())


def meters(client: Client, id: int | None = None) -> Any:
    """All meters with their registers, or the one of an id.

    Raises:
        UnknownToPlatform: the account may see no meter of that id.
    """
    if isinstance(client, DcsWebApi):
        return _chosen(client.meters(), "meter", id)
    with _explained("meter", id):
        return client.get_meters(id)


def virtual_meters(client: Client, id: int | None = None) -> Any:
    """All virtual meters, or the one of an id.

    Raises:
        UnknownToPlatform: the account may see no virtual meter of that id.
    """
    if isinstance(client, DcsWebApi):
        return _chosen(client.virtualmeters(), "virtual meter", id)
    with _explained("virtual meter", id):
        return client.get_vms(id)


def window(question: Question, zone: str = "Europe/London") -> tuple[Moment, Moment]:
    """The half-open window of a question: the server's own defaults where it names none."""
    local = ZoneInfo(zone) if question.local_time else UTC
    start = question.start if question.start is not None else datetime.now(local).date()
    if question.end is not None:
        return start, question.end
    span = _DEFAULT_SPANS.get(period_named(question.period), "day")
    end = later(as_utc(start), span, 1)
    return start, end if isinstance(start, datetime) else end.date()


def readings(client: Client, question: Question) -> Iterator[Row]:
    """The answer to a question one reading at a time, in the form of `get_readings`.

    Raises:
        BadValue: the server's Web API cannot be asked that.
        TidegateError: as `get_readings`.
    """
    if isinstance(client, DcsWebApi):
        return _from_web(client, question)
    return client.get_readings(
        question.id, question.is_virtual, question.start, question.end, question.decimal_places,
        question.calibrated, question.interpolated, question.local_time, question.period,
        question.source, iterator=True,
    )  # fmt: skip


def _from_web(client: DcsWebApi, question: Question) -> Iterator[Row]:
    for name, asked, possible in (
        ("source", question.source.lower(), "automatic"),
        ("local time", question.local_time, False),
    ):
        if asked != possible:
            raise BadValue(name, asked, f"{possible!r} with the Web API; the App API has others")
    start, end = window(question)
    document = client.readings(
        f"VM{question.id}" if question.is_virtual else f"R{question.id}",
        start,
        end,
        calibrated=question.calibrated,
        interpolated=question.interpolated,
        periodType=question.period,
        format="standard" if question.is_virtual else "complete",
        iterator=True,
    )
    return _translated(document["readings"], question)


def _translated(rows: Iterator[Row], question: Question) -> Iterator[Row]:
    period = period_named(question.period)
    for row in rows:
        start = row["timestamp"]
        places = question.decimal_places
        minutes = _MINUTES.get(period) or (later(start, period, 1) - start) // timedelta(minutes=1)
        yield {
            "startTime": start,
            "duration": minutes,
            "totalValue": _rounded(row.get("totalValue", 0.0), places),
            "periodValue": _rounded(row.get("periodValue", row.get("value")), places),
            "isGenerated": False,
            "isInterpolated": bool(row.get("status", 0) & STATUS_INTERPOLATED),
        }


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)


def _chosen(documents: list[Row], kind: str, id: int | None) -> Any:
    if id is None:
        return documents
    for document in documents:
        if document.get("id") == id:
            return document
    raise _no_such(kind, id)


@contextmanager
def _explained(kind: str, id: int | None) -> Iterator[None]:
    try:
        yield
    except UnknownToPlatform as error:
        raise _no_such(kind, id, error) from error


def _no_such(kind: str, id: int | None, cause: TransportError | None = None) -> UnknownToPlatform:
    return UnknownToPlatform(
        f"the server has no {kind} {id} for this account",
        hint=f"ask without an id for all {kind}s",
        status=cause.status if cause else None,
        details=cause.details if cause else None,
        subject=f"{kind} {id}",
    )
