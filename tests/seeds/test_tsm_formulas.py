"""What the description of the attribute service asks of calculations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.calc.world import World

from tidegate.model.instants import parse
from tidegate.model.intervals import parse_interval
from tidegate.model.windows import Window
from tidegate.services.calculating import CalculationRequest, calculate

if TYPE_CHECKING:
    import pyarrow as pa

    from tidegate.store.local import LocalStore

HOUR = ("2017-04-01T01:00:00Z", "2017-04-01T02:00:00Z")
NAME = "Automated_Test_Attribute"
DATED = {"2017-04-01T00:00:00Z": "Text1", "2017-04-02T00:00:00Z": "Text2"}


@pytest.fixture
def world(store: LocalStore) -> World:
    """Two series in kW, 60 and 50, that match on the day asked for; a third that never does."""
    made = World(store)
    for name, value, truth in (("one", 60, "true"), ("two", 50, "false")):
        flags = {"2017-04-01T00:00:00Z": truth}
        attributes: dict[str, Any] = {NAME: DATED, f"{NAME}_2": flags}
        made.add(name, {HOUR[0]: value}, **attributes)
    other: dict[str, Any] = {NAME: {"2017-04-01T00:00:00Z": "Text2"}}
    made.add("three", {HOUR[0]: 7}, **other)
    return made


def calculated(world: World, formula: str) -> pa.Table:
    """GET calculations with calculationInterval=3 and calculationIntervalMultiplier=1."""
    request = CalculationRequest(
        formula=formula,
        window=Window(parse(HOUR[0]), parse(HOUR[1])),
        calculation_interval=parse_interval("3", 1),
    )
    return calculate(world.store, request)


def body(answer: pa.Table) -> tuple[str | None, list[tuple[str, float, int]]]:
    unit = (answer.schema.metadata or {}).get(b"unit")
    rows = [
        (row["from"].strftime("%Y-%m-%dT%H:%M:%SZ"), row["value"], row["flag"])
        for row in answer.to_pylist()
    ]
    return unit.decode() if unit else None, rows


@pytest.mark.parametrize("boolean", ['"TRUE"', '"true"', "TRUE", "True", '"FALSE"', "false"])
def test_h14_boolean_argument(world: World, boolean: str) -> None:
    """H14: TSAA takes a unit, a boolean as text or as it is, and `name|value`."""
    answer = calculated(world, f'TSAA("kW", {boolean}, "{NAME}|Text1")')

    assert body(answer) == (None, [("2017-04-01T01:00:00Z", 110, 9)])


def test_h15_raw_formula(world: World) -> None:
    """H15: the formula as the request prints it, with its quotes and bar, on the raster 3 × 1."""
    answer = calculated(world, f'TSAA("kW","TRUE","{NAME}|Text1")')

    assert answer.schema.metadata[b"interval"] == b"hour"
    assert body(answer) == (None, [("2017-04-01T01:00:00Z", 110, 9)])


def test_h16_looks_the_same(world: World) -> None:
    """H16: the answer is that of the sum, its unit null; a value that nobody has is no member."""
    summed = world.answer(*HOUR, "hour", f"{NAME}|Text1")

    assert calculated(world, f'TSAA("kW","TRUE","{NAME}|Text1")').equals(summed)
    printed = calculated(world, f'TSAA("kW","TRUE","{NAME}|Test1")')
    assert body(printed) == (None, [("2017-04-01T01:00:00Z", 0, 0)])


def test_h24_several_attributes(world: World) -> None:
    """H24: further filters are further arguments, and all must hold, as in the sum."""
    formula = f'TSAA("kW","TRUE","{NAME}|Text1","{NAME}_2|true")'
    summed = world.answer(*HOUR, "hour", f"{NAME}|Text1", f"{NAME}_2|true")

    assert calculated(world, formula).equals(summed)
    assert body(summed) == (None, [("2017-04-01T01:00:00Z", 60, 9)])
