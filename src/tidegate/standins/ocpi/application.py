"""The ASGI application: the log, faults, and the platform behind them."""

from __future__ import annotations

import asyncio
import gzip
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from tidegate.model.instants import SECOND
from tidegate.standins.ocpi import control
from tidegate.standins.ocpi.exchange import JSON, Answer, Asked, envelope, tokens_of
from tidegate.standins.ocpi.handlers import answered
from tidegate.standins.ocpi.refusals import Refusal
from tidegate.standins.ocpi.service import Entry, Service
from tidegate.standins.serving import CUT_KEY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tidegate.standins.ocpi.faults import Fault

_PAGE: Final = b"<!DOCTYPE html><html><body><h1>Service temporarily unavailable</h1></body></html>"
_ECHOED: Final = ("x-request-id", "x-correlation-id")


def application(service: Service) -> ASGIApp:
    """The application that serves `service`."""

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = _asked(scope, await _body(receive))
        entry = Entry(asked.method, asked.path, _query(scope), asked.headers, time.monotonic())
        if asked.path.startswith(control.PREFIX + "/"):
            await _send(send, control.controlled(service, asked, scope), asked, entry)
            return
        asked.faults.extend(service.faults.take(asked.path, entry.query, _form(service, asked)))
        service.note(entry)
        if await _interrupted(asked, scope, receive):
            return
        answer = _instead(service, asked) or await _platform(service, asked)
        answer.headers["Date"] = formatdate(service.clock.now() // SECOND, usegmt=True)
        answer.headers |= {name: asked.headers[name] for name in _ECHOED if name in asked.headers}
        await _send(send, answer, asked, entry)

    return front


async def _platform(service: Service, asked: Asked) -> Answer:
    try:
        return await answered(service, asked)
    except Refusal as refusal:
        body = envelope(service, asked, None, refusal.code, refusal.message)
        return Answer(body, refusal.status, dict(refusal.headers))


def _asked(scope: Scope, body: bytes) -> Asked:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Asked(
        method=scope["method"],
        path=scope["path"],
        parameters=dict(parse_qsl(_query(scope), keep_blank_values=True)),
        headers=headers,
        body=body,
        root=f"{scope.get('scheme', 'http')}://{headers.get('host', '127.0.0.1')}",
        faults=[],
    )


def _query(scope: Scope) -> str:
    return str(scope["query_string"].decode("latin-1"))


def _form(service: Service, asked: Asked) -> str:
    """The form in which a known token was sent, `plain` unless it only fits as `base64`."""
    for form, token in tokens_of(asked.headers.get("authorization", "")).items():
        if token in service.parties or token in service.registrations:
            return form
    return "plain"


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
        elif fault.kind == "drop" and fault.bytes == 0:
            scope[CUT_KEY]()
            await asyncio.sleep(0)
            return True
    return False


def _instead(service: Service, asked: Asked) -> Answer | None:
    """What a fault answers in place of the platform."""
    for fault in asked.faults:
        if fault.kind in {"status", "throttle"}:
            status = 429 if fault.kind == "throttle" else fault.status
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            body = envelope(service, asked, None, 2000, "A fault was asked for.")
            return Answer(body, status, headers)
        if fault.kind == "code":
            return Answer(envelope(service, asked, None, fault.code, "A fault was asked for."))
        if fault.kind == "html":
            return Answer(_PAGE, headers={"Content-Type": "text/html; charset=utf-8"})
        if fault.kind == "slash" and not asked.path.endswith("/"):
            query = urlencode(asked.parameters)
            return Answer(b"", 308, {"Location": f"{asked.root}{asked.path}/?{query}"})
    return None


async def _send(send: Send, answer: Answer, asked: Asked, entry: Entry) -> None:
    body, headers = answer.body, {"Content-Type": JSON, **answer.headers}
    for fault in asked.faults:
        if fault.kind == "truncate":
            body = body[: fault.bytes]
        elif fault.kind == "malformed":
            middle = body.find(b',"', len(body) // 2)
            body = body[:middle] + b",<oops>" + body[middle:]
        elif fault.kind == "gzip":
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
    headers["Content-Length"] = str(len(body))
    entry.status = answer.status
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await _send_body(send, body, asked.faults, entry)


async def _send_body(send: Send, body: bytes, faults: list[Fault], entry: Entry) -> None:
    pause = sum(fault.seconds for fault in faults if fault.kind == "slow")
    cut = min((fault.bytes for fault in faults if fault.kind == "drop"), default=len(body))
    step = max(1, -(-len(body) // 4)) if pause else max(1, len(body))
    for at in range(0, min(cut, len(body)), step):
        if pause:
            await asyncio.sleep(pause)
        piece = body[at : min(at + step, cut)]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        entry.sent += len(piece)
    if cut < len(body):
        return  # an answer that is not whole makes the server close the connection
    await send({"type": "http.response.body", "body": b""})
