"""Connections: made, tested, removed, and opened for other services."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.errors import BadValue, UnknownName
from tidegate.platforms.registry import PLATFORMS, PSEUDONYMOUS, open_connector
from tidegate.services import secrets
from tidegate.services.hash_keys import hasher_of, kept_hasher_of
from tidegate.transport.limits import MEBIBYTE, AnswerLimits, Timeouts
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT
from tidegate.transport.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.gate.transforms import Hasher
    from tidegate.model.connector import Connector
    from tidegate.model.secret import Secret
    from tidegate.services.settings import Settings
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs
    from tidegate.transport.progress import Progress


def policies_of(settings: Settings) -> Policies:
    """How the settings say that platforms are treated."""
    return Policies(
        timeouts=Timeouts(
            connect=settings.connect_timeout,
            read=settings.read_timeout,
            whole=settings.answer_timeout,
        ),
        retry=RetryPolicy(
            attempts=settings.retry_attempts,
            silence=settings.silence_budget,
            longest_asked=settings.longest_pause,
        ),
        limits=AnswerLimits(whole=settings.answer_limit_mib * MEBIBYTE),
        rate=settings.requests_per_second,
        in_flight=settings.requests_in_flight,
    )


def connect(
    store: Verbs,
    record: ConnectionRecord,
    secret: Secret | None,
    *,
    policies: Policies = Policies(),
) -> ConnectionRecord:
    """Make a connection, or put it in place of one of the same name, once it has answered.

    Returns:
        The connection as kept, with what the platform told of itself.

    Raises:
        NotSignedIn: the platform does not accept the user or the password.
        Unreachable: nothing answers at the address.
        InsecureAddress: the password would travel by plain http.
    """
    if record.platform not in PLATFORMS:
        raise UnknownName("platform", record.platform, list(PLATFORMS))
    require_name(record.name)
    with open_connector(record, secret, policies=policies) as connector:
        settings = {**record.settings, **connector.greet()}
    tested = msgspec.structs.replace(record, settings=settings)
    keep(store, tested, secret)
    return tested


def require_name(name: str) -> None:
    """Refuse what cannot be the name of a connection.

    Raises:
        BadValue: it has other than letters, digits, and `. _ -` within.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise BadValue("the name", name, "of letters, digits, and . _ - within")


def keep(store: Verbs, record: ConnectionRecord, secret: Secret | None) -> None:
    """Keep a connection that was tried, and its secret, in place of an earlier one."""
    store.put_connection(record)
    if secret is None:
        secrets.remove(record.name, store.status().id)
    else:
        secrets.save(record.name, store.status().id, secret)


@contextmanager
def opened(
    store: Verbs,
    record: ConnectionRecord,
    *,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
) -> Iterator[Connector]:
    """The connector of a connection, signed out when left."""
    store_id = store.status().id
    secret = secrets.load(record.name, store_id)
    hasher = _hasher(store, store_id) if record.platform in PSEUDONYMOUS else None
    with open_connector(
        record, secret, policies=policies, progress=progress, hasher=hasher
    ) as connector:
        yield connector


def _hasher(store: Verbs, store_id: str) -> Hasher:
    """The key of the store, made anew only while nothing is in it that another one has hashed.

    With a second key every record would come in once more, under another name.
    """
    names = [one.name for one in store.connections() if one.platform in PSEUDONYMOUS]
    is_used = any(store.coverage(name) for name in names)
    return kept_hasher_of(store_id) if is_used else hasher_of(store_id)


def test(store: Verbs, record: ConnectionRecord, *, policies: Policies) -> dict[str, Any]:
    """What the platform tells of itself when it is asked with the kept password."""
    with opened(store, record, policies=policies) as connector:
        return {"name": record.name, "platform": record.platform, **connector.greet()}


def remove(store: Verbs, record: ConnectionRecord) -> None:
    """Forget a connection, its catalogue, coverage and password; its series and readings stay."""
    secrets.remove(record.name, store.status().id)
    store.remove_connection(record.name)
