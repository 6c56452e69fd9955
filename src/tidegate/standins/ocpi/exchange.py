"""A request as handlers see it, and the answer that they give."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model import instants

if TYPE_CHECKING:
    from tidegate.standins.ocpi.faults import Fault
    from tidegate.standins.ocpi.service import Service

JSON: Final = "application/json; charset=utf-8"
SUCCESS: Final = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        method: GET, POST, …
        path: path as sent.
        parameters: query parameters by name.
        headers: headers by lower-case name.
        body: its body.
        root: scheme and host that the client used.
        faults: the faults that hit it.
    """

    method: str
    path: str
    parameters: dict[str, str]
    headers: dict[str, str]
    body: bytes
    root: str
    faults: list[Fault]

    def fault(self, *kinds: str) -> Fault | None:
        """The first fault of one of these kinds that hits it."""
        return next((fault for fault in self.faults if fault.kind in kinds), None)


@dataclass(slots=True)
class Answer:
    """An answer.

    Attributes:
        body: its body as sent, before compression.
        status: HTTP status.
        headers: its headers beside the length.
    """

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def tokens_of(header: str) -> dict[str, str]:
    """What an `Authorization` header may mean: `plain` the text itself, `base64` its decoding."""
    scheme, _, given = header.partition(" ")
    given = given.strip()
    if scheme.lower() != "token" or not given:
        return {}
    meanings = {"plain": given}
    with suppress(ValueError):
        meanings["base64"] = base64.b64decode(given, validate=True).decode()
    return meanings


def envelope(
    service: Service,
    asked: Asked,
    data: Any = None,
    code: int = SUCCESS,
    message: str = "Success",
) -> bytes:
    """The OCPI envelope around data; `msgspec.Raw` data is JSON already. No data with an error."""
    document: dict[str, Any] = {"data": data} if code == SUCCESS else {}
    document |= {"status_code": code, "status_message": message}
    if not asked.fault("no-timestamp"):
        second = service.clock.now() // instants.SECOND * instants.SECOND
        document["timestamp"] = instants.to_text(second)
    return msgspec.json.encode(document)
