"""Requests that are turned down: an HTTP status and the service's own error code."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = 127
"""A value is not known, or nothing is there for it."""
MISSING: Final = 128
"""A parameter that is needed is missing or empty."""
NOT_TAKEN: Final = 129
"""The service has no parameter of that name."""
REVERSED: Final = 23
"""`dateFrom` is later than `dateTo`."""
IN_FUTURE: Final = 25
"""`dateFrom` is in the future."""
NO_FILE: Final = 96
"""There is no archive file of that name."""

_TEXTS: Final = {
    UNKNOWN: "Invalid parameter value",
    MISSING: "Missing required parameter",
    NOT_TAKEN: "Invalid parameter name",
    REVERSED: "The start date is after the end date",
    IN_FUTURE: "The start date is in the future",
    NO_FILE: "The file was not found",
}


class Refusal(Exception):
    """An answer that is an error.

    Attributes:
        code: error code of the body.
        message: its text.
        parameters: names of the parameters that it is about.
        status: HTTP status.
    """

    def __init__(self, code: int, *parameters: str, status: int = 400, message: str = "") -> None:
        self.code = code
        self.message = message or _TEXTS.get(code, "The request failed")
        self.parameters = parameters
        self.status = status
        super().__init__(self.message)


class NothingFound(Exception):
    """A discovery service found nothing for codes that are valid."""
