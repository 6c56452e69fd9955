"""`ocpi get`: the records of a module, filtered before anything else happens to them.

One way for all of them: pages of the platform, what is joined, the filter, the writer, the journal.
No database is opened, and no more than a few pages are held.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.gate.takings import Taking, enter
from tidegate.model.errors import BadValue, Interrupted
from tidegate.model.instants import now
from tidegate.platforms.ocpi.access import open_client
from tidegate.services import secrets
from tidegate.services.connecting import policies_of
from tidegate.services.connection_files import connection as connection_of
from tidegate.services.ocpi.outlet import Outlet, rules_of
from tidegate.services.ocpi.progress import OVERLAP, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.platforms.ocpi.client import OcpiClient, Page
    from tidegate.services.ocpi.outlet import Wanted
    from tidegate.services.ocpi.progress import Export
    from tidegate.services.ocpi.sinks import Sink
    from tidegate.services.settings import Settings

logger = logging.getLogger(__name__)

Stop = Callable[[], bool]

CHANNEL: Final = "ocpi get"
"""What the journal calls this way out."""


@dataclass(slots=True)
class Taken:
    """What one run gave out.

    Attributes:
        records: how many.
        skipped: elements of pages that were no records.
        unknown: how often each field that no rule names was blanked, by path.
        page: the last page, without its records.
    """

    records: int = 0
    skipped: int = 0
    unknown: dict[str, int] = field(default_factory=dict)
    page: Page | None = None


class Source:
    """A connection that records are taken from.

    Args:
        name: of the connection.
        folder: of the store that it belongs to.
        client: speaks to the platform.
        actor: who takes the records, as the journal calls them.
    """

    def __init__(self, name: str, folder: Path, client: OcpiClient, actor: str = "owner") -> None:
        self.name = name
        self.folder = folder
        self.client = client
        self._actor = actor

    def outlet(self, wanted: Wanted) -> Outlet:
        """What lets out what is wanted of this platform.

        Raises:
            UsageError: it cannot be had like that.
        """
        return Outlet(wanted, rules_of(wanted, self.client.version))

    def enter(self, wanted: Wanted, records: int) -> None:
        """Enter in the journal of takings what has left."""
        if records:
            taking = Taking(
                actor=self._actor,
                connection=self.name,
                module=wanted.module,
                records=records,
                format=wanted.format,
                channel=CHANNEL,
            )
            enter(self.folder, taking)


@contextmanager
def source(folder: Path, connection: str | None, settings: Settings) -> Iterator[Source]:
    """The connection of a name, or the only one to an OCPI platform.

    Raises:
        NotLoggedIn: there is none.
        Ambiguous: no name is given and there are several.
        NoCredentials: its token is not at hand.
    """
    record, store = connection_of(folder, connection, platform="ocpi")
    secret = secrets.load(record.name, store)
    with open_client(record, secret, policies=policies_of(settings)) as client:
        yield Source(record.name, folder, client)


def get(source: Source, wanted: Wanted, sink: Sink, *, stop: Stop = lambda: False) -> Taken:
    """Give out the records of a module.

    Args:
        source: where they come from.
        wanted: what to give out.
        sink: where they go.
        stop: asked after each page; True ends the export there.

    Raises:
        TransportError: a page could not be had; those before it are whole.
        Interrupted: `stop` ended it.
    """
    return _run(source, source.outlet(wanted), sink, stop)


def get_news(
    source: Source, wanted: Wanted, sink: Sink, export: Export, *, stop: Stop = lambda: False
) -> Taken:
    """Give out what is new or was updated since the last run of an export.

    Everything up to the platform's present clock; what comes later is left to the next run. How far
    it came is remembered once the records are where they belong.

    Args:
        source: where they come from.
        wanted: what to give out; its `date_from` counts for the first run.
        sink: where they go.
        export: what was given out before.
        stop: asked after each page; True ends the run there, and it counts as not done.

    Raises:
        BadValue: a wanted page or end; an export that goes on takes everything.
        TransportError: a page could not be had; nothing is remembered of this run.
        Interrupted: `stop` ended it.
    """
    for option, given in {"--limit": wanted.limit, "--date-to": wanted.date_to}.items():
        if given is not None:
            raise BadValue(option, given, "left out of an export that goes on")
    outlet = source.outlet(wanted)
    before = export.progress.start()
    start = wanted.date_from if before is None else before
    anchor = _clock(source.client, wanted, start)
    unseen = Unseen(export.progress, anchor)
    outlet.wanted = msgspec.structs.replace(wanted, date_from=start, date_to=anchor)
    taken = _run(source, outlet, sink, stop, unseen)
    export.confirm(sink.remembered(unseen.confirmed()))
    return taken


def _run(
    source: Source, outlet: Outlet, sink: Sink, stop: Stop, unseen: Unseen | None = None
) -> Taken:
    outlet.prepare(source.client)
    taken = Taken()
    has_left = not sink.is_atomic
    try:
        with sink.writing(outlet) as writer:
            for page in _pages(source.client, outlet.wanted):
                lines = outlet.lines(page.data if unseen is None else unseen.page(page.data))
                writer.write(lines)
                taken.records += lines.count(b"\n")
                taken.page = msgspec.structs.replace(page, data=b"")
                if stop():
                    raise Interrupted(
                        f"stopped after {taken.records:,} records, at the end of a page",
                        hint="run the same command again",
                    )
        has_left = True
    finally:
        if has_left:
            source.enter(outlet.wanted, taken.records)
    taken.skipped, taken.unknown = outlet.skipped, outlet.unknown
    return taken


def _pages(client: OcpiClient, wanted: Wanted) -> Iterator[Page]:
    return client.pages(
        wanted.module,
        date_from=wanted.date_from,
        date_to=wanted.date_to,
        offset=wanted.offset,
        page_size=wanted.limit or wanted.page_size,
        one_page=wanted.limit is not None,
        throttle=wanted.throttle,
    )


def _clock(client: OcpiClient, wanted: Wanted, start: int | None) -> int:
    """The platform's present instant; ours, with some care, if it tells none."""
    page = next(client.pages(wanted.module, date_from=start, page_size=1, one_page=True))
    time.sleep(wanted.throttle or client.settings.throttle or 0)
    if page.timestamp is None:
        logger.info("the platform tells no time; the clock of this machine is taken")
        return now() - OVERLAP
    return page.timestamp
