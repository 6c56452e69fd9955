"""The token of Ocean Networks Canada, kept with a connection instead of in workbooks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.secret import Secret
from tidegate.services import connecting, secrets
from tidegate.services.connection_files import chosen, connections, mirror
from tidegate.services.onc import VARIABLE, Server
from tidegate.store.messages import ConnectionRecord
from tidegate.transport.links import base_address

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tidegate.plans.definitions import Configuration


def connection_at(folder: Path, url: str, name: str | None = None) -> str | None:
    """The name of the connection to a server, if there is one.

    Args:
        folder: of the store.
        url: address of the server.
        name: the connection that was asked for by its name.

    Raises:
        NotFound: there is no connection of the name.
    """
    known, _ = connections(folder, platform="onc")
    if name is not None:
        return chosen(known, name, platform="onc").name
    return next((one.name for one in known if base_address(one.url) == base_address(url)), None)


def keep(
    folder: Path, url: str, token: Secret, *, name: str | None = None, allow_http: bool = False
) -> str:
    """Keep a token with the connection to its server, which is made if there is none.

    Args:
        folder: of the store.
        url: address of the server.
        token: to keep, in place of an earlier one.
        name: the connection that was asked for by its name.
        allow_http: send the token by plain http to another machine.

    Returns:
        The name of the connection.

    Raises:
        NotSignedIn: the server does not take the token.
    """
    from tidegate.services.opened import Store

    known = connection_at(folder, url, name)
    with Store.open(folder) as store:
        if known is not None:
            secrets.save(known, store.verbs.status().id, token)
            return known
        settings: dict[str, Any] = {"allow_http": True} if allow_http else {}
        made = _free_name([one.name for one in store.connections()])
        record = ConnectionRecord(name=made, platform="onc", url=url, settings=settings)
        connecting.connect(store.verbs, record, token, policies=store.policies)
        mirror(store.verbs, store.path)
        return made


def _free_name(taken: Sequence[str]) -> str:
    names = ["onc", *(f"onc-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def server_of(folder: Path, configuration: Configuration, given: Server = Server()) -> Server:
    """Who the rows of a workbook are asked of, and with which token.

    The token is the workbook's, else that of the variable ONC_TOKEN, else that of the connection.
    Where neither address nor connection is named, the only connection is asked with its own token.

    Args:
        folder: of the store whose connections are meant.
        configuration: of the workbook.
        given: what somebody said besides; its address goes before the workbook's.

    Raises:
        NotFound: the workbook names a connection that is not there.
    """
    own = given.token or configuration.token
    if given.base_url or given.qa:
        return msgspec.structs.replace(given, token=own or from_variable())
    name = given.connection or configuration.connection
    if name is None:
        return msgspec.structs.replace(given, token=own, base_url=configuration.base_url)
    token = own or from_variable()
    return at_home(folder, msgspec.structs.replace(given, connection=name, token=token))


def at_home(folder: Path, server: Server) -> Server:
    """A server by its address, where a token is to go to a connection that is named."""
    if server.connection is None or server.token is None or server.base_url or server.qa:
        return server
    known, _ = connections(folder, platform="onc")
    record = chosen(known, server.connection, platform="onc")
    allow_http = server.allow_http or bool(record.settings.get("allow_http"))
    return msgspec.structs.replace(server, base_url=record.url, allow_http=allow_http)


def from_variable() -> Secret | None:
    """The token of the variable ONC_TOKEN, if it is set."""
    text = os.environ.get(VARIABLE)
    return Secret(text) if text else None
