"""What all routes share: the estate, who is signed in, limits, faults and the request log."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tidegate.model import instants
from tidegate.standins.dcs.accounts import PUBLIC, Account, Sessions, standard_accounts
from tidegate.standins.dcs.answers import Memory
from tidegate.standins.dcs.estate import Estate, build
from tidegate.standins.dcs.faults import Fault, Faults
from tidegate.standins.dcs.rates import RateLimit
from tidegate.standins.dcs.refusals import Refusal
from tidegate.standins.dcs.slots import slot_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from starlette.requests import Request

    from tidegate.standins.dcs.options import Options

APP_COOKIE: Final = "COHERENT-DCSV3"
WEB_COOKIE: Final = "COHERENT-DCS-API"
_LONGEST_LOG: Final = 100_000
_DATED: Final = (slot_of("2024-01-01"), slot_of("2024-07-01"))


@dataclass(slots=True)
class Entry:
    """One request in the log.

    Attributes:
        method: HTTP method.
        path: path as it came.
        query: query string as it came.
        headers: headers of the request that tests look at.
        body: length of its body as announced.
        in_flight: requests being answered when it came, itself included.
        started: when it came, on a clock without a date, in seconds.
        ended: when the answer was whole or given up; `None` while it is being sent.
        status: HTTP status of the answer; 0 if there was none.
        sent: bytes of the body that were sent.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: int
    in_flight: int
    started: float
    ended: float | None = None
    status: int = 0
    sent: int = 0


@dataclass(slots=True)
class Log:
    """The requests so far, oldest first."""

    entries: list[Entry] = field(default_factory=list)
    in_flight: int = 0

    def add(self, entry: Entry) -> None:
        """Notes a request; of very many only the later ones are kept."""
        if len(self.entries) >= _LONGEST_LOG:
            del self.entries[: _LONGEST_LOG // 2]
        self.entries.append(entry)

    def documents(self) -> list[dict[str, Any]]:
        """The log as JSON."""
        return [asdict(entry) for entry in list(self.entries)]


class Service:
    """State of one stand-in."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.zone: ZoneInfo = instants.zone(options.zone)
        self.estate: Estate = build(options)
        self.accounts = standard_accounts(options.role, _DATED)
        self.app = Sessions(APP_COOKIE, options.session_s)
        self.web = Sessions(WEB_COOKIE, options.session_s)
        limits, back_off = options.limits, options.choices.back_off
        self.signed_in_rate = RateLimit(limits.signed_in_rate, limits.rate_period_s, back_off)
        self.public_rate = RateLimit(limits.public_rate, limits.rate_period_s, back_off)
        self.faults: Faults[Fault] = Faults()
        self.log = Log()
        self.memory = Memory(options.cache_mb << 20)

    def app_account(self, request: Request) -> Account:
        """Who asks the App API.

        Raises:
            Refusal: nobody is signed in.
        """
        return self.app.account(request.cookies.get(APP_COOKIE))

    def web_account(self, request: Request) -> tuple[Account, dict[str, str]]:
        """Who asks the Web API, and the headers about the rate limit.

        Raises:
            Refusal: nobody is signed in, public use is off, or the rate limit is used up.
        """
        if request.scope.get("public"):
            if not self.options.public:
                raise Refusal(403, "The public endpoint is not enabled.")
            return PUBLIC, self.public_rate.admit()
        account = self.web.account(request.cookies.get(WEB_COOKIE))
        return account, self.signed_in_rate.admit()

    def check_credentials(self, given: Any) -> Account:
        """The account of a user name and a password.

        Raises:
            Refusal: they are missing or do not fit.
        """
        if not isinstance(given, dict) or not {"username", "password"} <= given.keys():
            raise Refusal(400, "A username and a password are required.")
        account = self.accounts.get(str(given["username"]).lower())
        if account is None or account.password != given["password"]:
            raise Refusal(401, "The user name or password is incorrect.")
        return account
