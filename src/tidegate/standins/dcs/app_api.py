"""The documented core of the App API: sign-in, meters, virtual meters and readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from tidegate.standins.dcs import readings
from tidegate.standins.dcs.answers import Answer, empty_answer, json_answer
from tidegate.standins.dcs.queries import Query, app_query, check_range
from tidegate.standins.dcs.refusals import Refusal
from tidegate.standins.dcs.requests import (
    find_series,
    json_body,
    parameters,
    sent_again,
    set_cookie,
)
from tidegate.standins.dcs.service import APP_COOKIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from tidegate.standins.dcs.accounts import Account
    from tidegate.standins.dcs.registers import Register
    from tidegate.standins.dcs.service import Service
    from tidegate.standins.dcs.virtual import VirtualMeter


def routes(service: Service, base: str) -> list[Route]:
    """The routes of the core of the App API under a lower-case base path that ends in `/api`."""
    api = _AppApi(service)
    return [
        Route(f"{base}/account/login", api.sign_in, methods=["POST"]),
        Route(f"{base}/account/logout", api.sign_out, methods=["POST"]),
        Route(f"{base}/meters", api.meters),
        Route(f"{base}/meters/{{id:int}}", api.meter),
        Route(f"{base}/virtualmeters", api.virtual_meters),
        Route(f"{base}/virtualmeters/{{id:int}}", api.virtual_meter),
        Route(f"{base}/registerreadings/list", api.register_readings),
        Route(f"{base}/virtualmeterreadings/list", api.virtual_readings),
    ]


def shown(
    service: Service, account: Account, meter: int, *, registers: bool = True
) -> dict[str, Any]:
    """A meter as the App API shows it to an account.

    Raises:
        Refusal: there is no such meter (404), or it is not open to the account (403).
    """
    if meter not in service.estate.meters:
        raise Refusal(404, f"There is no meter with the id {meter}.")
    if not account.sees_meter(meter):
        raise Refusal(403, f"You do not have access to the meter {meter}.")
    document = service.estate.meter_document(meter, with_registers=registers)
    document.pop("meterType", None)
    return document | {"remoteAddress": ""} if account.is_guest else document


class _AppApi:
    def __init__(self, service: Service) -> None:
        self.service = service

    async def sign_in(self, request: Request) -> Answer:
        account = self.service.check_credentials(await json_body(request))
        token = self.service.app.sign_in(account)
        document = {"username": account.name, "role": account.role}
        return json_answer(document, headers=set_cookie(APP_COOKIE, token))

    async def sign_out(self, request: Request) -> Answer:
        self.service.app.sign_out(request.cookies.get(APP_COOKIE))
        return empty_answer(200, set_cookie(APP_COOKIE, None))

    async def meters(self, request: Request) -> Answer:
        account = self.service.app_account(request)
        seen = [meter for meter in self.service.estate.meters if account.sees_meter(meter)]
        return json_answer([shown(self.service, account, meter) for meter in seen])

    async def meter(self, request: Request) -> Answer:
        account = self.service.app_account(request)
        return json_answer(shown(self.service, account, request.path_params["id"]))

    async def virtual_meters(self, request: Request) -> Answer:
        account = self.service.app_account(request)
        meters = self.service.estate.virtual.values()
        return json_answer([meter.wire() for meter in meters if account.sees_virtual(meter.id)])

    async def virtual_meter(self, request: Request) -> Answer:
        account = self.service.app_account(request)
        number = request.path_params["id"]
        meter = self.service.estate.virtual.get(number)
        if meter is None:
            raise Refusal(404, f"There is no virtual meter with the id {number}.")
        if not account.sees_virtual(number):
            raise Refusal(403, f"You do not have access to the virtual meter {number}.")
        return json_answer(meter.wire())

    async def register_readings(self, request: Request) -> Answer:
        return self._readings(request, virtual=False)

    async def virtual_readings(self, request: Request) -> Answer:
        return self._readings(request, virtual=True)

    def _readings(self, request: Request, *, virtual: bool) -> Answer:
        service = self.service
        account = service.app_account(request)
        query = app_query(parameters(request), virtual, service.zone, service.options.choices)
        series = find_series(service, account, query)
        check_range(query, service.options.limits.app_days)
        return sent_again(service, request, _body(service, query, series), {})


def _body(service: Service, query: Query, series: Register | VirtualMeter) -> Iterator[bytes]:
    opening = b"["
    for batch in readings.batches(query, series, service.estate, service.zone):
        text = readings.app_records(query, batch, service.options.choices.padding)
        if text:
            yield opening + text[len(opening) :]
            opening = b""
    yield opening + b"]"
