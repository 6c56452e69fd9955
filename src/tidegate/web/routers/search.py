"""`GET /timeseries`: search."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request

from tidegate.model.attributes import AttributeFilter
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.services.series import SeriesSearch
from tidegate.services.series import search as find
from tidegate.web.answers import JsonAnswer
from tidegate.web.definitions import series_forms, series_type
from tidegate.web.forms import SeriesForm, interval_named
from tidegate.web.identity import Reading
from tidegate.web.openapi import answers
from tidegate.web.paging import paged

router = APIRouter(tags=["series"])

Texts = Annotated[list[str], Query(default_factory=list)]


@router.get("/timeseries", responses=answers(list[SeriesForm]))
def search(
    access: Reading,
    request: Request,
    *,
    name: Texts,
    ids: Annotated[list[int], Query(default_factory=list, alias="ID")],
    type: Texts,
    description: Texts,
    attribute: Texts,
    unit: Texts,
    interval: Texts,
    multiplier: Annotated[int | None, Query(alias="intervalMultiplier")] = None,
) -> JsonAnswer:
    r"""The series that match all that is asked for; all of them, if nothing is.

    `%` is any run of characters in names and descriptions, `_` any one, `\` escapes. Several
    values widen, several attributes (`Name`, `Name|Value`) must hold at one instant. The header
    `Range: timeseries=0-99` asks for a part.
    """
    units, intervals = _intervals(interval, multiplier)
    found = find(
        access.store,
        SeriesSearch(
            names=tuple(name),
            ids=tuple(ids),
            types=tuple(map(series_type, type)),
            descriptions=tuple(description),
            filters=tuple(map(AttributeFilter.parse, attribute)),
            units=tuple(unit),
            intervals=intervals,
            interval_units=units,
        ),
        repository=access.repository,
    )
    return paged(request, found, partial(series_forms, access.store))


def _intervals(
    texts: list[str], multiplier: int | None
) -> tuple[tuple[IntervalUnit, ...], tuple[Interval, ...]]:
    """Units of codes and names without a multiplier, and whole intervals."""
    plain = {str(unit.value) for unit in IntervalUnit} | {
        unit.name.lower() for unit in IntervalUnit
    }
    units, intervals = [], []
    for text in texts:
        interval = interval_named(text, 1 if multiplier is None else multiplier)
        if multiplier is None and text.strip().lower() in plain:
            units.append(interval.unit)
        else:
            intervals.append(interval)
    return tuple(units), tuple(intervals)
