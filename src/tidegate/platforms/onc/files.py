"""Files as they come: into a sink, with what their headers tell."""

from __future__ import annotations

import re
from email.message import Message
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tidegate.model.products import Sink
    from tidegate.transport.answers import StreamedAnswer

_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


def poured(answer: StreamedAnswer, sink: Sink) -> int:
    """The rest of an answer into a sink; how many bytes that were."""
    received = 0
    for piece in answer.chunks():
        sink.write(piece)
        received += len(piece)
    return received


def name_of(answer: StreamedAnswer) -> str | None:
    """The file name that a server tells with a file, quoted or not; it may hold anything."""
    message = Message()
    message["Content-Disposition"] = answer.headers.get("content-disposition", "")
    return message.get_filename()


def length_of(answer: StreamedAnswer) -> int | None:
    """Bytes that a server promises, if it does."""
    text = answer.headers.get("content-length", "").strip()
    return int(text) if text.isdecimal() else None


def offset_of(answer: StreamedAnswer) -> int:
    """The first byte of a part of a file."""
    match = _RANGE.match(answer.headers.get("content-range", ""))
    return int(match[1]) if match else 0


def resumption_mark(answer: StreamedAnswer) -> str | None:
    """What tells this content from a later one, if the server can go on within it."""
    if answer.headers.get("accept-ranges", "").strip().lower() != "bytes":
        return None
    mark: str | None = answer.headers.get("etag") or answer.headers.get("last-modified")
    return None if mark is None or mark.startswith("W/") else mark
