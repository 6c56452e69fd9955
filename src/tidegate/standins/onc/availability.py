"""Data availability: which archived products cover which days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tidegate.model import instants
from tidegate.standins.onc import dates
from tidegate.standins.onc.discovery import deployed
from tidegate.standins.onc.exchange import Answer, document, stamp
from tidegate.standins.onc.paging import following, query_url
from tidegate.standins.onc.parameters import is_true, row_limit
from tidegate.standins.onc.refusals import MISSING, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.standins.onc.archive import Stream
    from tidegate.standins.onc.exchange import Asked
    from tidegate.standins.onc.service import Service


_PLACE: Final = ("locationCode", "deviceCategoryCode")
_SOURCES: Final = (*_PLACE, "deviceCode", "propertyCode", "dateFrom", "dateTo")


def availability(service: Service, asked: Asked) -> Answer:
    """The answer of `dataAvailability/dataproducts`: which archived products cover which days.

    Raises:
        Refusal: a parameter makes no sense, or the source is missing.
    """
    parameters, now = asked.parameters, service.clock.now()
    if "deviceCode" not in parameters:
        missing = [name for name in _PLACE if not parameters.get(name)]
        if missing:
            raise Refusal(MISSING, *missing)
    start, end = dates.span(parameters, now)
    filters: dict[str, str] = {name: parameters[name] for name in _SOURCES if name in parameters}
    span = (start or 0, now if end is None else end)
    rows = [
        row
        for stream in service.archive.streams(
            deployed(service, filters),
            parameters.get("dataProductCode", ""),
            parameters.get("extension", ""),
        )
        for row in _covered(service, stream, span, parameters)
    ]
    rows.sort(key=lambda row: str(row["dateFrom"]), reverse=is_true(parameters, "getLatest"))
    limit, page = row_limit(parameters), max(1, int(parameters.get("page") or 1))
    shown = rows[(page - 1) * limit : page * limit]
    more = following(asked, *span, page=str(page + 1)) if len(rows) > page * limit else None
    return document(
        {
            "availableDataProducts": shown,
            "messages": [],
            "next": more,
            "queryUrl": query_url(asked),
        }
    )


@dataclass(frozen=True, slots=True)
class _Day:
    """One day of a stream: its midnight, how many files begin in it, and how much they cover."""

    at: int
    files: int
    share: float


def _covered(
    service: Service, stream: Stream, window: tuple[int, int], parameters: dict[str, str]
) -> list[dict[str, Any]]:
    """Rows of one product in one deployment: spans of days that have files."""
    least = float(parameters.get("minimumCoverage") or 0)
    most = float(parameters.get("maximumCoverage") or 1)
    merged = is_true(parameters, "mergeGaps") or parameters.get("groupBy") == "deployment"
    empty_days = is_true(parameters, "includeEmptyDays")
    spans: list[list[_Day]] = [[]]
    for day in _days(service, stream, window):
        if (day.files or empty_days) and least <= day.share <= most:
            spans[-1].append(day)
        elif not merged and spans[-1]:
            spans.append([])
    return [_span_row(stream, days) for days in spans if days]


def _days(service: Service, stream: Stream, window: tuple[int, int]) -> Iterator[_Day]:
    last = service.clock.now() - stream.rule.lag * instants.SECOND
    start, end = max(window[0], stream.stay.start_at), min(window[1], stream.stay.end_at, last)
    removed = Counter(
        file.start // instants.DAY for file in service.archive.removed() if stream.holds(file)
    )
    for day in range(start // instants.DAY, -(-end // instants.DAY)):
        at, after = day * instants.DAY, (day + 1) * instants.DAY
        files = len(stream.grid(max(start, at), min(end, after))) - removed[day]
        share = min(1.0, files * stream.rule.every * instants.SECOND / instants.DAY)
        yield _Day(at, files, share)


def _span_row(stream: Stream, days: list[_Day]) -> dict[str, Any]:
    count = sum(day.files for day in days)
    least, most = min(days, key=_share), max(days, key=_share)
    return {
        "averageFileCoverage": round(sum(day.share for day in days) / len(days), 4),
        "dataProductCode": stream.product.code,
        "dateFrom": stamp(max(days[0].at, stream.stay.start_at)),
        "dateTo": stamp(min(days[-1].at + instants.DAY, stream.stay.end_at)),
        "deviceCode": stream.stay.device,
        "extension": stream.product.extension,
        "fileCount": count,
        "maxFileCoverage": round(most.share, 4),
        "maxFileCoverageDate": stamp(most.at),
        "minFileCoverage": round(least.share, 4),
        "minFileCoverageDate": stamp(least.at),
        "totalFileSize": count * stream.rule.bytes * 3 // 4,
        "totalUncompressedFileSize": count * stream.rule.bytes,
    }


def _share(day: _Day) -> float:
    return day.share
