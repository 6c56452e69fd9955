"""Coherent DCS in its own words: meters, virtual meters and readings as the server gives them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self, cast
from zoneinfo import ZoneInfo

from tidegate.model.instants import parse, to_datetime
from tidegate.platforms.dcs import asking
from tidegate.services.connecting import opened
from tidegate.transport.policies import Policies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tidegate.platforms.dcs.access import Client
    from tidegate.platforms.dcs.connector import DcsConnector
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs

Row = dict[str, Any]

Question = asking.Question

_DEFAULT_ZONE: Final = "Europe/London"
_DATE_LENGTH: Final = len("2019-01-01")


def meters(
    store: Verbs,
    record: ConnectionRecord,
    id: int | None = None,
    *,
    policies: Policies = Policies(),
) -> list[Row]:
    """All meters with their registers, or one, as the server describes them.

    Raises:
        UnknownToPlatform: the account may see no meter of that id.
    """
    with _client(store, record, policies) as client:
        return _listed(asking.meters(client, id))


def virtual_meters(
    store: Verbs,
    record: ConnectionRecord,
    id: int | None = None,
    *,
    policies: Policies = Policies(),
) -> list[Row]:
    """All virtual meters, or one, as the server describes them.

    Raises:
        UnknownToPlatform: the account may see no virtual meter of that id.
    """
    with _client(store, record, policies) as client:
        return _listed(asking.virtual_meters(client, id))


class Answered:
    """The readings of an answer as they arrive, and what was seen of them.

    Attributes:
        question: what was asked.
        zone: whose clock the times are shown by.
        count: readings that have arrived.
    """

    def __init__(self, rows: Iterator[Row], question: Question, zone: str) -> None:
        self.question = question
        self.zone = ZoneInfo(zone) if question.local_time else UTC
        self.count = 0
        self._zone_name = zone
        self._rows = rows
        self._first: Row | None = None
        self._last: Row | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        row = next(self._rows)
        self._first = self._first or row
        self._last = row
        self.count += 1
        return row

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Start and exclusive end: as asked for, else as the readings that arrived have them.

        Without any reading, what servers choose is told.
        """
        start, end = (self._resolved(at) for at in asking.window(self.question, self._zone_name))
        if self.question.start is None and self._first:
            start = self._resolved(self._first["startTime"])
        if self.question.end is None and self._last:
            last = self._last["startTime"].astimezone(UTC)
            end = self._resolved(last + timedelta(minutes=self._last["duration"]))
        return start, end

    def told(self, at: datetime) -> str:
        """An instant by the clock of the answer: with `Z` in UTC, else with its offset."""
        text = at.astimezone(self.zone).isoformat()
        return text if self.question.local_time else text.replace("+00:00", "Z")

    def _resolved(self, at: date | datetime) -> datetime:
        """An instant by the clock of the answer; a day begins at its midnight."""
        if isinstance(at, datetime):
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(self.zone)
        return datetime(at.year, at.month, at.day, tzinfo=self.zone)


def readings(
    store: Verbs,
    record: ConnectionRecord,
    question: Question,
    *,
    policies: Policies = Policies(),
) -> Answered:
    """The readings of a register or virtual meter as they arrive, a dictionary each.

    Raises:
        UnknownToPlatform: there is no such register; the hint lists those of the meter meant.
        BadValue: the API of the connection does not know an option.
    """
    rows = _readings(store, record, question, policies)
    return Answered(rows, question, record.settings.get("zone") or _DEFAULT_ZONE)


def _readings(
    store: Verbs, record: ConnectionRecord, question: Question, policies: Policies
) -> Iterator[Row]:
    with _client(store, record, policies) as client:
        yield from asking.readings(client, question)


def moment(text: str | None) -> date | datetime | None:
    """A day or an instant of ISO 8601, as the clients of DCS take it.

    Raises:
        BadTime: the text is not ISO 8601.
    """
    if text is None:
        return None
    instant = to_datetime(parse(text))
    return instant.date() if len(text.strip()) == _DATE_LENGTH else instant


@contextmanager
def _client(store: Verbs, record: ConnectionRecord, policies: Policies) -> Iterator[Client]:
    with opened(store, record, policies=policies) as connector:
        yield cast("DcsConnector", connector).client


def _listed(found: Any) -> list[Row]:
    return found if isinstance(found, list) else [found]
