"""Tells records that came before from new ones, by their identity, in bounded memory."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tidegate.platforms.ocpi.wire import rows

_GENERATION: Final = 100_000
"""Identities that are remembered at least; twice as many at most."""


class _Identity(msgspec.Struct, frozen=True):
    country_code: Any = None
    party_id: Any = None
    id: Any = None
    uid: Any = None
    last_updated: Any = None


_identity: Final = msgspec.json.Decoder(_Identity)


class Seen:
    """Identities of records; the oldest are forgotten first.

    A record is the same if country, party, id (of a token: its uid) and last update are; ids are
    compared without regard to case.
    """

    def __init__(self, generation: int = _GENERATION) -> None:
        self._generation = generation
        self._young: set[int] = set()
        self._old: set[int] = set()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def unseen(self, data: bytes) -> bytes:
        """The JSON array of those records of a JSON array that did not come before."""
        page = rows(data)
        kept = [row for row in page if self._is_new(row)]
        return data if len(kept) == len(page) else b"[" + b",".join(map(bytes, kept)) + b"]"

    def _is_new(self, row: msgspec.Raw) -> bool:
        try:
            found = _identity.decode(row)
        except msgspec.ValidationError:
            return True
        name = found.id if found.id is not None else found.uid
        if name is None:
            return True
        parts = (found.country_code, found.party_id, name)
        key = hash((*(str(part).lower() for part in parts), str(found.last_updated)))
        if key in self._young or key in self._old:
            return False
        if len(self._young) >= self._generation:
            self._young, self._old = set(), self._young
        self._young.add(key)
        return True
