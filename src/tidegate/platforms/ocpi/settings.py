"""What a connection to an OCPI platform is told; kept with the connection, shown as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tidegate.model.connection_settings import settings_from, span_of
from tidegate.model.errors import BadValue
from tidegate.model.instants import DAY
from tidegate.model.intervals import parse_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES: Final = ("sessions", "cdrs", "locations", "tariffs", "tokens")
"""The modules that hold records."""

PAGE_SIZE: Final = 1000
"""Records asked for at once; platforms limit how often they are asked."""

TokenForm = Literal["base64", "plain"]
"""How the token is written into the header: as its Base64, or as it is."""

_PARTY: Final = re.compile(r"([A-Z]{2})-?([A-Z0-9]{3})", re.IGNORECASE)
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}


class OcpiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one connection.

    Attributes:
        party: the party in whose name it is asked: country and party id, `NLABC`.
        version: of OCPI, as spoken: 2.1.1, 2.2.1 or 2.3.0.
        versions_url: address of the list of versions, or of one version; None if unknown.
        endpoints: address of each module that the platform gives records of.
        token_form: as the platform takes it; None while nobody has asked.
        to_party: the party that is asked, or the hub; None to name none.
        page_size: records to ask for at once.
        throttle: least seconds between the starts of two page requests; None for no such limit.
        by_offset: True to go on by offset where pages name neither a next page nor a total.
        allow_http: True to send the token by plain http to another machine.
        profile: of privacy, for what a pull puts into the store.
        keep_full: True to keep whole records instead.
        energy_from: the module whose records become series of energy.
        interval: raster of these series, as text (`15m`).
        lag: how long late records may come, as text (`3d`).
    """

    party: str
    version: str = "2.2.1"
    versions_url: str | None = None
    endpoints: dict[str, str] = {}
    token_form: TokenForm | None = None
    to_party: str | None = None
    page_size: Annotated[int, Meta(ge=1)] = PAGE_SIZE
    throttle: Annotated[float, Meta(gt=0)] | None = None
    by_offset: bool = False
    allow_http: bool = False
    profile: str = "strict"
    keep_full: bool = False
    energy_from: Literal["cdrs", "sessions"] = "cdrs"
    interval: str = "15m"
    lag: str = "3d"

    @property
    def step(self) -> int:
        """Microseconds of a bin of energy.

        Raises:
            BadValue: days cannot be cut into such bins.
        """
        step = parse_interval(self.interval).elapsed
        if step is None or DAY % step:
            raise BadValue("interval", self.interval, "a part of a day such as 15m or 1h")
        return step

    @property
    def lateness(self) -> int:
        """Microseconds before now that are asked for again."""
        return span_of("lag", self.lag, least=0)


def read_settings(values: Mapping[str, Any]) -> OcpiSettings:
    """The settings of a connection.

    Raises:
        UnknownName: one that this platform does not have.
        BadValue: one with a value that it cannot take.
    """
    settings = settings_from(values, OcpiSettings, "an OCPI connection")
    assert settings.step > 0
    assert settings.lateness >= 0
    return settings


def seconds(text: str, option: str = "--throttle") -> float:
    """A span such as `2s`, `500ms`, `1m` or `2`, which is seconds.

    Raises:
        BadValue: the text is none, or zero.
    """
    match = _SPAN.fullmatch(text.strip())
    span = float(match[1]) * _SECONDS[match[2] or "s"] if match else 0.0
    if span <= 0:
        raise BadValue(option, text, "a span such as 2s, 500ms or 1m")
    return span


def party(text: str, option: str = "--party") -> str:
    """A party as kept, `NLABC`, from `nl-abc`, `NLABC` or `NL-ABC`.

    Raises:
        BadValue: the text names no party.
    """
    match = _PARTY.fullmatch(text.strip())
    if match is None:
        raise BadValue(option, text, "a country and a party id such as NL-ABC")
    return (match[1] + match[2]).upper()
