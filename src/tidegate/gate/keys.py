"""API keys: long random texts, of which only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.model.identities import ApiKey

PREFIX: Final = "tg_"
"""How every key begins, so that searches for leaked secrets find it."""
SHOWN: Final = 8
"""Characters of a key that lists show."""


def new_text() -> str:
    """A new key: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def new_id() -> str:
    """A new name for a key in lists."""
    return secrets.token_hex(6)


def digest_of(text: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def key_of(text: str, keys: Iterable[ApiKey], *, now: int) -> ApiKey | None:
    """The key of a text, unless it has expired; compares all in constant time."""
    digest = digest_of(text)
    found = None
    for key in keys:
        if hmac.compare_digest(digest, key.digest):
            found = key
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    return found
