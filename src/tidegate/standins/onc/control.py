"""The control endpoint `/standin` for loopback callers: faults, request log, changes of data."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from tidegate.model import instants
from tidegate.model.errors import BadTime
from tidegate.standins.onc.exchange import document
from tidegate.standins.onc.faults import KINDS, BadFault, make_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

    from tidegate.standins.onc.exchange import Answer, Asked
    from tidegate.standins.onc.service import Service

PREFIX: Final = "/standin"


def controlled(service: Service, asked: Asked, scope: Scope) -> Answer:
    """The answer of the control endpoint: 400 with a reason where a request makes no sense."""
    client = scope.get("client")
    if not client or not ipaddress.ip_address(client[0]).is_loopback:
        return document({"details": "This is for callers on the same machine."}, 403)
    done = _ACTIONS.get(f"{asked.method} {asked.path.removeprefix(PREFIX)}")
    if done is None:
        return document({"details": "There is no such address."}, 404)
    try:
        return document(done(service, json.loads(asked.body) if asked.body else {}))
    except (BadFault, BadTime, ValueError, KeyError, TypeError, AttributeError) as problem:
        return document({"details": f"{type(problem).__name__}: {problem}"}, 400)


def _faults(service: Service, body: Any) -> Any:
    del body
    return {"active": service.faults.documents(), "kinds": KINDS}


def _add_faults(service: Service, body: Any) -> Any:
    faults = [make_fault(item) for item in (body if isinstance(body, list) else [body])]
    service.faults.add(*faults)
    return [asdict(fault) for fault in faults]


def _clear_faults(service: Service, body: Any) -> Any:
    del body
    service.faults.clear()
    return {}


def _log(service: Service, body: Any) -> Any:
    del body
    return service.documents()


def _clear_log(service: Service, body: Any) -> Any:
    del body
    service.log.clear()
    return {}


def _reprocess(service: Service, body: Any) -> Any:
    service.archive.reprocess(str(body["filename"]), service.clock.now())
    return {}


def _remove(service: Service, body: Any) -> Any:
    service.archive.remove(str(body["filename"]))
    return {}


def _restore(service: Service, body: Any) -> Any:
    service.archive.restore(str(body["filename"]), service.clock.now())
    return {}


def _deploy(service: Service, body: Any) -> Any:
    service.deploy(**body)
    return {}


def _recover(service: Service, body: Any) -> Any:
    service.recover(str(body["device"]), str(body["end"]))
    return {}


def _set_clock(service: Service, body: Any) -> Any:
    rate = body.get("rate")
    service.clock.set(instants.parse(body["now"]), None if rate is None else float(rate))
    return {}


_ACTIONS: Final[dict[str, Callable[[Service, Any], Any]]] = {
    "GET /faults": _faults,
    "POST /faults": _add_faults,
    "DELETE /faults": _clear_faults,
    "GET /log": _log,
    "DELETE /log": _clear_log,
    "POST /reprocess": _reprocess,
    "POST /remove": _remove,
    "POST /restore": _restore,
    "POST /deployments": _deploy,
    "POST /recover": _recover,
    "POST /clock": _set_clock,
}
