"""Faults that a stand-in shows on demand: which requests they hit, and what they do."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, get_type_hints

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
class Fault:
    """One fault and the requests that it hits.

    Attributes:
        kind: a key of `KINDS`.
        path: regular expression that the path contains, in any case; empty is every path.
        query: the same of the query, as sent: the Web API names the register there.
        times: how many requests it hits; -1 is all until it is cleared.
        after: how many matching requests pass first.
        status: status of an error answer.
        seconds: length of a pause.
        bytes: where a body ends.
        retry_after: text of the header `Retry-After`.
    """

    kind: str
    path: str = ""
    query: str = ""
    times: int = -1
    after: int = 0
    status: int = 503
    seconds: float = 1.0
    bytes: int = 1000
    retry_after: str = ""

    def matches(self, path: str, query: str = "") -> bool:
        """Whether a request for `path` with `query` is one that it hits."""
        wanted = ((self.path, path), (self.query, query))
        return all(re.search(pattern, text, re.IGNORECASE) for pattern, text in wanted)


class BadFault(ValueError):
    """A fault that does not exist or whose settings make no sense."""


def parse_fault(text: str) -> Fault:
    """A fault written as `kind` or `kind:name=value,name=value`.

    Raises:
        BadFault: the kind or a setting is unknown.
    """
    kind, _, settings = text.partition(":")
    pairs = [pair.partition("=") for pair in settings.split(",") if pair]
    return make_fault({"kind": kind, **{name: value for name, _, value in pairs}})


def make_fault(fields: dict[str, Any]) -> Fault:
    """A fault from named settings, given as text or as JSON values.

    Raises:
        BadFault: the kind or a setting is unknown.
    """
    if fields.get("kind") not in KINDS:
        raise BadFault(f"unknown fault '{fields.get('kind')}', known: {', '.join(KINDS)}")
    hints = get_type_hints(Fault)
    unknown = [name for name in fields if name not in hints]
    if unknown:
        raise BadFault(f"unknown setting '{unknown[0]}', known: {', '.join(hints)}")
    try:
        fault = Fault(**{name: hints[name](value) for name, value in fields.items()})
        re.compile(fault.path)
        re.compile(fault.query)
    except (ValueError, TypeError, re.error) as problem:
        raise BadFault(str(problem)) from None
    return fault


@dataclass(slots=True)
class Faults:
    """The faults in force, in the order they were set."""

    active: list[Fault] = field(default_factory=list)

    def add(self, *faults: Fault) -> None:
        """Puts faults in force."""
        self.active.extend(faults)

    def clear(self) -> None:
        """Ends all faults."""
        self.active.clear()

    def take(self, path: str, query: str = "") -> list[Fault]:
        """The faults that hit a request for `path` with `query`; each counts the hit."""
        hits: list[Fault] = []
        for place, fault in enumerate(self.active):
            if not fault.matches(path, query) or fault.times == 0:
                continue
            if fault.after > 0:
                self.active[place] = replace(fault, after=fault.after - 1)
                continue
            hits.append(fault)
            if fault.times > 0:
                self.active[place] = replace(fault, times=fault.times - 1)
        self.active = [fault for fault in self.active if fault.times != 0]
        return hits

    def documents(self) -> list[dict[str, Any]]:
        """The faults as JSON."""
        return [asdict(fault) for fault in self.active]
