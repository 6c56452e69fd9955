"""Where a request may go: addresses as typed, links and redirects as sent by a server.

A link in an answer is untrusted. It may lead on at the same host only, may turn http into https
but never the reverse, carries no user name, and is followed once.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from tidegate.model.errors import BadValue, UnsafeLink

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MISREAD: Final = re.compile(r"[\x00-\x20\x7f\\]")
"""Characters that parsers of addresses disagree about."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what credentials are bound to."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of an absolute http or https address.

        Raises:
            ValueError: the text is no such address.
        """
        if _MISREAD.search(url):
            raise ValueError("an address has no blanks, control characters or backslashes")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # whose words repeat what was sent
            raise ValueError("its host or port is none") from None
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError("an address begins with https:// and a host")
        port = port if port is not None else _DEFAULT_PORTS[parts.scheme]
        return cls(parts.scheme, parts.hostname.lower().rstrip("."), port)

    @property
    def is_loopback(self) -> bool:
        """True if what is sent there never leaves this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def leads_to(self, other: Origin) -> bool:
        """True if `other` is the same origin, or the same host by https instead of http."""
        if self == other:
            return True
        upgraded = (self.scheme, other.scheme) == ("http", "https")
        usual = (self.port, other.port) == (80, 443)
        return self.host == other.host and upgraded and usual


def base_address(url: str) -> str:
    """The address that a user typed, checked and without its trailing slashes.

    Raises:
        BadValue: it is no http or https address, or holds a user name, a query or a fragment.
    """
    text = url.strip()
    try:
        Origin.of(text)
    except ValueError:
        raise BadValue("the address", redacted(text), "like https://host/path") from None
    parts = urlsplit(text)
    if parts.username is not None or parts.password is not None:
        raise BadValue("the address", redacted(text), "without user name and password")
    if parts.query or parts.fragment:
        raise BadValue("the address", redacted(text), "without '?' and '#'")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def redacted(url: str) -> str:
    """An address that may be shown: without user name, password, query and fragment."""
    parts = urlsplit(_MISREAD.sub("", url)) if _splits(url) else SplitResult("", "", "…", "", "")
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _splits(url: str) -> bool:
    try:
        urlsplit(_MISREAD.sub("", url))
    except ValueError:
        return False
    return True


def resolve(page: str, link: str) -> str:
    """The address that a link on a page leads to.

    Raises:
        UnsafeLink: it leads to another host, away from https, or names a user.
    """
    try:
        target = joined(page, link)
        origin = Origin.of(target)
    except ValueError as problem:
        raise UnsafeLink(
            f"{Origin.of(page).host} sent a link that is no address: {problem}",
            hint="tell the operator of the platform",
        ) from None
    parts = urlsplit(target)
    if parts.username is not None or parts.password is not None:
        raise UnsafeLink(f"{Origin.of(page).host} sent a link with a user name in it")
    here = Origin.of(page)
    if not here.leads_to(origin):
        raise UnsafeLink(
            f"{here.scheme}://{here.host}:{here.port} sent a link to"
            f" {origin.scheme}://{origin.host}:{origin.port}, which is not followed",
            hint="if the platform has moved, change the address of the connection",
        )
    return urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query, ""))


def joined(page: str, link: str) -> str:
    """The absolute form of a link on a page, not yet fit to be followed.

    Raises:
        ValueError: the link is no address; the words tell nothing of it.
    """
    # urllib drops some of these characters silently, other parsers keep them.
    if _MISREAD.search(link):
        raise ValueError("it has blanks, control characters or backslashes")
    try:
        return urljoin(page, link)
    except ValueError:
        raise ValueError("its host is none") from None
