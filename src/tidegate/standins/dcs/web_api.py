"""The Web API: sign-in, status, and meters, virtual meters and readings with their public forms."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from tidegate.model import instants
from tidegate.standins.dcs import readings
from tidegate.standins.dcs.answers import FAULTS_KEY, Answer, empty_answer, json_answer
from tidegate.standins.dcs.queries import MINUTES, Query, check_range, web_query
from tidegate.standins.dcs.refusals import bad_request
from tidegate.standins.dcs.requests import (
    find_series,
    json_body,
    parameters,
    sent_again,
    set_cookie,
)
from tidegate.standins.dcs.service import WEB_COOKIE
from tidegate.standins.dcs.slots import SLOT_US
from tidegate.standins.dcs.virtual import VirtualMeter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from tidegate.standins.dcs.registers import Register
    from tidegate.standins.dcs.service import Service


def routes(service: Service, base: str) -> list[Route]:
    """The routes of the Web API under a lower-case base path."""
    api = _WebApi(service)
    both: list[tuple[str, Callable[..., Any]]] = [
        ("/meters", api.meters),
        ("/virtualmeters", api.virtual_meters),
        ("/readings", api.readings),
    ]
    found = [
        Route(f"{base}/authentication/signin", api.sign_in, methods=["POST"]),
        Route(f"{base}/authentication/signout", api.sign_out, methods=["POST"]),
        Route(f"{base}/status", api.status),
    ]
    found += [Route(base + path, handler) for path, handler in both]
    found += [Route(f"{base}/public{path}", _public(handler)) for path, handler in both]
    return found


def _public(handler: Callable[..., Any]) -> Callable[..., Any]:
    async def anonymous(request: Request) -> Any:
        request.scope["public"] = True
        return await handler(request)

    return anonymous


class _WebApi:
    def __init__(self, service: Service) -> None:
        self.service = service

    async def sign_in(self, request: Request) -> Answer:
        account = self.service.check_credentials(await json_body(request))
        token = self.service.web.sign_in(account)
        document = {"username": account.name, "role": account.role, "appVersion": "4.3.0"}
        return json_answer(document, headers=set_cookie(WEB_COOKIE, token))

    async def sign_out(self, request: Request) -> Answer:
        self.service.web.sign_out(request.cookies.get(WEB_COOKIE))
        return empty_answer(headers=set_cookie(WEB_COOKIE, None))

    async def status(self, request: Request) -> Answer:
        account, headers = self.service.web_account(request)
        limits = self.service.options.limits
        document = {
            "appVersion": "4.3.0",
            "username": account.name,
            "role": account.role,
            "rangeLimit": limits.signed_in_days,
        }
        return json_answer(document, headers=headers)

    async def meters(self, request: Request) -> Answer:
        account, headers = self.service.web_account(request)
        estate = self.service.estate
        meters = [estate.meter_document(n) for n in estate.meters if account.sees_meter(n)]
        if account.is_guest:
            meters = [meter | {"remoteAddress": ""} for meter in meters]
        return json_answer(meters, headers=headers)

    async def virtual_meters(self, request: Request) -> Answer:
        account, headers = self.service.web_account(request)
        meters = self.service.estate.virtual.values()
        seen = [meter.wire() for meter in meters if account.sees_virtual(meter.id)]
        return json_answer(seen, headers=headers)

    async def readings(self, request: Request) -> Answer:
        account, headers = self.service.web_account(request)
        query = web_query(parameters(request))
        series = find_series(self.service, account, query)
        limits = self.service.options.limits
        check_range(
            query, limits.public_days if "public" in request.scope else limits.signed_in_days
        )
        query = self._for_instantaneous(query, series)
        kinds = {fault.kind for fault in request.scope[FAULTS_KEY]}
        chunks = _body(self.service, query, series, last="readings-first" not in kinds)
        return sent_again(self.service, request, chunks, headers)

    def _for_instantaneous(self, query: Query, series: Register | VirtualMeter) -> Query:
        if not series.instantaneous or query.period == "halfHour":
            return query
        if self.service.options.choices.instantaneous_periods == "refuse":
            raise bad_request("Instantaneous readings are only available by halfHour.")
        return replace(query, period="halfHour")


def _body(
    service: Service, query: Query, series: Register | VirtualMeter, *, last: bool
) -> Iterator[bytes]:
    """The answer in pieces: header, records, end; the header follows the records if not `last`."""
    header = _header(service, query, series)
    inner = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()[1:-1]
    yield b"{" + inner + b',"readings":[' if last else b'{"readings":['
    separator = 1  # every record begins with a comma, which the first must not have
    for batch in readings.batches(query, series, service.estate, service.zone):
        text = readings.web_records(query, batch)
        if text:
            yield text[separator:]
            separator = 0
    yield b"]}" if last else b"]," + inner + b"}"


def _header(service: Service, query: Query, series: Register | VirtualMeter) -> dict[str, object]:
    name = series.name
    if not isinstance(series, VirtualMeter):
        name = f"{service.estate.meters[series.meter]['name']}: {name}"
    is_consumption = isinstance(series, VirtualMeter) and not series.instantaneous
    return {
        "startTime": instants.to_text(query.first * SLOT_US),
        "endTime": instants.to_text(query.last * SLOT_US),
        "name": name,
        "periodType": query.period,
        "unit": series.unit,
        "duration": MINUTES[query.period] if is_consumption else 0,
    }
