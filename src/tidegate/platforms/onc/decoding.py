"""JSON as the services send it: with the word NaN where a number is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

import msgspec

from tidegate.model.errors import MalformedAnswer
from tidegate.transport.answers import is_html, not_json

if TYPE_CHECKING:
    from tidegate.transport.answers import Answer

T = TypeVar("T")

_NO_NUMBER: Final = re.compile(
    rb'((?:[^"NI-]++|-(?![NI])|"(?:[^"\\]++|\\.)*+")*+)-?(?:NaN|Infinity)'
)
"""What stands before a word that is no JSON, strings skipped whole, and the word."""


def without_nan(body: bytes) -> bytes:
    """The same JSON with null for each NaN or Infinity outside of strings."""
    if b"Infinity" in body or (b"\\" in body and b"NaN" in body):
        return _NO_NUMBER.sub(rb"\1null", body)
    at = body.find(b"NaN")
    if at < 0:
        return body
    # Without escapes, what has an even number of quotes before it lies outside of strings; to
    # count them is ten times as fast as to match them.
    pieces, done, counted, quotes = [], 0, 0, 0
    while at >= 0:
        quotes += body.count(b'"', counted, at)
        counted = at
        if quotes % 2 == 0:
            pieces.append(body[done:at])
            done = at + len(b"NaN")
        at = body.find(b"NaN", at + len(b"NaN"))
    pieces.append(body[done:])
    return b"null".join(pieces)


@overload
def decoded(answer: Answer) -> Any: ...
@overload
def decoded(answer: Answer, form: type[T]) -> T: ...
def decoded(answer: Answer, form: Any = Any) -> Any:
    """The document of an answer, in a form.

    Raises:
        MalformedAnswer: it is a web page, cut off, or of another form.
    """
    if is_html(answer.headers, answer.body[:64]):
        raise not_json(answer.status, answer.subject)
    try:
        return msgspec.json.decode(without_nan(answer.body), type=form)
    except msgspec.DecodeError as problem:
        raise MalformedAnswer(
            f"the answer for {answer.subject} is not of the form promised: {str(problem)[:120]}",
            hint="run the same command again; if it stays, tell the operator of the platform",
            status=answer.status,
            subject=answer.subject,
        ) from None
