"""The archive services: lists of files, and single files."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from tidegate.model import instants
from tidegate.standins.onc import dates
from tidegate.standins.onc.archive import Wanted
from tidegate.standins.onc.discovery import citation, deployed_there
from tidegate.standins.onc.exchange import Answer, document
from tidegate.standins.onc.paging import following, query_url
from tidegate.standins.onc.parameters import is_true, row_limit
from tidegate.standins.onc.refusals import NO_FILE, UNKNOWN, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.standins.onc.archive import File
    from tidegate.standins.onc.exchange import Asked
    from tidegate.standins.onc.service import Service

_OPTIONS = ("", "default", "archivelocation", "all")


def wanted(parameters: dict[str, str], now: int) -> Wanted:
    """The window and the archive dates that a request asks for.

    Raises:
        Refusal: a date makes no sense.
    """
    start, end = dates.span(parameters, now)
    first, last = dates.span(parameters, now, ("dateArchivedFrom", "dateArchivedTo"))
    return Wanted(
        start or 0,
        instants.FOREVER if end is None else end,
        instants.BEGINNING if first is None else first,
        instants.FOREVER if last is None else last,
    )


def listed(service: Service, asked: Asked) -> Answer:
    """The answer of the archive lists.

    Raises:
        Refusal: a date makes no sense, or nothing was deployed there.
    """
    parameters, now = asked.parameters, service.clock.now()
    what = parameters.get("returnOptions", "").lower()
    if what not in _OPTIONS:
        raise Refusal(UNKNOWN, "returnOptions")
    window = wanted(parameters, now)
    stays = deployed_there(service, parameters)
    files = service.archive.list(
        service.archive.streams(
            stays,
            parameters.get("dataProductCode", ""),
            parameters.get("fileExtension", "").lstrip("."),
        ),
        window,
        now,
        latest=is_true(parameters, "getLatest"),
    )
    found, more = _page(asked, files)
    start = window.start or min((one.start_at for one in stays), default=0)
    return document(
        {
            "citations": [citation(service, one) for one in stays],
            "files": [_row(file, what) for file in found],
            "messages": [],
            "next": following(asked, start, min(window.end, now), **more) if more else None,
            "queryUrl": query_url(asked),
            "returnOption": parameters.get("returnOptions") or "default",
        }
    )


def _page(asked: Asked, files: Iterator[File]) -> tuple[list[File], dict[str, str]]:
    """The files of a page, and the parameters of the next one, if there is one."""
    limit, page = row_limit(asked.parameters), max(1, int(asked.parameters.get("page") or 1))
    again = bool(asked.fault("repeat-page") and page > 1)
    first = (page - 1 - again) * limit
    found = list(islice(files, first, first + limit + 1))
    if len(found) <= limit and not again:
        return found, {}
    step = 0 if asked.fault("self-next") else 2 if asked.fault("skip-page") else 1
    return found[:limit], {"page": str(page + step), "rowLimit": str(limit)}


def _row(file: File, what: str) -> Any:
    if what == "all":
        return file.row()
    if what == "archivelocation":
        return {"archiveLocation": "archive", "filename": file.name}
    return file.name


def file(service: Service, asked: Asked) -> Answer:
    """The answer of `archivefile/download`.

    Raises:
        Refusal: there is no such file.
    """
    found = service.archive.find(asked.parameters["filename"], service.clock.now())
    if found is None:
        raise Refusal(NO_FILE, "filename")
    headers = {
        "Content-Disposition": f"attachment; filename={found.name}",
        "ETag": f'"{found.name}.{found.revision}"',
    }
    return Answer(service.archive.body(found), headers=headers)
