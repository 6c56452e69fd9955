"""Accounts, what they may see, and the sessions of one API."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Final

from tidegate.standins.dcs.options import DEMO_PASSWORD, DEMO_USER
from tidegate.standins.dcs.refusals import Refusal

ROLES: Final = ("Administrator", "Operator", "Viewer", "Guest")
CHANGING_ROLES: Final = frozenset({"Administrator", "Operator"})


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in.

    Attributes:
        name: user name.
        password: password in clear; these accounts are not real.
        role: one of `ROLES`.
        meters: the only meters it may see; `None` is all.
        virtual: the only virtual meters it may see; `None` is all.
        expired: whether the account may sign in but do nothing more.
        first: first slot of the data it may see.
        last: slot after the last of the data it may see.
    """

    name: str
    password: str
    role: str
    meters: frozenset[int] | None = None
    virtual: frozenset[int] | None = None
    expired: bool = False
    first: int | None = None
    last: int | None = None

    @property
    def is_guest(self) -> bool:
        """Whether addresses are hidden from it and everything but metered data is closed."""
        return self.role == "Guest"

    def sees_meter(self, meter: int) -> bool:
        """Whether a meter and its registers are open to it."""
        return self.meters is None or meter in self.meters

    def sees_virtual(self, meter: int) -> bool:
        """Whether a virtual meter is open to it."""
        return self.virtual is None or meter in self.virtual


def standard_accounts(role: str, window: tuple[int, int]) -> dict[str, Account]:
    """The accounts by name, all with one password; `window` is what `dated` may see."""
    accounts = [Account(DEMO_USER, DEMO_PASSWORD, role)]
    accounts += [Account(name.lower(), DEMO_PASSWORD, name) for name in ROLES]
    accounts.append(
        Account("restricted", DEMO_PASSWORD, "Viewer", frozenset({405}), frozenset({9}))
    )
    accounts.append(Account("expired", DEMO_PASSWORD, "Viewer", expired=True))
    accounts.append(Account("dated", DEMO_PASSWORD, "Viewer", first=window[0], last=window[1]))
    return {account.name: account for account in accounts}


PUBLIC: Final = Account("(public)", "", "Guest")
"""Who an anonymous caller is."""


@dataclass(slots=True)
class Sessions:
    """The signed-in callers of one API, by token.

    Attributes:
        cookie: name of the cookie that carries the token.
        life_s: life of a session in seconds.
    """

    cookie: str
    life_s: float
    _open: dict[str, tuple[Account, float]] = field(default_factory=dict)

    def sign_in(self, account: Account) -> str:
        """A new token for an account."""
        token = secrets.token_urlsafe(24)
        self._open[token] = (account, time.monotonic() + self.life_s)
        return token

    def sign_out(self, token: str | None) -> None:
        """Cancels a token, if it is one."""
        self._open.pop(token or "", None)

    def expire(self) -> None:
        """Ends every session."""
        self._open.clear()

    def account(self, token: str | None) -> Account:
        """Who a token belongs to.

        Raises:
            Refusal: the token is missing, unknown or too old (401), or the account expired (403).
        """
        account, until = self._open.get(token or "", (None, 0.0))
        if account is None or time.monotonic() >= until:
            raise Refusal(401, "You are not signed in, or your session has ended.")
        if account.expired:
            raise Refusal(403, "This account has expired.")
        return account
