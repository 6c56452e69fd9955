"""The control endpoint `/standin` for loopback callers: faults, request log, changes of data."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model import instants
from tidegate.model.errors import BadTime
from tidegate.standins.ocpi.exchange import Answer
from tidegate.standins.ocpi.faults import KINDS, BadFault, make_fault

if TYPE_CHECKING:
    from starlette.types import Scope

    from tidegate.standins.ocpi.exchange import Asked
    from tidegate.standins.ocpi.service import Service

PREFIX: Final = "/standin"


def controlled(service: Service, asked: Asked, scope: Scope) -> Answer:
    """The answer of the control endpoint: 400 with a reason where a request makes no sense."""
    client = scope.get("client")
    if not client or not ipaddress.ip_address(client[0]).is_loopback:
        return _answer({"details": "This is for callers on the same machine."}, 403)
    try:
        body = json.loads(asked.body) if asked.body else {}
        found = _done(service, f"{asked.method} {asked.path.removeprefix(PREFIX)}", body)
    except (BadFault, BadTime, ValueError, KeyError, TypeError, AttributeError) as problem:
        return _answer({"details": f"{type(problem).__name__}: {problem}"}, 400)
    if found is None:
        return _answer({"details": "There is no such address."}, 404)
    return _answer(found)


def _done(service: Service, what: str, body: Any) -> Any:
    match what:
        case "GET /faults":
            return {"active": service.faults.documents(), "kinds": KINDS}
        case "POST /faults":
            faults = [make_fault(item) for item in (body if isinstance(body, list) else [body])]
            service.faults.add(*faults)
            return [asdict(fault) for fault in faults]
        case "DELETE /faults":
            service.faults.clear()
        case "GET /log":
            return service.documents()
        case "DELETE /log":
            service.log.clear()
        case "POST /touch":
            service.touch(_module(service, body), int(body["index"]))
        case "POST /remove":
            service.remove(_module(service, body), int(body["index"]))
        case "POST /grow":
            service.grow(int(body["sessions"]))
        case "POST /clock":
            service.clock.set(instants.parse(body["now"]), still=bool(body.get("still")))
        case _:
            return None
    return {}


def _module(service: Service, body: Any) -> str:
    module = str(body["module"])
    if module not in service.platform.modules:
        raise KeyError(module)
    return module


def _answer(document: Any, status: int = 200) -> Answer:
    return Answer(msgspec.json.encode(document), status)
