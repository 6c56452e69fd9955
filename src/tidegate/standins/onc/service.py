"""The state of one stand-in: catalogue, archive, orders, its clock, faults and the request log."""

from __future__ import annotations

import random
import time
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from tidegate.model import instants
from tidegate.standins.onc.archive import Archive
from tidegate.standins.onc.catalogue import Catalogue, Deployment
from tidegate.standins.onc.faults import Fault, Faults
from tidegate.standins.onc.orders import Orders
from tidegate.standins.onc.scalar import rows_of

if TYPE_CHECKING:
    from tidegate.standins.onc.options import Options

_LONGEST_LOG: Final = 100_000


@dataclass(slots=True)
class Entry:
    """One request.

    Attributes:
        method: GET or HEAD.
        path: path as sent.
        query: query as sent, with the token hidden.
        headers: all its headers by lower-case name.
        at: when it came, on a clock without a date, in seconds.
        instant: when it came on the server's clock, UTC microseconds.
        service: which service it is for, such as `delivery/run`; empty if for none.
        concurrent: requests under way at that moment, this one among them.
        runs: product runs that waited or went on at that moment.
        status: HTTP status of the answer; 0 if there was none.
        sent: bytes of the body that were sent.
        seconds: time until the answer was sent or broken off.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    at: float
    instant: int = 0
    service: str = ""
    concurrent: int = 1
    runs: int = 0
    status: int = 0
    sent: int = 0
    seconds: float = 0.0

    @property
    def parameters(self) -> dict[str, str]:
        """The query parameters by name."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


class Clock:
    """The server's clock: this machine's, shifted and perhaps faster; at rate 0 it stands still."""

    def __init__(self, start: int | None, rate: float) -> None:
        self._rate = rate
        self.set(instants.now() if start is None else start)

    def now(self) -> int:
        """The present, UTC microseconds."""
        return self._start + int((time.monotonic() - self._since) * self._rate * instants.SECOND)

    def set(self, instant: int, rate: float | None = None) -> None:
        """Sets the clock to an instant; it goes on from there, at another rate if one is given."""
        self._start, self._since = instant, time.monotonic()
        self._rate = self._rate if rate is None else rate

    @property
    def rate(self) -> float:
        """Seconds of this clock in one second."""
        return self._rate


class Service:
    """State of one stand-in."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.catalogue = Catalogue.read(options.catalogue)
        self.clock = Clock(options.clock, options.clock_rate)
        self.archive = Archive(self.catalogue, options)
        self.orders = Orders(options.slots, options.polls)
        self.faults: Faults[Fault] = Faults()
        self.log: list[Entry] = []
        self.under_way = 0
        self.page = lru_cache(maxsize=options.cache_pages)(
            partial(rows_of, seed=options.seed, nan=options.nan)
        )
        self._draws = random.Random(options.seed)

    def elapsed(self) -> float:
        """Seconds of a clock without a date, by which runs go on."""
        return time.monotonic()

    def draw(self) -> float:
        """The next number in [0, 1) that decides whether a fault of some chance hits."""
        return self._draws.random()

    def note(self, entry: Entry) -> None:
        """Notes a request; of very many only the later ones are kept."""
        if len(self.log) >= _LONGEST_LOG:
            del self.log[: _LONGEST_LOG // 2]
        self.log.append(entry)

    def documents(self) -> list[dict[str, Any]]:
        """The request log as JSON."""
        return [asdict(entry) for entry in list(self.log)]

    def deploy(self, **fields: Any) -> None:
        """Adds a deployment: `device`, `location`, `begin`, `end` and its position.

        Raises:
            KeyError: there is no such device or location.
        """
        stay = Deployment(**{"lat": None, "lon": None, "depth": None, "heading": None, **fields})
        for known, code in (
            (self.catalogue.devices, stay.device),
            (self.catalogue.locations, stay.location),
        ):
            if code not in known:
                raise KeyError(code)
        self.catalogue.deployments.append(stay)

    def recover(self, device: str, end: str) -> None:
        """Ends the open deployment of a device.

        Raises:
            KeyError: it has none.
        """
        for place, stay in enumerate(self.catalogue.deployments):
            if stay.device == device and stay.end is None:
                fields = {name: getattr(stay, name) for name in stay.__struct_fields__}
                self.catalogue.deployments[place] = Deployment(**{**fields, "end": end})
                return
        raise KeyError(device)
