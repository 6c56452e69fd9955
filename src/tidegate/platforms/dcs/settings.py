"""What a connection to DCS can be told; kept with the connection, shown as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tidegate.model.connection_settings import settings_from, span_of
from tidegate.platforms.dcs.facts import DEFAULT_LAG, DEFAULT_MAX_WINDOW, DEFAULT_PARALLEL

if TYPE_CHECKING:
    from collections.abc import Mapping


class DcsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one connection; what is None is left to the default.

    Attributes:
        user: account; None asks the public endpoint of the Web API.
        api: `web`, `app`, or `auto` to try them in this order.
        root: address of that API, as found by `auto`; the connection's own unless given.
        allow_http: True to send the password by plain http to another machine.
        calibrated: whether totals are as calibrated by the server.
        interpolated: whether the server fills gaps where it can.
        max_window: longest span of one request, as text (`90d`).
        lag: how long late readings may come, as text (`3d`).
        parallel: requests open at once.
        zone: zone of the series; None for that of the repository.
        role: what the server said of the account when it was last asked.
        version: what the server said of itself.
    """

    user: str | None = None
    api: Literal["auto", "web", "app"] = "auto"
    root: str | None = None
    allow_http: bool = False
    calibrated: bool = True
    interpolated: bool = True
    max_window: str | None = None
    lag: str | None = None
    parallel: int | None = None
    zone: str | None = None
    role: str | None = None
    version: str | None = None

    @property
    def longest(self) -> int:
        """Microseconds that one request may span."""
        return span_of("max_window", self.max_window, DEFAULT_MAX_WINDOW, least=1)

    @property
    def lateness(self) -> int:
        """Microseconds before now that are asked for again."""
        return span_of("lag", self.lag, DEFAULT_LAG, least=1)

    @property
    def requests_at_once(self) -> int:
        """How many requests may be open at once."""
        return DEFAULT_PARALLEL if self.parallel is None else max(1, self.parallel)


def read_settings(values: Mapping[str, Any]) -> DcsSettings:
    """The settings of a connection.

    Raises:
        UnknownName: one that this platform does not have.
        BadValue: one with a value that it cannot take.
    """
    settings = settings_from(values, DcsSettings, "a DCS connection")
    assert settings.longest > 0
    assert settings.lateness > 0
    return settings
