"""Bodies of requests: bounded in size and time, JSON read leniently, names in any case."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import Depends, Request
from msgspec import inspect
from starlette.requests import ClientDisconnect

from tidegate.web.errors import BadRequest, BodyTooLarge, BodyTooSlow, UnsupportedMedia
from tidegate.web.identity import Service

T = TypeVar("T")

_PATIENCE: Final = 4 << 20
_PATIENCE_S: Final = 1.0
"""Bytes and seconds of a body that are still read when it is refused."""

_JSON_TYPE: Final = re.compile(r"(application|text)/([\w.-]+\+)?json$")
_STRING_OR_COMMA: Final = re.compile(
    rb'"[^"\\]*(?:\\.[^"\\]*)*"'  # a string, in which nothing is a comma
    rb"|[\[{]\s*,"  # a comma after nothing is none that trails
    rb"|,(?=\s*[\]}])",
    re.DOTALL,
)


async def _body(request: Request) -> bytes:
    """The whole body of a request.

    Raises:
        UnsupportedMedia: it says that it is no JSON.
        BodyTooLarge: it is longer than allowed, or says so.
        BodyTooSlow: it does not come in time.
    """
    _require_json(request)
    limits = Service.of(request).limits
    announced = request.headers.get("content-length", "0")
    stream = request.stream()
    try:
        if announced.isdigit() and int(announced) > limits.body:
            raise _too_large(limits.body)
        async with asyncio.timeout(limits.body_time):
            return await _received(stream, limits.body)
    except BodyTooLarge:
        if "expect" not in request.headers:
            await _discard(stream)
        raise
    except (TimeoutError, ClientDisconnect):
        raise BodyTooSlow(
            "the body is shorter than its Content-Length, or came too slowly",
            hint=f"send it within {limits.body_time:g} seconds",
        ) from None


Body = Annotated[bytes, Depends(_body)]
"""The body of a request; read it with `read`."""


async def _optional(request: Request) -> bytes:
    """The body of a request that may have none."""
    sent = request.headers.get("content-length", "0") != "0"
    return await _body(request) if sent or "transfer-encoding" in request.headers else b""


OptionalBody = Annotated[bytes, Depends(_optional)]
"""The body of a request that may have none; empty then."""


async def _received(stream: AsyncIterator[bytes], limit: int) -> bytes:
    chunks = []
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


async def _discard(stream: AsyncIterator[bytes]) -> None:
    """Read on for a moment: who hears of a refusal only after sending might never hear of it."""
    size = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_PATIENCE_S):
            async for chunk in stream:
                size += len(chunk)
                if size > _PATIENCE:
                    break


def _require_json(request: Request) -> None:
    kind, _, parameters = request.headers.get("content-type", "application/json").partition(";")
    charset = re.search(r"charset\s*=\s*\"?([\w-]+)", parameters.lower())
    if _JSON_TYPE.match(kind.strip().lower()) is None:
        raise UnsupportedMedia(f"the body is '{kind}'", hint="Content-Type: application/json")
    if charset and charset[1] not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMedia(f"the body is in '{charset[1]}'", hint="JSON is UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("the body is compressed", hint="send it as it is")


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge("the body is too large", hint=f"send at most {limit:,} bytes", limit=limit)


def read(body: bytes, kind: type[T]) -> T:
    """The message of a body; commas before a closing bracket do not disturb.

    Args:
        body: JSON in UTF-8.
        kind: a message struct, or a list or union of some; names count in any case, and members
            that it does not have are left alone.

    Raises:
        BadRequest: it is no JSON, or not of that shape.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError):
        return convert(document(body), kind)


def document(body: bytes) -> Any:
    """The JSON document of a body, read leniently.

    Raises:
        BadRequest: it is no JSON.
    """
    try:
        return msgspec.json.decode(_STRING_OR_COMMA.sub(_kept, body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise BadRequest("the body is nested too deeply") from None


def convert(document: Any, kind: type[T]) -> T:
    """A document as a message; see `read`."""
    renamed = _renamed(document, inspect.type_info(kind))
    try:
        return msgspec.convert(renamed, kind)
    except msgspec.ValidationError as error:
        raise BadRequest(f"the body does not fit: {error}") from None


def _kept(match: re.Match[bytes]) -> bytes:
    return b"" if match[0] == b"," else match[0]


def _renamed(value: Any, kind: inspect.Type) -> Any:
    """A document with names in the case that the message has."""
    if isinstance(kind, inspect.UnionType):
        return _renamed_as_one(value, kind)
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name.lower(): field for field in kind.fields}
        members = [(fields.get(name.lower()), one) for name, one in value.items()]
        return {
            field.encode_name: _renamed(one, field.type)
            for field, one in members
            if field is not None
        }
    if isinstance(kind, inspect.ListType) and isinstance(value, list):
        return [_renamed(one, kind.item_type) for one in value]
    return value


def _renamed_as_one(value: Any, kind: inspect.UnionType) -> Any:
    """A document of a union: renamed as the member that has its shape."""
    wanted = inspect.ListType if isinstance(value, list) else inspect.StructType
    for one in kind.types:
        if isinstance(one, wanted):
            return _renamed(value, one)
    return value
