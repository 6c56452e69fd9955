"""Series: identity, definition and where it comes from."""

from __future__ import annotations

from enum import IntEnum
from typing import NewType

import msgspec

from tidegate.model.aggregation import Aggregation
from tidegate.model.instants import BEGINNING
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.units import NO_UNIT

SeriesKey = NewType("SeriesKey", int)
"""Identity of a series within a store, over all repositories; what the reading tables hold."""

SeriesId = NewType("SeriesId", int)
"""Number of a series within its repository; what users see and may choose."""

MAIN = "main"
"""The repository that every new store has."""


class SeriesType(IntEnum):
    """How a stamp relates to the covered time; inside the store `ts` is always its start."""

    SPONTANEOUS = 1
    BEGIN = 2
    END = 3


class Origin(msgspec.Struct, frozen=True):
    """Where the readings of a series come from.

    `subject` is what the platform is asked for (`R733`), `quantity` what of its answer is kept.
    """

    connection: str
    subject: str
    quantity: str


class Formula(msgspec.Struct, frozen=True, kw_only=True):
    """A calculation that stands for stored readings.

    `text` holds from the beginning; each text of `dated` takes over at its instant. An empty text
    gives no value. `aliases` binds identifiers to series of the same repository. A platform that
    does not know their keys gives `alias_origins`; the store resolves them when it records a
    catalogue.
    """

    text: str = ""
    language: str = "tsm"
    dated: dict[int, str] = {}
    aliases: dict[str, SeriesKey] = {}
    alias_origins: dict[str, Origin] = {}
    decimal_places: int | None = None

    def texts(self) -> list[tuple[int, str]]:
        """Each text with the instant from which it is in force, by time."""
        return [(BEGINNING, self.text), *sorted(self.dated.items())]


class NewSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A series to create: everything but its identity.

    `attributes` are assigned with it: names to instants to text or null; `audit` and `quotation`
    are as for `Series`.
    """

    name: str
    unit: str = NO_UNIT
    interval: Interval = Interval(IntervalUnit.NO)
    type: SeriesType | None = None
    zone: str | None = None
    aggregation: Aggregation | None = None
    description: str = ""
    origin: Origin | None = None
    formula: Formula | None = None
    audit: bool = True
    quotation: bool = True
    id: SeriesId | None = None
    attributes: dict[str, dict[int, str | None]] = {}


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One series of one repository; `zone` and `aggregation` None mean the default.

    `audit` says whether its history is of interest (it is kept either way), `quotation` whether it
    takes named versions.
    """

    key: SeriesKey
    id: SeriesId
    repository: str
    name: str
    unit: str
    interval: Interval
    type: SeriesType
    zone: str | None = None
    aggregation: Aggregation | None = None
    description: str = ""
    origin: Origin | None = None
    formula: Formula | None = None
    audit: bool = True
    quotation: bool = True
