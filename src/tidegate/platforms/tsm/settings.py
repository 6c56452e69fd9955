"""What a connection to a WebTSM server can be told; kept with the connection, shown as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.connection_settings import settings_from, span_of
from tidegate.model.series import MAIN
from tidegate.platforms.tsm.facts import DEFAULT_LAG, DEFAULT_MAX_WINDOW, DEFAULT_PARALLEL

if TYPE_CHECKING:
    from collections.abc import Mapping


class TsmSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one connection; what is None is left to the default.

    Attributes:
        repository: the one that is asked, of those that the server has.
        user: account whose password the secret is; None if the secret is a token, or there is none.
        root: address that ends in `/api`, as found when the connection was made.
        allow_http: True to send the secret by plain http to another machine.
        formulas: True to take formulas over as such; else the values that the server calculates.
        max_window: longest span of one request, as text (`90d`).
        lag: how long late readings may come, as text (`3d`).
        ahead: how far beyond now there are readings, as text (`7d`).
        parallel: requests open at once.
        server: what the server calls itself.
        version: what the server says of its release.
    """

    repository: str = MAIN
    user: str | None = None
    root: str | None = None
    allow_http: bool = False
    formulas: bool = False
    max_window: str | None = None
    lag: str | None = None
    ahead: str | None = None
    parallel: int | None = None
    server: str | None = None
    version: str | None = None

    @property
    def longest(self) -> int:
        """Microseconds that one request may span."""
        return span_of("max_window", self.max_window, DEFAULT_MAX_WINDOW, least=1)

    @property
    def lateness(self) -> int:
        """Microseconds before now that are asked for again."""
        return span_of("lag", self.lag, DEFAULT_LAG, least=0)

    @property
    def foresight(self) -> int:
        """Microseconds after now that are asked for too."""
        return span_of("ahead", self.ahead, least=0)

    @property
    def requests_at_once(self) -> int:
        """How many requests may be open at once."""
        return DEFAULT_PARALLEL if self.parallel is None else max(1, self.parallel)


def read_settings(values: Mapping[str, Any]) -> TsmSettings:
    """The settings of a connection.

    Raises:
        UnknownName: one that this platform does not have.
        BadValue: one with a value that it cannot take.
    """
    settings = settings_from(values, TsmSettings, "a WebTSM connection")
    assert settings.longest > 0
    assert settings.lateness >= 0
    assert settings.foresight >= 0
    return settings
