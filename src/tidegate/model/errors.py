"""Every error that Tidegate raises on purpose: class, code, exit code, HTTP status, hint.

TidegateError
├── UsageError               the request is wrong: nothing was tried
│   ├── BadTime, BadWindow, UnknownZone, UnknownName, BadValue, NotFound, Duplicate, InUse
│   ├── UnknownAttribute (a NotFound), Ambiguous, UnitsDiffer, UnitNotConvertible, BadExpression
│   ├── TooMuch, BadFile
│   └── InsecureAddress, SecretExposed, MissingExtra, NoCredentials
├── TransportError           the platform was asked
│   ├── Unreachable, TimedOut, Throttled, ServerFault, MalformedAnswer, AnswerTooLarge, UnsafeLink
│   ├── UntrustedCertificate (an Unreachable)
│   └── Refused              the platform answered and said no
│       └── NotSignedIn, Forbidden, UnknownToPlatform
├── StoreError
│   └── StoreBusy, StoreTooNew, StoreDamaged, DiskFull
└── RunFailed, NothingNew, OutsideWindow, Interrupted   how a run ended
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, ClassVar


class TidegateError(Exception):
    """Base of every error this package raises on purpose."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None, **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.fields = fields

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.message, self.hint, self.fields, self.__dict__)


def _revive(
    kind: type[TidegateError],
    message: str,
    hint: str | None,
    fields: dict[str, Any],
    state: dict[str, Any],
) -> TidegateError:
    error = kind.__new__(kind)
    TidegateError.__init__(error, message, hint=hint, **fields)
    error.__dict__.update(state)
    return error


# ---- the request is wrong ---------------------------------------------------------------------


class UsageError(TidegateError):
    """The request cannot be carried out as it stands; nothing was tried."""

    code = "usage"
    exit_code = 2
    http_status = 400


class BadTime(UsageError):
    """A text that names no instant."""

    code = "bad-time"

    def __init__(self, text: str, why: str = "not ISO 8601") -> None:
        super().__init__(
            f"'{text}' is not a time: {why}",
            hint="write it like 2024-01-31 or 2024-01-31T06:30:00Z",
            text=text,
        )


class BadWindow(UsageError):
    """A window that ends before it starts."""

    code = "bad-window"

    def __init__(self, start: str, end: str) -> None:
        super().__init__(
            f"the window starts at {start}, after its end {end}",
            hint="swap start and end",
            start=start,
            end=end,
        )


class UnknownZone(UsageError):
    """A time zone that the zone database does not have."""

    code = "unknown-zone"

    def __init__(self, name: str) -> None:
        hint = "use an IANA name such as Europe/London"
        super().__init__(f"'{name}' is not a time zone", hint=hint, name=name)


class UnknownName(UsageError):
    """A word outside a closed list."""

    code = "unknown-name"

    def __init__(self, kind: str, text: str, known: Sequence[str]) -> None:
        close = difflib.get_close_matches(text, known, n=1, cutoff=0.6)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known[:20])}"
        message = f"'{text}' is not a known {kind}"
        super().__init__(message, hint=hint, kind=kind, text=text, known=list(known))


class BadValue(UsageError):
    """An argument with a value it cannot take."""

    code = "bad-value"

    def __init__(self, name: str, value: object, wanted: str) -> None:
        super().__init__(
            f"{name} is {value!r}", hint=f"{name} must be {wanted}", name=name, wanted=wanted
        )


class NotFound(UsageError):
    """A thing of the store that does not exist."""

    code = "not-found"
    http_status = 404

    def __init__(self, kind: str, name: object, *, hint: str | None = None) -> None:
        super().__init__(f"no {kind} '{name}' here", hint=hint, kind=kind, name=str(name))


class UnknownAttribute(NotFound):
    """A filter names an attribute that the repository does not have."""

    code = "unknown-attribute"
    http_status = 400


class Duplicate(UsageError):
    """A name or number that is taken."""

    code = "duplicate"
    http_status = 409

    def __init__(self, kind: str, name: object) -> None:
        super().__init__(
            f"there is a {kind} '{name}' already", hint="choose another name", kind=kind
        )


class InUse(UsageError):
    """A thing that cannot go because something else needs it."""

    code = "in-use"
    http_status = 409

    def __init__(self, kind: str, name: object, used_by: str) -> None:
        super().__init__(f"{kind} '{name}' is used by {used_by}", hint=f"change {used_by} first")


class Ambiguous(UsageError):
    """A request that more than one thing answers to."""

    code = "ambiguous"

    def __init__(self, kind: str, names: Sequence[str], option: str) -> None:
        super().__init__(
            f"there is more than one {kind}: {', '.join(names)}", hint=f"say which with {option}"
        )


class UnitsDiffer(UsageError):
    """Series of different units in one sum, and no unit asked for."""

    code = "units-differ"

    def __init__(self, units: Sequence[str]) -> None:
        super().__init__(
            f"the series have different units: {', '.join(units)}",
            hint="name the unit of the answer with --unit",
            units=list(units),
        )


class UnitNotConvertible(UsageError):
    """A unit that cannot become another."""

    code = "unit-not-convertible"

    def __init__(self, unit: str, target: str) -> None:
        super().__init__(
            f"'{unit}' cannot be converted to '{target}'",
            hint="choose a unit with the same base unit, or of its integral",
            unit=unit,
            target=target,
        )


class BadExpression(UsageError):
    """A formula that cannot be read or evaluated; `position` counts characters from 0."""

    code = "bad-expression"
    http_status = 422

    def __init__(self, why: str, text: str, position: int, expected: Sequence[str] = ()) -> None:
        wanted = f"expected {' or '.join(expected)}" if expected else None
        super().__init__(
            f"{why} at position {position} of '{text}'",
            hint=wanted,
            position=position,
            expected=list(expected),
        )
        self.position = position


class TooMuch(UsageError):
    """A request over a limit that protects memory or the machine."""

    code = "too-much"
    http_status = 413

    def __init__(self, what: str, amount: int, limit: int, remedy: str) -> None:
        super().__init__(
            f"{what} would be {amount:,}, the limit is {limit:,}", hint=remedy, limit=limit
        )


class BadFile(UsageError):
    """A file whose content cannot be taken as it is."""

    code = "bad-file"

    def __init__(self, path: object, why: str, *, hint: str | None = None) -> None:
        super().__init__(f"{path}: {why}", hint=hint, path=str(path))


class InsecureAddress(UsageError):
    """Credentials would travel over plain http."""

    code = "insecure-address"
    exit_code = 10

    def __init__(self, host: str) -> None:
        super().__init__(
            f"'{host}' is reached by plain http, so the password could be read on the way",
            hint="use https, or allow it for this connection with --allow-http",
            host=host,
        )


class SecretExposed(UsageError):
    """A file of secrets that others can read."""

    code = "secret-exposed"
    exit_code = 11

    def __init__(self, path: object) -> None:
        super().__init__(f"{path} can be read by others", hint=f"chmod 600 {path}", path=str(path))


class MissingExtra(UsageError):
    """An optional dependency that is not installed."""

    code = "missing-extra"
    exit_code = 12

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the extra '{extra}'", hint=f"pip install 'tidegate[{extra}]'"
        )


class NoCredentials(UsageError):
    """A secret is needed and none is at hand."""

    code = "no-credentials"
    exit_code = 13
    http_status = 401

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"no password or token for {what}", hint=hint)


# ---- the platform was asked -------------------------------------------------------------------


class TransportError(TidegateError):
    """A request to a platform failed.

    Attributes:
        status: the HTTP status of the answer, if there was one.
        details: the text by which the platform explained itself, if it did.
        subject: what was asked for, e.g. `register 733`.
    """

    code = "transport"
    exit_code = 20
    http_status = 502

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        details: str | None = None,
        subject: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.details = details
        self.subject = subject
        self.retry_after = retry_after


class Unreachable(TransportError):
    """No connection to the platform, or it broke before the answer was whole."""

    code = "unreachable"
    exit_code = 21
    retryable = True


class UntrustedCertificate(Unreachable):
    """The platform's certificate does not prove that it is the one asked for."""

    code = "untrusted-certificate"
    exit_code = 32
    retryable = False


class TimedOut(TransportError):
    """The platform was silent for longer than the budget."""

    code = "timed-out"
    exit_code = 22
    http_status = 504
    retryable = True


class Throttled(TransportError):
    """The platform asked for a pause longer than this run may wait (429)."""

    code = "throttled"
    exit_code = 23
    http_status = 503
    retryable = True


class ServerFault(TransportError):
    """The platform answered 5xx."""

    code = "server-fault"
    exit_code = 24
    retryable = True


class MalformedAnswer(TransportError):
    """An answer that is not what the platform promises: no JSON, truncated, wrong types."""

    code = "malformed-answer"
    exit_code = 25


class AnswerTooLarge(TransportError):
    """An answer over the size limit, before or after decompression."""

    code = "answer-too-large"
    exit_code = 26


class UnsafeLink(TransportError):
    """A next-page link or redirect to another host, or one seen before."""

    code = "unsafe-link"
    exit_code = 27


class Refused(TransportError):
    """The platform understood the request and said no (4xx)."""

    code = "refused"
    exit_code = 28


class NotSignedIn(Refused):
    """The platform wants credentials that it accepts (401), or sign-in failed before."""

    code = "not-signed-in"
    exit_code = 29
    http_status = 401


class Forbidden(Refused):
    """The account may not do this (403)."""

    code = "forbidden"
    exit_code = 30
    http_status = 403


class UnknownToPlatform(Refused):
    """The platform does not know the id that was asked for."""

    code = "unknown-id"
    exit_code = 31
    http_status = 404


# ---- the store --------------------------------------------------------------------------------


class StoreError(TidegateError):
    """The store cannot do what was asked."""

    code = "store"
    exit_code = 40


class StoreBusy(StoreError):
    """Another process owns the store and does not answer."""

    code = "store-busy"
    exit_code = 41
    http_status = 503
    retryable = True


class StoreTooNew(StoreError):
    """A store written by a later release."""

    code = "store-too-new"
    exit_code = 42

    def __init__(self, path: object, version: int, known: int) -> None:
        super().__init__(
            f"{path} has format {version}, this release knows up to {known}",
            hint="pip install --upgrade tidegate",
            version=version,
        )


class StoreDamaged(StoreError):
    """A store file that cannot be read as one."""

    code = "store-damaged"
    exit_code = 43


class DiskFull(StoreError):
    """No room left for what was to be written; the last transaction was undone."""

    code = "disk-full"
    exit_code = 44
    http_status = 507

    def __init__(self, path: object) -> None:
        super().__init__(
            f"the disk of {path} is full; what was confirmed before is safe",
            hint="free some space and run the same command again",
            path=str(path),
        )


# ---- how a run ended --------------------------------------------------------------------------


class RunFailed(TidegateError):
    """Some tasks of a run failed; the others are done."""

    code = "run-failed"
    exit_code = 1


class NothingNew(TidegateError):
    """A run that had nothing to ask for or got nothing new, where the caller wants to know."""

    code = "nothing-new"
    exit_code = 3


class OutsideWindow(TidegateError):
    """A run outside its daily window that was told not to wait."""

    code = "outside-window"
    exit_code = 4


class Interrupted(TidegateError):
    """Stopped by the user; what was confirmed is kept and the same command goes on."""

    code = "interrupted"
    exit_code = 130
