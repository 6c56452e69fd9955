"""Failures of HTTP as errors of Tidegate; none names a query or repeats a secret."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from tidegate.model.errors import (
    Forbidden,
    MalformedAnswer,
    NotSignedIn,
    Refused,
    ServerFault,
    Throttled,
    TimedOut,
    TransportError,
    UnknownToPlatform,
    Unreachable,
    UntrustedCertificate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.transport.answers import Answer

_AGAIN = "run the same command again; what was confirmed is kept"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of whom, as an error may tell it."""

    host: str
    what: str
    subject: str | None


@contextmanager
def translated(asked: Asked) -> Iterator[None]:
    """Raise what the HTTP library raises as an error of ours."""
    try:
        yield
    except httpx2.RequestError as problem:
        raise _broken(problem, asked) from problem
    except httpx2.InvalidURL as problem:
        raise MalformedAnswer(f"{asked.what} is no address that can be asked") from problem


def _broken(problem: httpx2.RequestError, asked: Asked) -> TransportError:
    subject = asked.subject
    if isinstance(problem, httpx2.ReadTimeout | httpx2.WriteTimeout):
        return TimedOut(
            f"{asked.host} did not answer in time for {asked.what}", hint=_AGAIN, subject=subject
        )
    if isinstance(problem, httpx2.ConnectTimeout):
        return Unreachable(
            f"{asked.host} takes no connection in time",
            hint="check the address and the network",
            subject=subject,
        )
    if _is_certificate(problem):
        return UntrustedCertificate(
            f"the certificate of {asked.host} is not trusted: {_reason(problem)}",
            hint="check the address; for a private authority set SSL_CERT_FILE",
            subject=subject,
        )
    if isinstance(problem, httpx2.ConnectError | httpx2.ProxyError):
        return Unreachable(
            f"no connection to {asked.host}: {_reason(problem)}",
            hint="check the address and the network",
            subject=subject,
        )
    return Unreachable(
        f"the connection to {asked.host} broke while waiting for {asked.what}",
        hint=_AGAIN,
        subject=subject,
    )


def _is_certificate(problem: BaseException) -> bool:
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _reason(problem: Exception) -> str:
    text = str(problem)
    return (text.partition("] ")[2] or text or type(problem).__name__)[:160]


def error_of(
    answer: Answer, asked: Asked, *, details: str | None, retry_after: float | None
) -> TransportError:
    """The error that an answer of status 400 or more stands for."""
    kind, did, hint = _verdict(answer.status)
    words = f": {details}" if details else ""
    return kind(
        f"{asked.host} {did} {asked.what} ({answer.status}){words}",
        hint=hint,
        status=answer.status,
        details=details,
        subject=asked.subject,
        retry_after=retry_after,
    )


def _verdict(status: int) -> tuple[type[TransportError], str, str]:
    if status >= 500:
        return (
            ServerFault,
            "failed on",
            "try again later; if it stays, tell the platform's operator",
        )
    match status:
        case 401:
            return NotSignedIn, "wants a sign-in for", "check user name and password, or the token"
        case 403:
            return Forbidden, "does not allow", "ask the platform's operator for access"
        case 404:
            return UnknownToPlatform, "does not know", "check the id, and the connection's address"
        case 429:
            return Throttled, "asks for a pause before", _AGAIN
        case _:
            return Refused, "refused", "check what was asked for"
