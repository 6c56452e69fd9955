"""The ASGI application: the log, faults, and the services behind them."""

from __future__ import annotations

import asyncio
import re
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from tidegate.model.instants import SECOND
from tidegate.standins.onc import control
from tidegate.standins.onc.bodies import Body
from tidegate.standins.onc.exchange import JSON, Answer, Asked, document, refused
from tidegate.standins.onc.handlers import answered, service_of
from tidegate.standins.onc.refusals import Refusal
from tidegate.standins.onc.sending import send_answer
from tidegate.standins.onc.service import Entry, Service
from tidegate.standins.serving import CUT_KEY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_PAGE: Final = b"<!DOCTYPE html><html><body><h1>Service temporarily unavailable</h1></body></html>"
_TOKEN: Final = re.compile(r"(^|&)(token)=[^&]*")


def application(service: Service) -> ASGIApp:
    """The application that serves `service`."""

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = _asked(service, scope, await _body(receive))
        entry = _entry(service, scope, asked)
        if asked.path.startswith(control.PREFIX + "/"):
            await send_answer(send, control.controlled(service, asked, scope), asked, entry)
            return
        service.note(entry)
        service.under_way += 1
        try:
            if not await _interrupted(asked, scope, receive):
                await send_answer(send, _answer(service, asked), asked, entry, scope[CUT_KEY])
        finally:
            service.under_way -= 1
            entry.seconds = time.monotonic() - entry.at

    return front


def _entry(service: Service, scope: Scope, asked: Asked) -> Entry:
    service.orders.advance(service.elapsed())
    return Entry(
        method=asked.method,
        path=asked.path,
        query=_TOKEN.sub(r"\1\2=***", _query(scope)),
        headers=asked.headers,
        at=time.monotonic(),
        instant=service.clock.now(),
        service=service_of(asked.path, asked.given),
        concurrent=service.under_way + 1,
        runs=service.orders.active(),
    )


def _asked(service: Service, scope: Scope, body: bytes) -> Asked:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = _query(scope)
    given = dict(parse_qsl(query, keep_blank_values=True))
    is_control = scope["path"].startswith(control.PREFIX + "/")
    return Asked(
        method=scope["method"],
        path=scope["path"],
        parameters={
            name: value for name, value in given.items() if name not in {"token", "method"}
        },
        given=given,
        headers=headers,
        body=body,
        root=f"{scope.get('scheme', 'http')}://{headers.get('host', '127.0.0.1')}/",
        faults=[] if is_control else service.faults.take(scope["path"], query, service.draw()),
    )


def _query(scope: Scope) -> str:
    return str(scope["query_string"].decode("latin-1"))


async def _body(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def _interrupted(asked: Asked, scope: Scope, receive: Receive) -> bool:
    """Whether a fault leaves the request without an answer; waits if one says so."""
    for fault in asked.faults:
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
        elif fault.kind == "reset":
            scope[CUT_KEY]()
            await asyncio.sleep(0)
            return True
    return False


def _answer(service: Service, asked: Asked) -> Answer:
    answer = _instead(service, asked)
    if answer is None:
        try:
            answer = answered(service, asked)
        except Refusal as refusal:
            answer = refused(refusal)
    answer.headers = {
        "Content-Type": answer.body.media_type if isinstance(answer.body, Body) else JSON,
        "Date": formatdate(service.clock.now() // SECOND, usegmt=True),
        **answer.headers,
    }
    if service.options.ranges and isinstance(answer.body, Body):
        answer.headers["Accept-Ranges"] = "bytes"
    return answer


def _instead(service: Service, asked: Asked) -> Answer | None:
    """What a fault answers in place of the services."""
    for fault in asked.faults:
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        if fault.kind == "throttle-date":
            second = service.clock.now() / SECOND + fault.seconds
            headers = {"Retry-After": formatdate(second, usegmt=True)}
        if fault.kind in {"status", "throttle", "throttle-date"}:
            status = fault.status if fault.kind == "status" else 429
            answer = document({"message": "A fault was asked for."}, status)
            answer.headers |= headers
            return answer
        if fault.kind == "error":
            status = 400 if fault.status == 503 else fault.status
            return refused(Refusal(fault.code, fault.text, status=status))
        if fault.kind == "html":
            return Answer(_PAGE, headers={"Content-Type": "text/html; charset=utf-8"})
    return None
