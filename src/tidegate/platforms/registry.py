"""Platforms by name; the code of one is loaded when one of its connections is opened."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from tidegate.model.errors import UnknownName
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from tidegate.gate.transforms import Hasher
    from tidegate.model.connector import Connection, Connector
    from tidegate.model.secret import Secret
    from tidegate.transport.limiter import Limiter

PLATFORMS: Final = {
    "dcs": "tidegate.platforms.dcs.connector:DcsConnector",
    "tsm": "tidegate.platforms.tsm.connector:TsmConnector",
    "ocpi": "tidegate.platforms.ocpi.connector:OcpiConnector",
    "onc": "tidegate.platforms.onc.connector:OncConnector",
}
"""The connector of each platform, as `module:class`."""

PSEUDONYMOUS: Final = frozenset({"ocpi"})
"""Platforms whose connectors keep ids of persons as keyed hashes only."""


def open_connector(
    connection: Connection,
    secret: Secret | None,
    *,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
    limiter: Limiter | None = None,
    hasher: Hasher | None = None,
) -> Connector:
    """A connector that speaks for a connection; nothing is asked of the platform yet.

    Args:
        connection: address and settings.
        secret: password or token.
        policies: how to treat the platform.
        progress: told of requests.
        limiter: shared by whoever else asks the same platform.
        hasher: for those of `PSEUDONYMOUS`.

    Raises:
        UnknownName: there is no such platform, or it has no such setting.
    """
    if connection.platform not in PLATFORMS:
        raise UnknownName("platform", connection.platform, list(PLATFORMS))
    module, _, name = PLATFORMS[connection.platform].partition(":")
    connector = getattr(import_module(module), name)
    given = {"policies": policies, "progress": progress, "limiter": limiter}
    if connection.platform in PSEUDONYMOUS:
        given["hasher"] = hasher
    return cast("Connector", connector(connection, secret, **given))
