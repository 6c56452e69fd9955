"""Faults that the stand-in shows on demand: which requests they hit, and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tidegate.standins.faulting import BadFault, Faults, Hit, fields_of, made

__all__ = ["KINDS", "BadFault", "Fault", "Faults", "make_fault", "parse_fault"]

KINDS: Final = {
    "status": "answers with an HTTP error `status`, with `retry_after` as its header if given",
    "throttle": "answers 429; `retry_after` is the header as sent, nothing leaves it out",
    "throttle-date": "answers 429 with a `Retry-After` that is the date in `seconds`",
    "error": "answers `status` with the error code `code` about the parameter `text`",
    "delay": "waits `seconds` before anything is answered",
    "slow": "sends at most `bytes` of a body in a second",
    "hang": "accepts the request and never answers",
    "reset": "breaks the connection before the answer",
    "cut": "breaks the connection after the headers and `bytes` of the body",
    "short": "closes the connection after `bytes` of the body, though more were promised",
    "truncate": "sends the first `bytes` of the body as if they were all",
    "length": "promises `bytes` more in Content-Length than there are",
    "no-length": "leaves Content-Length out",
    "html": "answers 200 with a page instead of JSON",
    "malformed": "puts text into the middle of the body that is no JSON",
    "gzip": "compresses the bytes of a file and says so nowhere",
    "encode": "compresses the body as its Content-Encoding says",
    "name": "calls a file `text` in Content-Disposition",
    "changed": "flips a byte in the middle of a file",
    "self-next": "leads to the same page again",
    "repeat-page": "sends the rows of the page before again",
    "skip-page": "leads to the page after the next",
    "no-next": "leaves the way to the next page out",
    "restricted": "sends no values and a message that says they are restricted",
    "run-error": "lets the runs of an order fail",
    "run-cancelled": "lets the runs of an order be cancelled",
    "no-data": "lets the runs of an order find no data",
    "runs": "lets an order have `items` runs",
    "gone": "answers 410 with a message, as for a file that is not there yet or no more",
}
"""What each kind of fault does."""


@dataclass(frozen=True, slots=True)
class Fault(Hit):
    """One fault and the requests that it hits.

    Attributes:
        chance: share of the requests that it hits, decided by the server's seed.
        status: status of an HTTP error.
        code: error code of the service.
        seconds: length of a pause.
        bytes: a number of bytes.
        items: a number of things.
        text: a text.
        retry_after: text of the header `Retry-After`.
    """

    chance: float = 1.0
    status: int = 503
    code: int = 127
    seconds: float = 1.0
    bytes: int = 1000
    items: int = 2
    text: str = "somewhere/../else.bin"
    retry_after: str = ""

    def matches(self, path: str, query: str = "", draw: float = 0.0) -> bool:
        """Whether it hits a request for `path` with `query`; `draw` is its number in [0, 1)."""
        return draw < self.chance and Hit.matches(self, path, query)


def parse_fault(text: str) -> Fault:
    """A fault written as `kind` or `kind:name=value,name=value`.

    Raises:
        BadFault: the kind or a setting is unknown.
    """
    return make_fault(fields_of(text))


def make_fault(fields: dict[str, Any]) -> Fault:
    """A fault from named settings, given as text or as JSON values.

    Raises:
        BadFault: the kind or a setting is unknown.
    """
    return made(Fault, KINDS, fields)
