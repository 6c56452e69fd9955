"""Answers on the wire: JSON, pretty or not, compressed as the caller likes it."""

from __future__ import annotations

import gzip
import math
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from tidegate.web.media import MEDIA_KEY, Media

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import Receive, Scope, Send

_WORTH_COMPRESSING: Final = 1_000
_LONG: Final = 50_000
"""Bytes from which a body is worked on beside the event loop."""
_GZIP_LEVEL: Final = 4
_WHOLE: Final = 8 << 20
"""Bytes up to which an answer is sent whole, with its length."""


class JsonAnswer(Response):
    """An answer whose body is JSON already; `of` makes one of a document."""

    media_type = "application/json"

    def __init__(
        self,
        content: bytes | memoryview = b"",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(content, status, dict(headers or {}), "application/json")

    @classmethod
    def of(
        cls, document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Self:
        """The answer of a document: dicts, lists, texts, numbers and message structs.

        Numbers that are whole show no fraction; those that are not finite show 0.
        """
        return cls(encode(document), status, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer in the form that the caller wants."""
        media: Media = scope.get(MEDIA_KEY) or Media()
        if media.indented or (media.encoding and len(self.body) >= _WORTH_COMPRESSING):
            if len(self.body) > _LONG:
                await run_in_threadpool(self._prepare, media)
            else:
                self._prepare(media)
        self.headers["Vary"] = "Accept-Encoding"
        await super().__call__(scope, receive, send)

    def _prepare(self, media: Media) -> None:
        body = bytes(self.body)
        if media.indented:
            body = msgspec.json.format(body, indent=2)
        if media.encoding and len(body) >= _WORTH_COMPRESSING:
            body = compressed(body, media.encoding)
            self.headers["Content-Encoding"] = media.encoding
        self.body = body
        self.headers["Content-Length"] = str(len(body))


def answer_in_pieces(pieces: Iterator[bytes | memoryview], media: Media) -> Response:
    """The answer of JSON that is made piece by piece; a long one is sent as it is made.

    What goes wrong in the first pieces is raised here. A later failure breaks the connection off,
    so that nobody takes half an answer for a whole one.
    """
    begun, size = [], 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        if size > _WHOLE and not media.indented:
            return _PiecewiseAnswer(chain([b"".join(begun)], pieces), media)
    return JsonAnswer(b"".join(begun))


class _PiecewiseAnswer(StreamingResponse):
    """An answer of unknown length, compressed on the way."""

    def __init__(self, pieces: Iterator[bytes | memoryview], media: Media) -> None:
        headers = {"Vary": "Accept-Encoding"}
        if media.encoding:
            headers["Content-Encoding"] = media.encoding
            pieces = _compressed(pieces, media.encoding)
        super().__init__(pieces, headers=headers, media_type="application/json")


def _compressed(pieces: Iterator[bytes | memoryview], encoding: str) -> Iterator[bytes]:
    window = zlib.MAX_WBITS | (16 if encoding == "gzip" else 0)
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, window)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def encode(document: Any) -> bytes:
    """A document as JSON with numbers as the service shows them."""
    plain = msgspec.to_builtins(document, str_keys=True)
    return msgspec.json.encode(_shown(plain))


def compressed(body: bytes, encoding: str) -> bytes:
    """A body as one of the encodings that `Media` chooses from."""
    if encoding == "gzip":
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return zlib.compress(body, _GZIP_LEVEL)


def no_content() -> Response:
    """204: done, and nothing to say."""
    return Response(status_code=204)


def created(document: Any, location: str) -> JsonAnswer:
    """201: what was made, and where it is."""
    return JsonAnswer.of(document, status=201, headers={"Location": location})


def _shown(value: Any) -> Any:
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    return value


def number(value: float) -> int | float:
    """A number as the service shows it: whole ones without fraction, 0 for what is not finite."""
    if not math.isfinite(value):
        return 0
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
