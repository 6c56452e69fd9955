"""Keep secrets out of everything that is shown or logged."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

MASK: Final = "***"

_SENSITIVE: Final = re.compile(
    r"pass(word|wd|phrase)?$|pwd|secret|token|api[-_]?key|authorization|cookie|credential|signature"
    r"|session[-_]?id",
    re.IGNORECASE,
)
_PRESENTED: Final = re.compile(
    r"(?i)\b((?:bearer|basic|token)\s+)[\w+/=.~-]{6,}"
    r"|([\"']?\b(?:password|passwd|pwd|secret|token|api[-_]?key)\b[\"']?\s*[=:]\s*)"
    r"(?:\"[^\"]*\"|'[^']*'|[^\s&,;}\"']+)"
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
_LONGEST: Final = 400
"""Characters of a server's own words that an error repeats."""


def is_sensitive(name: str) -> bool:
    """True if a header, parameter or property of this name holds a secret."""
    return _SENSITIVE.search(name) is not None


def masked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Headers, parameters or a document with every secret masked, also inside."""
    return {name: MASK if is_sensitive(name) else _inside(value) for name, value in fields.items()}


def _inside(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list | tuple):
        return [_inside(item) for item in value]
    return value


def secrets_in(document: object) -> frozenset[str]:
    """The secret texts that a document to be sent holds."""
    found: set[str] = set()
    if isinstance(document, Mapping):
        for name, value in document.items():
            if isinstance(value, str) and value and is_sensitive(str(name)):
                found.add(value)
            found |= secrets_in(value)
    elif isinstance(document, list | tuple):
        for item in document:
            found |= secrets_in(item)
    return frozenset(found)


def scrubbed(text: str, secrets: Collection[str] = ()) -> str:
    """A server's words fit to be shown: one short line, no control characters, no secrets."""
    line = _CONTROL.sub(" ", text).strip()
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, MASK)
    line = _PRESENTED.sub(lambda match: f"{match[1] or match[2]}{MASK}", line)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


_exchange = threading.local()
_CHATTY: Final = (
    "httpx2",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.proxy",
    "httpcore2.socks",
)


@contextmanager
def quiet_driver() -> Iterator[None]:
    """Keep the HTTP library from logging this thread's queries, headers and cookies."""
    _exchange.depth = getattr(_exchange, "depth", 0) + 1
    try:
        yield
    finally:
        _exchange.depth -= 1


def _outside_exchange(_record: logging.LogRecord) -> bool:
    return not getattr(_exchange, "depth", 0)


def silence_driver() -> None:
    """Make the loggers of the HTTP library heed `quiet_driver`."""
    for name in _CHATTY:
        logging.getLogger(name).addFilter(_outside_exchange)
