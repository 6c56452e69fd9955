"""What an OCPI stand-in is started with: sizes, parties, tokens, and how strict it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Version = Literal["2.1.1", "2.2.1", "2.3.0"]
VERSIONS: Final[tuple[Version, ...]] = ("2.1.1", "2.2.1", "2.3.0")
MODULES: Final = ("locations", "sessions", "cdrs", "tariffs", "tokens")
DEMO_TOKEN: Final = "demo-token"  # noqa: S105 - no secret: printed at every start
DEMO_REGISTRATION: Final = "demo-registration"
COUNTRY: Final = "NL"
PARTY: Final = "TST"
PROVIDER: Final = "MSP"
"""Party of the eMSP role, which owns the tokens; its country is that of the CPO."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a stand-in is set up.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        sessions: number of charging sessions; the number of CDRs follows from it.
        locations: number of locations.
        tariffs: number of tariffs.
        tokens: number of tokens.
        seed: decides all data, with the number of locations, tariffs and tokens and the spacing.
        spacing_s: seconds between the last updates of two sessions; 0 spreads the sessions over
            two years, at most ten minutes apart.
        examples: whether the first 2.1.1 session is the record of the original documentation,
            which has no `location` although the standard demands one.
        versions: versions on offer.
        token: credentials token that is valid from the start.
        registration: token A, with which a party may register; empty allows no registration.
        token_form: form of the token in requests that is accepted; `standard` is plain for 2.1.1
            and Base64 for later versions, either for the versions list.
        require_date_from: whether sessions are refused (2001) without `date_from`, as the
            standard says.
        routing: `check` refuses requests with missing, wrong or misplaced routing headers.
        page_size: records of a page when the request names no limit.
        max_limit: most records of a page, sent as `X-Limit`.
        clock: instant at which the server's clock starts, UTC microseconds; `None` is the present.
        cache_mb: memory for pages kept ready to send again; 0 keeps none.
        records: documents served as they are, by module, in place of made-up ones.
    """

    host: str = "127.0.0.1"
    port: int = 0
    sessions: int = 120
    locations: int = 24
    tariffs: int = 6
    tokens: int = 50
    seed: int = 1
    spacing_s: float = 0.0
    examples: bool = True
    versions: Sequence[str] = VERSIONS
    token: str = DEMO_TOKEN
    registration: str = DEMO_REGISTRATION
    token_form: Literal["both", "standard", "plain", "base64"] = "both"  # noqa: S105 - a form, no token
    require_date_from: bool = False
    routing: Literal["ignore", "check"] = "ignore"
    page_size: int = 50
    max_limit: int = 1000
    clock: int | None = None
    cache_mb: int = 0
    records: Mapping[str, Sequence[dict[str, Any]]] = field(default_factory=dict)
