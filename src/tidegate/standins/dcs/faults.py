"""Faults that a stand-in shows on demand: which requests they hit, and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tidegate.standins.faulting import BadFault, Faults, Hit, fields_of, made

__all__ = ["KINDS", "BadFault", "Fault", "Faults", "make_fault", "parse_fault"]

KINDS: Final = {
    "status": "answers with an error `status`, with `retry_after` as its header if given",
    "throttle": "answers 429; `retry_after` is the header as sent, `none` leaves it out",
    "delay": "waits `seconds` before anything is answered",
    "hang": "accepts the request and never answers",
    "drop": "breaks the connection after `bytes` of the body as sent, 0 is before the answer",
    "slow": "waits `seconds` before each piece of the body",
    "truncate": "ends the text after `bytes` as if it were whole",
    "malformed": "puts text into the middle that is no JSON",
    "html": "answers 200 with a page instead of JSON",
    "nan": "sends the text `NaN` in place of every seventh value",
    "null": "sends null in place of every seventh value",
    "deflate": "compresses with deflate, whatever was offered",
    "plain": "sends no Content-Encoding header and no compression",
    "readings-first": "puts properties after the readings (Web API)",
}
"""What each kind of fault does."""


@dataclass(frozen=True, slots=True)
class Fault(Hit):
    """One fault and the requests that it hits; the Web API names the register in the query.

    Attributes:
        status: status of an error answer.
        seconds: length of a pause.
        bytes: where a body ends.
        retry_after: text of the header `Retry-After`.
    """

    status: int = 503
    seconds: float = 1.0
    bytes: int = 1000
    retry_after: str = ""


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
