"""Passwords: kept as slow salted hashes, compared in constant time."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tidegate.model.errors import BadValue

if TYPE_CHECKING:
    from tidegate.model.secret import Secret

_LEGACY: Final = "sha256:"
"""Marks the slow hash of an imported fast one: the upper-case hex SHA-256 of the password."""
_HEX_SHA256: Final = re.compile(r"[0-9A-Fa-f]{64}$")

_hasher: Final = PasswordHasher()


def verifier_of(password: Secret) -> str:
    """The argon2id hash by which a password is recognised."""
    return _hasher.hash(password.reveal())


def verifier_of_legacy(digest: str) -> str:
    """The verifier of a password of which only the hex SHA-256 is known, as other servers keep it.

    The digest itself is not kept: who reads the verifier has to guess the password slowly.

    Raises:
        BadValue: the text is no SHA-256.
    """
    if _HEX_SHA256.match(digest.strip()) is None:
        raise BadValue("the imported hash", "••••••", "the 64 hexadecimal digits of a SHA-256")
    return _LEGACY + _hasher.hash(digest.strip().upper())


def proves(password: str, verifier: str | None) -> bool:
    """True if the password is the one behind a verifier; takes as long if there is none."""
    proof = password
    if verifier is not None and verifier.startswith(_LEGACY):
        verifier = verifier.removeprefix(_LEGACY)
        proof = hashlib.sha256(password.encode("utf-8", "surrogatepass")).hexdigest().upper()
    try:
        _hasher.verify(verifier or _nobody(), proof)
    except (VerificationError, InvalidHashError):
        return False
    return verifier is not None


@cache
def _nobody() -> str:
    """Stands for the verifier of unknown users, who must not be told by the time it takes."""
    return _hasher.hash("nobody")
