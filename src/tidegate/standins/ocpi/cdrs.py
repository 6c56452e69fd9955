"""Charge detail records: one for each finished session, and a correction in each block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.standins.ocpi import people, places
from tidegate.standins.ocpi.charging import (
    BLOCK,
    INVALID,
    NEVER_CLOSED,
    Charge,
    periods,
    price,
)
from tidegate.standins.ocpi.mixing import moment
from tidegate.standins.ocpi.options import COUNTRY, PARTY

if TYPE_CHECKING:
    from tidegate.standins.ocpi.charging import Charges

_CORRECTED: Final = 7
_PLAIN: Final = "plain"
_CREDIT: Final = "credit"
_CORRECTION: Final = "correction"
_PLAN: Final = (
    *((number, _PLAIN) for number in range(BLOCK) if number not in {NEVER_CLOSED, INVALID}),
    (_CORRECTED, _CREDIT),
    (_CORRECTED, _CORRECTION),
)
"""The CDRs of a block, oldest first: number of the session in its block, and the kind of CDR."""


class Cdrs:
    """All CDRs; each follows from its session."""

    def __init__(self, charges: Charges) -> None:
        self.charges = charges

    @staticmethod
    def count(sessions: int) -> int:
        """How many CDRs belong to a number of sessions."""
        blocks, rest = divmod(sessions, BLOCK)
        started = sum(number < rest and kind == _PLAIN for number, kind in _PLAN)
        return blocks * len(_PLAN) + started

    def updated_at(self, index: int) -> int:
        """The last update of a CDR in seconds since 1970; never earlier for a higher index."""
        block, place = divmod(index, len(_PLAN))
        number, kind = _PLAN[place]
        return self.charges.updated_at(block * BLOCK + (number if kind == _PLAIN else BLOCK - 1))

    def cdr(self, index: int, version: str, touched: int | None) -> dict[str, Any]:
        """The CDR with a number in the form of a version."""
        block, place = divmod(index, len(_PLAN))
        number, kind = _PLAN[place]
        updated = self.updated_at(index) if touched is None else touched
        charge = self.charges.charge(block * BLOCK + number)
        first = f"CDR{charge.index + 1:010d}"
        name = {_PLAIN: first, _CREDIT: f"{first}-CREDIT", _CORRECTION: f"{first}-2"}[kind]
        if version == "2.1.1":
            return self._old(charge, name, kind, updated)
        sign = -1 if kind == _CREDIT else 1
        cost = charge.cost - (charge.cost // 10 if kind == _CORRECTION else 0)
        duration = charge.stop - charge.start
        home = charge.place.home
        return {
            "country_code": COUNTRY,
            "party_id": PARTY,
            "id": name,
            "start_date_time": moment(charge.start),
            "end_date_time": moment(charge.stop),
            "session_id": charge.id,
            "cdr_token": self.charges.cdr_token(charge),
            "auth_method": "WHITELIST",
            "authorization_reference": f"AUTH{charge.index:09d}",
            "cdr_location": _cdr_location(charge),
            "meter_id": f"METER{charge.socket.uid}",
            "currency": "EUR",
            "tariffs": [self._tariff(charge, version)],
            "charging_periods": periods(charge, version),
            "total_cost": price(sign * cost, version),
            "total_energy": charge.wh / 1000,
            "total_energy_cost": price(cost, version),
            "total_time": round(duration / 3600, 4),
            **({"remark": "Correctie"} if kind != _PLAIN else {}),
            "credit": kind == _CREDIT,
            **({"credit_reference_id": first} if kind == _CREDIT else {}),
            **({"home_charging_compensation": True} if home else {}),
            "last_updated": moment(updated),
        }

    def _old(self, charge: Charge, id: str, kind: str, updated: int) -> dict[str, Any]:
        """A 2.1.1 CDR, where a correction has no other mark than its remark and its costs."""
        sign = -1 if kind == _CREDIT else 1
        cost = charge.cost - (charge.cost // 10 if kind == _CORRECTION else 0)
        return {
            "id": id,
            "start_date_time": moment(charge.start),
            "stop_date_time": moment(charge.stop),
            "auth_id": people.contract(charge.token),
            "auth_method": "WHITELIST",
            "location": self.charges.old_location(charge),
            "meter_id": f"METER{charge.socket.uid}",
            "currency": "EUR",
            "tariffs": [self._tariff(charge, "2.1.1")],
            "charging_periods": periods(charge, "2.1.1"),
            "total_cost": price(sign * cost, "2.1.1"),
            "total_energy": charge.wh / 1000,
            "total_time": round((charge.stop - charge.start) / 3600, 4),
            **({"remark": "Correctie"} if kind != _PLAIN else {}),
            "last_updated": moment(updated),
        }

    @staticmethod
    def _tariff(charge: Charge, version: str) -> dict[str, Any]:
        return people.tariff(charge.place.tariff, version)


def _cdr_location(charge: Charge) -> dict[str, Any]:
    place, socket = charge.place, charge.socket
    kind = places.connector_kind(socket)
    return {
        "id": place.id,
        **places.address(place),
        "evse_uid": socket.uid,
        "evse_id": socket.evse_id,
        "connector_id": charge.connector,
        **{f"connector_{name}": value for name, value in kind.items()},
    }
