"""Ocean Networks Canada: which server is asked with which token, and connections to it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import BadValue, NotFound, UsageError
from tidegate.model.secret import Secret
from tidegate.platforms.onc.client import OncClient
from tidegate.platforms.onc.facts import PRODUCTION, QA
from tidegate.platforms.onc.settings import OncSettings, read_settings
from tidegate.services import secrets
from tidegate.services.connecting import policies_of
from tidegate.services.connection_files import chosen, connections
from tidegate.services.connection_files import connection as connection_of
from tidegate.transport.links import Origin, base_address
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from threading import Event

    from tidegate.services.settings import Settings
    from tidegate.store.messages import ConnectionRecord
    from tidegate.transport.progress import Progress

VARIABLE: Final = "ONC_TOKEN"
"""The variable of the environment that other clients of these services read too."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked.

    Attributes:
        connection: name of a connection; may be left out where there is one, or an address.
        base_url: address of the server, in place of the usual one.
        qa: ask the server for tests.
        allow_http: send the token by plain http to another machine.
        token: the token, from wherever the caller has it.
    """

    connection: str | None = None
    base_url: str | None = None
    qa: bool = False
    allow_http: bool = False
    token: Secret | None = None


def address(server: Server, settings: Settings) -> str | None:
    """The address that options or settings name; None if none do.

    Raises:
        BadValue: two are named.
    """
    if server.qa and server.base_url:
        raise BadValue("--qa", True, "given without --base-url")
    return QA if server.qa else server.base_url or settings.onc_url


@contextmanager
def opened(
    folder: Path,
    server: Server,
    *,
    settings: Settings,
    progress: Progress = SILENT,
    at_once: int | None = None,
    stop: Event | None = None,
) -> Iterator[OncClient]:
    """A client for a server, with the token that is for it.

    The address is the one given, else that of the connection named or the only one, else that of
    the production server. The token is the one given, else that of the connection named; without
    either it is that in `ONC_TOKEN` where an address is given or there is no connection, and that
    of the only connection elsewhere. The token of a connection goes to its own server only.

    Args:
        folder: of the store that has the connection; its database is not loaded.
        server: who is asked.
        settings: how platforms are treated.
        progress: told of requests.
        at_once: requests that may be open at once, in place of what settings say.
        stop: once it is set, nobody waits for another try.

    Raises:
        NoCredentials: there is no token.
        NotFound: there is no such connection.
        Ambiguous: neither address nor connection is named, and there are several connections.
        InsecureAddress: the token would travel by plain http.
    """
    url = address(server, settings)
    token = server.token
    if url is None and server.connection is None:
        server = msgspec.structs.replace(server, connection=_only(folder))
    if token is None and server.connection is None and os.environ.get(VARIABLE):
        token = Secret(os.environ[VARIABLE])
    spoken = OncSettings(allow_http=server.allow_http)
    if token is None or (url is None and server.connection is not None):
        record, store_id = _connection(folder, server)
        spoken = read_settings(record.settings)
        if token is None:
            _require_home(record, url)
            token = secrets.load(record.name, store_id)
        url = url or record.url
    policies = policies_of(settings)
    if at_once is not None:
        spoken = msgspec.structs.replace(spoken, parallel=at_once)
        policies = replace(policies, in_flight=at_once)
    if stop is not None:
        policies = policies.until(stop)
    with OncClient(
        url or PRODUCTION, token, spoken, policies=policies, progress=progress
    ) as client:
        yield client


def token_of(name: str, given: str | None = None, *, stdin: bool = False) -> Secret:
    """The token for a connection: as given, from standard input, `ONC_TOKEN`, or a hidden prompt.

    Raises:
        BadValue: it is given in two ways.
        NoCredentials: it is not to be had.
    """
    if given is not None and stdin:
        raise BadValue("--token", "given", "left out where --token-stdin is given")
    if given is not None:
        return Secret(given)
    return secrets.ask(f"token for '{name}'", stdin=stdin, connection=name, environment=VARIABLE)


def record_of(
    name: str, server: Server, settings: dict[str, Any], *, defaults: Settings
) -> ConnectionRecord:
    """The connection that is to be made.

    Raises:
        BadValue, UnknownName: a setting or the address cannot be like that.
    """
    from tidegate.store.messages import ConnectionRecord

    read_settings(settings)
    url = base_address(address(server, defaults) or PRODUCTION)
    return ConnectionRecord(name=name, platform="onc", url=url, settings=settings)


def _only(folder: Path) -> str | None:
    """The name of the only connection; None if there is none."""
    known, _ = connections(folder, platform="onc")
    return chosen(known, None, platform="onc").name if known else None


def _require_home(record: ConnectionRecord, url: str | None) -> None:
    """Refuse to send the token of a connection to another server than its own."""
    if url is not None and Origin.of(base_address(url)) != Origin.of(record.url):
        raise UsageError(
            f"the token of connection '{record.name}' is for another server than"
            f" {Origin.of(base_address(url)).host}",
            hint=f"set {VARIABLE} for it, or make a connection to it",
        )


def _connection(folder: Path, server: Server) -> tuple[ConnectionRecord, str]:
    try:
        return connection_of(folder, server.connection, platform="onc")
    except NotFound as problem:
        if server.connection is None:
            problem.hint = f"set {VARIABLE}, or run tidegate connect onc NAME"
        raise
