"""What a DCS stand-in is started with: sizes, addresses, limits, choices where sources differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tidegate.model import instants

DEMO_USER: Final = "demo"
DEMO_PASSWORD: Final = "demo"  # noqa: S105 - no secret: printed at every start
EARLIEST: Final = instants.parse("2000-06-05")
"""The demand that every register varies begins here; totals count from here."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Restrictions of the Web API; 0 switches one off.

    Attributes:
        signed_in_rate: requests that all signed-in callers together may make in a period.
        public_rate: the same for anonymous callers.
        rate_period_s: length of that period in seconds.
        signed_in_days: longest span of one readings request.
        public_days: the same for anonymous callers.
        app_days: the same on the App API.
    """

    signed_in_rate: int = 0
    public_rate: int = 0
    rate_period_s: int = 60
    signed_in_days: int = 0
    public_days: int = 0
    app_days: int = 0


@dataclass(frozen=True, slots=True)
class Choices:
    """Behaviour that differs between servers or that no source settles.

    Attributes:
        start: `server` chooses today when `start` is missing, `required` answers 400.
        padding: what a padded record of the App API carries as its values.
        back_off: the JSON kind of `backOffSuggestion` in a 429 answer.
        instantaneous_periods: `refuse` periods other than the half hour for instantaneous series
            of the Web API, as the vendor says, or `ignore` them, as its users found.
    """

    start: Literal["server", "required"] = "server"
    padding: Literal["zero", "null"] = "zero"
    back_off: Literal["text", "number"] = "text"
    instantaneous_periods: Literal["refuse", "ignore"] = "refuse"


@dataclass(frozen=True, slots=True)
class Options:
    """How a stand-in is set up.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        app_path: base path of the App API (which adds `/api`).
        web_path: base path of the Web API.
        meters: number of meters, the named ones included.
        examples: whether the meters of the worked examples (registers 801, 811, 812) are added.
        start: first instant with readings.
        end: end of the readings; `None` is the present.
        zone: zone of the server, for local times.
        role: role of the account `demo`.
        session_s: life of a session in seconds.
        public: whether anonymous callers may use `/public`.
        limits: restrictions of requests.
        choices: behaviour where servers differ.
        cache_mb: memory for answers kept ready to send again; 0 keeps none.
    """

    host: str = "127.0.0.1"
    port: int = 0
    app_path: str = "/DCS"
    web_path: str = "/DCSWebApi"
    meters: int = 12
    examples: bool = True
    start: int = instants.parse("2018-01-01")
    end: int | None = None
    zone: str = "Europe/London"
    role: str = "Administrator"
    session_s: float = 3600.0
    public: bool = True
    limits: Limits = Limits()
    choices: Choices = Choices()
    cache_mb: int = 0
