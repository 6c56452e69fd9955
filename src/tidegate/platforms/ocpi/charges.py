"""Pages of sessions and CDRs as most platforms write them, read by columns.

Only the few members that the store asks for are decoded. A page that has anything unusual is not
read here at all, but record by record; both ways say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.records import UNITS_PER_KWH
from tidegate.platforms.ocpi.energy import MOST_KWH
from tidegate.platforms.ocpi.fields import NOT_AVAILABLE, amount
from tidegate.platforms.ocpi.spreading import Spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tidegate.platforms.ocpi.fields import Record

_NONE: Final = np.iinfo(np.int64).min
"""Stands for an instant that is not told."""

_OF_EVSE: Final = ("id", "evse_uid", "evse_id")
"""Members of the location of a CDR that name where it was."""

_ZONED: Final = pa.timestamp("us", tz="UTC")
_ZONELESS: Final = pa.timestamp("us")


class _Dimension(msgspec.Struct, gc=False):
    type: str
    volume: float | None = None


class _Period(msgspec.Struct, gc=False):
    start_date_time: str
    dimensions: list[_Dimension] = []
    start_datetime: None = None


class Charge(msgspec.Struct, gc=False):
    """What the store asks of a session or CDR since OCPI 2.2; older ones have other members."""

    id: str
    last_updated: str
    start_date_time: str
    country_code: str | None = None
    party_id: str | None = None
    end_date_time: str | None = None
    kwh: float | msgspec.UnsetType | None = msgspec.UNSET
    total_energy: float | None = None
    charging_periods: list[_Period] | None = None
    location_id: str | None = None
    evse_uid: str | None = None
    evse_id: str | None = None
    connector_power_type: str | None = None
    home_charging_compensation: bool | None = None
    cdr_location: dict[str, Any] | None = None
    total_cost: Any = None
    credit: bool | msgspec.UnsetType | None = msgspec.UNSET
    credit_reference_id: str | None = None
    location: None = None
    start_datetime: None = None
    stop_date_time: None = None
    end_datetime: None = None

    @property
    def document(self) -> Record:
        """The same as a record, as far as it was decoded."""
        found: Record = msgspec.structs.asdict(self)
        return {name: value for name, value in found.items() if value is not msgspec.UNSET}

    @property
    def place(self) -> tuple[Any, ...]:
        """Equal for charges at the same EVSE."""
        cdr = self.cdr_location
        located = None if cdr is None else [cdr.get(name) for name in _OF_EVSE]
        told = (self.country_code, self.party_id, self.location_id, self.evse_uid, self.evse_id)
        return (*told, self.home_charging_compensation, repr(located))


_charges = msgspec.json.Decoder(list[Charge])


def charges_of(page: bytes) -> list[Charge] | None:
    """The charges of a page, None if one of them is unusual."""
    try:
        charges = _charges.decode(page)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if any(charge.id.strip() in {"", NOT_AVAILABLE} for charge in charges):
        return None
    return charges


def instants_of(texts: Sequence[str | None]) -> NDArray[np.int64] | None:
    """Instants in UTC microseconds, `_NONE` where there is no text; None if one is unusual."""
    given = pa.array(texts, pa.string())
    for form in (_ZONED, _ZONELESS):
        try:
            found = given.cast(form).cast(pa.int64())
        except pa.ArrowInvalid:
            continue
        instants: NDArray[np.int64] = found.fill_null(int(_NONE)).to_numpy()
        told = instants[instants != _NONE]
        is_usual = bool(((told >= BEGINNING) & (told < FOREVER)).all())
        return instants if is_usual else None
    return None


def spans_of(
    charges: Sequence[Charge], updated: NDArray[np.int64], counted: NDArray[np.bool_]
) -> Spans | None:
    """When energy flowed in charges, None if one of them tells it in an unusual way.

    Args:
        charges: of one page.
        updated: their instants of last update.
        counted: which of them give energy.
    """
    starts = instants_of([charge.start_date_time for charge in charges])
    ends = instants_of([charge.end_date_time for charge in charges])
    begun: list[str] = []
    volumes: list[float] = []
    counts = np.zeros(len(charges), np.int64)
    for row, charge in enumerate(charges):
        periods = charge.charging_periods or ()
        counts[row] = len(periods)
        for period in periods:
            begun.append(period.start_date_time)
            volumes.append(_energy(period))
    turns = instants_of(begun)
    if starts is None or ends is None or turns is None:
        return None
    ends = np.where(ends == _NONE, updated, ends)
    of = np.repeat(np.arange(len(charges)), counts)
    stops = ends[of]
    follows = np.flatnonzero(np.diff(of) == 0)
    stops[follows] = turns[follows + 1]
    if (turns[follows + 1] < turns[follows]).any():
        return None
    kwh = np.array(volumes, np.float64)
    told = ~np.isnan(kwh)
    whole = ~np.isin(np.arange(len(charges)), of[told])
    total = np.array([_total(charge) for charge in charges], np.float64)
    whole &= ~np.isnan(total)
    rows = np.concatenate((of[told], np.flatnonzero(whole)))
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    first = np.concatenate((turns[told], starts[whole]))[order]
    last = np.concatenate((stops[told], ends[whole]))[order]
    energy = np.concatenate((kwh[told], total[whole]))[order]
    kept = counted[rows] & (np.abs(energy) <= MOST_KWH)
    back = np.array([_takes_back(charge) for charge in charges], np.bool_)
    return Spans(
        rows=rows[kept],
        starts=first[kept],
        ends=np.maximum(first, last)[kept],
        units=np.rint(energy[kept] * UNITS_PER_KWH).astype(np.int64),
        back=back[rows[kept]],
    )


def _energy(period: _Period) -> float:
    told = [
        dimension.volume
        for dimension in period.dimensions
        if dimension.volume is not None and dimension.type.upper() == "ENERGY"
    ]
    return sum(told) if told else float("nan")


def _total(charge: Charge) -> float:
    total = charge.total_energy if charge.kwh is msgspec.UNSET else charge.kwh
    return float("nan") if total is None else total


def _takes_back(charge: Charge) -> bool:
    """As `energy.takes_back`."""
    if charge.credit is msgspec.UNSET:
        cost = amount(charge.total_cost)
        return cost is not None and cost < 0 and not charge.credit_reference_id
    return charge.credit is True and not charge.credit_reference_id
