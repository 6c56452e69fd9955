"""Where a record belongs: the names by which views select locations and EVSEs.

A *place name* says its kind: `location:LOC1`, `uid:E1`, `evse:NLTSTE1`, `tariff:T1`, or one of
`MARKS`; `link:` names say which uid has which id. The name of a location comes first. Records in a
store carry keyed hashes of place names in place of the names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOME: Final = "mark:home"
"""The operator pays the driver for charging at home."""
UNPUBLISHED: Final = "mark:unpublished"
"""The location is not to be published."""
DRIVEWAY: Final = "mark:driveway"
"""The location is a private driveway."""
MARKS: Final = (HOME, UNPUBLISHED, DRIVEWAY)
"""Why a record may have to stay where it is."""

_SEPARATORS: Final = str.maketrans("", "", "*- ")


def location_name(id: str) -> str:
    """The place name of a location; ids are compared without regard to case."""
    return f"location:{id.strip().upper()}"


def uid_name(uid: str) -> str:
    """The place name of an EVSE by its uid."""
    return f"uid:{uid.strip().upper()}"


def evse_name(evse_id: str) -> str:
    """The place name of an EVSE by its id: `NL*TST*E1`, `nl-tst-e1` and `NLTSTE1` are one."""
    return f"evse:{evse_id.upper().translate(_SEPARATORS)}"


def tariff_name(id: str) -> str:
    """The place name of a tariff, which belongs wherever a connector refers to it."""
    return f"tariff:{id.strip().upper()}"


def link_name(uid: str, evse_id: str) -> str:
    """The place name that says that the EVSE of a uid has an id."""
    return f"link:{uid_name(uid)}:{evse_name(evse_id)}"


def places_of(module: str, record: dict[str, Any]) -> tuple[str, ...]:
    """The place names of a record of any version, as the platform sent it; whatever its shape.

    A session whose location lists several EVSEs belongs to the location only, since it cannot be
    told to which of them.
    """
    if module == "locations":
        found = [*_of_location(record)]
    elif module == "tariffs":
        found = [*_named(tariff_name, record.get("id"))]
    else:
        location = _object(record.get("location"))
        evses = location.get("evses")
        if isinstance(evses, list) and len(evses) > 1:
            location = {**location, "evses": []}
        cdr_location = _object(record.get("cdr_location"))
        found = [
            *_of_location(location),
            *_named(location_name, record.get("location_id")),
            *_of_evse(record.get("evse_uid"), record.get("evse_id")),
            *_named(location_name, cdr_location.get("id")),
            *_of_evse(cdr_location.get("evse_uid"), cdr_location.get("evse_id")),
        ]
        if _is_set(record.get("home_charging_compensation")):
            found.append(HOME)
    return tuple(dict.fromkeys(found))


def evse_places(evse: Any) -> tuple[str, ...]:
    """The place names of one EVSE of a location."""
    one = _object(evse)
    return tuple(_of_evse(one.get("uid"), one.get("evse_id")))


def tariffs_of(evse: Any) -> tuple[str, ...]:
    """The place names of the tariffs that the connectors of an EVSE refer to."""
    connectors = _object(evse).get("connectors")
    found: list[str] = []
    for connector in connectors if isinstance(connectors, list) else ():
        several = _object(connector).get("tariff_ids")
        single = _object(connector).get("tariff_id")
        for one in (*(several if isinstance(several, list) else ()), single):
            found += _named(tariff_name, one)
    return tuple(found)


def _of_location(location: dict[str, Any]) -> Iterator[str]:
    yield from _named(location_name, location.get("id"))
    evses = location.get("evses")
    for evse in evses if isinstance(evses, list) else ():
        yield from evse_places(evse)
    publish = location.get("publish")
    if publish is not None and publish is not True:
        yield UNPUBLISHED
    if str(location.get("parking_type")).upper() == "ON_DRIVEWAY":
        yield DRIVEWAY


def _is_set(value: Any) -> bool:
    """True unless it is plainly not so; what cannot be told counts as set."""
    return value is not None and value is not False


def _of_evse(uid: Any, evse_id: Any) -> Iterator[str]:
    names = [*_named(uid_name, uid), *_named(evse_name, evse_id)]
    yield from names
    if len(names) == 2:
        yield link_name(uid, evse_id)


def _named(name: Callable[[str], str], text: Any) -> Iterator[str]:
    if isinstance(text, str) and text.strip() not in {"", "#NA"}:
        yield name(text)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
