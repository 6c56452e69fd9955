"""Coherent DCS in its own words: meters, virtual meters and readings as the server gives them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from tidegate.model.instants import parse, to_datetime
from tidegate.platforms.dcs import asking
from tidegate.services.connecting import opened
from tidegate.transport.policies import Policies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from tidegate.platforms.dcs.access import Client
    from tidegate.platforms.dcs.connector import DcsConnector
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs

Row = dict[str, Any]

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


def readings(
    store: Verbs,
    record: ConnectionRecord,
    question: asking.Question,
    *,
    policies: Policies = Policies(),
) -> Iterator[Row]:
    """The readings of a register or virtual meter as they arrive, a dictionary each.

    Raises:
        UnknownToPlatform: there is no such register; the hint lists those of the meter meant.
        BadValue: the API of the connection does not know an option.
    """
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
