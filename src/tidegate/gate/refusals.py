"""Why the gate lets somebody not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN: Final = 5
"""Paths that a refusal lists."""


class NotIdentified(UsageError):
    """No credentials, or credentials that prove nobody; it does not say which of them is wrong."""

    code = "not-identified"
    http_status = 401

    def __init__(self) -> None:
        super().__init__(
            "user and password, or a valid key, are needed",
            hint="send Authorization: Basic or Authorization: Bearer",
        )


class NotAllowed(UsageError):
    """Somebody who is known asks for what the role or the key does not allow."""

    code = "not-allowed"
    http_status = 403


class TooManyAttempts(UsageError):
    """Too many wrong passwords or keys in a row; `wait` seconds must pass."""

    code = "too-many-attempts"
    http_status = 429

    def __init__(self, wait: int) -> None:
        super().__init__(
            "too many attempts to sign in failed", hint=f"wait {wait} seconds", wait=wait
        )
        self.wait = wait


class NotCountable(UsageError):
    """A sum whose smallest group cannot be counted, because one of its series is a formula."""

    code = "not-countable"
    http_status = 403

    def __init__(self, series: str) -> None:
        super().__init__(
            f"'{series}' is a formula, and it cannot be told how many series stand behind it",
            hint="let the view select stored series only",
        )


class TooManyRequests(UsageError):
    """A key that asks too often; `wait` seconds must pass."""

    code = "too-many-requests"
    http_status = 429

    def __init__(self, wait: int) -> None:
        super().__init__("this key asks too often", hint=f"wait {wait} seconds", wait=wait)
        self.wait = wait


class NotHeld(UsageError):
    """A view that passes what the store does not hold."""

    code = "not-held"

    def __init__(self, view: str, connection: str, paths: Sequence[str]) -> None:
        shown = ", ".join(paths[:_SHOWN]) + (", …" if len(paths) > _SHOWN else "")
        super().__init__(
            f"the view '{view}' passes what the store does not hold of '{connection}': {shown}",
            hint="connect it again with --keep-full and pull, or give the view --source live",
            paths=list(paths),
        )
