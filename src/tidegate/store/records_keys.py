"""Which records are known, at hand for the length of a run.

A batch of records is told apart from what is stored by digests of keys: looking them up costs the
same however many records there are. A digest that is known is no proof; the key itself is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from tidegate.store.engine.duckdb import Session

DIGEST: Final = "hash(key)"
"""64 bits of a key, by the engine; another release may give others, so they are never stored."""


class KnownKeys:
    """Digests of the keys of records with their numbers, 16 bytes a record.

    Args:
        digests: of the records of one connection and module.
        numbers: theirs, counted from 1 without gaps.
    """

    def __init__(self, digests: NDArray[np.uint64], numbers: NDArray[np.int64]) -> None:
        self._runs: list[tuple[NDArray[np.uint64], NDArray[np.int64]]] = []
        self.count = 0
        self.add(digests, numbers)

    def numbers(self, digests: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The number of a record with each digest, 0 where there is none."""
        found = np.zeros(len(digests), np.int64)
        for known, numbers in self._runs:
            places = np.minimum(np.searchsorted(known, digests), len(known) - 1)
            same = known[places] == digests
            found[same] = numbers[places[same]]
        return found

    def add(self, digests: NDArray[np.uint64], numbers: NDArray[np.int64]) -> None:
        """Take in records that are new."""
        if not len(digests):
            return
        self.count += len(digests)
        order = np.argsort(digests)
        self._runs.append((digests[order], numbers[order]))
        # Each run is more than twice as long as the next: there are few, and each record is moved
        # a few times only.
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            (one, first), (other, second) = self._runs.pop(), self._runs.pop()
            both, numbered = np.concatenate((other, one)), np.concatenate((second, first))
            order = np.argsort(both, kind="stable")
            self._runs.append((both[order], numbered[order]))


def known_keys(session: Session, connection: str, module: str) -> KnownKeys:
    """The keys of a module as the one writer knows them; read when first asked for."""
    assert session.latest is not None
    known = session.latest.keys.get((connection, module))
    if known is None:
        found = session.table(
            f"SELECT {DIGEST} AS digest, number FROM records"
            " WHERE connection = $connection AND module = $module",
            connection=connection,
            module=module,
        )
        known = KnownKeys(found["digest"].to_numpy(), found["number"].to_numpy())
        session.latest.keys[connection, module] = known
    return known


def forget_keys(session: Session, connection: str) -> None:
    """Let go of the keys of a connection: its run is over, or its records go."""
    assert session.latest is not None
    for known in [known for known in session.latest.keys if known[0] == connection]:
        del session.latest.keys[known]


def digests_of(session: Session, batch: pa.Table) -> NDArray[np.uint64]:
    """The digests of the keys of a batch, in its order."""
    with session.bound(arriving=batch.select(["key"])):
        digests: NDArray[np.uint64] = session.table(f"SELECT {DIGEST} AS digest FROM arriving")[
            "digest"
        ].to_numpy()
    return digests
