"""Charging: what happened in the i-th session, and its Session in each version's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.standins.ocpi import people, places
from tidegate.standins.ocpi.mixing import mixed, moment
from tidegate.standins.ocpi.options import COUNTRY, PARTY, PROVIDER

if TYPE_CHECKING:
    from tidegate.standins.ocpi.options import Options
    from tidegate.standins.ocpi.places import Place, Socket

FIRST_UPDATE: Final = 1_673_613_892  # 2023-01-13T12:44:52Z
FIRST_ID: Final = "4283da431b2a4f8c9f421eaa53d0428b"
BLOCK: Final = 20
"""Sessions come in blocks; in each, two places are of a kind that gives no CDR."""
NEVER_CLOSED: Final = 13
INVALID: Final = 17

_LONGEST_SPACING_S: Final = 600.0
_TWO_YEARS_S: Final = 2 * 365 * 86_400
_GONE_ONE_IN: Final = 4
_ODD: Final = 0xBF58476D1CE4E5B9
_MASK: Final = (1 << 64) - 1


class Charge(msgspec.Struct, frozen=True):
    """One charging session.

    Attributes:
        index: its number.
        id: its OCPI id.
        place: where.
        socket: the EVSE.
        connector: id of the connector.
        token: number of the token.
        start: seconds since 1970.
        end: seconds since 1970; `None` for one that was never closed.
        updated: last update in seconds since 1970.
        wh: energy in watt-hours.
        parts: charging periods, each with its start and its watt-hours.
        status: OCPI status.
    """

    index: int
    id: str
    place: Place
    socket: Socket
    connector: str
    token: int
    start: int
    end: int | None
    updated: int
    wh: int
    parts: tuple[tuple[int, int], ...]
    status: str

    @property
    def cost(self) -> int:
        """The price without taxes in ten-thousandths of a euro."""
        return self.wh * people.energy_price(self.place.tariff) // 100

    @property
    def stop(self) -> int:
        """The end, or the last that is known of one that was never closed."""
        return self.updated if self.end is None else self.end


class Charges:
    """All charging sessions; each follows from the options and its number."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.spacing = options.spacing_s or min(
            _LONGEST_SPACING_S, _TWO_YEARS_S / max(options.sessions, 1)
        )
        self._places: dict[int, Place] = {}
        self._tokens: dict[int, dict[str, str]] = {}
        self._locations: dict[tuple[str, str], dict[str, Any]] = {}

    def place(self, index: int) -> Place:
        """The location with a number."""
        found = self._places.get(index)
        if found is None:
            found = places.place(self.options.seed, index, self.options.tariffs)
            self._places[index] = found
        return found

    def updated_at(self, index: int) -> int:
        """The last update of a session in seconds since 1970; never earlier for a higher index."""
        return self._updated(index, mixed(self.options.seed, index))

    def _updated(self, index: int, bits: int) -> int:
        """The last update of a session whose chance is known."""
        if not index:
            return FIRST_UPDATE
        return FIRST_UPDATE + int((index + (bits & 1023) / 1200) * self.spacing)

    def charge(self, index: int) -> Charge:
        """The charging session with a number."""
        bits = mixed(self.options.seed, index)
        place = self.place((bits >> 10) % max(self.options.locations, 1))
        socket = place.sockets[(bits >> 20) % len(place.sockets)]
        if place.gone and not (bits >> 24) % _GONE_ONE_IN:
            socket = place.gone
        updated = self._updated(index, bits)
        status = _STATUS.get(index % BLOCK, "COMPLETED")
        end = updated - (bits >> 28) % 60
        duration = 900 + (bits >> 34) % 21_600
        count = 1 + (bits >> 50) % 3
        step = 150_000 if socket.fast else 11_000
        wh = 0 if status == "INVALID" else duration * (step // 4 + (bits >> 52) % step) // 3600 // 2
        name = f"{bits:016x}{bits * _ODD & _MASK:016x}"
        if not index:
            name, end, duration, count, wh = FIRST_ID, FIRST_UPDATE, 11, 1, 16_000
        start = end - duration
        return Charge(
            index=index,
            id=name,
            place=place,
            socket=socket,
            connector=str(1 + (bits >> 60) % socket.connectors),
            token=(bits >> 40) % max(self.options.tokens, 1),
            start=start,
            end=None if status == "ACTIVE" else end,
            updated=updated,
            wh=wh,
            parts=_parts(start, duration, count, wh),
            status=status,
        )

    def session(self, index: int, version: str, touched: int | None) -> dict[str, Any]:
        """The Session with a number in the form of a version.

        Args:
            index: its number.
            version: version of OCPI.
            touched: another last update than its own, in seconds since 1970.
        """
        charge = self.charge(index)
        stamp = moment(charge.updated if touched is None else touched)
        if version == "2.1.1":
            if not index and self.options.examples:
                return _documented(stamp)
            return self._old(charge, stamp)
        return {
            "country_code": COUNTRY,
            "party_id": PARTY,
            "id": charge.id,
            "start_date_time": moment(charge.start),
            **({} if charge.end is None else {"end_date_time": moment(charge.end)}),
            "kwh": charge.wh / 1000,
            "cdr_token": self.cdr_token(charge),
            "auth_method": "WHITELIST",
            "authorization_reference": f"AUTH{charge.index:09d}",
            "location_id": charge.place.id,
            "evse_uid": charge.socket.uid,
            "connector_id": charge.connector,
            "meter_id": f"METER{charge.socket.uid}",
            "currency": "EUR",
            "charging_periods": periods(charge, version),
            "total_cost": price(charge.cost, version),
            "status": charge.status,
            "last_updated": stamp,
        }

    def cdr_token(self, charge: Charge) -> dict[str, str]:
        """The token of a session as its CdrToken."""
        found = self._tokens.get(charge.token)
        if found is None:
            found = self._tokens[charge.token] = {
                "country_code": COUNTRY,
                "party_id": PROVIDER,
                "uid": people.token_uid(self.options.seed, charge.token),
                "type": "RFID",
                "contract_id": people.contract(charge.token),
            }
        return found

    def old_location(self, charge: Charge) -> dict[str, Any]:
        """The location that 2.1.1 embeds: with the EVSE and the connector used, no others."""
        key = (charge.socket.uid, charge.connector)
        found = self._locations.get(key)
        if found is None:
            body = places.document(charge.place, "2.1.1")
            used = places.evse(charge.place, charge.socket, "2.1.1", body["last_updated"])
            used["connectors"] = [one for one in used["connectors"] if one["id"] == key[1]]
            found = self._locations[key] = {**body, "evses": [used]}
        return found

    def _old(self, charge: Charge, stamp: str) -> dict[str, Any]:
        """A 2.1.1 session."""
        return {
            "id": charge.id,
            "kwh": charge.wh / 1000,
            "status": charge.status,
            "auth_id": people.contract(charge.token),
            "currency": "EUR",
            "location": self.old_location(charge),
            "meter_id": f"METER{charge.socket.uid}",
            "total_cost": price(charge.cost, "2.1.1"),
            "auth_method": "WHITELIST",
            **({} if charge.end is None else {"end_datetime": moment(charge.end)}),
            "last_updated": stamp,
            "start_datetime": moment(charge.start),
            "charging_periods": periods(charge, "2.1.1"),
        }


_STATUS: Final = {NEVER_CLOSED: "ACTIVE", INVALID: "INVALID"}


def _parts(start: int, duration: int, count: int, wh: int) -> tuple[tuple[int, int], ...]:
    """Charging periods of nearly one length whose energies add up to the whole."""
    if count == 1:
        return ((start, wh),)
    half, some = start + duration // count, wh // count
    if count == 2:
        return ((start, some), (half, wh - some))
    last = start + duration * 2 // count
    return ((start, some), (half, some), (last, wh - 2 * some))


def periods(charge: Charge, version: str) -> list[dict[str, Any]]:
    """The charging periods in the form of a version."""
    end, found = charge.stop, []
    tariff = f"T{charge.place.tariff + 1}"
    for start, wh in reversed(charge.parts):
        period: dict[str, Any] = {
            "start_date_time": moment(start),
            "dimensions": [
                {"type": "ENERGY", "volume": wh / 1000},
                {"type": "TIME", "volume": round((end - start) / 3600, 4)},
            ],
        }
        if version != "2.1.1":
            period["tariff_id"] = tariff
        found.append(period)
        end = start
    found.reverse()
    return found


def price(amount: int, version: str) -> Any:
    """A price without taxes, given in ten-thousandths, in the form of a version."""
    bare, taxes = amount / 10_000, round(amount * 0.21) / 10_000
    if version == "2.1.1":
        return bare
    if version == "2.2.1":
        return {"excl_vat": bare, "incl_vat": round(bare + taxes, 4)}
    return {
        "before_taxes": bare,
        "taxes": [{"name": "VAT", "percentage": 21, "amount": taxes}],
    }


def _documented(stamp: str) -> dict[str, Any]:
    """The record that the original documentation prints."""
    return {
        "id": FIRST_ID,
        "kwh": 16,
        "status": "COMPLETED",
        "auth_id": "IEZZZC12E46L89",
        "currency": "EUR",
        "total_cost": 0,
        "auth_method": "WHITELIST",
        "end_datetime": "2023-01-13T12:44:52Z",
        "last_updated": stamp,
        "start_datetime": "2023-01-13T12:44:41Z",
        "charging_periods": [
            {
                "dimensions": [{"type": "ENERGY", "volume": 16}],
                "start_date_time": "2023-01-13T12:44:42Z",
            }
        ],
    }
