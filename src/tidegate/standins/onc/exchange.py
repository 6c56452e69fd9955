"""A request as handlers see it, and the answer that they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model import instants

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.standins.onc.bodies import Body
    from tidegate.standins.onc.faults import Fault
    from tidegate.standins.onc.refusals import Refusal

JSON: Final = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        method: GET or HEAD.
        path: path as sent.
        parameters: query parameters by name, without `token` and `method`.
        given: query parameters as sent.
        headers: headers by lower-case name.
        body: its body.
        root: scheme and host that the client used, with the slash at its end.
        faults: the faults that hit it.
    """

    method: str
    path: str
    parameters: dict[str, str]
    given: dict[str, str]
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
        body: its body: bytes, or a file that is made while it is sent.
        status: HTTP status.
        headers: its headers beside the length.
        part: first byte and end of the part of a file that is sent; `None` sends it whole.
        sent: called once the body has gone out whole.
    """

    body: bytes | Body
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    part: tuple[int, int] | None = None
    sent: Callable[[], None] | None = None


def document(content: Any, status: int = 200) -> Answer:
    """An answer that is JSON."""
    return Answer(msgspec.json.encode(content), status, {"Content-Type": JSON})


def refused(refusal: Refusal) -> Answer:
    """The answer to a request that is turned down."""
    error = {
        "errorCode": refusal.code,
        "errorMessage": refusal.message,
        "parameter": ",".join(refusal.parameters),
    }
    return document({"errors": [error]}, refusal.status)


def stamp(instant: int) -> str:
    """An instant as the service writes it: UTC with three digits of a second."""
    return f"{instants.to_datetime(instant).isoformat(timespec='milliseconds')[:23]}Z"


def compact(instant: int) -> str:
    """An instant as file names have it."""
    return stamp(instant).replace("-", "").replace(":", "")
