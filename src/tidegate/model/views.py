"""Views: named rules of what may leave, whichever way it leaves."""

from __future__ import annotations

from enum import StrEnum

import msgspec

SHARED_MODULES = ("locations", "sessions", "cdrs", "tariffs")
"""Modules of records that a view may name; lists of tokens are lists of customers and stay."""


class Source(StrEnum):
    """Where the records of a view come from."""

    STORE = "store"
    LIVE = "live"


class Exclusion(StrEnum):
    """Records that do not leave at all, whatever a view passes of them."""

    HOME = "home"
    UNPUBLISHED = "unpublished"
    DRIVEWAY = "driveway"


class ModuleRules(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves of the records of one module, on top of the strict profile.

    Attributes:
        passed: dotted paths that leave as they are.
        hashed: dotted paths that leave as keyed hashes.
        omitted: dotted paths that do not appear at all.
    """

    passed: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()
    omitted: tuple[str, ...] = ()


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The locations and EVSEs of a view: those that any of these names; all if none does.

    Attributes:
        locations: ids of locations.
        uids: uids of EVSEs.
        evses: ids of EVSEs, in any spelling: `NL*TST*E1`, `nl-tst-e1`.
        attributes: filters such as `city|Utrecht`; all must hold. Of series derived from records
            they select the EVSE.
    """

    locations: tuple[str, ...] = ()
    uids: tuple[str, ...] = ()
    evses: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """True if nothing is selected, so that everything is."""
        return not (self.locations or self.uids or self.evses or self.attributes)


class GroupRule(msgspec.Struct, frozen=True, kw_only=True):
    """When a sum may leave.

    Attributes:
        size: a bucket needs values other than 0 of so many series.
        share: the greatest part of a bucket, in percent, that one series may have.
        by: attributes of which a sum names exactly one, with its value; none for sums of all.
        interval: the one raster of sums.
        zone: the one zone of their days and longer.
    """

    size: int = 1
    share: float = 100.0
    by: tuple[str, ...] = ()
    interval: str = "day"
    zone: str = "UTC"

    @property
    def is_in_force(self) -> bool:
        """True if the rule can blank anything."""
        return self.size > 1 or self.share < 100.0


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A named rule of what may leave.

    Attributes:
        name: what commands and keys call it.
        connection: whose records it shows; None for a view of series only.
        modules: what leaves of each module; a module that is not named does not leave.
        selection: the locations and EVSEs whose records and series leave.
        since: nothing that was last updated before; ISO 8601 or relative (`now-30d`).
        until: nothing that was last updated from then on; ISO 8601 or relative.
        round_times: `hour` or `day`: passed times leave rounded down.
        round_places: decimals of passed coordinates.
        round_postal: passed postal codes leave as their first part.
        round_energy: passed amounts of energy leave in whole kWh.
        exclude: records that do not leave at all.
        group: when sums leave.
        source: where the records come from.
    """

    name: str
    connection: str | None = None
    modules: dict[str, ModuleRules] = {}
    selection: Selection = Selection()
    since: str | None = None
    until: str | None = None
    round_times: str | None = None
    round_places: int | None = None
    round_postal: bool = False
    round_energy: bool = False
    exclude: tuple[Exclusion, ...] = tuple(Exclusion)
    group: GroupRule = GroupRule()
    source: Source = Source.STORE
