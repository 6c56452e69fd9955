"""What each address answers, in both schemes of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.standins.onc import availability, delivery, discovery, listing, raw, scalar
from tidegate.standins.onc.exchange import Answer, document
from tidegate.standins.onc.parameters import check
from tidegate.standins.onc.refusals import UNKNOWN, NothingFound, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.standins.onc.exchange import Asked
    from tidegate.standins.onc.service import Service

API: Final = "api"
PROXY: Final = "apiproxy"
"""Where the same services are for those who have signed in with a browser; no token is asked."""

_DISCOVERY: Final[dict[str, Callable[[Service, Asked], Any]]] = {
    "locations": discovery.locations,
    "tree": discovery.tree,
    "deployments": discovery.deployments,
    "devices": discovery.devices,
    "deviceCategories": discovery.categories,
    "properties": discovery.properties,
    "dataProducts": discovery.products,
}
_OTHERS: Final[dict[str, Callable[[Service, Asked], Answer]]] = {
    "availability": availability.availability,
    "archive/location": listing.listed,
    "archive/device": listing.listed,
    "archive/download": listing.file,
    "scalar/location": scalar.scalar,
    "scalar/device": scalar.scalar,
    "raw/location": raw.raw,
    "raw/device": raw.raw,
    "delivery/request": delivery.request,
    "delivery/run": delivery.run,
    "delivery/status": delivery.status,
    "delivery/download": delivery.download,
    "delivery/cancel": delivery.cancel,
    "delivery/restart": delivery.restart,
}
_WORDS: Final = ("request", "status", "run", "download", "cancel", "restart")
_PLAIN: Final = [name for name in _DISCOVERY if name != "tree"]
_PATHS: Final = {
    **{name: name for name in _PLAIN},
    "locations/tree": "tree",
    "dataAvailability/dataproducts": "availability",
    **{f"archivefile/{word}": f"archive/{word}" for word in ("location", "device", "download")},
    **{f"scalardata/{word}": f"scalar/{word}" for word in ("location", "device")},
    **{f"rawdata/{word}": f"raw/{word}" for word in ("location", "device")},
    **{f"dataProductDelivery/{word}": f"delivery/{word}" for word in _WORDS},
}
_METHODS: Final = {
    **{(name, "get"): name for name in _PLAIN},
    ("locations", "getTree"): "tree",
    ("archivefiles", "getListByLocation"): "archive/location",
    ("archivefiles", "getListByDevice"): "archive/device",
    ("archivefiles", "getFile"): "archive/download",
    ("scalardata", "getByLocation"): "scalar/location",
    ("scalardata", "getByDevice"): "scalar/device",
    ("rawdata", "getByLocation"): "raw/location",
    ("rawdata", "getByDevice"): "raw/device",
    **{("dataProductDelivery", word): f"delivery/{word}" for word in _WORDS},
}


def service_of(path: str, given: Mapping[str, str]) -> str:
    """Which service a request is for, in either scheme; empty if for none."""
    prefix, _, rest = path.lstrip("/").partition("/")
    if prefix not in {API, PROXY}:
        return ""
    rest = rest.rstrip("/")
    if given.get("method"):
        return _METHODS.get((rest, given["method"]), "")
    return _PATHS.get(rest, "")


def answered(service: Service, asked: Asked) -> Answer:
    """The answer to a request.

    Raises:
        Refusal: it is turned down.
    """
    name = service_of(asked.path, asked.given)
    if not name:
        return document({"message": "There is no such service."}, 404)
    if asked.method not in {"GET", "HEAD"}:
        return document({"message": "This service takes GET only."}, 405)
    _authorize(service, asked)
    check(name, asked.parameters, service.catalogue)
    if name in _OTHERS:
        return _OTHERS[name](service, asked)
    try:
        return document(_DISCOVERY[name](service, asked))
    except NothingFound:
        return document([], 200 if service.options.empty_ok else 404)


def _authorize(service: Service, asked: Asked) -> None:
    token, options = asked.given.get("token", ""), service.options
    signed_in = asked.path.lstrip("/").startswith(f"{PROXY}/") and not token
    if not (signed_in or token == options.token or (token and options.any_token)):
        raise Refusal(UNKNOWN, "token", status=401)
