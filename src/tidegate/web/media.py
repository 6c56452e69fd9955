"""What form of answer a caller wants: media type, indentation, encoding, data form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

MEDIA_KEY: Final = "tidegate.media"
"""Where the ASGI scope carries the `Media` of a request."""

_ENCODINGS: Final = ("gzip", "deflate")
_JSON: Final = frozenset({"application/json", "application/*", "*/*", "text/json"})
_DATA_FORM: Final = "timestamp"


class NotAcceptable(UsageError):
    """The caller wants an answer in a form that there is none of."""

    code = "not-acceptable"
    http_status = 406


@dataclass(frozen=True, slots=True)
class Media:
    """The form of an answer.

    Attributes:
        indented: pretty-print.
        encoding: `gzip`, `deflate`, or None for none.
    """

    indented: bool = False
    encoding: str | None = None


PLAIN: Final = Media()


def negotiate(
    accept: str | None, accept_encoding: str | None, query: dict[str, list[str]]
) -> Media:
    """The form that headers and the parameters `mediaType` and `format` ask for.

    Raises:
        NotAcceptable: there is no such form.
    """
    wanted = query["mediaType"][-1] if "mediaType" in query else accept
    forms = query.get("format", [])
    if forms and forms[-1].lower() != _DATA_FORM:
        raise NotAcceptable(f"there is no data form '{forms[-1]}'", hint="format=timestamp")
    indented = _accepted(wanted) if wanted else False
    return Media(indented, _encoding(accept_encoding) if accept_encoding else None)


def _accepted(wanted: str) -> bool:
    """Whether to indent; the first acceptable type of a list decides."""
    for name, parameters in _types(wanted):
        if name not in _JSON or parameters.get("q") in {"0", "0.0"}:
            continue
        form = parameters.get("format", _DATA_FORM)
        if form != _DATA_FORM:
            raise NotAcceptable(f"there is no data form '{form}'", hint="format=timestamp")
        return parameters.get("indented", "false") == "true"
    raise NotAcceptable("answers are JSON only", hint="Accept: application/json", wanted=wanted)


def _types(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    for part in header.lower().split(","):
        name, *given = (piece.strip() for piece in part.split(";"))
        pairs = (piece.partition("=") for piece in given)
        yield name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _encoding(accept_encoding: str) -> str | None:
    """The encoding with the highest weight; of equal ones the first of `_ENCODINGS`."""
    weights: dict[str, float] = {}
    for name, parameters in _types(accept_encoding):
        try:
            weights[name] = float(parameters.get("q", "1"))
        except ValueError:
            weights[name] = 0.0
    anything = weights.get("*", 0.0)
    best = max(_ENCODINGS, key=lambda name: weights.get(name, anything))
    weight = weights.get(best, anything)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None
