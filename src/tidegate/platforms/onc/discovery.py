"""What there is and where: locations, instruments, deployments, products, availability."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import BadTime, Refused
from tidegate.model.instants import FOREVER, parse
from tidegate.model.products import Stay
from tidegate.model.windows import Window
from tidegate.platforms.onc.delivery import citations_of
from tidegate.platforms.onc.explaining import is_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.platforms.onc.access import Access, Row

_EARTH: Final = 6_371.0088
"""Mean radius in km."""

_CODES: Final = {
    "locationCode": "locations",
    "deviceCategoryCode": "categories",
    "deviceCode": "devices",
    "propertyCode": "properties",
}


class Availability(msgspec.Struct, rename="camel"):
    """One page of what files there are, by product and span."""

    available_data_products: list[dict[str, Any]] = []
    messages: list[str] = []
    next: dict[str, Any] | None = None

    def is_empty(self) -> bool:
        """True if there is nothing in it."""
        return not self.available_data_products


class Discovery:
    """Asks the services of discovery. Filters have the services' own names."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def locations(self, filters: Mapping[str, Any]) -> list[Row]:
        """Locations, with coordinates in degrees and depth in metres."""
        return self._rows("locations", filters, "locations")

    def tree(self, filters: Mapping[str, Any]) -> list[Row]:
        """Locations as a tree, each with its `children`."""
        return self._rows("tree", filters, "the tree of locations")

    def categories(self, filters: Mapping[str, Any]) -> list[Row]:
        """Types of instruments."""
        return self._rows("categories", filters, "device categories")

    def devices(self, filters: Mapping[str, Any]) -> list[Row]:
        """Instruments."""
        return self._rows("devices", filters, "devices")

    def properties(self, filters: Mapping[str, Any]) -> list[Row]:
        """What is observed."""
        return self._rows("properties", filters, "properties")

    def deployments(self, filters: Mapping[str, Any]) -> list[Row]:
        """Stays of instruments that reach into a time; begins and ends are the true ones.

        Raises:
            UnknownToPlatform: a code is not known to the server.
        """
        found = self._rows("deployments", filters, "deployments")
        if not found:
            # The server gives one error for nothing there and for a code that it does not know.
            self.require_known(filters)
        return found

    def stays(self, filters: Mapping[str, Any]) -> list[Stay]:
        """The stays of the instruments that filters name, whenever they were."""
        asked = {name: filters[name] for name in _CODES if filters.get(name)}
        rows = self._rows("deployments", asked, "deployments")
        return [stay for row in rows if (stay := _stay_of(row)) is not None]

    def products(self, filters: Mapping[str, Any]) -> list[Row]:
        """Products that can be ordered or are archived, with their options."""
        return self._rows("products", filters, "data products")

    def availability(self, filters: Mapping[str, Any]) -> list[Row]:
        """How many files of which product there are, by span of time.

        Raises:
            UnknownToPlatform: a code is not known to the server.
        """
        try:
            pages = list(self._access.pages("availability", filters, "availability", Availability))
        except Refused as refusal:
            if not is_nothing(refusal):
                raise
            self.require_known(filters)
            return []
        return [row for page in pages for row in page.available_data_products]

    def require_known(self, filters: Mapping[str, Any]) -> None:
        """Refuse codes that the server does not know at all.

        Raises:
            UnknownToPlatform: it does not know one.
        """
        for name, service in _CODES.items():
            if code := filters.get(name):
                self._rows(service, {name: code}, service)

    def _rows(self, service: str, filters: Mapping[str, Any], what: str) -> list[Row]:
        named = [str(filters[name]) for name in (*_CODES, "dataProductCode") if filters.get(name)]
        subject = f"{what} for {' '.join(named)}" if named else what
        return self._access.rows(service, filters, subject)

    def below(self, code: str) -> list[Row]:
        """A location and all below it."""
        return self.locations({"locationCode": code, "includeChildren": True})


def _stay_of(row: Row) -> Stay | None:
    """A row of deployments; None if it does not tell when it began."""
    try:
        begin = parse(row["begin"])
        end = parse(row["end"]) if row.get("end") else FOREVER
    except (KeyError, TypeError, BadTime):
        return None
    cited = citations_of([row.get("citation")])
    return Stay(
        device=row.get("deviceCode") or "",
        window=Window(begin, end),
        citation=cited[0] if cited else None,
    )


def flattened(nodes: Iterable[Row], level: int = 0, parent: str | None = None) -> Iterator[Row]:
    """The nodes of a tree, each before its children, with `level` and the code of its `parent`."""
    for node in nodes:
        children = node.get("children") or []
        own = {name: value for name, value in node.items() if name != "children"}
        yield {**own, "level": level, "parent": parent}
        yield from flattened(children, level + 1, node.get("locationCode"))


def distance(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Kilometres along the surface between two positions of latitude and longitude in degrees."""
    (lat, lon), (other_lat, other_lon) = (map(math.radians, place) for place in (here, there))
    half = math.sin((other_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * _EARTH * math.asin(min(1.0, math.sqrt(half)))


def nearest(rows: Iterable[Row], place: tuple[float, float], within: float | None) -> list[Row]:
    """Locations that have a position, with their `distance` in km, nearest first.

    Args:
        rows: locations.
        place: latitude and longitude in degrees.
        within: farthest distance in km; any if None.
    """
    found = [
        {**row, "distance": round(distance(place, (row["lat"], row["lon"])), 3)}
        for row in rows
        if row.get("lat") is not None and row.get("lon") is not None
    ]
    kept = [row for row in found if within is None or row["distance"] <= within]
    return sorted(kept, key=lambda row: row["distance"])
