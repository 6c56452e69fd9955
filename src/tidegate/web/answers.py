"""Answers on the wire: JSON, pretty or not, compressed as the caller likes it."""

from __future__ import annotations

import gzip
import math
import zlib
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tidegate.web.media import MEDIA_KEY, Media

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

_WORTH_COMPRESSING: Final = 1_000
_LONG: Final = 50_000
"""Bytes from which a body is worked on beside the event loop."""
_GZIP_LEVEL: Final = 4


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
