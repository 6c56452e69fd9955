"""Users and keys of the server, and what each may do."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tidegate.model.errors import UnknownName


class Role(StrEnum):
    """What somebody may do; each role may do what the ones before it may."""

    READER = "reader"
    WRITER = "writer"
    ADMINISTRATOR = "administrator"

    @classmethod
    def named(cls, text: str) -> Role:
        """The role of a name in any case.

        Raises:
            UnknownName: no role has that name.
        """
        for role in cls:
            if role.value == text.strip().lower():
                return role
        raise UnknownName("role", text, [role.value for role in cls])

    def covers(self, other: Role) -> bool:
        """True if this role may do all that the other may."""
        roles = list(Role)
        return roles.index(self) >= roles.index(other)


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with a password; `verifier` is a slow salted hash of it, never the password."""

    name: str
    role: Role
    verifier: str
    created_at: int = 0


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that stands for whoever holds it; its text is known to the holder alone.

    Attributes:
        id: what lists and revocations name it by.
        digest: SHA-256 of the text, in hexadecimal digits.
        name: what it is for.
        role: what its holder may do.
        repositories: where; everywhere if None.
        beginning: the first characters of the text, to tell keys apart.
        issuer: who made it; it ends when that user is removed.
        issued_at: UTC microseconds.
        expires_at: UTC microseconds; None for a key that only revocation ends.
        view: the only view that its holder sees anything through; no view if None.
    """

    id: str
    digest: str
    name: str
    role: Role
    repositories: tuple[str, ...] | None = None
    beginning: str = ""
    issuer: str = ""
    issued_at: int = 0
    expires_at: int | None = None
    view: str | None = None
