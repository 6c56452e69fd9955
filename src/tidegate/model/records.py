"""Records: documents of a platform with an id and the instant of their last change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import pyarrow as pa

    from tidegate.model.catalogue import Entry

ENERGY: Final = "energy"
"""The quantity of series that are derived from records."""

UNITS_PER_KWH: Final = 1_000_000_000
"""Contributions are counted in whole units, so that sums of them are exact in any order."""


class Record(msgspec.Struct, frozen=True):
    """One record as kept.

    Attributes:
        key: `COUNTRY*PARTY*ID` in capitals, or a keyed hash of it where ids are hashed.
        updated_at: when it last changed on the platform, UTC microseconds.
        document: JSON, after what the connection's profile blanks.
        places: keyed hashes of the names of the locations and EVSEs that it belongs to.
    """

    key: str
    updated_at: int
    document: bytes
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPiece:
    """Some of the records that answer a task, with what they contribute to series.

    Attributes:
        records: `module, key, updated_at, document, places, credits`; the last is the key of the
            record of the same module that this one takes back, else null.
        contributions: `record, subject, ts, energy`: the row of the record, the subject of the
            series, the start of the bin, and the energy in units, `UNITS_PER_KWH`.
        described: entries of the catalogue that the records describe in full.
        mentioned: entries that the records only refer to, for when they are not known.
    """

    records: pa.Table
    contributions: pa.Table
    described: tuple[Entry, ...] = ()
    mentioned: tuple[Entry, ...] = ()
