"""What a connection to Ocean Networks Canada can be told; kept with it, shown as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tidegate.model.connection_settings import settings_from, span_of
from tidegate.platforms.onc.facts import (
    DEFAULT_LAG,
    DEFAULT_MAX_WINDOW,
    DEFAULT_PARALLEL,
    Scheme,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class OncSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one connection; what is None is left to the default.

    Attributes:
        scheme: which addresses the server has; found when the connection is made.
        locations: codes of the locations whose sub-trees are discovered; everything if none.
        categories: codes of the device categories that are discovered; all if none.
        quality: `clean` takes what fails the platform's checks as points without number, `raw`
            with their numbers, flagged as faulty.
        allow_http: True to send the token by plain http to another machine.
        max_window: longest span of one pull request, as text (`2d`).
        lag: how long late samples may come, as text (`6h`).
        parallel: requests open at once.
    """

    scheme: Scheme | None = None
    locations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    quality: Literal["clean", "raw"] = "clean"
    allow_http: bool = False
    max_window: str | None = None
    lag: str | None = None
    parallel: int | None = None

    @property
    def longest(self) -> int:
        """Microseconds that one request may span."""
        return span_of("max_window", self.max_window or DEFAULT_MAX_WINDOW, least=1)

    @property
    def lateness(self) -> int:
        """Microseconds before now that are asked for again."""
        return span_of("lag", self.lag or DEFAULT_LAG, least=0)

    @property
    def requests_at_once(self) -> int:
        """How many requests may be open at once."""
        return DEFAULT_PARALLEL if self.parallel is None else max(1, self.parallel)


def read_settings(values: Mapping[str, Any]) -> OncSettings:
    """The settings of a connection.

    Raises:
        UnknownName: one that this platform does not have.
        BadValue: one with a value that it cannot take.
    """
    settings = settings_from(values, OncSettings, "a connection to Ocean Networks Canada")
    assert settings.longest > 0
    assert settings.lateness >= 0
    return settings
