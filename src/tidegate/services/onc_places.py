"""Where Ocean Networks Canada measures, and what is near a place or a moving platform."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import BadFile, BadValue, NotFound, TidegateError
from tidegate.model.instants import now, parse
from tidegate.plans.dates import window_of
from tidegate.platforms.onc.dates import stamp
from tidegate.platforms.onc.discovery import flattened, nearest
from tidegate.services.connection_files import connection
from tidegate.services.onc import Server, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tidegate.model.windows import Window
    from tidegate.platforms.onc.client import OncClient
    from tidegate.services.settings import Settings

Row = dict[str, Any]

_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(km|m|nm|nmi)?", re.IGNORECASE)
_KILOMETRES: Final = {"km": 1.0, "m": 0.001, "nm": 1.852, "nmi": 1.852}
_LAT: Final = ("lat", "latitude", "y")
_LON: Final = ("lon", "lng", "long", "longitude", "x")
_TIME: Final = ("time", "timestamp", "datetime", "date")


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for, by the codes of the platform; None for anything."""

    location: str | None = None
    category: str | None = None
    device: str | None = None
    property: str | None = None
    product: str | None = None
    extension: str | None = None

    def named(self, *wanted: str) -> dict[str, str]:
        """Those of some names, under the names that the services have for them.

        Raises:
            BadValue: another one is set, which would be left out silently.
        """
        told = {name: value for name, value in msgspec.structs.asdict(self).items() if value}
        for name, value in told.items():
            if name not in wanted:
                raise BadValue(f"--{name}", value, "left out here")
        return {_NAMES[name]: value for name, value in told.items()}


_NAMES: Final = {
    "location": "locationCode",
    "category": "deviceCategoryCode",
    "device": "deviceCode",
    "property": "propertyCode",
    "product": "dataProductCode",
    "extension": "extension",
}


class Nearby(msgspec.Struct, frozen=True, kw_only=True):
    """A place to be near of.

    Attributes:
        place: latitude and longitude in degrees.
        within: farthest distance in km; any if None.
    """

    place: tuple[float, float]
    within: float | None = None


def nearby(near: str | None, near_file: Path | None, within: str | None) -> Nearby | None:
    """The place that options name: as text, or as the newest position of a track.

    Args:
        near: latitude and longitude such as `49.08,-123.33`.
        near_file: CSV with columns `lat` and `lon`, and perhaps `time`.
        within: a distance such as `20km`, `500m` or `3nmi`.

    Raises:
        BadValue: a text is no position or distance, or not both of place and file are left out.
        BadFile: the file has no position.
    """
    if near is not None and near_file is not None:
        raise BadValue("--near", near, "given without --near-file")
    if near is None and near_file is None:
        if within is not None:
            raise BadValue("--within", within, "given with --near or --near-file")
        return None
    place = _position(*near.split(",", 1)) if near else _newest(near_file)
    if place is None:
        raise BadValue("--near", near, "latitude and longitude such as 49.08,-123.33")
    return Nearby(place=place, within=None if within is None else _kilometres(within))


def locations(
    client: OncClient,
    filters: Filters,
    times: Mapping[str, str],
    *,
    near: Nearby | None = None,
    children: bool = True,
) -> list[Row]:
    """Locations that fit; with `near` only those with a position, nearest first."""
    asked = filters.named("location", "category", "device", "property", "product")
    if filters.location:
        asked["includeChildren"] = "true" if children else "false"
    rows = client.discovery.locations({**asked, **times})
    return rows if near is None else nearest(rows, near.place, near.within)


def subjects_at(rows: Iterable[Row]) -> tuple[str, ...]:
    """What `pull` takes to mean everything that is measured at locations."""
    return tuple(f"{row['locationCode']}/%" for row in rows)


def subjects_near(
    folder: Path, name: str | None, near: Nearby, *, settings: Settings
) -> tuple[str, ...]:
    """What `pull` takes to mean everything of a connection that is near a place.

    Args:
        folder: of the store that has the connection.
        name: of the connection; may be None where there is one.
        near: the place.
        settings: how platforms are treated.

    Raises:
        BadValue: the connection is to another platform.
        NotFound: there is no such connection, or nothing is near.
        TransportError: the platform cannot be asked.
    """
    record, _ = connection(folder, name)
    place = "{},{}".format(*near.place)
    if record.platform != "onc":
        raise BadValue("--near", place, f"left out: '{record.name}' knows no places to measure")
    with opened(folder, Server(connection=record.name), settings=settings) as client:
        subjects = subjects_at(locations(client, Filters(), {}, near=near))
    if not subjects:
        raise NotFound("location", f"near {place}", hint="a greater --within reaches farther")
    return subjects


def tree(client: OncClient, filters: Filters, times: Mapping[str, str]) -> list[Row]:
    """Nodes of the tree of locations, each before its children, with its `level`."""
    asked = filters.named("location", "category", "device", "property", "product")
    return list(flattened(client.discovery.tree({**asked, **times})))


def deployments(
    client: OncClient,
    filters: Filters,
    times: Mapping[str, str],
    *,
    near: Nearby | None = None,
    children: bool = False,
) -> list[Row]:
    """Stays of instruments that reach into a time.

    Args:
        client: of the server.
        filters: what is looked for.
        times: `dateFrom` and `dateTo`.
        near: only at places near of this one, nearest first.
        children: those at places below the location too.

    Raises:
        UnknownToPlatform: a code is not known.
    """
    asked = filters.named("location", "category", "device", "property")
    if not children and near is None:
        return client.discovery.deployments({**asked, **times})
    places = locations(client, filters, times, near=near, children=children)
    code = asked.pop("locationCode", None)
    order = {place["locationCode"]: number for number, place in enumerate(places)}
    if code and not order:
        client.discovery.require_known({"locationCode": code})
    found = [
        stay
        for stay in client.discovery.deployments({**asked, **times})
        if stay["locationCode"] in order
    ]
    for stay in found if near else ():
        stay["distance"] = places[order[stay["locationCode"]]]["distance"]
    return sorted(found, key=lambda stay: order[stay["locationCode"]])


def times_of(start: str | None, end: str | None) -> dict[str, str]:
    """Begin and end as the services take them; each may be a date, relative, or a duration.

    Raises:
        BadTime: a text names no instant.
        BadValue: both are durations, or the end lies before the begin.
    """
    if start is None and end is None:
        return {}
    window = span_of(start, end)
    texts = {"dateFrom": stamp(window.start), "dateTo": stamp(window.end)}
    return texts if start is not None else {"dateTo": texts["dateTo"]}


def span_of(start: str | None, end: str | None) -> Window:
    """The time between two texts; from the beginning of 1970, and to now, where one is missing."""
    present = now()
    return window_of(start or "1970-01-01", end or "now", now=present)


def _position(latitude: str, longitude: str = "") -> tuple[float, float] | None:
    try:
        lat, lon = float(latitude), float(longitude)
    except ValueError:
        return None
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 360 else None


def _kilometres(text: str) -> float:
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise BadValue("--within", text, "a distance such as 20km, 500m or 3nmi")
    return float(match[1]) * _KILOMETRES[(match[2] or "km").lower()]


def _newest(path: Path | None) -> tuple[float, float]:
    assert path is not None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [_lowered(row) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise BadFile(path, f"cannot be read as a track: {problem}") from problem
    positions = [
        (_instant(_of(row, _TIME)), number, place)
        for number, row in enumerate(rows)
        if (place := _position(_of(row, _LAT), _of(row, _LON)))
    ]
    if not positions:
        raise BadFile(path, "has no position", hint="write columns named time, lat and lon")
    return max(positions)[2]


def _lowered(row: Mapping[str | None, Any]) -> dict[str, str]:
    return {str(name).strip().lower(): str(value or "") for name, value in row.items()}


def _of(row: Mapping[str, str], names: Iterable[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _instant(text: str) -> int:
    try:
        return parse(text)
    except TidegateError:
        return 0
