"""`/share`: records through the view of a key, page by page, in the forms of OCPI or as CSV."""

from __future__ import annotations

import logging
import re
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from tidegate.formats.records import RecordFormat, writer
from tidegate.gate.refusals import NotAllowed
from tidegate.model.errors import BadValue, NotFound, TidegateError, TransportError
from tidegate.model.identities import Role
from tidegate.model.instants import now, parse, to_text
from tidegate.model.views import SHARED_MODULES
from tidegate.platforms.ocpi.columns import columns_of
from tidegate.services.sharing import MOST, PageAsked
from tidegate.services.views import view_named
from tidegate.web.answers import JsonAnswer
from tidegate.web.errors import answer_of
from tidegate.web.identity import Service, caller_of
from tidegate.web.media import NotAcceptable

if TYPE_CHECKING:
    from tidegate.gate.callers import Caller
    from tidegate.services.sharing import SharedPage

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/share", tags=["share"])

_JSON: Final = "json"
_CSV: Final = "csv"
_MEDIA: Final = {_JSON: "application/json", _CSV: "text/csv; charset=utf-8"}
_ACCEPTED: Final = {
    "application/json": _JSON,
    "application/*": _JSON,
    "*/*": _JSON,
    "text/csv": _CSV,
    "text/*": _CSV,
}
_LOST_PLUS: Final = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$")
"""The offset of a time whose plus was decoded to a space, as in every form."""
_DECIMAL: Final = re.compile(r"\d{1,15}\Z", re.ASCII)
_STATUS: Final = {400: 2001, 401: 2000, 403: 2000, 404: 2003, 406: 2001, 429: 2004}
"""Codes of the protocol for what is wrong with a request."""
_GENERAL: Final = 2000
_SERVER: Final = 3000
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="share"'}


@router.get("/{module}", responses={200: {"description": "A page of records"}})
async def share(
    request: Request,
    module: Annotated[
        str, Path(description="locations, sessions, cdrs or tariffs, perhaps with .json or .csv")
    ],
    *,
    date_from: Annotated[str | None, Query(description="only last updated then or later")] = None,
    date_to: Annotated[str | None, Query(description="only last updated before")] = None,
    offset: Annotated[str, Query(description="records to pass over")] = "0",
    limit: Annotated[str, Query(description="records at most")] = str(MOST),
    evse_id: Annotated[str | None, Query(description="ids of EVSEs, separated by commas")] = None,
    fields: Annotated[str | None, Query(description="fields, separated by commas")] = None,
    format: Annotated[str | None, Query(description="json or csv")] = None,
) -> Response:
    """Records of a module as the view of the key shows them.

    `fields` and `evse_id` only narrow what the view shows; names that it does not let out are told
    in `status_message`, `X-Refused-Fields` and `X-Refused-EVSEs`.
    """
    name, dot, suffix = module.partition(".")
    try:
        form = _form(suffix if dot else format, request.headers.get("accept"))
        caller = await caller_of(request)
        asked = PageAsked(
            module=_module(name),
            start=_instant("date_from", date_from),
            end=_instant("date_to", date_to),
            offset=_number("offset", offset),
            limit=max(1, min(_number("limit", limit), MOST)),
            evses=_names(evse_id),
            fields=_names(fields),
        )
        return await run_in_threadpool(_answer, request, caller, asked, form)
    except TidegateError as error:
        return _refusal(error)


def _answer(request: Request, caller: Caller, asked: PageAsked, form: str) -> Response:
    service = Service.of(request)
    caller.require(Role.READER)
    if caller.view is None:
        raise NotAllowed("this key is for no view", hint="tidegate key create NAME --view VIEW")
    service.rates.admit(caller.name)
    view = view_named(service.store, caller.view)
    assert service.sharing is not None  # the route is there only with it
    page = service.sharing.page(view, asked, actor=caller.name, format=form)
    headers = _headers(request, asked, page)
    if form == _CSV:
        answer = JsonAnswer(_csv(page), headers=headers)
        answer.headers["Content-Type"] = _MEDIA[_CSV]
        return answer
    return JsonAnswer(_envelope(page), headers=headers)


def _envelope(page: SharedPage) -> bytes:
    rest: dict[str, object] = {"status_code": 1000, "timestamp": to_text(now())}
    if refused := _refused(page):
        rest["status_message"] = "refused: " + "; ".join(
            f"{what} {', '.join(names)}" for what, names in refused.items()
        )
    records = page.lines.rstrip(b"\n").replace(b"\n", b",")
    return b'{"data":[' + records + b"]," + msgspec.json.encode(rest)[1:]


def _csv(page: SharedPage) -> bytes:
    stream = BytesIO()
    rows = writer(RecordFormat.CSV, stream, columns=columns_of(page.rules))
    rows.write(page.lines)
    rows.close()
    return stream.getvalue()


def _headers(request: Request, asked: PageAsked, page: SharedPage) -> dict[str, str]:
    headers = {"X-Limit": str(MOST), "Cache-Control": "no-store"}
    if page.total is not None:
        headers["X-Total-Count"] = str(page.total)
    if page.following is not None:
        given = [
            (name, value)
            for name, value in parse_qsl(request.url.query, keep_blank_values=True)
            if name not in {"offset", "limit"}
        ]
        query = urlencode([*given, ("offset", page.following), ("limit", asked.limit)])
        headers["Link"] = f'<{_address(request)}?{query}>; rel="next"'
    for what, names in _refused(page).items():
        title = "X-Refused-Fields" if what == "fields" else "X-Refused-EVSEs"
        headers[title] = ", ".join(quote(name, safe="*-._~") for name in names)
    return headers


def _address(request: Request) -> str:
    """Where the caller reached this path; a proxy before the service may have hidden it."""
    known = Service.of(request).limits.address
    path = request.url.path
    return str(request.url.replace(query="")) if known is None else known.rstrip("/") + path


def _refused(page: SharedPage) -> dict[str, list[str]]:
    found = {"fields": page.refused_fields, "evse_id": page.refused_evses}
    return {what: names for what, names in found.items() if names}


def _refusal(error: TidegateError) -> JsonAnswer:
    """An error in the form of the protocol; it says no more than the service's own form does."""
    plain = answer_of(error)
    status, message = plain.status_code, msgspec.json.decode(plain.body)["Message"]
    if isinstance(error, TransportError):
        logger.error("a platform that is shared live: %s", error)
        status, message = 502, "The platform behind this view cannot be asked."
    document = {
        "status_code": _SERVER if status >= 500 else _STATUS.get(status, _GENERAL),
        "status_message": message,
        "timestamp": to_text(now()),
    }
    given = {name: plain.headers[name] for name in ("Retry-After",) if name in plain.headers}
    return JsonAnswer.of(
        document, status=status, headers=_CHALLENGE | given if status == 401 else given
    )


def _form(wanted: str | None, accept: str | None) -> str:
    """The form of the answer: by the suffix or `format`, else the first acceptable type."""
    if wanted is not None:
        if wanted.lower() in _MEDIA:
            return wanted.lower()
        raise NotAcceptable(f"there is no form '{wanted}'", hint="json or csv")
    for part in (accept or "*/*").lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        if media in _ACCEPTED and not {"q=0", "q=0.0"}.intersection(parameters):
            return _ACCEPTED[media]
    raise NotAcceptable("records come as JSON or CSV", hint="Accept: application/json")


def _module(name: str) -> str:
    if name not in SHARED_MODULES:
        raise NotFound("module", name, hint=", ".join(SHARED_MODULES))
    return name


def _instant(name: str, text: str | None) -> int | None:
    if not text:
        return None
    try:
        return parse(_LOST_PLUS.sub(r"\1+\2", text))
    except TidegateError:
        raise BadValue(name, text, "an instant such as 2025-01-31T00:00:00Z") from None


def _number(name: str, text: str) -> int:
    if _DECIMAL.match(text) is None:
        raise BadValue(name, text, "a whole number")
    return int(text)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
