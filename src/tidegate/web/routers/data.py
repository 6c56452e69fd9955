"""`/timeseries/{series}/data`: reading, writing and removing the points of one series."""

from __future__ import annotations

from asyncio import wrap_future
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from tidegate.model.instants import BEGINNING, FOREVER, to_text
from tidegate.model.windows import Window
from tidegate.services.accepting import Sent, TakesNoReadings, TakesNoVersions, readings_of
from tidegate.services.reading import read_each, windows
from tidegate.services.series import series_of
from tidegate.web.answers import JsonAnswer, answer_in_pieces, no_content
from tidegate.web.bodies import Body, read
from tidegate.web.forms import DataForm, QuotationForm, Written
from tidegate.web.identity import Access, Reading, Viewing, Writing
from tidegate.web.openapi import accepts, answers
from tidegate.web.parameters import (
    From,
    Quotation,
    RasterAsked,
    To,
    VersionAsked,
    ZoneName,
    instant_or_none,
    required_window,
)
from tidegate.web.paths import SeriesName
from tidegate.web.points import body_of
from tidegate.web.viewing import require_seen

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tidegate.model.series import Series

router = APIRouter(prefix="/timeseries/{series}/data", tags=["data"])

Descending = Annotated[bool, Query(description="the latest point first")]


@router.get("", responses=answers(DataForm))
def read_data(
    access: Viewing,
    series: SeriesName,
    raster: RasterAsked,
    version: VersionAsked,
    *,
    start: From = None,
    to: To = None,
    descending: Descending = False,
) -> Response:
    """Read a series on a raster; every raster point is there, missing ones with flag 19.

    Without `from` or `to` it begins at the first, or ends with the last, stored reading.
    """
    found = series_of(access.store, series, repository=access.repository)
    known = version.version(access, raster.zone)
    window = _window(access, found, start, to, raster.zone)
    interval = raster.interval or found.interval
    access.limits.require_points(window, interval)
    require_seen(access, found, window)
    with access.limits.in_time():
        ((_, table),) = read_each(
            access.store, [found], window.start, window.end, shape=raster.shape, version=known
        )
    access.limits.require_rows(table.num_rows)
    unit = (table.schema.metadata or {}).get(b"unit", found.unit.encode()).decode()
    pieces = body_of(table, interval, unit, descending=descending)
    return answer_in_pieces(pieces, access.media)


@router.post("", responses=answers(Written), openapi_extra=accepts(DataForm))
async def write_data(
    access: Writing, series: SeriesName, body: Body, quotation: Quotation = None
) -> JsonAnswer:
    """Write points; other points stay, and the answer comes when they are on disk.

    `Interval` and `Unit` say what the points are in; the server converts them to the series' own.
    """
    written, kept = await run_in_threadpool(_submitted, access, series, body, quotation)
    if kept is not None:
        await wrap_future(kept)  # no thread waits for the disk
    return JsonAnswer.of(written)


@router.delete("", status_code=204, response_class=Response)
def remove_data(
    access: Writing,
    series: SeriesName,
    *,
    start: From = None,
    to: To = None,
    zone: ZoneName = None,
) -> Response:
    """Remove the points of a range; they can still be read by `audit`."""
    found = series_of(access.store, series, repository=access.repository)
    if found.formula is not None:
        raise TakesNoReadings(found)
    window = required_window(access, start, to, zone)
    access.store.delete_readings([found.key], window, actor=access.actor)
    return no_content()


@router.get("/modifications", responses=answers(list[str]))
def modifications(
    access: Reading,
    series: SeriesName,
    *,
    start: From = None,
    to: To = None,
    zone: ZoneName = None,
    quoted: Annotated[bool, Query(description="those of named versions")] = False,
) -> JsonAnswer:
    """The instants at which points of a range were written, changed or removed.

    Each can be asked for with `audit`.
    """
    found = series_of(access.store, series, repository=access.repository)
    window = _all_or_between(access, found, start, to, zone)
    changes = access.store.modifications([found.key], window, quoted=quoted)
    return JsonAnswer.of([to_text(at) for at in changes])


@router.get("/quotations", responses=answers(list[QuotationForm]))
def quotations(
    access: Reading,
    series: SeriesName,
    *,
    start: From = None,
    to: To = None,
    zone: ZoneName = None,
) -> JsonAnswer:
    """The named versions that have points of a range.

    Each can be asked for with `quotation` and `exactQuotation`.
    """
    found = series_of(access.store, series, repository=access.repository)
    window = _all_or_between(access, found, start, to, zone)
    rows = access.store.quotations([found.key], window).to_pylist()
    return JsonAnswer.of(
        [
            QuotationForm(
                quotation=to_text(row["quotation"]),
                from_=to_text(row["first"]),
                to=to_text(row["last"]),
                count=row["count"],
            )
            for row in rows
        ]
    )


def _all_or_between(
    access: Access, found: Series, start: str | None, to: str | None, zone: str | None
) -> Window:
    first = instant_or_none(access, start, zone, own=found.zone)
    last = instant_or_none(access, to, zone, own=found.zone)
    return Window(BEGINNING if first is None else first, FOREVER if last is None else last)


def _window(
    access: Access, series: Series, start: str | None, to: str | None, zone: str | None
) -> Window:
    first = instant_or_none(access, start, zone, own=series.zone)
    last = instant_or_none(access, to, zone, own=series.zone)
    if first is not None and last is not None:
        return Window(first, last)
    (window,) = windows(access.store, [series], first, last)
    return window


def _submitted(
    access: Access, series: str, body: bytes, quotation: str | None
) -> tuple[Written, Future[None] | None]:
    """What a body brings, and what is done when it is on disk; None where there is nothing."""
    found = series_of(access.store, series, repository=access.repository)
    named = instant_or_none(access, quotation, None)
    if named is not None and not found.quotation:
        raise TakesNoVersions(found)
    form = read(body, DataForm)
    access.limits.require_rows(len(form.data))
    sent = Sent.of(
        [point.from_ for point in form.data],
        [point.value for point in form.data],
        [point.flag for point in form.data],
        zone=access.local,
    )
    interval = None if form.interval is None else form.interval.interval()
    readings = readings_of(access.store, found, sent, interval=interval, unit=form.unit)
    access.limits.require_rows(readings.num_rows)
    if not readings.num_rows:
        return _written(sent), None
    queue = access.service.queue
    return _written(sent), queue.submit(readings, quotation=named, actor=access.actor)


def _written(sent: Sent) -> Written:
    if not len(sent.instants):
        return Written(count=0)
    first, last = int(sent.instants.min()), int(sent.instants.max())
    return Written(count=len(sent.instants), from_=to_text(first), to=to_text(last))
