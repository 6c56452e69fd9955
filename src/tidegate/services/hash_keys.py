"""The key of a store for keyed hashes: random, made at first use, kept where secrets are kept."""

from __future__ import annotations

import secrets as randomness
from typing import TYPE_CHECKING, Final

from tidegate.gate.transforms import Hasher
from tidegate.model.errors import UsageError
from tidegate.model.secret import Secret
from tidegate.services import secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRY: Final = "key of hashes"
"""What the key is kept under; no connection can have such a name."""

_NO_ENVIRONMENT: Final[Mapping[str, str]] = {}


class NoKeyOfHashes(UsageError):
    """Records cannot be selected or added, because the key by which others came is not there."""

    code = "no-key-of-hashes"
    http_status = 503

    def __init__(self) -> None:
        super().__init__(
            "the key of the hashes of this store is not where secrets are kept",
            hint="pull first, and as the same user with the same secrets;"
            " if the key is lost, remove the connection and make it anew",
        )


def kept_hasher_of(store_id: str) -> Hasher:
    """Makes the keyed hashes that a store holds already; no other key would find anything in it.

    Raises:
        NoKeyOfHashes: no key is kept.
        SecretExposed: the file of secrets can be read by others.
    """
    kept = secrets.load(ENTRY, store_id, environment=_NO_ENVIRONMENT)
    if kept is None:
        raise NoKeyOfHashes
    return Hasher(bytes.fromhex(kept.reveal()))


def hasher_of(store_id: str) -> Hasher:
    """Makes the keyed hashes of a store; whoever has another key can neither make nor resolve them.

    Raises:
        SecretExposed: the file of secrets can be read by others.
    """
    kept = secrets.load(ENTRY, store_id, environment=_NO_ENVIRONMENT)
    if kept is None:
        kept = Secret(randomness.token_hex(32))
        secrets.save(ENTRY, store_id, kept)
    return Hasher(bytes.fromhex(kept.reveal()))
