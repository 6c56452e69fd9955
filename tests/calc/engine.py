"""The engine's side of a comparison: the same candidates as `reference`, planned and added up."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from tidegate.calc.sum_answers import Totals, totals
from tidegate.calc.sum_plans import MOST_CELLS, SumPlan, plan_sum
from tidegate.calc.sums import SumRequest
from tidegate.model.attributes import AttributeFilter
from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.series import MAIN, Series, SeriesId, SeriesKey, SeriesType
from tidegate.model.units import STARTER_UNITS
from tidegate.store.engine.duckdb import Session
from tidegate.store.partials import partials
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from tests.calc.reference import Given

    from tidegate.model.windows import Window

Filters = list[tuple[str, str | None]]

UNITS = {unit.name: unit for unit in STARTER_UNITS}


def series_of(candidates: list[Given], units: list[str]) -> list[Series]:
    """Candidates as definitions, numbered from 1."""
    return [
        Series(
            key=SeriesKey(number),
            id=SeriesId(number),
            repository=MAIN,
            name=f"S{number}",
            unit=unit,
            interval=candidate.interval,
            type=SeriesType.BEGIN,
            zone=candidate.zone,
        )
        for number, (candidate, unit) in enumerate(zip(candidates, units, strict=True), start=1)
    ]


def spans(candidates: list[Given], filters: Filters) -> pa.Table:
    """When each candidate matches, for all time."""
    rows = []
    for number, candidate in enumerate(candidates, start=1):
        dated = {at for name, _ in filters for at in candidate.attributes.get(name, {})}
        borders = [int(BEGINNING), *sorted(dated), int(FOREVER)]
        rows += [
            (number, start, end)
            for start, end in itertools.pairwise(borders)
            if candidate.matches(filters, start)
        ]
    columns: list[Any] = list(zip(*rows, strict=True)) or [(), (), ()]
    kinds = (pa.int32(), pa.int64(), pa.int64())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=["series", "start", "end"])


def stored(candidates: list[Given]) -> pa.Table:
    """The readings of all candidates."""
    rows = [
        {"series": number, "ts": ts, "value": value, "flag": flag}
        for number, candidate in enumerate(candidates, start=1)
        for ts, value, flag in candidate.readings
    ]
    return pa.Table.from_pylist(rows, READINGS)


def engine_partials(
    plan: SumPlan,
    candidates: list[Given],
    filters: Filters,
    *,
    by_series: bool = False,
    most_cells: int = MOST_CELLS,
) -> list[pa.Table]:
    """The engine's answers to a plan."""
    with duckdb.connect() as database:
        session = Session(database)
        with session.bound(readings=stored(candidates)):
            members = spans(candidates, filters)
            return [
                partials(
                    session,
                    query.request,
                    members=members,
                    factors=query.factors,
                    calendar=query.calendar,
                    buckets=query.buckets,
                )
                for query in plan.queries(by_series=by_series, most_cells=most_cells)
            ]


def engine_sum(
    candidates: list[Given],
    filters: Filters,
    window: Window,
    *,
    units: list[str],
    most_cells: int = MOST_CELLS,
    **options: Any,
) -> tuple[SumPlan, Totals]:
    """The plan and the numbers of a sum over candidates in the given units."""
    request = SumRequest(
        window=window, filters=tuple(AttributeFilter(*pair) for pair in filters), **options
    )
    plan = plan_sum(request, series_of(candidates, units), UNITS)
    return plan, totals(plan, engine_partials(plan, candidates, filters, most_cells=most_cells))
