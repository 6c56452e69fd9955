"""Status codes of OCPI, which come with HTTP 200, as errors of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.model.errors import Refused, ServerFault, Throttled, TransportError
from tidegate.transport.redaction import scrubbed

if TYPE_CHECKING:
    from collections.abc import Collection

    from tidegate.platforms.ocpi.wire import Envelope

_TOO_OFTEN: Final = 2004
"""Means an unknown token, which no listing asks for; a hub says it when asked too often."""

_HINTS: Final = {
    2001: "the platform misses something that it asks for; tell its operator what was asked",
    3001: "the platform cannot use this connection; ask its operator",
    3002: "choose another version with tidegate ocpi login URL --version V",
    4001: "name the party that is asked with tidegate ocpi login URL --to-party XX-YYY",
    4003: "the platform behind the hub is not connected now; try again later",
}


def error_of(
    envelope: Envelope, host: str, subject: str, *, secrets: Collection[str] = ()
) -> TransportError | None:
    """The error that an answer with HTTP 200 stands for; None if it is a success."""
    code = envelope.status_code
    if code is None or 1000 <= code < 2000:
        return None
    said = envelope.status_message
    words = scrubbed(said if isinstance(said, str) else "", secrets)
    told = f"{host} answered {subject} with OCPI status {code}" + (f": {words}" if words else "")
    kind, hint = _verdict(code)
    return kind(told, hint=hint, status=200, details=words or None, subject=subject)


def _verdict(code: int) -> tuple[type[TransportError], str]:
    if code == _TOO_OFTEN:
        return Throttled, "run the same command again later; what was confirmed is kept"
    hint = _HINTS.get(code, "tell the operator of the platform")
    return (Refused if 2000 <= code < 3000 or code == 4001 else ServerFault), hint
