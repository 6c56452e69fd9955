"""Says what an error of the services means, and what to do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import NotSignedIn, Refused, UnknownToPlatform
from tidegate.transport.answers import own_words

if TYPE_CHECKING:
    from tidegate.transport.answers import Answer

UNKNOWN: Final = 127
"""A value is not known; or there is nothing for these values in this time."""
MISSING: Final = 128
NO_PARAMETER: Final = 129
REVERSED: Final = 23
IN_FUTURE: Final = 25
NO_FILE: Final = 96

_HINTS: Final = {
    UNKNOWN: "codes are case-sensitive; tidegate onc locations, categories, devices, properties"
    " and products list them",
    MISSING: "give the parameter that is named; a product needs all of its options"
    " (tidegate onc products lists them)",
    NO_PARAMETER: "the service has no such filter; leave it out",
    REVERSED: "swap begin and end",
    IN_FUTURE: "the begin must lie before now",
    NO_FILE: "tidegate onc archive lists the names; a file may be withdrawn for a while",
}
_SIGN_IN: Final = (
    "check the token: it is under Web Services at https://data.oceannetworks.ca/Profile;"
    " connect again with it, or set ONC_TOKEN"
)
_CODE: Final = re.compile(r"error (\d+)\b")
_STATE: Final = re.compile(r"the run is (\w+)")


class _Fault(msgspec.Struct, frozen=True, rename="camel"):
    error_code: int = 0
    error_message: str = ""
    parameter: str = ""


class _Faults(msgspec.Struct, frozen=True):
    errors: list[_Fault] = []
    message: str = ""
    status: Any = None


def words(answer: Answer) -> str | None:
    """The service's own words: its error codes, or the state of a run that has no files."""
    try:
        found = msgspec.json.decode(answer.body, type=_Faults)
    except msgspec.DecodeError:
        return own_words(answer)
    if found.errors:
        return "; ".join(
            f"error {one.error_code}: {one.error_message}"
            + (f" ({one.parameter})" if one.parameter else "")
            for one in found.errors
        )
    if isinstance(found.status, str) and found.status:
        return f"the run is {found.status}: {found.message}"
    return own_words(answer)


def code_of(refusal: Refused) -> int | None:
    """The service's own number of an error."""
    match = _CODE.match(refusal.details or "")
    return int(match[1]) if match else None


def state_of(refusal: Refused) -> str | None:
    """The state of a run that a refusal tells, e.g. `cancelled`."""
    match = _STATE.match(refusal.details or "")
    return match[1].lower() if match else None


def explained(refusal: Refused) -> Refused:
    """The same refusal with advice; one of an unknown value is `UnknownToPlatform`."""
    if isinstance(refusal, NotSignedIn):
        refusal.hint = _SIGN_IN
        return refusal
    code = code_of(refusal)
    if code in _HINTS:
        refusal.hint = _HINTS[code]
    if code not in {UNKNOWN, NO_FILE} or isinstance(refusal, UnknownToPlatform):
        return refusal
    return UnknownToPlatform(
        refusal.message,
        hint=refusal.hint,
        status=refusal.status,
        details=refusal.details,
        subject=refusal.subject,
    )


def is_nothing(refusal: Refused) -> bool:
    """True if a refusal only says that there is nothing for these values."""
    return refusal.status == 404 or code_of(refusal) == UNKNOWN
