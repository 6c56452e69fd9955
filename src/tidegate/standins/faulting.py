"""Faults of stand-ins: how they are written, and which requests they hit."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Hit:
    """Which requests a fault hits; each stand-in adds what its faults need.

    Attributes:
        kind: what it does.
        path: regular expression that the path contains, in any case; empty is every path.
        query: the same of the query, as sent.
        times: how many requests it hits; -1 is all until it is cleared.
        after: how many matching requests pass first.
    """

    kind: str
    path: str = ""
    query: str = ""
    times: int = -1
    after: int = 0

    def matches(self, path: str, query: str = "") -> bool:
        """Whether a request for `path` with `query` is one that it hits."""
        wanted = ((self.path, path), (self.query, query))
        return all(re.search(pattern, text, re.IGNORECASE) for pattern, text in wanted)


FaultT = TypeVar("FaultT", bound=Hit)


class BadFault(ValueError):
    """A fault that does not exist or whose settings make no sense."""


def fields_of(text: str) -> dict[str, Any]:
    """The named settings of a fault written as `kind` or `kind:name=value,name=value`."""
    kind, _, settings = text.partition(":")
    pairs = [pair.partition("=") for pair in settings.split(",") if pair]
    return {"kind": kind, **{name: value for name, _, value in pairs}}


def made(shape: type[FaultT], kinds: Mapping[str, str], fields: Mapping[str, Any]) -> FaultT:
    """A fault from named settings, given as text or as JSON values.

    Args:
        shape: class of the faults of a stand-in.
        kinds: the kinds that it knows.
        fields: the settings.

    Raises:
        BadFault: the kind or a setting is unknown.
    """
    if fields.get("kind") not in kinds:
        raise BadFault(f"unknown fault '{fields.get('kind')}', known: {', '.join(kinds)}")
    hints = get_type_hints(shape)
    unknown = [name for name in fields if name not in hints]
    if unknown:
        raise BadFault(f"unknown setting '{unknown[0]}', known: {', '.join(hints)}")
    try:
        fault = shape(**{name: hints[name](value) for name, value in fields.items()})
        re.compile(fault.path)
        re.compile(fault.query)
    except (ValueError, TypeError, re.error) as problem:
        raise BadFault(str(problem)) from None
    return fault


@dataclass(slots=True)
class Faults(Generic[FaultT]):
    """The faults in force, in the order they were set."""

    active: list[FaultT] = field(default_factory=list)

    def add(self, *faults: FaultT) -> None:
        """Puts faults in force."""
        self.active.extend(faults)

    def clear(self) -> None:
        """Ends all faults."""
        self.active.clear()

    def take(self, path: str, *request: Any) -> list[FaultT]:
        """The faults that hit a request, described as `matches` takes it; each counts the hit."""
        hits: list[FaultT] = []
        for place, fault in enumerate(self.active):
            if not fault.matches(path, *request) or fault.times == 0:
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
