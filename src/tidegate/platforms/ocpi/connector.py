"""The connector of OCPI: its modules, locations and EVSEs, and the records of its modules."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.closing import Closing
from tidegate.model.connector import Capabilities, Fetched
from tidegate.model.coverage import CoverageState
from tidegate.model.errors import NotSignedIn, Refused, TransportError
from tidegate.model.instants import MINUTE, SECOND, now
from tidegate.model.intervals import parse_interval
from tidegate.platforms.ocpi.access import open_client
from tidegate.platforms.ocpi.ingest import Ingest
from tidegate.platforms.ocpi.mapping import Mapping, module_entry
from tidegate.platforms.ocpi.rules import MODULES
from tidegate.platforms.ocpi.wire import rows
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.gate.transforms import Hasher
    from tidegate.model.catalogue import Entry
    from tidegate.model.connector import Connection, Task
    from tidegate.model.secret import Secret
    from tidegate.platforms.ocpi.settings import OcpiSettings
    from tidegate.transport.limiter import Limiter

logger = logging.getLogger(__name__)

_UNSURE: Final = SECOND
"""2.1.1 does not say whether `date_from` is within what it gives: so much is asked for twice."""


class OcpiConnector(Closing):
    """One open connection to an OCPI platform.

    Subjects that are asked for are the modules: `sessions`, `cdrs`, `locations`, `tariffs`,
    `tokens`. EVSEs (`NL*TST*LOC1*E1`) have series of energy, which the records of one module fill.

    Args:
        connection: address and settings.
        secret: the token.
        policies: how to treat the platform.
        progress: told of requests.
        limiter: shared by whoever else asks the same platform.
        hasher: makes keyed hashes of ids and places; needed to fetch.

    Raises:
        UnknownName, BadValue: the connection has settings that it cannot have.
        NoCredentials: there is no token.
    """

    def __init__(
        self,
        connection: Connection,
        secret: Secret | None,
        *,
        policies: Policies = Policies(),
        progress: Progress = SILENT,
        limiter: Limiter | None = None,
        hasher: Hasher | None = None,
    ) -> None:
        self._client = open_client(
            connection, secret, policies=policies, progress=progress, limiter=limiter
        )
        self._settings = self._client.settings
        self._hasher = hasher
        self._opened_at = now()
        self._modules = [name for name in MODULES if name in self._settings.endpoints]
        self._source = energy_source(self._settings)
        self._mapping = Mapping(
            connection.name, parse_interval(self._settings.interval), self._source
        )

    @property
    def capabilities(self) -> Capabilities:
        """One listing at a time, of any length, from the first record on."""
        return Capabilities(lag=self._settings.lateness, beginning=0)

    def greet(self) -> dict[str, Any]:
        """Ask for one record; which version is spoken.

        Raises:
            NotSignedIn: the platform does not accept the token.
            TransportError: the platform cannot be asked.
        """
        for module in self._modules[:1]:
            self._count(module)
        return {"version": self._client.version}

    def discover(self) -> Iterator[Entry]:
        """Modules with the number of their records, locations, and EVSEs with their series.

        Modules that the platform offers and then refuses are left out.

        Raises:
            TransportError: the platform cannot be asked, or refuses everything.
        """
        counts = self._counts()
        for module, records in counts.items():
            yield module_entry(module, records)
        if "locations" in counts:
            for page in self._client.pages("locations"):
                for row in rows(page.data):
                    location = msgspec.json.decode(row)
                    if isinstance(location, dict):
                        yield from self._mapping.location_entries(location)

    def fetch(self, task: Task) -> Iterator[Fetched]:
        """The records of a module that changed in a window, a piece a page.

        What changes while it is asked for comes too: the listing is bounded above only where the
        window ends before this connector was opened.

        Raises:
            NotSignedIn: no further task can succeed.
        """
        module, window = task.subject, task.window
        ingest = self._ingest(module)
        start = window.start - (_UNSURE if self._client.version == "2.1.1" else 0)
        end = window.end if window.end < self._opened_at - MINUTE else None
        clock, held, received = None, None, 0
        try:
            for page in self._client.pages(
                module, date_from=start if start > 0 else None, date_to=end
            ):
                if held is not None:
                    yield Fetched(task=task, state=CoverageState.DONE, piece=held, is_last=False)
                clock = page.timestamp if clock is None else clock
                held = ingest.piece(page.data)
                received += held.records.num_rows
        except NotSignedIn:
            raise
        except TransportError as error:
            if held is not None:
                yield Fetched(task=task, state=CoverageState.DONE, piece=held, is_last=False)
            is_refused = isinstance(error, Refused)
            state = CoverageState.REFUSED if is_refused else CoverageState.FAILED
            yield Fetched(task=task, state=state, error=error)
            return
        ingest.tell()
        state = CoverageState.DONE if received else CoverageState.EMPTY
        yield Fetched(task=task, state=state, piece=held, clock=clock)

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def _ingest(self, module: str) -> Ingest:
        assert self._hasher is not None
        step = self._settings.step if module == self._source else 0
        return Ingest(module, self._settings, self._mapping, self._hasher, step=step)

    def _count(self, module: str) -> int | None:
        (page,) = self._client.pages(module, one_page=True, page_size=1)
        return page.total

    def _counts(self) -> dict[str, int | None]:
        """How many records each module has that is given to us; None where no number is told."""
        counts: dict[str, int | None] = {}
        refused: Refused | None = None
        for module in self._modules:
            try:
                counts[module] = self._count(module)
            except NotSignedIn:
                raise
            except Refused as refusal:
                logger.warning("the platform refuses its %s; they are left out", module)
                refused = refusal
        if refused is not None and not counts:
            raise refused
        return counts


def energy_source(settings: OcpiSettings) -> str:
    """The module whose records become series: as set, or the other where that is not offered."""
    if settings.energy_from in settings.endpoints:
        return settings.energy_from
    return "cdrs" if "cdrs" in settings.endpoints else "sessions"
