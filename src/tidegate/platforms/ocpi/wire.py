"""Messages of OCPI as they are sent; records stay text, since views and the store read them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tidegate.model.errors import MalformedAnswer

_BOM: Final = b"\xef\xbb\xbf"


class Envelope(msgspec.Struct, frozen=True):
    """What every answer is wrapped in; `data` is its text, empty where it is absent."""

    data: msgspec.Raw = msgspec.Raw(b"")
    status_code: int | None = None
    status_message: Any = None
    timestamp: Any = None


class Version(msgspec.Struct, frozen=True):
    """One version that a platform offers."""

    version: str
    url: str


class Versions(msgspec.Struct, frozen=True):
    """A list of versions inside an object, as one implementation sends it."""

    versions: list[Version]


class Endpoint(msgspec.Struct, frozen=True):
    """Where one module of a version is found; 2.1.1 knows no role."""

    identifier: str
    url: str
    role: str | None = None


class Details(msgspec.Struct, frozen=True):
    """What one version offers."""

    version: str
    endpoints: list[Endpoint]


class Role(msgspec.Struct, frozen=True):
    """One party that a platform speaks for."""

    role: str = ""
    country_code: str = ""
    party_id: str = ""


class Credentials(msgspec.Struct, frozen=True):
    """Who a platform is: roles since 2.2, one party before; its token is not read."""

    roles: list[Role] = []
    hub_party_id: str | None = None
    country_code: str = ""
    party_id: str = ""


_envelope: Final = msgspec.json.Decoder(Envelope, strict=False)
_rows: Final = msgspec.json.Decoder(list[msgspec.Raw])


def opened(body: bytes, subject: str) -> Envelope:
    """The envelope of an answer.

    Raises:
        MalformedAnswer: the body is none.
    """
    try:
        return _envelope.decode(body.removeprefix(_BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise MalformedAnswer(
            f"the answer for {subject} is no OCPI message: {str(problem)[:120]}",
            hint="check the address of the connection; a proxy may be in the way",
            subject=subject,
        ) from None


def rows(data: bytes) -> list[msgspec.Raw]:
    """The elements of a JSON array, each as its text."""
    return _rows.decode(data)
