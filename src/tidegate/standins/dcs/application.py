"""The ASGI application: both APIs and the control endpoint behind faults and the log."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from tidegate.standins.dcs import app_api, control, functions, web_api
from tidegate.standins.dcs.answers import (
    FAULTS_KEY,
    Answer,
    ConnectionDropped,
    json_answer,
)
from tidegate.standins.dcs.rates import throttled
from tidegate.standins.dcs.refusals import Refusal
from tidegate.standins.dcs.service import Entry, Service
from tidegate.standins.serving import CUT_KEY

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tidegate.standins.dcs.faults import Fault

_LOGGED_HEADERS = ("user-agent", "accept-encoding", "content-type", "cookie")
_PAGE = b"<!DOCTYPE html><html><body><h1>Service temporarily unavailable</h1></body></html>"


def application(service: Service) -> ASGIApp:
    """The application that serves `service`."""
    app_base = service.options.app_path.rstrip("/").lower()
    web_base = service.options.web_path.rstrip("/").lower()
    routes = [*control.routes(service), *web_api.routes(service, web_base)]
    # The address of the user interface may also be the bare host: `/api` works without the base.
    for base in dict.fromkeys([f"{app_base}/api", "/api"]):
        routes += [*app_api.routes(service, base), *functions.routes(service, base)]
    inner = Starlette(
        routes=routes,
        exception_handlers={Refusal: _refuse, HTTPException: _refuse_route},
    )
    inner.state.web_base = web_base
    inner.router.redirect_slashes = False
    return _Front(service, inner)


def _refuse(request: Request, refusal: Exception) -> Answer:
    """An error in the form of the API that was asked: `details` in the Web API, else `message`."""
    assert isinstance(refusal, Refusal)
    is_web = request.url.path.startswith(request.app.state.web_base + "/")
    document = {"details" if is_web else "message": refusal.details, **refusal.fields}
    return json_answer(document, refusal.status, refusal.headers)


def _refuse_route(request: Request, error: Exception) -> Answer:
    assert isinstance(error, HTTPException)
    return _refuse(request, Refusal(error.status_code, "There is no such resource."))


class _Front:
    """What every request passes first: one spelling of paths, the log, faults before the answer."""

    def __init__(self, service: Service, inner: ASGIApp) -> None:
        self.service = service
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = re.sub(r"/{2,}", "/", scope["path"])
        scope = {**scope, "path": path.lower().rstrip("/") or "/", FAULTS_KEY: []}
        if scope["path"].startswith(control.PREFIX + "/"):
            await self.inner(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        scope[FAULTS_KEY] = self.service.faults.take(path, query)
        entry = self._logged(scope, path)
        try:
            await self._answer(scope, receive, _counting(send, entry))
        except ConnectionDropped:
            pass  # an answer that is not whole makes the server close the connection
        finally:
            entry.ended = time.monotonic()
            self.service.log.in_flight -= 1

    def _logged(self, scope: Scope, path: str) -> Entry:
        log = self.service.log
        log.in_flight += 1
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        entry = Entry(
            scope["method"],
            path,
            scope["query_string"].decode("latin-1"),
            {name: headers[name] for name in _LOGGED_HEADERS if name in headers},
            int(headers.get("content-length", "0")),
            log.in_flight,
            time.monotonic(),
        )
        log.add(entry)
        return entry

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        for fault in scope[FAULTS_KEY]:
            if fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "hang":
                await _until_disconnected(receive)
                return
            elif fault.kind == "drop" and fault.bytes == 0:
                scope[CUT_KEY]()
                await asyncio.sleep(0)
                return
            answer = self._instead(fault)
            if answer is not None:
                await answer({**scope, FAULTS_KEY: []}, receive, send)
                return
        await self.inner(scope, receive, send)

    def _instead(self, fault: Fault) -> Answer | None:
        """What a fault answers in place of the API."""
        if fault.kind == "html":
            return Answer([_PAGE], media_type="text/html; charset=utf-8")
        if fault.kind == "throttle":
            header = None if fault.retry_after == "none" else fault.retry_after
            refusal = throttled(1, self.service.options.choices.back_off, header=header)
            return json_answer(
                {"details": refusal.details, **refusal.fields}, refusal.status, refusal.headers
            )
        if fault.kind == "status":
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            return json_answer({"details": "A fault was asked for."}, fault.status, headers)
        return None


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _counting(send: Send, entry: Entry) -> Send:
    async def counted(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
        else:
            entry.sent += len(message.get("body", b""))
        await send(message)

    return counted
