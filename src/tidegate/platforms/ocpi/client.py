"""Takes the records of an OCPI platform, page after page, as the platform wrote them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.closing import Closing
from tidegate.model.errors import (
    MalformedAnswer,
    UnknownName,
    UnsafeLink,
)
from tidegate.model.instants import SECOND, to_text
from tidegate.platforms.ocpi.dedup import Seen
from tidegate.platforms.ocpi.paging import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tidegate.platforms.ocpi.access import Access, Answered
    from tidegate.platforms.ocpi.settings import OcpiSettings

logger = logging.getLogger(__name__)

_HELD: Final = 4 << 20
"""Bytes of pages that are held, beside the last two, to know again what came before."""


class Page(msgspec.Struct, frozen=True):
    """Some records of a module.

    Attributes:
        data: text of the JSON array of records, not decoded.
        timestamp: the platform's clock, UTC microseconds; None if it tells none.
        offset: records before this page, as the platform counts.
        total: records of the whole listing; None if the platform does not say.
        limit: the longest page that the platform gives; None if it does not say.
        next_offset: where the next page begins; None for the last, or where only a link tells.
    """

    data: bytes
    timestamp: int | None
    offset: int = 0
    total: int | None = None
    limit: int | None = None
    next_offset: int | None = None


class OcpiClient(Closing):
    """The modules of one platform; a context manager. Made by `access.open_client`."""

    def __init__(self, name: str, settings: OcpiSettings, access: Access) -> None:
        self._name = name
        self._settings = settings
        self._access = access

    @property
    def version(self) -> str:
        """The version of OCPI that is spoken: 2.1.1, 2.2.1 or 2.3.0."""
        return self._settings.version

    @property
    def settings(self) -> OcpiSettings:
        """The settings of the connection."""
        return self._settings

    def pages(
        self,
        module: str,
        *,
        date_from: int | None = None,
        date_to: int | None = None,
        offset: int = 0,
        page_size: int | None = None,
        one_page: bool = False,
        throttle: float | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Iterator[Page]:
        """The records of a module, page after page; a record comes once.

        A page is asked for while the caller handles the one before, unless `throttle` or `stop`
        is given.

        Args:
            module: `sessions`, `cdrs`, `locations`, `tariffs` or `tokens`.
            date_from: UTC microseconds; records updated then or later. Sessions need one, so it
                is the year 1970 for them if it is not given.
            date_to: UTC microseconds; records updated before.
            offset: records to pass over.
            page_size: records to ask for at once; as the connection says unless given.
            one_page: True to stop after one page.
            throttle: least seconds between the starts of two page requests.
            stop: asked before each page; True ends the listing there.

        Raises:
            UnknownName: the platform has no such module.
            TransportError: a page cannot be had; those before it are whole.
        """
        walk = Walk(
            self._endpoint(module),
            self._filters(module, date_from, date_to),
            offset=offset,
            limit=page_size or self._settings.page_size,
            by_offset=self._settings.by_offset,
        )
        taking = _Taking(self._access, walk, module)
        pause = throttle or self._settings.throttle
        if one_page:
            yield taking.next()
        elif pause or stop is not None:
            with self._access.limiter.spaced(pause) if pause else nullcontext():
                while walk.url is not None and not (stop and stop()):
                    yield taking.next()
        else:
            yield from _ahead(taking)

    def close(self) -> None:
        """Disconnect; what is being asked for ends."""
        self._access.close()

    def _endpoint(self, module: str) -> str:
        known = {
            name: url for name, url in self._settings.endpoints.items() if name != "credentials"
        }
        if module not in known:
            raise UnknownName(f"module of connection '{self._name}'", module, sorted(known))
        return known[module]

    def _filters(self, module: str, start: int | None, end: int | None) -> dict[str, str]:
        if start is None and module == "sessions":
            start = 0
        # Times have seconds in 2.1.1 and fit 25 characters since: thousandths.
        unit = SECOND if self.version == "2.1.1" else SECOND // 1000
        filters = {}
        if start is not None:
            filters["date_from"] = to_text(start // unit * unit)
        if end is not None:
            filters["date_to"] = to_text(-(-end // unit) * unit)
        return filters


class _Taking:
    """Takes one page after the other; drops what came before when the walk had to step back."""

    def __init__(self, access: Access, walk: Walk, module: str) -> None:
        self.walk = walk
        self._access = access
        self._module = module
        self._recent: deque[bytes] = deque()
        self._seen: Seen | None = None
        self._problem: UnsafeLink | None = None

    def next(self) -> Page:
        """The page that the walk has come to.

        Raises:
            TransportError: it cannot be had, or the page before leads nowhere.
        """
        if self._problem is not None:
            raise self._problem
        walk = self.walk
        assert walk.url is not None
        offset, subject = walk.offset, f"{self._module} from {walk.offset}"
        answered = self._access.ask(walk.url, subject)
        data = _array(answered, subject)
        total = _number(answered.headers, "x-total-count")
        walk.require_new(data)
        try:
            walk.advance(data, answered.headers.get("link", ""), total)
        except UnsafeLink as problem:
            self._problem = problem
        return Page(
            data=self._fresh(data),
            timestamp=answered.timestamp,
            offset=offset,
            total=total,
            limit=_number(answered.headers, "x-limit"),
            next_offset=walk.next_offset,
        )

    def _fresh(self, data: bytes) -> bytes:
        if self._seen is not None:
            return self._seen.unseen(data)
        self._recent.append(data)
        while len(self._recent) > 2 and sum(map(len, self._recent)) > _HELD:
            self._recent.popleft()
        if self.walk.stepped_back:
            self._remember()
        return data

    def _remember(self) -> None:
        self._seen = Seen()
        for page in self._recent:
            self._seen.unseen(page)
        self._recent.clear()
        logger.info("records of %s left the listing meanwhile; stepping back", self._module)
        if self.walk.stepped_back > len(self._seen):
            logger.warning("some records of %s may come twice", self._module)


def _ahead(taking: _Taking) -> Iterator[Page]:
    """Every page; each is asked for while the one before is handled."""
    page = taking.next()
    while taking.walk.url is not None:
        coming = _Coming(taking)
        coming.start()
        yield page
        page = coming.result()
    yield page


class _Coming(threading.Thread):
    """One page on its way; nobody waits for it once its reader has gone."""

    def __init__(self, taking: _Taking) -> None:
        super().__init__(name="tidegate-ocpi", daemon=True)
        self._taking = taking
        self._page: Page | None = None
        self._error: Exception | None = None

    def run(self) -> None:
        """Take the page."""
        try:
            self._page = self._taking.next()
        except Exception as error:  # noqa: BLE001 (raised where the page is wanted)
            self._error = error

    def result(self) -> Page:
        """The page, once it has come; what hindered it is raised."""
        self.join()
        if self._error is not None:
            raise self._error
        assert self._page is not None
        return self._page


def _array(answered: Answered, subject: str) -> bytes:
    if answered.data.startswith(b"["):
        return answered.data
    if answered.data == b"null":
        return b"[]"
    raise MalformedAnswer(
        f"the answer for {subject} holds no list of records",
        hint="check the address of the connection; it must be one of OCPI",
        subject=subject,
    )


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if text.isdecimal() else None
