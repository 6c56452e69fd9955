"""How the stand-in says no."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is answered with an error status.

    Attributes:
        status: the HTTP status.
        fields: what the body carries beside the text.
        headers: extra headers of the answer.
    """

    def __init__(
        self,
        status: int,
        details: str,
        *,
        fields: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(details)
        self.status = status
        self.details = details
        self.fields = fields or {}
        self.headers = headers or {}


def bad_request(details: str) -> Refusal:
    """The request is malformed or not understood (400)."""
    return Refusal(400, details)
