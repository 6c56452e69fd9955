"""Sums over the series that match dated attributes, for as long as each of them does."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.calc.raster import Condensed, convert
from tidegate.calc.sum_answers import finish
from tidegate.calc.sum_plans import MOST_CELLS, SumPlan, plan_sum
from tidegate.calc.units import STANDS, by_name, method
from tidegate.gate.groups import blanked, in_buckets, lets_out
from tidegate.gate.refusals import NotCountable
from tidegate.model.aggregation import Aggregation
from tidegate.model.flags import WITHOUT_NUMBER, Flag
from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.series import MAIN, SeriesKey
from tidegate.model.windows import Window
from tidegate.services.calculations import evaluate_all, extent
from tidegate.services.points import first_reading, points_of
from tidegate.store.messages import SeriesSelection
from tidegate.store.verbs import CURRENT, NO_READINGS, READINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.calc.sums import SumRequest
    from tidegate.gate.groups import Screen
    from tidegate.model.series import Series
    from tidegate.model.units import Unit
    from tidegate.model.views import GroupRule
    from tidegate.services.recursion import Recursion
    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs

logger = logging.getLogger("tidegate.sums")

_AMOUNTS: Final = frozenset({Aggregation.SUM, Aggregation.AVERAGE})

_TOGETHER: Final = 16
"""Sums that the engine adds up at once."""
_SHOWN: Final = 5
"""Names of totals that a warning lists."""

_ALWAYS = Window(BEGINNING, FOREVER)


def sum_series(
    store: Verbs,
    request: SumRequest,
    *,
    repository: str = MAIN,
    version: Version = CURRENT,
    recursion: Recursion | None = None,
    screen: Screen | None = None,
) -> pa.Table:
    """The sum of the series of a request, one row a bucket: `from`, `value`, `flag`.

    Series that are formulas are summed like stored ones. A bucket in which nobody is a member is
    0 with flag 0, one whose members have no number 0 with flag 19. A warning names the running
    totals of a sum that adds them to other series without being told how.

    Args:
        store: where the series are.
        request: which series, when, and how the answer is laid out.
        repository: the repository that the series and attributes belong to.
        version: which belief to sum, of readings and attributes alike.
        recursion: the formulas that wait for this sum.
        screen: what a view does to it; what may not leave is null with flag 19.

    Raises:
        UsageError: the request names neither an attribute nor a series.
        NotFound: a filter names an attribute that the repository does not have.
        UnitsDiffer: the series have several units and the request names none.
        UnitNotConvertible: a unit cannot become the one that the request names.
    """
    found = _prepared(store, request, repository, version, screen)
    ask = partial(_partials, store, found, version=version, recursion=recursion)
    answer = finish(found.plan, ask())
    return answer if screen is None else _screened(found, screen.rule, answer, ask)


def sum_each(
    store: Verbs,
    requests: Sequence[SumRequest],
    recursions: Sequence[Recursion],
    *,
    repository: str = MAIN,
    version: Version = CURRENT,
) -> list[pa.Table]:
    """The answers of several sums, each as `sum_series` gives it.

    Sums of stored series that differ in nothing but their members are added up by the engine in
    one pass over the readings.

    Args:
        store: where the series are.
        requests: the sums.
        recursions: the formulas that wait for each of them.
        repository: the repository that the series and attributes belong to.
        version: which belief to sum, of readings and attributes alike.

    Raises:
        UsageError: as `sum_series`.
    """
    sums = [_prepared(store, request, repository, version) for request in requests]
    units = by_name(store.units(repository=repository))
    answers: dict[int, pa.Table] = {}
    for alike in _alike(sums):
        for first in range(0, len(alike), _TOGETHER):
            places = alike[first : first + _TOGETHER]
            found = _together(store, [sums[place] for place in places], units, version)
            answers.update(zip(places, found, strict=True))
    for place, one in enumerate(sums):
        if place not in answers:
            parts = _partials(store, one, version=version, recursion=recursions[place])
            answers[place] = finish(one.plan, parts)
    return [answers[place] for place in range(len(sums))]


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum that is planned: when each series is a member, and those that ever are."""

    plan: SumPlan
    members: pa.Table
    series: list[Series]


def _prepared(
    store: Verbs,
    request: SumRequest,
    repository: str,
    version: Version,
    screen: Screen | None = None,
) -> _Sum:
    request.require_selector()
    spans = store.membership(
        request.filters,
        _ALWAYS,
        keys=request.series,
        repository=repository,
        as_of=version.as_of,
    )
    keys = tuple(SeriesKey(key) for key in pc.unique(spans["series"]).to_pylist())
    series = store.find_series(
        SeriesSelection(keys=keys, as_of=version.as_of), repository=repository
    )
    units = by_name(store.units(repository=repository))
    plan = plan_sum(request, series, units)
    members = members_within(spans, _seen(plan.window, screen))
    present = set(pc.unique(members["series"]).to_pylist())
    among = [one for one in series if one.key in present]
    if request.aggregation is None:
        _warn_of_totals(among, units)
    return _Sum(plan, members, among)


def _alike(sums: Sequence[_Sum]) -> list[list[int]]:
    """The places of sums that the engine can add up together."""
    found: dict[Hashable, list[int]] = {}
    for place, one in enumerate(sums):
        plan = one.plan
        if plan.unit is not None and not (plan.in_steps or plan.formulas):
            asked = replace(plan.request, filters=(), series=None, valid_if_any=False)
            found.setdefault((asked, plan.method, plan.interval), []).append(place)
    return [places for places in found.values() if len(places) > 1]


def _together(
    store: Verbs, sums: Sequence[_Sum], units: Mapping[str, Unit], version: Version
) -> list[pa.Table]:
    """The answers of sums that are alike; each has its own numbers of buckets."""
    one = sums[0].plan
    series = {each.key: each for some in sums for each in some.series}
    asked = replace(one.request, aggregation=one.method, interval=one.interval)
    whole = plan_sum(asked, [series[key] for key in sorted(series)], units)
    count = len(whole.buckets) - 1
    members = pa.concat_tables(
        some.members.append_column("offset", pa.repeat(pa.scalar(place * count), len(some.members)))
        for place, some in enumerate(sums)
    )
    parts = [
        store.partials(
            msgspec.structs.replace(query.request, several=True),
            members=members,
            factors=query.factors,
            calendar=query.calendar,
            buckets=query.buckets,
            version=version,
        )
        for query in whole.queries(most_cells=MOST_CELLS // len(sums))
    ]
    return [
        finish(
            replace(some.plan, quantum=whole.quantum),
            [_numbered(part, place * count, count) for part in parts],
        )
        for place, some in enumerate(sums)
    ]


def _numbered(part: pa.Table, offset: int, count: int) -> pa.Table:
    """The rows of one of several sums, with its buckets numbered from 0."""
    bucket = part["bucket"].to_numpy()
    first, last = np.searchsorted(bucket, [offset, offset + count])
    rows = part.slice(first, last - first)
    numbers = pa.array(bucket[first:last] - np.int32(offset))
    return rows.set_column(rows.column_names.index("bucket"), "bucket", numbers)


def _seen(window: Window, screen: Screen | None) -> Window:
    """The part of a window in which series are summed."""
    if screen is None or screen.window is None:
        return window
    start = max(window.start, screen.window.start)
    return Window(start, max(start, min(window.end, screen.window.end)))


def _screened(
    summed: _Sum,
    rule: GroupRule,
    found: pa.Table,
    ask: Callable[..., list[pa.Table]],
) -> pa.Table:
    """An answer without the buckets whose group is too small."""
    if not rule.is_in_force:
        return found
    plan = summed.plan
    for one in summed.series:
        if one.formula is not None:
            raise NotCountable(one.name)
    allowed = lets_out(rule, ask(by_series=True), len(plan.steps) - 1)
    return blanked(found, in_buckets(allowed, plan.steps, plan.buckets))


def members_within(spans: pa.Table, window: Window) -> pa.Table:
    """The parts of membership spans that lie in a window."""
    start = pc.max_element_wise(spans["start"], pa.scalar(window.start, pa.int64()))
    end = pc.min_element_wise(spans["end"], pa.scalar(window.end, pa.int64()))
    clipped = pa.table({"series": spans["series"], "start": start, "end": end})
    return clipped.filter(pc.less(start, end))


def _warn_of_totals(series: Sequence[Series], units: Mapping[str, Unit]) -> None:
    """Name the series whose values are stands where others of the sum have amounts or levels."""
    methods = [method(units, one.unit, one.aggregation) for one in series]
    stands = [one.name for one, own in zip(series, methods, strict=True) if own in STANDS]
    if stands and not _AMOUNTS.isdisjoint(methods):
        shown = ", ".join(f"'{name}'" for name in stands[:_SHOWN])
        logger.warning(
            "the sum adds running totals to other series: %s%s; name the series, or an aggregation",
            shown,
            ", …" if len(stands) > _SHOWN else "",
        )


def _partials(
    store: Verbs,
    summed: _Sum,
    *,
    version: Version,
    recursion: Recursion | None,
    by_series: bool = False,
) -> list[pa.Table]:
    plan = summed.plan
    given = _given(store, plan, summed.series, version=version, recursion=recursion)
    return [
        store.partials(
            query.request,
            members=summed.members,
            factors=query.factors,
            calendar=query.calendar,
            buckets=query.buckets,
            given=given,
            version=version,
        )
        for query in plan.queries(by_series=by_series)
    ]


def _given(
    store: Verbs,
    plan: SumPlan,
    series: Sequence[Series],
    *,
    version: Version,
    recursion: Recursion | None,
) -> pa.Table:
    """The readings of the candidates whose readings the engine does not find in the store."""
    tables = [NO_READINGS]
    formulas = [one for one in series if one.key in plan.formulas]
    if formulas:
        reach = Window(_first_reading(store, plan, formulas), plan.window.end)
        found = evaluate_all(store, formulas, reach, version=version, recursion=recursion)
        tables.append(_marked(found))
    for one in series:
        if one.key in plan.stepped:
            points = points_of(store, [one], plan.window, version=version, recursion=recursion)[
                one.key
            ]
            condensed = convert(points, plan.steps, plan.stepped[one.key])
            tables.append(_readings(one, plan.steps, condensed))
    return pa.concat_tables(tables)


def _first_reading(store: Verbs, plan: SumPlan, formulas: Sequence[Series]) -> int:
    """The earliest instant of a calculated reading that may cover some of the plan's time."""
    start = plan.window.start
    cyclic = [one for one in formulas if not one.interval.is_spontaneous]
    first = min((first_reading(one, start) for one in cyclic), default=start)
    if len(cyclic) == len(formulas):
        return first
    stored = extent(store, formulas)
    return min(first, stored.start) if stored else first


def _readings(series: Series, steps: NDArray[np.int64], condensed: Condensed) -> pa.Table:
    """One reading a step."""
    columns = {
        "series": pa.array(np.full(len(steps) - 1, series.key, dtype=np.int32)),
        "ts": pa.array(steps[:-1]),
        "value": pa.array(condensed.values, mask=~condensed.has_number),
        "flag": pa.array(condensed.flags, pa.int16()),
    }
    return pa.table(columns, READINGS)


def _marked(readings: pa.Table) -> pa.Table:
    """Calculated readings without a number: missing, unless the calculation went wrong."""
    told = pa.array([int(flag) for flag in (*WITHOUT_NUMBER, Flag.FAULTY)], pa.int16())
    silent = pc.and_(
        pc.is_null(readings["value"]), pc.invert(pc.is_in(readings["flag"], value_set=told))
    )
    flags = pc.if_else(silent, pa.scalar(int(Flag.MISSING), pa.int16()), readings["flag"])
    return readings.set_column(readings.column_names.index("flag"), "flag", flags)
