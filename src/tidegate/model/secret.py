"""Secrets: passwords and tokens that no representation, log or traceback shows."""

from __future__ import annotations

import hmac
from typing import Final, NoReturn

from tidegate.model.errors import BadValue

MASK: Final = "••••••"
"""What stands for a secret wherever one would be shown."""


class Secret:
    """A password or token; `reveal` is the only way to its text.

    Raises:
        BadValue: the text is empty or holds a line break or NUL, which no sign-in can send.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not text or any(mark in text for mark in "\r\n\0"):
            raise BadValue("the password or token", _Unshown(), "one line of text, not empty")
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the request that needs it and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written out")


class _Unshown:
    """Stands in an error message for a value that must not be shown."""

    def __repr__(self) -> str:
        return MASK
