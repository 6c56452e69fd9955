"""The state of one stand-in: its data, who may ask, its clock, faults and the request log."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from tidegate.model import instants
from tidegate.standins.ocpi.faults import Fault, Faults
from tidegate.standins.ocpi.platform import Platform

if TYPE_CHECKING:
    from tidegate.standins.ocpi.options import Options

_LONGEST_LOG: Final = 100_000


@dataclass(slots=True)
class Entry:
    """One request.

    Attributes:
        method: GET, POST, …
        path: path as sent.
        query: query as sent, without the question mark.
        headers: all its headers by lower-case name.
        at: when it came, on a clock without a date, in seconds.
        status: HTTP status of the answer; 0 if there was none.
        sent: bytes of the body that were sent.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    at: float
    status: int = 0
    sent: int = 0

    @property
    def parameters(self) -> dict[str, str]:
        """The query parameters by name."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


class Clock:
    """The server's clock: this machine's, shifted; or one that stands still."""

    def __init__(self, start: int | None) -> None:
        self._shift = 0 if start is None else start - instants.now()
        self._still: int | None = None

    def now(self) -> int:
        """The present, UTC microseconds."""
        return instants.now() + self._shift if self._still is None else self._still

    def set(self, instant: int, *, still: bool = False) -> None:
        """Sets the clock to an instant; it goes on from there, or stands still."""
        self._shift = instant - instants.now()
        self._still = instant if still else None


@dataclass(slots=True)
class Party:
    """What is known of a registered client.

    Attributes:
        token: token B, which opens the client's own server; empty for one that has none.
        url: the client's versions address.
        roles: its parties as it sent them.
    """

    token: str = ""
    url: str = ""
    roles: list[Any] = field(default_factory=list)


class Service:
    """State of one stand-in."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.platform = Platform(options)
        self.clock = Clock(options.clock)
        self.faults: Faults[Fault] = Faults()
        self.log: list[Entry] = []
        self.parties: dict[str, Party] = {options.token: Party()}
        self.registrations = {options.registration} - {""}
        self.pages = Pages(options.cache_mb << 20)

    def note(self, entry: Entry) -> None:
        """Notes a request; of very many only the later ones are kept."""
        if len(self.log) >= _LONGEST_LOG:
            del self.log[: _LONGEST_LOG // 2]
        self.log.append(entry)

    def documents(self) -> list[dict[str, Any]]:
        """The request log as JSON."""
        return [asdict(entry) for entry in list(self.log)]

    def admit(self, party: Party) -> str:
        """Registers a client; gives its token C."""
        token = secrets.token_urlsafe(24)
        self.parties[token] = party
        return token

    def touch(self, module: str, index: int, updated: int | None = None) -> None:
        """Updates a record: its `last_updated` is the server's present, or `updated`."""
        self.pages.forget()
        self.platform.modules[module].touched[index] = (
            self._second() if updated is None else updated
        )

    def _second(self) -> int:
        """The server's present as records show it: a whole second."""
        return self.clock.now() // instants.SECOND * instants.SECOND

    def remove(self, module: str, index: int) -> None:
        """Takes a record away."""
        self.pages.forget()
        self.platform.modules[module].removed.add(index)

    def grow(self, sessions: int) -> None:
        """Adds charging sessions and their CDRs at the end, updated at the server's present."""
        modules = [self.platform.modules[name] for name in ("sessions", "cdrs")]
        before = [module.source.count() for module in modules]
        self.platform.sessions += sessions
        for module, first in zip(modules, before, strict=True):
            if module.source.sorted:
                for index in range(first, module.source.count()):
                    module.touched[index] = self._second()


@dataclass(slots=True)
class Pages:
    """Texts of pages kept to be sent again, up to a number of bytes; the oldest go first."""

    limit: int
    _kept: dict[tuple[Any, ...], bytes] = field(default_factory=dict)
    _size: int = 0

    def get(self, key: tuple[Any, ...]) -> bytes | None:
        """The text kept under a key."""
        return self._kept.get(key)

    def keep(self, key: tuple[Any, ...], text: bytes) -> None:
        """Keeps a text, if texts are kept."""
        if not self.limit:
            return
        self._kept[key] = text
        self._size += len(text)
        while self._size > self.limit:
            self._size -= len(self._kept.pop(next(iter(self._kept))))

    def forget(self) -> None:
        """Forgets all texts: records have changed."""
        self._kept.clear()
        self._size = 0
