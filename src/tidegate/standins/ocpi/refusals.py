"""Requests that are turned down: an HTTP status, an OCPI status code, or both."""

from __future__ import annotations


class Refusal(Exception):
    """An answer that is an error.

    Attributes:
        status: HTTP status.
        code: OCPI status code of the envelope.
        message: its text.
        headers: headers of the answer.
    """

    def __init__(
        self, status: int, code: int, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
