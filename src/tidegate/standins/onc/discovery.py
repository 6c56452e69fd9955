"""Discovery: locations, their tree, deployments, devices, categories, properties, products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.standins.onc import dates
from tidegate.standins.onc.exchange import stamp
from tidegate.standins.onc.parameters import is_true
from tidegate.standins.onc.refusals import UNKNOWN, NothingFound, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.standins.onc.catalogue import Deployment, Location, Product
    from tidegate.standins.onc.exchange import Asked
    from tidegate.standins.onc.service import Service

_PLACES: Final = ("locationCode", "deviceCategoryCode")
_SOURCES: Final = (*_PLACES, "deviceCode", "dateFrom", "dateTo")


def offers(
    service: Service, product: Product, parameters: Mapping[str, str], device: str = ""
) -> bool:
    """Whether a product exists for a device, or for the category or property that is named."""
    catalogue = service.catalogue
    category = catalogue.devices[device].category if device else ""
    wanted = category or parameters.get("deviceCategoryCode", "")
    if wanted and wanted not in product.categories:
        return False
    code = parameters.get("propertyCode")
    if not code:
        return True
    measured = [
        name
        for name in ([wanted] if wanted else product.categories)
        if any(sensor.property == code for sensor in catalogue.categories[name].sensors)
    ]
    return product.hasPropertyData and any(name in product.categories for name in measured)


def _fits(service: Service, one: Deployment, parameters: Mapping[str, str]) -> bool:
    device = service.catalogue.devices[one.device]
    sensors = {sensor.property for sensor in service.catalogue.sensors(one.device)}
    products = {
        product.code
        for product in service.catalogue.products
        if device.category in product.categories
    }
    wanted = {
        "deviceCode": {one.device},
        "deviceId": {str(device.id)},
        "deviceCategoryCode": {device.category},
        "propertyCode": sensors,
        "dataProductCode": products,
    }
    return all(parameters[name] in have for name, have in wanted.items() if parameters.get(name))


def deployed(
    service: Service, parameters: Mapping[str, str], *, children: bool = False
) -> list[Deployment]:
    """The deployments that fit codes and dates; those of the whole sub-tree with `children`.

    Raises:
        Refusal: a date makes no sense.
    """
    start, end = dates.span(parameters, service.clock.now())
    code = parameters.get("locationCode")
    places = service.catalogue.below(code) if code and children else {code}
    return [
        one
        for one in service.catalogue.deployments
        if (not code or one.location in places)
        and (end is None or one.start_at < end)
        and (start is None or one.end_at > start)
        and one.start_at <= service.clock.now()
        and _fits(service, one, parameters)
    ]


def deployed_there(service: Service, parameters: Mapping[str, str]) -> list[Deployment]:
    """The deployments of the device, or of the place and category, that data are asked of.

    Raises:
        Refusal: a date makes no sense, or nothing of the category was at the place.
    """
    found = deployed(service, {name: parameters[name] for name in _SOURCES if name in parameters})
    if not found and "deviceCode" not in parameters:
        raise Refusal(UNKNOWN, *_PLACES)
    return found


def _contains(parameters: Mapping[str, str], name: str, text: str | None) -> bool:
    return parameters.get(name, "").lower() in (text or "").lower()


_NARROWING: Final = (
    "deviceCategoryCode",
    "deviceCode",
    "propertyCode",
    "dataProductCode",
    "dateFrom",
    "dateTo",
)


def _located(service: Service, parameters: Mapping[str, str], *, children: bool) -> list[Location]:
    catalogue, code = service.catalogue, parameters.get("locationCode")
    places = set(catalogue.locations)
    if code:
        places = catalogue.below(code) if children else {code}
    if any(parameters.get(name) for name in _NARROWING):
        places &= {one.location for one in deployed(service, parameters, children=children)}
    return [
        one
        for one in catalogue.locations.values()
        if one.code in places and _contains(parameters, "locationName", one.name)
    ]


def locations(service: Service, asked: Asked) -> list[dict[str, Any]]:
    """Rows of `locations`: a flat list, with the sub-tree if asked for.

    Raises:
        NothingFound: no location fits.
    """
    parameters = asked.parameters
    children = is_true(parameters, "includeChildren")
    return _found(
        _location_row(service, asked, one)
        for one in _located(service, parameters, children=children)
    )


def _location_row(service: Service, asked: Asked, one: Location) -> dict[str, Any]:
    stays = [
        stay
        for stay in service.catalogue.deployments
        if stay.location == one.code and _fits(service, stay, asked.parameters)
    ]
    return {
        "deployments": len(stays),
        "locationName": one.name,
        "depth": one.depth,
        "bbox": _box(stays),
        "description": one.description,
        "hasDeviceData": _has_data(service, one.code),
        "lon": one.lon,
        "locationCode": one.code,
        "hasPropertyData": _has_data(service, one.code, measured=True),
        "lat": one.lat,
        "dataSearchURL": f"{asked.root}DataSearch?location={one.code}",
    }


def _has_data(service: Service, code: str, *, measured: bool = False) -> str:
    below = service.catalogue.below(code)
    stays = (one for one in service.catalogue.deployments if one.location in below)
    return (
        "true"
        if any(not measured or service.catalogue.sensors(one.device) for one in stays)
        else "false"
    )


def _box(stays: list[Deployment]) -> dict[str, float | None] | None:
    placed = [(one.lat, one.lon) for one in stays if one.lat is not None and one.lon is not None]
    if not placed:
        return None
    depths = [one.depth for one in stays if one.depth is not None]
    lats, lons = zip(*placed, strict=True)
    return {
        "maxDepth": max(depths, default=None),
        "maxLat": max(lats),
        "maxLon": max(lons),
        "minDepth": min(depths, default=None),
        "minLat": min(lats),
        "minLon": min(lons),
    }


def tree(service: Service, asked: Asked) -> list[dict[str, Any]]:
    """Rows of `locations/tree`: nodes with their children, pruned to those that fit.

    Raises:
        NothingFound: no location fits.
    """
    parameters = asked.parameters
    fitting = {one.code for one in _located(service, parameters, children=True)}
    top = parameters.get("locationCode")
    roots = [
        one
        for one in service.catalogue.locations.values()
        if (one.code == top if top else one.parent is None)
    ]
    return _found(row for one in roots if (row := _node(service, one, fitting)))


def _node(service: Service, one: Location, fitting: set[str]) -> dict[str, Any] | None:
    children = [
        row
        for child in service.catalogue.locations.values()
        if child.parent == one.code and (row := _node(service, child, fitting))
    ]
    if not children and one.code not in fitting:
        return None
    return {
        "locationName": one.name,
        "children": children or None,
        "description": one.description,
        "hasDeviceData": _has_data(service, one.code),
        "locationCode": one.code,
        "hasPropertyData": _has_data(service, one.code, measured=True),
    }


def deployments(service: Service, asked: Asked) -> list[dict[str, Any]]:
    """Rows of `deployments`, with their true dates; none for an end that is to come.

    Raises:
        Refusal: there are none.
    """
    found = deployed(service, asked.parameters)
    if not found:
        raise Refusal(UNKNOWN, *(asked.parameters or ("locationCode",)))
    return [
        {
            "begin": stamp(one.start_at),
            "citation": citation(service, one),
            "depth": one.depth,
            "deviceCategoryCode": service.catalogue.devices[one.device].category,
            "deviceCode": one.device,
            "end": stamp(one.end_at) if one.end_at <= service.clock.now() else None,
            "hasDeviceData": True,
            "heading": one.heading,
            "lat": one.lat,
            "locationCode": one.location,
            "lon": one.lon,
            "pitch": None,
            "roll": None,
        }
        for one in found
    ]


def citation(service: Service, one: Deployment) -> dict[str, Any]:
    """How the data of a deployment are to be cited."""
    device = service.catalogue.devices[one.device]
    place = service.catalogue.locations[one.location].name
    doi = f"10.0000/{one.device.lower()}.{one.begin[:10]}"
    return {
        "citation": f"Example Society. {one.begin[:4]}. {place} {device.name} Deployed "
        f"{one.begin[:10]}. https://doi.org/{doi}.",
        "doi": doi,
        "landingPageUrl": f"https://doi.org/{doi}",
        "queryPid": None,
    }


def devices(service: Service, asked: Asked) -> list[dict[str, Any]]:
    """Rows of `devices`.

    Raises:
        NothingFound: no device fits.
    """
    parameters, catalogue = asked.parameters, service.catalogue
    children = is_true(parameters, "includeChildren")
    stays = deployed(service, parameters, children=children)
    begins: dict[str, str] = {}
    for stay in stays:
        begins.setdefault(stay.device, stamp(stay.start_at))
    return _found(
        {
            "cvTerm": {"device": [_term("device", one.category)]},
            "dataRating": [
                {
                    "dateFrom": begins[one.code],
                    "dateTo": None,
                    "samplePeriod": float(one.period),
                    "sampleSize": 1,
                }
            ],
            "deviceCategoryCode": one.category,
            "deviceCode": one.code,
            "deviceId": one.id,
            "deviceLink": f"{asked.root}DeviceListing?DeviceId={one.id}",
            "deviceName": one.name,
            "hasDeviceData": True,
        }
        for one in catalogue.devices.values()
        if one.code in begins and _contains(parameters, "deviceName", one.name)
    )


def _term(kind: str, code: str) -> dict[str, str]:
    return {"uri": f"https://vocabulary.example/{kind}/{code}", "vocabulary": "Example"}


def categories(service: Service, asked: Asked) -> list[dict[str, Any]]:
    """Rows of `deviceCategories`.

    Raises:
        NothingFound: no category fits.
    """
    parameters, catalogue = asked.parameters, service.catalogue
    used = {catalogue.devices[one.device].category for one in deployed(service, parameters)}
    return _found(
        {
            "cvTerm": {"deviceCategory": [_term("category", one.code)]},
            "description": one.description,
            "deviceCategoryCode": one.code,
            "deviceCategoryName": one.name,
            "hasDeviceData": True,
            "longDescription": f"{one.description}.",
        }
        for one in catalogue.categories.values()
        if one.code in used
        and _contains(parameters, "deviceCategoryName", one.name)
        and _contains(parameters, "description", one.description)
    )


def properties(service: Service, asked: Asked) -> list[dict[str, Any]]:
    """Rows of `properties`.

    Raises:
        NothingFound: no property fits.
    """
    parameters, catalogue = asked.parameters, service.catalogue
    seen = {
        sensor.property
        for one in deployed(service, parameters)
        for sensor in catalogue.sensors(one.device)
    }
    wanted = set((parameters.get("propertyCode") or ",".join(seen)).split(","))
    return _found(
        {
            "cvTerm": {"property": [_term("property", one.code)], "uom": [_term("uom", one.unit)]},
            "description": one.description,
            "hasDeviceData": "true",
            "hasPropertyData": "true",
            "propertyCode": one.code,
            "propertyName": one.name,
            "uom": one.unit,
        }
        for one in catalogue.properties.values()
        if one.code in seen & wanted
        and _contains(parameters, "propertyName", one.name)
        and _contains(parameters, "description", one.description)
    )


def products(service: Service, asked: Asked) -> list[dict[str, Any]]:
    """Rows of `dataProducts`, each with its options.

    Raises:
        NothingFound: no product fits.
    """
    parameters, catalogue = asked.parameters, service.catalogue
    narrowing = ("locationCode", "deviceCategoryCode", "deviceCode", "propertyCode")
    sources = {name: parameters[name] for name in narrowing if parameters.get(name)}
    stays = deployed(service, sources)
    return _found(
        {
            "dataProductCode": one.code,
            "dataProductName": one.name,
            "dataProductOptions": catalogue.options(one),
            "extension": one.extension,
            "hasDeviceData": True,
            "hasPropertyData": one.hasPropertyData,
            "helpDocument": one.help,
        }
        for one in catalogue.products
        if parameters.get("dataProductCode", one.code) == one.code
        and parameters.get("extension", one.extension) == one.extension
        and _contains(parameters, "dataProductName", one.name)
        and any(offers(service, one, sources, stay.device) for stay in stays)
    )


def _found(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    listed = list(rows)
    if not listed:
        raise NothingFound
    return listed
