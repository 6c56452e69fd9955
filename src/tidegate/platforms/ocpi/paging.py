"""Where the next page of a listing is; links of a platform are taken with care."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tidegate.model.errors import UnsafeLink
from tidegate.platforms.ocpi.dedup import Seen
from tidegate.platforms.ocpi.wire import rows
from tidegate.transport.links import Origin, joined

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Seen", "Walk", "next_link", "with_query"]

logger = logging.getLogger(__name__)

_LINK: Final = re.compile(r"<([^<>]*)>([^<]*)")
_RELATION: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)
_UNFILLED: Final = frozenset({"none", "null", "undefined", "nan"})
"""Words that programs write where they have no value."""

_LONGEST_EMPTY: Final = 64
"""Bytes; an array with more holds a record."""
_EMPTY_PAGES: Final = 1000
"""Empty pages in a row, each with a link to the next, after which a listing is given up."""
_FRUITLESS: Final = 5
"""Steps back in a row without getting farther, after which totals are no longer believed."""


def next_link(header: str) -> str | None:
    """The target of `rel="next"` in a `Link` header; None if there is none."""
    for target, parameters in _LINK.findall(header):
        for quoted, bare in _RELATION.findall(parameters):
            if "next" in (quoted or bare).lower().split():
                return str(target).strip()
    return None


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """An address with these parameters in its query, beside those that it has."""
    parts = urlsplit(url)
    own = [(name, text) for name, text in _query(parts.query) if name not in parameters]
    query = urlencode([*own, *parameters.items()], safe=":")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


class Walk:
    """A walk over one listing: the address to ask next, page after page.

    Args:
        endpoint: address of the module; it may have a query of its own.
        filters: `date_from` and `date_to`, which hold for every page.
        offset: where to begin.
        limit: records to ask for at once.
        by_offset: True to go on, until pages become shorter, where they name neither a next page
            nor a total.
    """

    def __init__(
        self,
        endpoint: str,
        filters: Mapping[str, str],
        *,
        offset: int = 0,
        limit: int,
        by_offset: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._filters = dict(filters)
        self._limit = limit
        self._by_offset = by_offset
        self._first = self._furthest = self.offset = offset
        self._url: str | None = self._at(offset)
        self._followed: set[str] = set()
        self._total: int | None = None
        self._by_link, self._trusts_totals = False, True
        self._empty = self._fruitless = self._largest = 0
        self._data = b""
        self.stepped_back = 0

    @property
    def url(self) -> str | None:
        """The address to ask next; None once there is no further page."""
        return self._url

    @property
    def next_offset(self) -> int | None:
        """Where the next page begins; None if there is none, or only a link tells."""
        return None if self._url is None or self._by_link else self.offset

    def require_new(self, data: bytes) -> None:
        """Refuse a page that is the one before once more.

        Raises:
            UnsafeLink: it is.
        """
        if len(data) > _LONGEST_EMPTY and data == self._data:
            raise _circle(self._endpoint, "the same page twice")

    def advance(self, data: bytes, link: str, total: int | None) -> None:
        """Go on after a page has come.

        Args:
            data: text of the JSON array of its records.
            link: its header `Link`.
            total: its header `X-Total-Count`.

        Raises:
            UnsafeLink: the next page would be one that was asked before.
        """
        self._data = data
        self.stepped_back = self._lost(total)
        self._total = total
        target = next_link(link)
        if self.stepped_back:
            self._go_back(self.stepped_back)
        elif target is None:
            self._go_on(total)
        elif self._is_over(total):
            self._url = None
        else:
            self._follow(target, total)

    def _lost(self, total: int | None) -> int:
        """How many records have left the listing, and so moved others to before this page."""
        if total is None or self._total is None or self.offset <= self._first:
            return 0
        return max(0, self._total - total) if self._trusts_totals else 0

    def _go_back(self, amount: int) -> None:
        self._fruitless = 0 if self.offset > self._furthest else self._fruitless + 1
        self._furthest = max(self._furthest, self.offset)
        if self._fruitless >= _FRUITLESS:
            logger.warning("the platform's total count goes up and down; it is not heeded")
            self._trusts_totals = False
        self._go_to(max(self._first, self.offset - amount))

    def _is_over(self, total: int | None) -> bool:
        """True after an empty page at or beyond the end, whatever its link says."""
        if not _is_empty(self._data):
            self._empty = 0
            return False
        self._empty += 1
        if self._empty >= _EMPTY_PAGES:
            raise _circle(self._endpoint, f"{self._empty} empty pages in a row")
        return total is not None and self.offset >= total

    def _go_on(self, total: int | None) -> None:
        """Go on by offset if the page without a link cannot have been the last."""
        count = len(rows(self._data))
        if total is None and count >= self._limit and not self._by_offset:
            logger.info(
                "the platform names neither a next page nor a total; if records are missing,"
                " log in again with --by-offset"
            )
        # A platform that tells nothing may give fewer at once than asked for.
        goes_on = self._by_offset and 0 < count >= self._largest
        self._largest = max(self._largest, count)
        if total is not None:
            goes_on = 0 < count < total - self.offset
            if count == 0 and self.offset < total:
                logger.warning("the platform counts %d records and ends at %d", total, self.offset)
        self._go_to(self.offset + count if goes_on else None)

    def _follow(self, link: str, total: int | None) -> None:
        target = self._resolved(link)
        query = dict(_query(urlsplit(target).query))
        offset = query.get("offset", "").strip()
        is_sound = Origin.of(target) == Origin.of(self._endpoint) and not _is_unfilled(query)
        if offset.isdecimal():
            self._go_to(self._farther(int(offset)))
            if is_sound and _path(target) == _path(self._endpoint):
                self._url = with_query(target, {**self._filters, "limit": self._limit_of(query)})
        elif is_sound:
            self._follow_verbatim(target)
        else:
            end = self.offset + len(rows(self._data))
            is_last = end == self.offset or (total is not None and end >= total)
            self._go_to(None if is_last else end)

    def _limit_of(self, query: Mapping[str, str]) -> str:
        limit = query.get("limit", "")
        return limit if limit.isdecimal() and int(limit) > 0 else str(self._limit)

    def _follow_verbatim(self, target: str) -> None:
        if target in self._followed or target == self._url:
            raise _circle(self._endpoint, "a link to a page that was given before")
        self._followed.add(target)
        self._url = target
        self.offset += len(rows(self._data))
        self._by_link, self._trusts_totals = True, False

    def _farther(self, offset: int) -> int:
        if offset <= self.offset:
            raise _circle(self._endpoint, f"a link from offset {self.offset} to offset {offset}")
        return offset

    def _resolved(self, link: str) -> str:
        try:
            target = joined(self._url or self._endpoint, link)
            Origin.of(target)
        except ValueError as problem:
            raise UnsafeLink(
                f"{Origin.of(self._endpoint).host} sent a link that is no address: {problem}",
                hint="tell the operator of the platform",
            ) from None
        return target

    def _go_to(self, offset: int | None) -> None:
        self._by_link = False
        if offset is None:
            self._url = None
        else:
            self.offset, self._url = offset, self._at(offset)

    def _at(self, offset: int) -> str:
        page = {"offset": str(offset), "limit": str(self._limit)}
        return with_query(self._endpoint, {**self._filters, **page})


def _query(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)


def _is_empty(data: bytes) -> bool:
    return len(data) <= _LONGEST_EMPTY and not rows(data)


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _is_unfilled(query: Mapping[str, str]) -> bool:
    return any(text.strip().lower() in _UNFILLED for text in query.values())


def _circle(endpoint: str, what: str) -> UnsafeLink:
    return UnsafeLink(
        f"{Origin.of(endpoint).host} sent {what}, so its listing would never end",
        hint="tell the operator of the platform: its paging makes no progress",
    )
