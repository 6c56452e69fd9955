"""The verb `partials`: what comes back, by bucket and by series, and how parts merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from tests.calc.world import World, hourly

from tidegate.calc.partials import merge
from tidegate.calc.sum_plans import SumPlan, plan_sum
from tidegate.calc.sums import SumRequest
from tidegate.calc.units import by_name
from tidegate.model.flags import RANK, Flag
from tidegate.model.instants import HOUR, parse
from tidegate.model.intervals import parse_interval
from tidegate.model.windows import Window
from tidegate.store.messages import SeriesSelection
from tidegate.store.verbs import PARTIALS, READINGS

if TYPE_CHECKING:
    from tidegate.store.local import LocalStore

START = int(parse("2021-01-01"))
VALID = 1 << RANK[Flag.VALID]


@pytest.fixture
def world(store: LocalStore) -> World:
    return World(store)


def planned(world: World, interval: str = "2h", hours: int = 4) -> SumPlan:
    """The plan of a sum over every series of the world."""
    request = SumRequest(
        window=Window(START, START + hours * HOUR),
        series=tuple(world.keys.values()),
        interval=parse_interval(interval),
    )
    series = world.store.find_series(SeriesSelection())
    return plan_sum(request, series, by_name(world.store.units()))


def asked(
    world: World, plan: SumPlan, members: dict[str, tuple[int, int]], **options: Any
) -> list[dict[str, Any]]:
    """The partials of a plan for members from one hour to another."""
    rows: list[dict[str, Any]] = table(world, plan, members, **options).to_pylist()
    return rows


def table(
    world: World,
    plan: SumPlan,
    members: dict[str, tuple[int, int]],
    *,
    by_series: bool = False,
    given: pa.Table | None = None,
) -> pa.Table:
    (query,) = plan.queries(by_series=by_series)
    spans = [
        {"series": world.keys[name], "start": START + first * HOUR, "end": START + last * HOUR}
        for name, (first, last) in members.items()
    ]
    schema = pa.schema({"series": pa.int32(), "start": pa.int64(), "end": pa.int64()})
    return world.store.partials(
        query.request,
        members=pa.Table.from_pylist(spans, schema),
        factors=query.factors,
        calendar=query.calendar,
        buckets=query.buckets,
        given=READINGS.empty_table() if given is None else given,
    )


def test_a_partial_counts_what_is_there_and_what_should_be(world: World) -> None:
    """Three member hours, two of them stored, one of those with a number."""
    world.add("a", {"2021-01-01": 2.5, "2021-01-01T01:00Z": None}, unit="kWh")

    rows = asked(world, planned(world), {"a": (0, 3)})

    missing = 1 << RANK[Flag.MISSING]
    first = {"bucket": 0, "total": 2.5, "covered": 0, "numbers": 1, "cells": 2, "expected": 2}
    second = {"bucket": 1, "total": 0.0, "covered": 0, "numbers": 0, "cells": 0, "expected": 1}
    assert rows == [first | {"flags": VALID | missing}, second | {"flags": 0}]


def test_averages_come_with_the_union_of_covered_time(world: World) -> None:
    """Two series over the same hour cover it once."""
    world.add("a", hourly("2021-01-01", 4, 1))
    world.add("b", hourly("2021-01-01", 1, 1))

    rows = asked(world, planned(world, "4h"), {"a": (0, 2), "b": (0, 4)})

    assert [(row["covered"], row["numbers"], row["expected"]) for row in rows] == [(2 * HOUR, 3, 6)]


def test_by_series_gives_a_row_a_bucket_and_series(world: World) -> None:
    """Each series is counted for itself, also where it has nothing stored."""
    world.add("a", hourly("2021-01-01", 4, 1), unit="kWh")
    world.add("b", hourly("2021-01-01", 1, 2), unit="kWh")

    rows = asked(world, planned(world), {"a": (1, 4), "b": (0, 4)}, by_series=True)

    found = [(r["series"], r["bucket"], r["total"], r["cells"], r["expected"]) for r in rows]
    assert found == [(1, 0, 1, 1, 1), (1, 1, 2, 2, 2), (2, 0, 2, 1, 2), (2, 1, 0, 0, 2)]


def test_nobody_gives_no_rows(world: World) -> None:
    """Without members there is nothing to say, in the columns of every answer."""
    world.add("a", hourly("2021-01-01", 4, 1), unit="kWh")

    found = table(world, planned(world), {})

    assert found.num_rows == 0
    assert found.column_names == [name for name in PARTIALS.names if name != "series"]
    assert table(world, planned(world), {}, by_series=True).schema == PARTIALS


def test_spontaneous_and_cyclic_series_meet_in_one_bucket(world: World) -> None:
    """A held value and hourly values cover their time together; both count."""
    world.add("a", hourly("2021-01-01", 2, 1))
    world.add("b", {"2021-01-01T01:00Z": 10}, interval="no")

    (row,) = asked(world, planned(world, "4h"), {"a": (0, 2), "b": (0, 4)})

    assert (row["covered"], row["numbers"], row["cells"]) == (4 * HOUR, 3, 4)
    assert row["total"] * planned(world, "4h").quantum == (1 + 1 + 3 * 10) * HOUR


def test_parts_of_other_series_merge_to_the_whole(world: World) -> None:
    """The partials of two engines that hold different series add up."""
    world.add("a", hourly("2021-01-01", 4, 1), unit="kWh")
    world.add("b", {"2021-01-01": (5, 21)}, unit="kWh")
    plan = planned(world)

    parts = [table(world, plan, {"a": (0, 4)}), table(world, plan, {"b": (0, 1)})]

    assert merge(parts).equals(table(world, plan, {"a": (0, 4), "b": (0, 1)}))


def test_sums_are_compensated(world: World) -> None:
    """Ten tenths are one, which adding them one after the other misses."""
    world.add("a", hourly("2021-01-01", 10, 0.1), unit="kWh")

    (row,) = asked(world, planned(world, "day", hours=24), {"a": (0, 10)})

    assert row["total"] == 1.0 != sum([0.1] * 10)
