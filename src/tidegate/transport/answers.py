"""What a platform answered: whole, or as a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import MalformedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_BOM: Final = b"\xef\xbb\xbf"
_HTML_HINT: Final = "a proxy or a sign-in page may be in the way; check the connection's address"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer with its decoded body; names of headers may be in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    subject: str | None = None

    def json(self) -> Any:
        """The document that the body holds.

        Raises:
            MalformedAnswer: the body is empty, HTML, cut off or otherwise not JSON.
        """
        body = self.body.removeprefix(_BOM)
        if not body.strip():
            raise MalformedAnswer(
                "the answer is empty where JSON was due", status=self.status, subject=self.subject
            )
        if is_html(self.headers, body[:64]):
            raise not_json(self.status, self.subject)
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError as problem:
            raise MalformedAnswer(
                f"the answer is not JSON: {str(problem)[:120]}",
                hint="run the same command again; if it stays, tell the operator of the platform",
                status=self.status,
                subject=self.subject,
            ) from None


class StreamedAnswer:
    """One answer whose body is still to come; valid inside its `with` block."""

    def __init__(
        self, status: int, headers: Mapping[str, str], pieces: Callable[[], Iterator[bytes]]
    ) -> None:
        self.status = status
        self.headers = headers
        self._pieces = pieces

    def chunks(self) -> Iterator[bytes]:
        """The decoded body piece by piece, once.

        Raises:
            Unreachable, TimedOut: it broke off or fell silent.
            MalformedAnswer, AnswerTooLarge: it cannot be taken.
        """
        return self._pieces()

    def expect_json(self) -> None:
        """Check by the headers that no web page follows.

        Raises:
            MalformedAnswer: one does.
        """
        if is_html(self.headers, b""):
            raise not_json(self.status)


def is_html(headers: Mapping[str, str], beginning: bytes) -> bool:
    """True if a body is a web page, by its type or its first bytes."""
    declared = headers.get("content-type", "").partition(";")[0].strip().lower()
    return declared in {"text/html", "application/xhtml+xml"} or beginning.lstrip().startswith(b"<")


def not_json(status: int | None = None, subject: str | None = None) -> MalformedAnswer:
    """The error of a web page where data were due."""
    return MalformedAnswer(
        "the answer is a web page where JSON was due",
        hint=_HTML_HINT,
        status=status,
        subject=subject,
    )


def own_words(answer: Answer) -> str | None:
    """How an error answer explains itself: a usual property of JSON, or a short plain text."""
    if is_html(answer.headers, answer.body[:64]):
        return None
    try:
        document = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return answer.body[:400].decode("utf-8", "replace").strip() or None
    if isinstance(document, str):
        return document or None
    if not isinstance(document, dict):
        return None
    for name in ("details", "detail", "message", "Message", "error", "status_message", "title"):
        if isinstance(words := document.get(name), str) and words:
            return words
    return None
