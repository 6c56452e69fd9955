"""Answers as they go out: compression, faults of the body, and memory for answers sent before."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import iterate_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from starlette.types import Receive, Scope, Send

    from tidegate.standins.dcs.faults import Fault

JSON_TYPE: Final = "application/json; charset=utf-8"
FAULTS_KEY: Final = "tidegate.faults"
"""Where the ASGI scope carries the faults of a request."""

NO_CONTENT: Final = 204
_GZIP_WINDOW: Final = 31
_ZLIB_WINDOW: Final = 15
_VALUE: Final = re.compile(rb'([vV]alue":)(-?[\d.]+)')


class Answer(Response):
    """An answer whose body may be made while it is sent.

    Args:
        chunks: pieces of the body, not compressed.
        status: HTTP status.
        headers: headers beside those of type and encoding.
        media_type: content type.
        whole: whether the body is small and sent with its length.
        encoded_as: encoding that `chunks` are in already, if they are.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        media_type: str = JSON_TYPE,
        whole: bool = True,
        encoded_as: str | None = None,
    ) -> None:
        super().__init__(status_code=status, headers={})
        self.chunks = chunks
        self.extra_headers = dict(headers or {})
        self.content_type = media_type
        self.whole = whole
        self.encoded_as = encoded_as

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the answer."""
        del receive
        faults: list[Fault] = scope.get(FAULTS_KEY, [])
        body, encoding = self.chunks, self.encoded_as
        if encoding is None:
            offered = Headers(scope=scope).get("accept-encoding", "")
            encoding = choose_encoding(offered, faults)
            body = encoded(damaged(self.chunks, faults), encoding)
        headers = {"content-type": self.content_type, **self.extra_headers}
        if encoding in {"gzip", "deflate"}:
            headers["content-encoding"] = encoding
        if self.whole and self.status_code != NO_CONTENT:
            text = b"".join(body)
            body, headers["content-length"] = [text], str(len(text))
        await _send(send, self.status_code, headers, body, faults)


def json_answer(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """A document as JSON."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer([text], status, headers or {})


def empty_answer(status: int = 204, headers: dict[str, str] | None = None) -> Answer:
    """An answer without a body."""
    return Answer([], status, headers or {}, encoded_as="identity")


async def _send(
    send: Send, status: int, headers: dict[str, str], body: Iterable[bytes], faults: list[Fault]
) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    pause = sum(fault.seconds for fault in faults if fault.kind == "slow")
    left = min((fault.bytes for fault in faults if fault.kind == "drop"), default=None)
    async for chunk in iterate_in_threadpool(iter(body)):
        if pause:
            await asyncio.sleep(pause)
        if left is not None and len(chunk) >= left:
            await send({"type": "http.response.body", "body": chunk[:left], "more_body": True})
            raise ConnectionDropped
        left = None if left is None else left - len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class ConnectionDropped(Exception):
    """The fault `drop` ends an answer before it is whole."""


def choose_encoding(offered: str, faults: list[Fault]) -> str:
    """`gzip` if it was offered, else `identity`; faults decide otherwise."""
    kinds = {fault.kind for fault in faults}
    if "deflate" in kinds:
        return "deflate"
    if "plain" in kinds:
        return "identity"
    names = [part.partition(";") for part in offered.lower().split(",")]
    accepted = [name.strip() for name, _, weight in names if weight.strip() != "q=0"]
    return "gzip" if "gzip" in accepted else "identity"


def encoded(chunks: Iterable[bytes], encoding: str) -> Iterable[bytes]:
    """The pieces of a body in an encoding."""
    if encoding == "identity":
        return chunks
    window = _GZIP_WINDOW if encoding == "gzip" else _ZLIB_WINDOW
    return _compressed(chunks, zlib.compressobj(1, zlib.DEFLATED, window))


def _compressed(chunks: Iterable[bytes], compressor: Any) -> Iterator[bytes]:
    for chunk in chunks:
        yield compressor.compress(chunk) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield compressor.flush()


def damaged(chunks: Iterable[bytes], faults: list[Fault]) -> Iterable[bytes]:
    """The pieces of a body after the faults that change its text."""
    for fault in faults:
        damage = _DAMAGES.get(fault.kind)
        if damage is not None:
            chunks = damage(chunks, fault)
    return chunks


def _truncated(chunks: Iterable[bytes], fault: Fault) -> Iterator[bytes]:
    left = fault.bytes
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return


def _malformed(chunks: Iterable[bytes], _: Fault) -> Iterator[bytes]:
    text = b"".join(chunks)
    middle = text.find(b',"', len(text) // 2)  # never inside a string
    yield text[:middle] + b",<oops>" + text[middle:]


def _valued(chunks: Iterable[bytes], text: bytes) -> Iterator[bytes]:
    count = 0

    def replace(match: re.Match[bytes]) -> bytes:
        nonlocal count
        count += 1
        return match[1] + text if count % 7 == 0 else match[0]

    for chunk in chunks:
        yield _VALUE.sub(replace, chunk)


_DAMAGES: Final[dict[str, Callable[[Iterable[bytes], Fault], Iterable[bytes]]]] = {
    "truncate": _truncated,
    "malformed": _malformed,
    "nan": lambda chunks, _: _valued(chunks, b'"NaN"'),
    "null": lambda chunks, _: _valued(chunks, b"null"),
}


@dataclass(slots=True)
class Memory:
    """Compressed bodies kept to be sent again, up to a number of bytes; the oldest go first."""

    limit: int
    _kept: dict[tuple[str, ...], bytes] = field(default_factory=dict)

    def get(self, key: tuple[str, ...]) -> bytes | None:
        """The body kept under a key."""
        return self._kept.get(key)

    def keep(self, key: tuple[str, ...], body: bytes) -> None:
        """Keeps a body."""
        self._kept[key] = body
        while sum(map(len, self._kept.values())) > self.limit:
            del self._kept[next(iter(self._kept))]
