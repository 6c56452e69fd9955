"""The platform's data: five modules over the options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.model.instants import SECOND
from tidegate.standins.ocpi import people, places
from tidegate.standins.ocpi.cdrs import Cdrs
from tidegate.standins.ocpi.charging import Charges
from tidegate.standins.ocpi.collection import Collection, Given
from tidegate.standins.ocpi.options import MODULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.standins.ocpi.collection import Source
    from tidegate.standins.ocpi.options import Options


@dataclass(frozen=True, slots=True)
class Made:
    """Records that are made when they are asked for.

    Attributes:
        counted: gives their number.
        updated: gives the last update of one in seconds.
        made: gives one from its number, a version, and another last update than its own in seconds.
    """

    counted: Callable[[], int]
    updated: Callable[[int], int]
    made: Callable[[int, str, int | None], dict[str, Any]]
    sorted: bool = True

    def count(self) -> int:
        """How many there are."""
        return self.counted()

    def updated_at(self, index: int) -> int:
        """Last update of one, UTC microseconds."""
        return self.updated(index) * SECOND

    def document(self, index: int, version: str, touched: int | None = None) -> dict[str, Any]:
        """One as JSON; `touched` is another last update than its own, UTC microseconds."""
        return self.made(index, version, None if touched is None else touched // SECOND)


class Platform:
    """All records of a stand-in.

    Attributes:
        sessions: how many charging sessions there are; may grow.
        charges: the sessions by number.
        modules: the records of each module.
    """

    def __init__(self, options: Options) -> None:
        self.sessions = options.sessions
        self.charges = charges = Charges(options)
        cdrs = Cdrs(charges)
        seed = options.seed
        sources: dict[str, Source] = {
            "locations": Made(
                lambda: options.locations,
                places.updated_at,
                lambda index, version, at: places.document(charges.place(index), version, at),
            ),
            "sessions": Made(lambda: self.sessions, charges.updated_at, charges.session),
            "cdrs": Made(lambda: cdrs.count(self.sessions), cdrs.updated_at, cdrs.cdr),
            "tariffs": Made(lambda: options.tariffs, people.updated_at, people.tariff),
            "tokens": Made(
                lambda: options.tokens,
                people.updated_at,
                lambda index, version, at: people.token(seed, index, version, at),
            ),
        }
        sources |= {name: Given(documents) for name, documents in options.records.items()}
        self._located: dict[str, int] = {}
        self.modules = {name: Collection(sources[name]) for name in MODULES}

    def location(self, id: str, version: str) -> dict[str, Any] | None:
        """The location with an id, compared without regard to case."""
        records = self.modules["locations"]
        every = range(records.source.count())
        if len(self._located) != len(every):
            named = (records.source.document(at, version).get("id") for at in every)
            self._located = {str(name).upper(): at for at, name in enumerate(named)}
        index = self._located.get(id.upper())
        if index is None or index in records.removed:
            return None
        return records.document(index, version)
