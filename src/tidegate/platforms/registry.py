"""Platforms by name; the code of one is loaded when one of its connections is opened."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from tidegate.model.errors import UnknownName
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from tidegate.model.connector import Connection, Connector
    from tidegate.model.secret import Secret
    from tidegate.transport.limiter import Limiter

PLATFORMS: Final = {
    "dcs": "tidegate.platforms.dcs.connector:DcsConnector",
    "tsm": "tidegate.platforms.tsm.connector:TsmConnector",
    "ocpi": "tidegate.platforms.ocpi.connector:OcpiConnector",
}
"""The connector of each platform, as `module:class`."""


def open_connector(
    connection: Connection,
    secret: Secret | None,
    *,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
    limiter: Limiter | None = None,
) -> Connector:
    """A connector that speaks for a connection; nothing is asked of the platform yet.

    Raises:
        UnknownName: there is no such platform, or it has no such setting.
    """
    if connection.platform not in PLATFORMS:
        raise UnknownName("platform", connection.platform, list(PLATFORMS))
    module, _, name = PLATFORMS[connection.platform].partition(":")
    connector = getattr(import_module(module), name)
    opened = connector(connection, secret, policies=policies, progress=progress, limiter=limiter)
    return cast("Connector", opened)
