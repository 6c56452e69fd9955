"""Records of OCPI as keys, entries of the catalogue and attributes; pure functions."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from tidegate.model.aggregation import Aggregation
from tidegate.model.catalogue import Entry
from tidegate.model.records import ENERGY
from tidegate.model.series import NewSeries, Origin, SeriesType
from tidegate.platforms.ocpi.fields import Record, child, children, instant, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.intervals import Interval

UNKNOWN: Final = "?"
"""Stands in a subject for an EVSE, or a whole place, that a record does not name."""

_SOURCES: Final = {
    "city": "city",
    "postal_code": "postal_code",
    "country": "country",
    "parking_type": "parking_type",
}
"""Attributes of a series and the members of a location that tell them."""


class Mapping:
    """What the records of one connection mean.

    Args:
        connection: its name.
        interval: raster of the series of energy.
        source: the module whose records become energy.
    """

    def __init__(self, connection: str, interval: Interval, source: str) -> None:
        self._connection = connection
        self._interval = interval
        self._source = source

    def location_entries(self, location: Record) -> Iterator[Entry]:
        """The entry of a location, and one of each of its EVSEs with the series of its energy."""
        subject = subject_of(location, text(location, "id"))
        yield Entry(
            subject=subject,
            kind="location",
            name=text(location, "id") or subject,
            document=_attributes(location, location, {}),
            asked=("locations",),
        )
        for evse in children(location, "evses"):
            yield self._evse(location, location, evse, parent=subject)

    def mentioned(self, record: Record) -> Entry:
        """The entry of the EVSE at which a session or CDR was, as far as the record tells."""
        location, evse = _place(record)
        parent = subject_of(record, text(location, "id")) if text(location, "id") else None
        return self._evse(record, location, evse, parent=parent)

    def _evse(self, party: Record, location: Record, evse: Record, *, parent: str | None) -> Entry:
        subject = _subject(party, location, evse)
        attributes = _attributes(party, location, evse)
        name = attributes.get("evse") or subject
        series = NewSeries(
            name=name,
            unit="kWh",
            interval=self._interval,
            type=SeriesType.BEGIN,
            aggregation=Aggregation.SUM,
            description="energy of charging sessions",
            origin=Origin(self._connection, subject, ENERGY),
        )
        return Entry(
            subject=subject,
            kind="evse",
            name=name,
            parent=parent,
            document=attributes,
            series=(series,),
            asked=(self._source,),
            observed=dict(attributes),
            observed_at=instant(location, "last_updated"),
        )


def module_entry(module: str, records: int | None) -> Entry:
    """The entry of a module, with the number of its records if the platform tells it."""
    document = {} if records is None else {"records": records}
    return Entry(subject=module, kind="module", name=module, document=document, asked=(module,))


def key_of(module: str, record: Record) -> str:
    """`COUNTRY*PARTY*ID` in capitals; of tokens also the type, in 2.1.1 the id alone.

    A record without an id is known by its content.
    """
    name = text(record, "uid" if module == "tokens" else "id")
    if name is None:
        return f"#{sha256(repr(sorted(record.items())).encode()).hexdigest()[:32]}"
    kind = text(record, "type") if module == "tokens" else None
    return _joined(record, name, kind)


def credited_key(record: Record) -> str | None:
    """The key of the CDR that a CDR takes back, None if it takes back none."""
    name = text(record, "credit_reference_id")
    return _joined(record, name) if record.get("credit") is True and name else None


def subject_of(record: Record, *parts: str | None) -> str:
    """The subject of a location, or with more parts of what is in it."""
    return _joined(record, *(part or UNKNOWN for part in parts))


def evse_subject(record: Record) -> str:
    """The subject of the EVSE at which a session or CDR was; what it does not tell is `?`."""
    location, evse = _place(record)
    return _subject(record, location, evse)


def _subject(party: Record, location: Record, evse: Record) -> str:
    place = text(location, "id")
    if place is None and text(evse, "uid") is None:
        return UNKNOWN
    return subject_of(party, place, text(evse, "uid"))


def _place(record: Record) -> tuple[Record, Record]:
    """The location and EVSE of a session or CDR in any version, each as far as it is told."""
    embedded = child(record, "location")
    if embedded:
        evses = children(embedded, "evses")
        return embedded, evses[0] if len(evses) == 1 else {}
    cdr = child(record, "cdr_location")
    location = cdr or {"id": record.get("location_id")}
    told = cdr or record
    kind = {"power_type": told.get("connector_power_type")}
    evse = {"uid": told.get("evse_uid"), "evse_id": told.get("evse_id"), "connectors": [kind]}
    return location, evse


def _attributes(party: Record, location: Record, evse: Record) -> dict[str, str | None]:
    """What is known of an EVSE by name of the attribute; only what is told.

    Names of places stay away, since they may be those of persons, and so do postal codes of private
    places, which may belong to a single house.
    """
    found = {name: text(location, member) for name, member in _SOURCES.items()}
    found["location"] = text(location, "id")
    found["party"] = _joined(party) or None
    found["operator"] = text(child(location, "operator"), "name")
    found["evse_uid"] = text(evse, "uid")
    found["evse"] = text(evse, "evse_id")
    kinds = {text(connector, "power_type") for connector in children(evse, "connectors")}
    found["power_type"] = ", ".join(sorted(kind for kind in kinds if kind)) or None
    found["public"] = _is_public(location)
    if found["public"] == "no":
        found["postal_code"] = None
    return {name: value for name, value in found.items() if value is not None}


def _is_public(location: Record) -> str | None:
    """`no` for what is not published and for private driveways, None where nothing is told."""
    if location.get("parking_type") == "ON_DRIVEWAY":
        return "no"
    publish = location.get("publish")
    return None if publish is None else "yes" if publish is True else "no"


def _joined(record: Record, *parts: str | None) -> str:
    names = (text(record, "country_code"), text(record, "party_id"), *parts)
    return "*".join(name for name in names if name).upper()
