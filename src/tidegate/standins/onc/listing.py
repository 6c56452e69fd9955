"""The archive services: lists of files, single files, and what days they cover."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from tidegate.model import instants
from tidegate.standins.onc import dates
from tidegate.standins.onc.archive import Wanted
from tidegate.standins.onc.discovery import citation, deployed, deployed_or_refused
from tidegate.standins.onc.exchange import Answer, document, stamp
from tidegate.standins.onc.paging import following, query_url
from tidegate.standins.onc.parameters import is_true, row_limit
from tidegate.standins.onc.refusals import NO_FILE, UNKNOWN, Refusal

if TYPE_CHECKING:
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
    names = ("locationCode", "deviceCategoryCode", "deviceCode", "dateFrom", "dateTo")
    filters = {name: parameters[name] for name in names if name in parameters}
    by_device = "deviceCode" in parameters
    stays = deployed(service, filters) if by_device else deployed_or_refused(service, filters)
    streams = service.archive.streams(
        stays,
        parameters.get("dataProductCode", ""),
        parameters.get("fileExtension", "").lstrip("."),
    )
    files = service.archive.list(streams, window, now, latest=is_true(parameters, "getLatest"))
    limit, page = row_limit(parameters), max(1, int(parameters.get("page") or 1))
    first = (page - 1 - bool(asked.fault("repeat-page") and page > 1)) * limit
    found = list(islice(files, first, first + limit + 1))
    more = None
    if len(found) > limit or (asked.fault("repeat-page") and page > 1):
        step = 0 if asked.fault("self-next") else 2 if asked.fault("skip-page") else 1
        start = found[0].start if parameters.get("dateFrom") is None else window.start
        more = following(
            asked, start, min(window.end, now), page=str(page + step), rowLimit=str(limit)
        )
    return document(
        {
            "citations": [citation(service, one) for one in stays],
            "files": [_row(file, what) for file in found[:limit]],
            "messages": [],
            "next": more,
            "queryUrl": query_url(asked),
            "returnOption": parameters.get("returnOptions") or "default",
        }
    )


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
    return sent(service, asked, found)


def sent(service: Service, asked: Asked, found: File) -> Answer:
    """A file of the archive as an answer."""
    headers = {
        "Content-Disposition": f"attachment; filename={found.name}",
        "ETag": f'"{found.name}.{found.revision}"',
    }
    del asked
    return Answer(service.archive.body(found), headers=headers)


def availability(service: Service, asked: Asked) -> Answer:
    """The answer of `dataAvailability/dataproducts`: which archived products cover which days.

    Raises:
        Refusal: a parameter makes no sense, or the source is missing.
    """
    parameters, now = asked.parameters, service.clock.now()
    if "deviceCode" not in parameters and "locationCode" not in parameters:
        raise Refusal(128, "locationCode", "deviceCode")
    start, end = dates.span(parameters, now)
    stays = deployed(
        service,
        {
            name: value
            for name, value in parameters.items()
            if name in ("locationCode", "deviceCategoryCode", "deviceCode", "propertyCode")
            or name.startswith("date")
        },
    )
    rows = [
        row
        for stream in service.archive.streams(
            stays, parameters.get("dataProductCode", ""), parameters.get("extension", "")
        )
        for row in _covered(service, stream, (start or 0, now if end is None else end), parameters)
    ]
    rows.sort(key=lambda row: str(row["dateFrom"]), reverse=is_true(parameters, "getLatest"))
    return document(
        {
            "availableDataProducts": rows[: row_limit(parameters)],
            "messages": [],
            "next": None,
            "queryUrl": query_url(asked),
        }
    )


def _covered(
    service: Service, stream: Any, window: tuple[int, int], parameters: dict[str, str]
) -> list[dict[str, Any]]:
    """Rows of one product in one deployment: spans of days that have files."""
    start, end = max(window[0], stream.stay.start_at), min(window[1], stream.stay.end_at)
    lag = stream.rule.lag * instants.SECOND
    end = min(end, service.clock.now() - lag)
    removed = [
        known.start
        for name, change in service.archive.changes.items()
        if change.removed and (known := service.archive.known(name))
    ]
    least, most = (
        float(parameters.get(name) or default)
        for name, default in (("minimumCoverage", 0), ("maximumCoverage", 2))
    )
    spans: list[list[tuple[int, int, float]]] = [[]]
    merged = is_true(parameters, "mergeGaps") or parameters.get("groupBy") == "deployment"
    empty_days = is_true(parameters, "includeEmptyDays")
    for day in range(start // instants.DAY * instants.DAY, end, instants.DAY):
        after = day + instants.DAY
        count = len(stream.grid(max(start, day), min(end, after)))
        count -= sum(
            stream.stay.start_at <= at < stream.stay.end_at and day <= at < after for at in removed
        )
        share = min(1.0, count * stream.rule.every * instants.SECOND / instants.DAY)
        if (count > 0 or empty_days) and least <= share <= most:
            spans[-1].append((day, count, share))
        elif not merged and spans[-1]:
            spans.append([])
    return [_span_row(stream, days) for days in spans if days]


def _span_row(stream: Any, days: list[tuple[int, int, float]]) -> dict[str, Any]:
    count = sum(number for _, number, _ in days)
    least = min(days, key=lambda one: one[2])
    most = max(days, key=lambda one: one[2])
    return {
        "averageFileCoverage": round(sum(share for *_, share in days) / len(days), 4),
        "dataProductCode": stream.product.code,
        "dateFrom": stamp(max(days[0][0], stream.stay.start_at)),
        "dateTo": stamp(min(days[-1][0] + instants.DAY, stream.stay.end_at)),
        "deviceCode": stream.stay.device,
        "extension": stream.product.extension,
        "fileCount": count,
        "maxFileCoverage": round(most[2], 4),
        "maxFileCoverageDate": stamp(most[0]),
        "minFileCoverage": round(least[2], 4),
        "minFileCoverageDate": stamp(least[0]),
        "totalFileSize": count * stream.rule.bytes * 3 // 4,
        "totalUncompressedFileSize": count * stream.rule.bytes,
    }
