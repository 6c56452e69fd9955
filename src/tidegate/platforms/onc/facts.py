"""What is known of the services: addresses, paths of both schemes, limits."""

from __future__ import annotations

from typing import Final, Literal

PRODUCTION: Final = "https://data.oceannetworks.ca"
QA: Final = "https://qa.oceannetworks.ca"
"""The server for tests, open to staff only."""

PATH: Final = "path"
LEGACY: Final = "legacy"
Scheme = Literal["path", "legacy"]
"""Addresses with the verb in the path, or in the parameter `method`."""

LARGEST_PAGE: Final = 100_000
"""Rows of one page, per sensor; also what is sent where no number is asked for."""

DEFAULT_RATE: Final = 5.0
"""Requests a second, where the settings name no other rate."""
DEFAULT_PARALLEL: Final = 4
DEFAULT_MAX_WINDOW: Final = "2d"
DEFAULT_LAG: Final = "6h"

SERVICES: Final[dict[str, tuple[str, str, str]]] = {
    "locations": ("api/locations", "api/locations", "get"),
    "tree": ("api/locations/tree", "api/locations", "getTree"),
    "deployments": ("api/deployments", "api/deployments", "get"),
    "devices": ("api/devices", "api/devices", "get"),
    "categories": ("api/deviceCategories", "api/deviceCategories", "get"),
    "properties": ("api/properties", "api/properties", "get"),
    "products": ("api/dataProducts", "api/dataProducts", "get"),
    "archive/location": ("api/archivefile/location", "api/archivefiles", "getListByLocation"),
    "archive/device": ("api/archivefile/device", "api/archivefiles", "getListByDevice"),
    "archive/download": ("api/archivefile/download", "api/archivefiles", "getFile"),
    "scalar/location": ("api/scalardata/location", "api/scalardata", "getByLocation"),
    "scalar/device": ("api/scalardata/device", "api/scalardata", "getByDevice"),
    "raw/location": ("api/rawdata/location", "api/rawdata", "getByLocation"),
    "raw/device": ("api/rawdata/device", "api/rawdata", "getByDevice"),
    "availability": ("api/dataAvailability/dataproducts", "", ""),
    **{
        f"delivery/{verb}": (f"api/dataProductDelivery/{verb}", "api/dataProductDelivery", verb)
        for verb in ("request", "run", "status", "download", "cancel", "restart")
    },
}
"""Each service: its path, its path in the old scheme, and its `method` there."""

LISTS: Final = frozenset(
    {"locations", "tree", "devices", "categories", "properties", "products", "deployments"}
)
"""Services whose answer is a list, and whose 404 means that the list is empty."""
