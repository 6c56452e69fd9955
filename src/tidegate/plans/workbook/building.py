"""Rows of a workbook from the catalogue of a platform: one for each deployment and product."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import msgspec

from tidegate.model.errors import UnknownToPlatform
from tidegate.model.instants import FOREVER, parse, to_text
from tidegate.model.windows import Window
from tidegate.plans.dates import Moment, is_relative
from tidegate.plans.definitions import BY_DEVICE, BY_LOCATION
from tidegate.plans.event_lists import Event, merged
from tidegate.plans.options_text import default_options, options_text
from tidegate.plans.workbook import columns as names
from tidegate.plans.workbook.rows import identity_of_row
from tidegate.plans.workbook.writing import moment_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidegate.plans.workbook.grids import Cell

Method = Literal["byLocation", "byDevice", "all"]
Answer = list[dict[str, Any]]

_FEW: Final = 8
"""Codes up to which each is asked for by itself; more of them are picked out of everything."""

_SORTED: Final = {
    BY_LOCATION: ("locationCode", "deviceCategoryCode", "deviceCode"),
    BY_DEVICE: ("deviceCode", "locationCode"),
}


class Catalogue(Protocol):
    """What a platform tells of its places, instruments and products, by the names of its services.

    Every method takes filters and answers rows, none where nothing fits; it raises
    `UnknownToPlatform` for a code that the platform does not know.
    """

    def locations(self, filters: Mapping[str, Any]) -> Answer:
        """Locations with their names."""
        ...

    def categories(self, filters: Mapping[str, Any]) -> Answer:
        """Types of instruments with their names."""
        ...

    def devices(self, filters: Mapping[str, Any]) -> Answer:
        """Instruments with their names and numbers."""
        ...

    def deployments(self, filters: Mapping[str, Any]) -> Answer:
        """Stays of instruments."""
        ...

    def products(self, filters: Mapping[str, Any]) -> Answer:
        """Products with their options."""
        ...


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What rows are made for; an empty list of codes filters nothing.

    Attributes:
        window: the range, resolved.
        begin: its first instant as given, for cells that stay relative.
        end: its end as given.
        locations: the search covers them and all below them.
        events: if any, rows cover only the time around them.
    """

    window: Window
    begin: Moment
    end: Moment
    method: Method = "byLocation"
    locations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def tabs(self) -> tuple[str, ...]:
        """The tabs that the method fills."""
        chosen = {"byLocation": (BY_LOCATION,), "byDevice": (BY_DEVICE,)}
        return chosen.get(self.method, (BY_LOCATION, BY_DEVICE))


class CatalogueRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: its cells by heading, and what to decide about its options."""

    cells: dict[str, Cell]
    comment: str = ""

    @property
    def row_id(self) -> str:
        """Its stable name."""
        return str(self.cells[names.ROW_ID])


class Builder:
    """Makes the rows of workbooks.

    Args:
        catalogue: of the platform.
        address: of the platform, for links to its pages.
        now: the present instant.

    Attributes:
        met: the labels of the events that rows were made for.
    """

    def __init__(self, catalogue: Catalogue, address: str, now: int) -> None:
        self.met: set[str] = set()
        self._catalogue = catalogue
        self._address = address.rstrip("/") + "/"
        self._now = now
        self._products: dict[tuple[tuple[str, str], ...], Answer] = {}
        self._below: dict[str, dict[str, str] | None] = {}

    def rows(self, wanted: Wanted) -> dict[str, list[CatalogueRow]]:
        """The rows of each tab, sorted by place, begin, product and extension.

        Raises:
            UnknownToPlatform: the platform does not know one of the codes.
            TransportError: it cannot be asked.
        """
        places = self._places(wanted)
        stays = self._stays(wanted, places)
        facts = _Facts(self._catalogue, places, stays) if stays else None
        found: dict[str, list[CatalogueRow]] = {}
        for tab in wanted.tabs:
            rows: dict[str, CatalogueRow] = {}
            for stay, code in stays if facts else ():
                assert facts is not None
                for row in self._of_stay(tab, wanted, stay, code, facts):
                    rows.setdefault(row.row_id, row)
            found[tab] = sorted(rows.values(), key=lambda row: _order(tab, row))
        return found

    def _places(self, wanted: Wanted) -> dict[str, str]:
        """The names of all locations in question, by code."""
        places: dict[str, str] = {}
        for root in wanted.locations:
            places |= self._subtree(root) or {}
        if not wanted.locations:
            places = _names(self._catalogue.locations({}), "locationCode", "locationName")
        return places

    def _subtree(self, root: str) -> dict[str, str]:
        """A location and all below it."""
        filters = {"locationCode": root, "includeChildren": True}
        return _names(self._catalogue.locations(filters), "locationCode", "locationName")

    def _stays(self, wanted: Wanted, places: Mapping[str, str]) -> list[tuple[dict[str, Any], str]]:
        """The deployments in question, each with the property that was asked for."""
        is_few = wanted.locations and len(places) <= _FEW
        asked = itertools.product(
            places if is_few else ("",),
            wanted.categories or ("",),
            wanted.devices or ("",),
            wanted.properties or ("",),
        )
        found = []
        for location, category, device, code in asked:
            filters = {
                "locationCode": location,
                "deviceCategoryCode": category,
                "deviceCode": device,
                "propertyCode": code,
                "dateFrom": _stamp(wanted.window.start),
                "dateTo": _stamp(wanted.window.end),
            }
            given = {name: value for name, value in filters.items() if value}
            rows = self._catalogue.deployments(given)
            found += [(row, code) for row in rows if _counts(row, places)]
        return found

    def _of_stay(
        self, tab: str, wanted: Wanted, stay: Mapping[str, Any], code: str, facts: _Facts
    ) -> Iterator[CatalogueRow]:
        source = {
            "locationCode": stay["locationCode"],
            "deviceCategoryCode": stay["deviceCategoryCode"],
        }
        if tab == BY_DEVICE:
            source = {"deviceCode": stay["deviceCode"]}
        if code:
            source["propertyCode"] = code
        for product in self._offered(source, wanted):
            for window, events in self._windows(wanted, stay):
                cells = {
                    **facts.of(stay, self._address),
                    **_product_cells(product),
                    **self._moments(wanted, window, stay),
                    "propertyCode": code,
                }
                if wanted.events:
                    cells[names.EVENTS] = ", ".join(events)
                    self.met.update(events)
                cells[names.ROW_ID] = identity_of_row(tab, cells)
                comment = _comment(product.get("dataProductOptions") or ())
                yield CatalogueRow(cells=cells, comment=comment)

    def _offered(self, source: dict[str, str], wanted: Wanted) -> Answer:
        """The products of a source that pass the filters."""
        key = tuple(source.items())
        if key not in self._products:
            self._products[key] = self._catalogue.products(source)
        measured = "hasPropertyData" if "propertyCode" in source else "hasDeviceData"
        return [
            product
            for product in self._products[key]
            if product.get(measured, True)
            and (not wanted.products or product["dataProductCode"] in wanted.products)
            and (not wanted.extensions or product["extension"] in wanted.extensions)
        ]

    def _windows(self, wanted: Wanted, stay: Mapping[str, Any]) -> list[tuple[Window, list[str]]]:
        """The parts of a deployment that are wanted, with the events that each is for."""
        end = parse(stay["end"]) if stay.get("end") else FOREVER
        whole = Window(parse(stay["begin"]), max(end, parse(stay["begin"])))
        past = Window(wanted.window.start, max(wanted.window.start, self._until(wanted)))
        clipped = whole.intersection(past)
        if clipped is None:
            return []
        if not wanted.events:
            return [(clipped, [])]
        near = [one for one in wanted.events if self._is_at(one.place, stay)]
        parts = ((window.intersection(clipped), labels) for window, labels in merged(near))
        return [(part, labels) for part, labels in parts if part is not None]

    def _until(self, wanted: Wanted) -> int:
        """The end of what is wanted; nothing lies after now."""
        return min(wanted.window.end, max(self._now, wanted.window.start))

    def _is_at(self, place: str, stay: Mapping[str, Any]) -> bool:
        if place in {"", stay["deviceCode"], stay["locationCode"]}:
            return True
        if place not in self._below:
            try:
                self._below[place] = self._subtree(place)
            except UnknownToPlatform:
                self._below[place] = None
        return stay["locationCode"] in (self._below[place] or {})

    def _moments(self, wanted: Wanted, window: Window, stay: Mapping[str, Any]) -> dict[str, Cell]:
        """The dates of a row: relative ones stay so where the deployment does not bound them."""
        is_first = not wanted.events and window.start == wanted.window.start
        is_last = not wanted.events and window.end == self._until(wanted)
        begin: Cell = moment_cell(window.start)
        end: Cell = moment_cell(window.end)
        if is_relative(wanted.end) and is_last and (is_first or not _is_length(wanted.end)):
            end = str(wanted.end)
        if is_relative(wanted.begin) and is_first and (is_last or not _is_length(wanted.begin)):
            begin = str(wanted.begin)
        return {
            names.BEGIN: begin,
            names.END: end,
            names.WRITTEN_END: end,
            names.DEPLOYMENT_BEGIN: moment_cell(parse(stay["begin"])),
            names.DEPLOYMENT_END: moment_cell(parse(stay["end"])) if stay.get("end") else "",
            names.DOWNLOAD: "T",
        }


class _Facts:
    """What is told of places and instruments besides their codes."""

    def __init__(
        self,
        catalogue: Catalogue,
        places: Mapping[str, str],
        stays: Iterable[tuple[Mapping[str, Any], str]],
    ) -> None:
        self._places = places
        self._categories = _names(
            catalogue.categories({}), "deviceCategoryCode", "deviceCategoryName"
        )
        codes = sorted({stay["deviceCode"] for stay, _ in stays})
        few: Sequence[dict[str, str]] = [{"deviceCode": code} for code in codes]
        asked = few if len(codes) <= _FEW else [{}]
        self._devices = {
            row["deviceCode"]: row for filters in asked for row in catalogue.devices(filters)
        }

    def of(self, stay: Mapping[str, Any], address: str) -> dict[str, Cell]:
        """The cells of a deployment."""
        location, category = stay["locationCode"], stay["deviceCategoryCode"]
        device = self._devices.get(stay["deviceCode"], {})
        number = device.get("deviceId")
        search = f"{address}DataSearch?location={location}&deviceCategory={category}"
        position = {"latitude": "lat", "longitude": "lon", "depth": "depth"}
        return {
            "locationCode": location,
            "locationName": self._places.get(location, ""),
            "deviceCategoryCode": category,
            "deviceCategoryName": self._categories.get(category, ""),
            "deviceCode": stay["deviceCode"],
            "deviceName": str(device.get("deviceName") or ""),
            **{name: _number(stay.get(key)) for name, key in position.items()},
            "Data Search": search,
            "Device Listing": f"{address}DeviceListing?DeviceId={number}" if number else "",
        }


def _product_cells(product: Mapping[str, Any]) -> dict[str, Cell]:
    return {
        "dataProductCode": product["dataProductCode"],
        "dataProductName": str(product.get("dataProductName") or ""),
        "extension": product["extension"],
        names.PRODUCT_OPTIONS: options_text(
            default_options(product.get("dataProductOptions") or ())
        ),
        "helpDocument": str(product.get("helpDocument") or ""),
    }


def _comment(options: Sequence[Mapping[str, Any]]) -> str:
    """What may be chosen for a row's options."""
    lines = []
    for option in options:
        values = [str(value) for value in option.get("allowableValues") or ()]
        if bounds := option.get("allowableRange"):
            values.append(f"{bounds['lowerBound']} to {bounds['upperBound']}")
        if len(values) > 1 or bounds:
            lines.append(f"{option['option']}: {', '.join(values)}")
    return "\n".join(["Please decide:", *lines]) if lines else ""


def _counts(row: Mapping[str, Any], places: Mapping[str, str]) -> bool:
    return row.get("hasDeviceData", True) is not False and row["locationCode"] in places


def _names(rows: Answer, code: str, name: str) -> dict[str, str]:
    return {row[code]: str(row.get(name) or "") for row in rows}


def _number(value: object) -> Cell:
    return value if isinstance(value, int | float) else ""


def _stamp(instant: int) -> str:
    """An instant as the platform writes it, with three digits of fraction."""
    text = to_text(instant).removesuffix("Z")
    seconds, _, fraction = text.partition(".")
    return f"{seconds}.{fraction[:3].ljust(3, '0')}Z"


def _is_length(moment: Moment) -> bool:
    """True for a duration, which counts from the other end of its range."""
    return str(moment).lstrip().startswith(("P", "-P", "+P"))


def _order(tab: str, row: CatalogueRow) -> tuple[Any, ...]:
    cells = row.cells
    first = str(cells[names.DEPLOYMENT_BEGIN])
    own = str(cells[names.BEGIN])
    product = (cells["dataProductCode"], cells["extension"], cells["propertyCode"])
    return (*(cells[name] for name in _SORTED[tab]), first, own, *product)
