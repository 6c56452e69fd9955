"""`/calculations`: formulas that are not stored."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from tidegate.calc.calendar import parse_day_start
from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadValue
from tidegate.model.instants import zone as zone_named
from tidegate.services.calculating import CalculationRequest, calculate
from tidegate.services.layouts import Shape
from tidegate.web.answers import JsonAnswer
from tidegate.web.bodies import Body, read
from tidegate.web.forms import CalculationForm, DataForm, interval_named
from tidegate.web.identity import Access, Reading
from tidegate.web.openapi import accepts, answers
from tidegate.web.parameters import (
    From,
    Raster,
    RasterAsked,
    To,
    VersionAsked,
    VersionTexts,
    required_window,
)
from tidegate.web.points import described

router = APIRouter(tags=["calculations"])

_NONE: list[str] = []


@router.get("/calculations", responses=answers(DataForm))
def calculate_asked(
    access: Reading,
    raster: RasterAsked,
    version: VersionAsked,
    *,
    formula: Annotated[str, Query(description="a `+` in it is sent as %2B")],
    start: From = None,
    to: To = None,
    step: Annotated[
        str | None, Query(alias="calculationInterval", description="raster of the calculation")
    ] = None,
    multiplier: Annotated[int, Query(alias="calculationIntervalMultiplier")] = 1,
    alias: Annotated[list[str], Query(description="name:series, such as R1:1156")] = _NONE,
) -> JsonAnswer:
    """Calculate a formula over a range, on the raster of the calculation or a coarser one."""
    steps = None if step is None else interval_named(step, multiplier)
    wanted = CalculationRequest(
        formula=formula,
        window=required_window(access, start, to, raster.zone),
        calculation_interval=steps,
        aliases=dict(map(_alias, alias)),
        **_layout(access, raster),
    )
    return _calculated(access, wanted, version, raster.zone)


@router.post("/calculations", responses=answers(DataForm), openapi_extra=accepts(CalculationForm))
def calculate_sent(access: Reading, body: Body) -> JsonAnswer:
    """Calculate a formula as GET does, asked for by a body."""
    form = read(body, CalculationForm)
    steps = form.calculation_interval
    raster = _raster(form)
    version = VersionTexts(
        audit=form.audit, exact_audit=False, quotation=form.quotation, exact_quotation=False
    )
    wanted = CalculationRequest(
        formula=form.formula,
        window=required_window(access, form.from_, form.to, raster.zone),
        calculation_interval=None if steps is None else steps.interval(),
        aliases=form.aliases,
        **_layout(access, raster),
    )
    return _calculated(access, wanted, version, raster.zone)


def _calculated(
    access: Access, wanted: CalculationRequest, version: VersionTexts, zone: str | None
) -> JsonAnswer:
    access.limits.require_points(wanted.window, wanted.calculation_interval)
    access.limits.require_points(wanted.window, wanted.interval)
    known = version.version(access, zone)
    with access.limits.in_time():
        table = calculate(access.store, wanted, repository=access.repository, version=known)
    return JsonAnswer(b"".join(described(table)))


def _alias(text: str) -> tuple[str, str]:
    name, colon, series = text.partition(":")
    if not (colon and name.strip() and series.strip()):
        raise BadValue("alias", text, "a name and a series, such as R1:1156")
    return name.strip(), series.strip()


def _raster(form: CalculationForm) -> Raster:
    if form.time_zone is not None:
        zone_named(form.time_zone)
    shape = Shape(
        interval=None if form.interval is None else form.interval.interval(),
        zone=form.time_zone,
        day_start=parse_day_start(form.day_start),
        unit=form.unit or None,
        aggregation=Aggregation.named(form.aggregation) if form.aggregation else None,
        missing_as_null=form.missing_as_null,
    )
    if shape.interval is not None and shape.interval.is_spontaneous:
        raise BadValue("Interval", str(shape.interval), "a raster, or left out")
    return Raster(shape=shape, zone=form.time_zone)


def _layout(access: Access, raster: Raster) -> dict[str, Any]:
    shape = raster.shape
    return {
        "interval": shape.interval,
        "aggregation": shape.aggregation,
        "unit": shape.unit,
        "zone": raster.zone or access.zone,
        "day_start": shape.day_start,
        "missing_as_null": shape.missing_as_null,
    }
