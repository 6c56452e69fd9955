"""`/timeseriescollections/data`: several series at once, each by itself or as their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from tidegate.calc.sums import SumRequest
from tidegate.model.errors import NotFound, UsageError
from tidegate.model.windows import Window
from tidegate.services.layouts import Shape
from tidegate.services.reading import read_each, windows
from tidegate.services.series import SeriesSearch, search, series_numbered
from tidegate.web.answers import answer_in_pieces
from tidegate.web.forms import DataForm, DataOfSeries
from tidegate.web.identity import Access, Reading, Viewing
from tidegate.web.openapi import answers
from tidegate.web.parameters import (
    From,
    RasterAsked,
    Selector,
    SeriesAsked,
    To,
    VersionAsked,
    instant_or_none,
    required_window,
)
from tidegate.web.points import body_of, described
from tidegate.web.viewing import require_group, sum_seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from tidegate.model.attributes import AttributeFilter
    from tidegate.model.series import Series

router = APIRouter(prefix="/timeseriescollections/data", tags=["data"])


@router.get("", responses=answers(list[DataOfSeries]))
def read_several(
    access: Reading,
    wanted: SeriesAsked,
    raster: RasterAsked,
    version: VersionAsked,
    *,
    start: From = None,
    to: To = None,
) -> Response:
    """Read several series, each as a single one is read.

    With `attribute`, those that match at any instant of the range; their data are not masked.
    """
    known = version.version(access, raster.zone)
    first = instant_or_none(access, start, raster.zone)
    last = instant_or_none(access, to, raster.zone)
    series = _chosen(access, wanted)
    if wanted.filters:
        span = _span(access, series, first, last)
        series = _members(access, series, wanted.filters, span, known.as_of)
    _require_size(access, series, raster.shape, first, last)
    found = read_each(access.store, series, first, last, shape=raster.shape, version=known)
    with access.limits.in_time():
        return answer_in_pieces(_several(found, raster.shape), access.media)


@router.get("/sum", responses=answers(DataForm))
def sum_several(
    access: Viewing,
    wanted: SeriesAsked,
    raster: RasterAsked,
    version: VersionAsked,
    *,
    start: From = None,
    to: To = None,
    valid_if_any: Annotated[
        bool, Query(alias="validIfAny", description="flag 9 as soon as one value has it")
    ] = False,
) -> Response:
    """The sum of series, each for as long as its attributes match.

    Names and numbers restrict the candidates; attributes then decide, instant by instant, which
    of them belong.
    """
    window = required_window(access, start, to, raster.zone)
    access.limits.require_points(window, raster.interval)
    require_group(access, wanted)
    chosen = _candidates(access, wanted)
    shape = raster.shape
    request = SumRequest(
        window=window,
        filters=wanted.filters,
        series=None if chosen is None else tuple(one.key for one in chosen),
        interval=shape.interval,
        zone=raster.zone or access.zone,
        day_start=shape.day_start,
        unit=shape.unit,
        aggregation=shape.aggregation,
        valid_if_any=valid_if_any,
        missing_as_null=shape.missing_as_null,
    )
    known = version.version(access, raster.zone)
    with access.limits.in_time():
        table = sum_seen(access, request, known)
    return answer_in_pieces(described(table), access.media)


def _chosen(access: Access, wanted: Selector) -> list[Series]:
    """The series of names and numbers, in that order; without any, those that filters match.

    Raises:
        UsageError: nothing says which series.
        NotFound: a name or number means none.
        TooMuch: there are too many.
    """
    named = _candidates(access, wanted)
    if named is not None:
        return named
    if not wanted.filters:
        raise UsageError("nothing says which series", hint="name an attribute, a name or an ID")
    found = search(access.store, SeriesSearch(filters=wanted.filters), repository=access.repository)
    access.limits.require_series(len(found))
    return found


def _candidates(access: Access, wanted: Selector) -> list[Series] | None:
    """The series of names and numbers; None if there are neither."""
    if not (wanted.names or wanted.ids):
        return None
    found = [one for name in wanted.names for one in _named(access, name)]
    found += series_numbered(access.store, wanted.ids, repository=access.repository)
    unique = list({one.key: one for one in found}.values())
    access.limits.require_series(len(unique))
    return unique


def _named(access: Access, name: str) -> list[Series]:
    found = search(access.store, SeriesSearch(names=(name,)), repository=access.repository)
    if not found:
        raise NotFound("series", name)
    return found


def _span(access: Access, series: Sequence[Series], first: int | None, last: int | None) -> Window:
    """The range asked for; where a border is missing, as far as the series' data go."""
    if first is not None and last is not None:
        return Window(first, last)
    spans = windows(access.store, series, first, last)
    start = min((span.start for span in spans), default=0) if first is None else first
    end = max((span.end for span in spans), default=start) if last is None else last
    return Window(start, max(start, end))


def _members(
    access: Access,
    series: Sequence[Series],
    filters: tuple[AttributeFilter, ...],
    span: Window,
    as_of: int | None,
) -> list[Series]:
    """Those that match the filters at any instant of the range, or at its only one."""
    table = access.store.membership(
        filters,
        Window(span.start, max(span.end, span.start + 1)),
        keys=[one.key for one in series],
        repository=access.repository,
        as_of=as_of,
    )
    matching = set(table["series"].to_pylist())
    return [one for one in series if one.key in matching]


def _require_size(
    access: Access, series: Sequence[Series], shape: Shape, first: int | None, last: int | None
) -> None:
    spans = windows(access.store, series, first, last)
    total = 0
    for one, span in zip(series, spans, strict=True):
        interval = shape.interval or one.interval
        total += access.limits.points_of(span, interval)
    access.limits.require_rows(total)


def _several(
    found: Iterator[tuple[Series, pa.Table]], shape: Shape
) -> Iterator[bytes | memoryview]:
    before = b"["
    for series, table in found:
        head = msgspec.json.encode({"ID": series.id, "Name": series.name})
        yield before + head[:-1] + b',"Data":'
        unit = (table.schema.metadata or {}).get(b"unit", series.unit.encode()).decode()
        yield from body_of(table, shape.interval or series.interval, unit)
        before = b"},"
    yield b"[]" if before == b"[" else b"}]"
