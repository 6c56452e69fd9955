"""Sending answers: files piece by piece, ranges of them, and what faults do to them."""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import TYPE_CHECKING

from tidegate.standins.onc.bodies import BLOCK, Body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Send

    from tidegate.standins.onc.exchange import Answer, Asked
    from tidegate.standins.onc.service import Entry

_SLICES = 10
"""How often in a second a slow body goes on."""


async def send_answer(
    send: Send,
    answer: Answer,
    asked: Asked,
    entry: Entry,
    cut: Callable[[], None] = lambda: None,
) -> None:
    """Sends an answer with the faults that hit its request.

    Args:
        send: takes ASGI messages.
        answer: what is sent.
        asked: the request.
        entry: the entry of the log, which learns how much was sent.
        cut: breaks the connection.
    """
    _limit_to_range(answer, asked)
    pieces, size = _content(answer, asked)
    end, promised = _extent(size, asked)
    headers = dict(answer.headers)
    if (named := asked.fault("name")) and "Content-Disposition" in headers:
        headers["Content-Disposition"] = f"attachment; filename={named.text}"
    if answer.status != 204 and not asked.fault("no-length"):
        headers["Content-Length"] = str(promised)
    entry.status = answer.status
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    if asked.method != "HEAD" and answer.status != 204:
        await _send_pieces(send, pieces, end, asked, entry)
        if asked.fault("cut"):
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            cut()
            return
        if end < promised:
            return  # an answer that is not whole makes the server close the connection
        if answer.sent:
            answer.sent()
    await send({"type": "http.response.body", "body": b""})


def _extent(size: int, asked: Asked) -> tuple[int, int]:
    """Where a body of `size` bytes ends, and how many bytes are promised."""
    end = promised = size
    for fault in asked.faults:
        if fault.kind == "truncate":
            end = promised = min(end, fault.bytes)
        elif fault.kind in {"short", "cut"}:
            end = min(end, fault.bytes)
        elif fault.kind == "length":
            promised += fault.bytes
    return end, promised


def _limit_to_range(answer: Answer, asked: Asked) -> None:
    """Makes a whole file a part of it, if files heed `Range` and the request has one."""
    asks = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("range", ""))
    if not (asks and isinstance(answer.body, Body) and "Accept-Ranges" in answer.headers):
        return
    same = asked.headers.get("if-range", answer.headers.get("ETag")) == answer.headers.get("ETag")
    start, size = int(asks[1]), answer.body.size
    if not same:
        return
    if start >= size:
        answer.status, answer.body = 416, b""
        answer.headers["Content-Range"] = f"bytes */{size}"
        return
    answer.part = (start, min(int(asks[2] or size) + 1, size))
    answer.status = 206
    answer.headers["Content-Range"] = f"bytes {start}-{answer.part[1] - 1}/{size}"


def _content(answer: Answer, asked: Asked) -> tuple[Iterator[bytes], int]:
    """The bytes of an answer and how many they are, changed by faults that need them whole."""
    body = answer.body
    if isinstance(body, Body):
        start, end = answer.part or (0, body.size)
        if not asked.fault("gzip", "encode", "changed", "malformed"):
            return body.pieces(start, end), end - start
        content = b"".join(body.pieces(start, end))
    else:
        content = body
    for fault in asked.faults:
        if fault.kind in {"gzip", "encode"}:
            content = gzip.compress(content, 1)
            if fault.kind == "encode":
                answer.headers["Content-Encoding"] = "gzip"
        elif fault.kind == "changed" and content:
            middle = len(content) // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        elif fault.kind == "malformed":
            middle = content.find(b",", len(content) // 2)
            content = content[:middle] + b",<oops>" + content[middle:]
    parts = (content[at : at + BLOCK] for at in range(0, len(content), BLOCK))
    return parts, len(content)


async def _send_pieces(
    send: Send, pieces: Iterator[bytes], end: int, asked: Asked, entry: Entry
) -> None:
    """Sends pieces until `end` bytes have gone, at most so many in a second if a fault says so."""
    slow = asked.fault("slow")
    step = max(1, slow.bytes // _SLICES) if slow else BLOCK
    for piece in pieces:
        for at in range(0, len(piece), step):
            part = piece[at : at + min(step, end - entry.sent)]
            if not part:
                return
            if slow:
                await asyncio.sleep(1 / _SLICES)
            entry.sent += len(part)
            await send({"type": "http.response.body", "body": part, "more_body": True})
