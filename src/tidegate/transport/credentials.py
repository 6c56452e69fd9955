"""Credentials that know where they may go: to one host, and only unread by others.

A secret that a platform takes as a query parameter only is added when a request is sent; no
address that is shown or logged has it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import quote

from tidegate.model.errors import InsecureAddress
from tidegate.transport.links import Origin


def is_confidential(url: str, *, allow_http: bool = False) -> bool:
    """True if a secret may travel there: by https, to this machine, or as explicitly allowed."""
    origin = Origin.of(url)
    return origin.scheme == "https" or origin.is_loopback or allow_http


def require_confidential(url: str, *, allow_http: bool = False) -> None:
    """Refuse an address that a secret may not travel to.

    Raises:
        InsecureAddress: it is reached by plain http.
    """
    if not is_confidential(url, allow_http=allow_http):
        raise InsecureAddress(Origin.of(url).host)


def packed_form(secret: str) -> str:
    """A secret as Base64 of its UTF-8, which some servers want it in."""
    return base64.b64encode(secret.encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers or query parameters that prove who asks, bound to the origin they were given for."""

    origin: Origin
    _headers: dict[str, str] = field(repr=False)
    secrets: frozenset[str] = field(repr=False)
    _parameters: dict[str, str] = field(repr=False, default_factory=dict)

    @classmethod
    def header(cls, url: str, name: str, value: str) -> Credentials:
        """A secret that travels as a header of its own."""
        return cls(Origin.of(url), {name: value}, frozenset({value}))

    @classmethod
    def parameter(cls, url: str, name: str, value: str) -> Credentials:
        """A secret that travels as a query parameter, as sent and percent-encoded."""
        return cls(Origin.of(url), {}, frozenset({value, quote(value)}), {name: value})

    @classmethod
    def bearer(cls, url: str, token: str) -> Credentials:
        """A token that travels as `Authorization: Bearer`."""
        return cls(Origin.of(url), {"Authorization": f"Bearer {token}"}, frozenset({token}))

    @classmethod
    def token(cls, url: str, token: str, *, packed: bool) -> Credentials:
        """A token that travels as `Authorization: Token`, as its Base64 if `packed`."""
        base64_form = packed_form(token)
        headers = {"Authorization": f"Token {base64_form if packed else token}"}
        return cls(Origin.of(url), headers, frozenset({token, base64_form}))

    @classmethod
    def basic(cls, url: str, user: str, password: str) -> Credentials:
        """A user name and password that travel as `Authorization: Basic`."""
        packed = packed_form(f"{user}:{password}")
        headers = {"Authorization": f"Basic {packed}"}
        return cls(Origin.of(url), headers, frozenset({password, packed}))

    def headers_for(self, url: str, *, allow_http: bool = False) -> dict[str, str]:
        """What to send to an address: nothing unless it is ours and nobody can read along."""
        return dict(self._headers) if self._may_go(url, allow_http) else {}

    def parameters_for(self, url: str, *, allow_http: bool = False) -> dict[str, str]:
        """Query parameters to add to an address, under the same condition."""
        return dict(self._parameters) if self._may_go(url, allow_http) else {}

    def _may_go(self, url: str, allow_http: bool) -> bool:
        ours = self.origin.leads_to(Origin.of(url))
        return ours and is_confidential(url, allow_http=allow_http)
