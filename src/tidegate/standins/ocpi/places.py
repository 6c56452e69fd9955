"""Locations: public stations in Dutch cities and a few home chargers, in each version's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tidegate.standins.ocpi.mixing import mixed, moment
from tidegate.standins.ocpi.options import COUNTRY, PARTY

_CITIES: Final = (
    ("Utrecht", "35", "UT", 52.0907, 5.1214),
    ("Arnhem", "68", "GE", 51.9851, 5.8987),
    ("Amsterdam", "10", "NH", 52.3702, 4.8952),
    ("Rotterdam", "30", "ZH", 51.9244, 4.4777),
    ("Den Haag", "25", "ZH", 52.0705, 4.3007),
    ("Eindhoven", "56", "NB", 51.4416, 5.4697),
    ("Groningen", "97", "GR", 53.2194, 6.5665),
    ("Nijmegen", "65", "GE", 51.8126, 5.8372),
    ("Zwolle", "80", "OV", 52.5168, 6.0830),
)
_STREETS: Final = (
    "Stationsplein",
    "Marktstraat",
    "Kanaalweg",
    "Beukenlaan",
    "Havenkade",
    "Proefstraat",
)
_FAMILIES: Final = ("De Vries", "Jansen", "Bakker", "Visser", "Smit", "Meijer")
_PARKING: Final = ("ON_STREET", "PARKING_GARAGE", "PARKING_LOT", "UNDERGROUND_GARAGE")
_HOME_EVERY: Final = 8
_HOME_AT: Final = 5
_GONE_EVERY: Final = 7
_GONE_AT: Final = 3
_REMOVED_EVERY: Final = 6
_REMOVED_AT: Final = 4
_BUILT: Final = 1_609_459_200  # 2021-01-01T00:00:00Z
_APART_S: Final = 11 * 3600
HOUSE: Final = "tidegate.example"


@dataclass(frozen=True, slots=True)
class Socket:
    """An EVSE with its connectors.

    Attributes:
        uid: id within the platform.
        evse_id: id printed on the station.
        fast: whether it gives direct current.
        connectors: how many connectors it has.
        status: its OCPI status.
    """

    uid: str
    evse_id: str
    fast: bool
    connectors: int
    status: str


@dataclass(frozen=True, slots=True)
class Place:
    """One location.

    Attributes:
        index: its number in the list.
        id: its OCPI id.
        bits: chance that its details follow from.
        home: whether it is a private charger on somebody's driveway.
        sockets: its EVSEs as listed.
        gone: an EVSE that sessions still name and the location does not list any more.
        tariff: number of its tariff.
        updated: last update in seconds since 1970.
    """

    index: int
    id: str
    bits: int
    home: bool
    sockets: tuple[Socket, ...]
    gone: Socket | None
    tariff: int
    updated: int

    @property
    def used(self) -> tuple[Socket, ...]:
        """Every EVSE that sessions may name."""
        return (*self.sockets, self.gone) if self.gone else self.sockets


def updated_at(index: int) -> int:
    """The last update of a location in seconds since 1970; later for a higher index."""
    return _BUILT + index * _APART_S


def place(seed: int, index: int, tariffs: int) -> Place:
    """The location with a number."""
    bits = mixed(seed ^ 0x10CA, index)
    home = index % _HOME_EVERY == _HOME_AT
    count = 1 if home else 1 + (bits & 3)
    removed = count if index % _REMOVED_EVERY == _REMOVED_AT and not home else 0
    sockets = tuple(_socket(bits, index, number, removed) for number in range(1, count + 1))
    gone = _socket(bits, index, 9, 0) if index % _GONE_EVERY == _GONE_AT else None
    return Place(
        index,
        f"LOC{index + 1:06d}",
        bits,
        home,
        sockets,
        gone,
        index % max(tariffs, 1),
        updated_at(index),
    )


def _socket(bits: int, index: int, number: int, removed: int) -> Socket:
    fast = index % _HOME_EVERY != _HOME_AT and (bits >> 8) % 5 == 0
    status = ("AVAILABLE", "CHARGING", "AVAILABLE", "OUTOFORDER")[(bits >> (10 + number)) & 3]
    return Socket(
        uid=f"{index + 1:06d}-{number}",
        evse_id=f"{COUNTRY}*{PARTY}*E{index + 1:06d}*{number}",
        fast=fast,
        connectors=2 if fast else 1,
        status="REMOVED" if number == removed else status,
    )


def address(place: Place) -> dict[str, Any]:
    """The members of a location and of a CDR's location that tell where it is."""
    city, digits, _, latitude, longitude = _CITIES[place.index % len(_CITIES)]
    bits = place.bits
    street = _STREETS[(bits >> 16) % len(_STREETS)]
    letters = chr(65 + (bits >> 36) % 26) + chr(65 + (bits >> 41) % 26)
    return {
        "name": f"Thuislader {place.index + 1}" if place.home else f"{street} {city}",
        "address": f"{street} {1 + (bits >> 20) % 180}",
        "city": city,
        "postal_code": f"{digits}{(bits >> 28) % 100:02d}{letters}",
        "country": "NLD",
        "coordinates": {
            "latitude": f"{latitude + ((bits >> 46) % 4000 - 2000) / 100_000:.6f}",
            "longitude": f"{longitude + ((bits >> 52) % 4000 - 2000) / 100_000:.6f}",
        },
    }


def document(place: Place, version: str, touched: int | None = None) -> dict[str, Any]:
    """A location in the form of a version.

    Args:
        place: the location.
        version: version of OCPI.
        touched: another last update than its own, in seconds since 1970.
    """
    stamp = moment(place.updated if touched is None else touched)
    if version == "2.1.1":
        return _old(place, stamp)
    state = _CITIES[place.index % len(_CITIES)][2]
    where = address(place)
    body: dict[str, Any] = {
        "country_code": COUNTRY,
        "party_id": PARTY,
        "id": place.id,
        "publish": not place.home,
        "name": where["name"],
        "address": where["address"],
        "city": where["city"],
        "postal_code": where["postal_code"],
        "state": state,
        "country": where["country"],
        "coordinates": where["coordinates"],
        "parking_type": "ON_DRIVEWAY" if place.home else _PARKING[(place.bits >> 24) & 3],
        "evses": [evse(place, one, version, stamp) for one in place.sockets],
        "operator": _operator(),
        **_people(place),
        "facilities": [] if place.home else ["PARKING_LOT", "WIFI"],
        "time_zone": "Europe/Amsterdam",
        "opening_times": {"twentyfourseven": True},
        "charging_when_closed": True,
        "energy_mix": _energy_mix("category"),
        "last_updated": stamp,
    }
    if place.home:
        body["publish_allowed_to"] = [{"uid": f"04C0FFEE{place.index:06X}", "type": "RFID"}]
    if version == "2.3.0":
        body["parking_places"] = [_parking(place)]
        body["help_phone"] = "+31 30 555 0100"
    return body


def _old(place: Place, stamp: str) -> dict[str, Any]:
    """A 2.1.1 location."""
    return {
        "id": place.id,
        "type": "OTHER" if place.home else _PARKING[(place.bits >> 24) & 3],
        **address(place),
        "evses": [evse(place, one, "2.1.1", stamp) for one in place.sockets],
        "operator": _operator(),
        **_people(place),
        "facilities": ["WIFI"],
        "time_zone": "Europe/Amsterdam",
        "opening_times": {"twentyfourseven": True},
        "charging_when_closed": True,
        "energy_mix": _energy_mix("source"),
        "last_updated": stamp,
    }


def evse(place: Place, socket: Socket, version: str, stamp: str) -> dict[str, Any]:
    """An EVSE in the form of a version."""
    body: dict[str, Any] = {
        "uid": socket.uid,
        "evse_id": socket.evse_id,
        "status": socket.status,
        "capabilities": ["RFID_READER", "REMOTE_START_STOP_CAPABLE"],
        "connectors": [
            connector(place, socket, number, version, stamp)
            for number in range(1, socket.connectors + 1)
        ],
        "physical_reference": socket.uid[-1],
        "parking_restrictions": ["EV_ONLY"],
        "last_updated": stamp,
    }
    if version == "2.3.0":
        body["parking"] = [{"parking_id": f"P{place.index + 1:06d}", "evse_position": "LEFT"}]
    return body


def connector(
    place: Place, socket: Socket, number: int, version: str, stamp: str
) -> dict[str, Any]:
    """A connector in the form of a version."""
    volts, amperes = (400, 125) if socket.fast else (230, 16 if place.home else 32)
    old = version == "2.1.1"
    tariff = f"T{place.tariff + 1}"
    body: dict[str, Any] = {
        "id": str(number),
        **connector_kind(socket),
        ("voltage" if old else "max_voltage"): volts,
        ("amperage" if old else "max_amperage"): amperes,
        **({"tariff_id": tariff} if old else {"tariff_ids": [tariff]}),
        "terms_and_conditions": f"https://{HOUSE}/terms",
        "last_updated": stamp,
    }
    if version == "2.3.0" and socket.fast:
        body["capabilities"] = ["ISO_15118_2_PLUG_AND_CHARGE"]
    return body


def connector_kind(socket: Socket) -> dict[str, str]:
    """Standard, format and power type of an EVSE's connectors."""
    if socket.fast:
        return {"standard": "IEC_62196_T2_COMBO", "format": "CABLE", "power_type": "DC"}
    return {"standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE"}


def _operator() -> dict[str, Any]:
    return {
        "name": "Testlaadnet",
        "website": f"https://{HOUSE}",
        "logo": {
            "url": f"https://{HOUSE}/logo.png",
            "category": "OPERATOR",
            "type": "png",
            "width": 256,
            "height": 256,
        },
    }


def _people(place: Place) -> dict[str, Any]:
    """Who hosts and owns a location: a family at home, the city elsewhere."""
    if place.home:
        name = f"Familie {_FAMILIES[place.bits % len(_FAMILIES)]}"
        return {"suboperator": {"name": name}, "owner": {"name": name}}
    return {"owner": {"name": f"Gemeente {_CITIES[place.index % len(_CITIES)][0]}"}}


def _energy_mix(impact: str) -> dict[str, Any]:
    return {
        "is_green_energy": True,
        "energy_sources": [
            {"source": "WIND", "percentage": 70},
            {"source": "SOLAR", "percentage": 30},
        ],
        "environ_impact": [{impact: "CARBON_DIOXIDE", "amount": 12.5}],
        "supplier_name": "Groenstroom",
    }


def _parking(place: Place) -> dict[str, Any]:
    return {
        "id": f"P{place.index + 1:06d}",
        "vehicle_types": ["PERSONAL_VEHICLE"],
        "restricted_to_type": False,
        "reservation_required": False,
        "lighting": True,
        "roofed": bool(place.bits & 1),
    }
