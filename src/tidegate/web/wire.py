"""What happens to every request before it is routed: path, names of parameters, media type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote_plus

from starlette.datastructures import Headers

from tidegate.model.errors import TidegateError
from tidegate.web.errors import answer_of
from tidegate.web.media import MEDIA_KEY, negotiate
from tidegate.web.paths import path_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_NAMES: Final = (
    "from",
    "to",
    "interval",
    "intervalMultiplier",
    "unit",
    "aggregation",
    "audit",
    "exactAudit",
    "quotation",
    "exactQuotation",
    "timeZone",
    "dayStart",
    "descending",
    "missingAsNull",
    "validIfAny",
    "attribute",
    "name",
    "ID",
    "type",
    "description",
    "formula",
    "calculationInterval",
    "calculationIntervalMultiplier",
    "alias",
    "mediaType",
    "format",
    "averageMissing",
)
_PARAMETERS: Final = {name.lower(): name for name in _NAMES}
"""Parameters by their lower-case names: callers may write them in any case."""


class Wire:
    """Wraps the application; see the module."""

    def __init__(self, application: ASGIApp, *, prefix: str) -> None:
        self._application = application
        self._api = f"{prefix}/api"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        query = renamed(scope["query_string"])
        scope = {**scope, "query_string": query, "path": path_of(scope["raw_path"])}
        try:
            scope[MEDIA_KEY] = negotiate(*_asked(scope, self._is_api(scope["path"])))
        except TidegateError as error:
            await answer_of(error)(scope, receive, send)
            return
        await self._application(scope, receive, send)

    def _is_api(self, path: str) -> bool:
        return path == self._api or path.startswith(f"{self._api}/")


def renamed(query: bytes) -> bytes:
    """A query string with the names of its parameters as they are declared."""
    if not query:
        return query
    return b"&".join(map(_renamed, query.split(b"&")))


def _renamed(part: bytes) -> bytes:
    name, equals, value = part.partition(b"=")
    known = _PARAMETERS.get(unquote_plus(name.decode("latin-1")).lower())
    return part if known is None else known.encode() + equals + value


def _asked(scope: Scope, is_api: bool) -> tuple[str | None, str | None, dict[str, list[str]]]:
    headers = Headers(scope=scope)
    query = scope["query_string"].decode("latin-1")
    wants_form = b"mediaType=" in scope["query_string"] or b"format=" in scope["query_string"]
    return (
        headers.get("accept") if is_api else None,
        headers.get("accept-encoding"),
        parse_qs(query) if is_api and wants_form else {},
    )
