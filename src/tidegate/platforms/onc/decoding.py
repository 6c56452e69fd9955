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
    if b"NaN" not in body and b"Infinity" not in body:
        return body
    return _NO_NUMBER.sub(rb"\1null", body)


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
