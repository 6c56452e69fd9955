"""The control endpoint `/standin` for loopback callers: faults, request log, changes of data."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from tidegate.model.errors import BadTime
from tidegate.standins.dcs.answers import Answer, json_answer
from tidegate.standins.dcs.faults import KINDS, BadFault, make_fault
from tidegate.standins.dcs.refusals import Refusal, bad_request
from tidegate.standins.dcs.requests import json_body
from tidegate.standins.dcs.slots import slot_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from tidegate.standins.dcs.registers import Register
    from tidegate.standins.dcs.service import Service

PREFIX = "/standin"


def routes(service: Service) -> list[Route]:
    """The routes of the control endpoint."""
    control = _Control(service)
    return [
        Route(f"{PREFIX}/faults", control.faults, methods=["GET"]),
        Route(f"{PREFIX}/faults", control.add_faults, methods=["POST"]),
        Route(f"{PREFIX}/faults", control.clear_faults, methods=["DELETE"]),
        Route(f"{PREFIX}/log", control.log, methods=["GET"]),
        Route(f"{PREFIX}/log", control.clear_log, methods=["DELETE"]),
        Route(f"{PREFIX}/expire", control.expire, methods=["POST"]),
        Route(f"{PREFIX}/invalid", control.add_invalid, methods=["POST"]),
        Route(f"{PREFIX}/invalid/{{id:int}}", control.clear_invalid, methods=["DELETE"]),
        Route(f"{PREFIX}/meters/{{id:int}}", control.remove_meter, methods=["DELETE"]),
    ]


class _Control:
    def __init__(self, service: Service) -> None:
        self.service = service

    async def faults(self, request: Request) -> Answer:
        _check_local(request)
        return json_answer({"active": self.service.faults.documents(), "kinds": KINDS})

    async def add_faults(self, request: Request) -> Answer:
        """One fault as an object, or a list of them."""
        _check_local(request)
        body = await json_body(request)
        try:
            faults = [make_fault(item) for item in (body if isinstance(body, list) else [body])]
        except (BadFault, AttributeError) as problem:
            raise bad_request(str(problem)) from None
        self.service.faults.add(*faults)
        return json_answer([asdict(fault) for fault in faults])

    async def clear_faults(self, request: Request) -> Answer:
        _check_local(request)
        self.service.faults.clear()
        return json_answer([])

    async def log(self, request: Request) -> Answer:
        _check_local(request)
        return json_answer(self.service.log.documents())

    async def clear_log(self, request: Request) -> Answer:
        _check_local(request)
        self.service.log.entries.clear()
        return json_answer([])

    async def expire(self, request: Request) -> Answer:
        """Ends every session of both APIs."""
        _check_local(request)
        self.service.app.expire()
        self.service.web.expire()
        return json_answer({})

    async def add_invalid(self, request: Request) -> Answer:
        """Declares readings of a register absent: `register`, `from`, `to`."""
        _check_local(request)
        body = await json_body(request)
        try:
            span = (slot_of(body["from"]), slot_of(body["to"]))
            self._register(body["register"]).invalid.append(span)
        except (KeyError, TypeError, BadTime):
            raise bad_request("register, from and to are needed.") from None
        return json_answer({"slots": span[1] - span[0]})

    async def clear_invalid(self, request: Request) -> Answer:
        _check_local(request)
        self._register(request.path_params["id"]).invalid.clear()
        return json_answer({})

    async def remove_meter(self, request: Request) -> Answer:
        _check_local(request)
        self.service.estate.remove_meter(request.path_params["id"])
        return json_answer({})

    def _register(self, number: Any) -> Register:
        register = self.service.estate.registers.get(number)
        if register is None:
            raise bad_request(f"There is no register with the id {number}.")
        return register


def _check_local(request: Request) -> None:
    host = request.client.host if request.client else ""
    if not ipaddress.ip_address(host).is_loopback:
        raise Refusal(403, "This is for callers on the same machine.")
