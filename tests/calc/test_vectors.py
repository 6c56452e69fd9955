"""The numbered test vectors that concern sums, on a real store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.calc.world import World, hourly

from tidegate.model.errors import UnitsDiffer
from tidegate.model.instants import parse

if TYPE_CHECKING:
    from tidegate.store.local import LocalStore

SUPPLIER = {
    "first": {"2000-01-01": "AT123456", "2001-01-01": "AT99999"},
    "second": {"2000-01-01": "AT123456"},
}


@pytest.fixture
def world(store: LocalStore) -> World:
    return World(store)


def suppliers(world: World, *, interval: str = "year", second_year: bool = True) -> World:
    """The worked example of section 7.3."""
    years = ["2000-01-01", "2001-01-01"] if second_year else ["2000-01-01"]
    for name, value in (("first", 71.3), ("second", 3.7)):
        points = dict.fromkeys(years, value)
        world.add(name, points, unit="none", interval=interval, Supplier=SUPPLIER[name])
    return world


def test_vector_1_membership_follows_the_supplier_year_by_year(world: World) -> None:
    """A series that changes supplier counts for the old one until then; the unit shows none."""
    answer = suppliers(world).answer("2000-01-01", "2002-01-01", "year", "Supplier|AT123456")

    assert answer["value"].to_pylist() == [75.0, 3.7]
    assert answer["flag"].to_pylist() == [9, 9]
    assert answer.schema.metadata[b"unit"] == b"none"
    assert answer.schema.metadata[b"interval"] == b"year"


def test_vector_2_spontaneous_values_hold_on(world: World) -> None:
    """One spontaneous point stands for both years."""
    suppliers(world, interval="no", second_year=False)

    assert world.sum("2000-01-01", "2002-01-01", "year", "Supplier|AT123456") == [(75, 9), (3.7, 9)]


def test_vector_3_a_cyclic_series_without_a_point_is_missing(world: World) -> None:
    """A yearly series with a point for 2000 only has nothing for 2001."""
    suppliers(world, second_year=False)

    assert world.sum("2000-01-01", "2002-01-01", "year", "Supplier|AT123456") == [(75, 9), (0, 19)]


def test_vector_4_nobody_belongs_before_the_change(world: World) -> None:
    """The new supplier has no member in the first year, which is not the same as missing."""
    suppliers(world)

    assert world.sum("2000-01-01", "2002-01-01", "year", "Supplier|AT99999") == [(0, 0), (71.3, 9)]


def test_vector_5_before_the_first_instant_nobody_belongs(world: World) -> None:
    """An attribute has no value before its first instant."""
    suppliers(world)

    assert world.sum("1999-01-01", "2000-01-01", "year", "Supplier|AT123456") == [(0, 0)]


def test_vector_6_the_value_in_force_is_that_of_the_last_instant(world: World) -> None:
    """A dated value holds from its instant, included, until the next."""
    key = world.add("one", A={"2017-04-01": "Text1", "2017-04-02": "Text2"})
    instants = ["2017-03-31T23:59:59", "2017-04-01", "2017-04-01T23:59:59", "2017-04-02"]

    values = [world.store.attribute_at(key, "A", parse(text)) for text in instants]

    assert values == [None, "Text1", "Text1", "Text2"]


def sixty_and_fifty(world: World) -> World:
    for name, value in (("one", 60), ("two", 50)):
        world.add(name, {"2017-04-01T01:00Z": value}, A={"2017-04-01": "Text1"})
    return world


def test_vector_7_two_members_add_up_and_the_unit_is_not_told(world: World) -> None:
    """Two kW series of one hour give one point without unit."""
    answer = sixty_and_fifty(world).answer(
        "2017-04-01T01:00Z", "2017-04-01T02:00Z", "hour", "A|Text1"
    )

    assert [row.isoformat() for row in answer["from"].to_pylist()] == ["2017-04-01T01:00:00+00:00"]
    assert (answer["value"].to_pylist(), answer["flag"].to_pylist()) == ([110.0], [9])
    assert answer.schema.metadata[b"interval"] == b"hour"
    assert b"unit" not in answer.schema.metadata


def test_vector_8_the_lenient_flag_rule_gives_the_same_sum(world: World) -> None:
    """With valid_if_any and the unit kW the answer of vector 7 stays."""
    sixty_and_fifty(world)
    window = ("2017-04-01T01:00Z", "2017-04-01T02:00Z", "hour")

    assert world.sum(*window, "A|Text1", unit="kW", valid_if_any=True) == [(110, 9)]


def test_vector_9_all_filters_hold_at_the_start_of_the_cell(world: World) -> None:
    """A series that matches only from the middle of an hour joins with the next one."""
    day = "2017-04-01"
    rows = [
        ("sixty", 60, "Text1", {day: "true"}),
        ("fifty", 50, "Text1", {day: "false"}),
        ("five", 5, "Text1", {"2017-04-01T01:30Z": "true"}),
        ("seven", 7, "Text2", {day: "true"}),
    ]
    for name, value, text, flags in rows:
        points = hourly("2017-04-01T01:00Z", 2, value)
        world.add(name, points, A={day: text}, Valid=flags)
    window = ("2017-04-01T01:00Z", "2017-04-01T03:00Z", "hour")

    assert world.sum(*window, "A|Text1", "Valid|True") == [(60, 9), (65, 9)]
    assert world.sum(*window, "A|Text1") == [(115, 9), (115, 9)]
    assert world.sum(*window, "Valid") == [(117, 9), (122, 9)]


DAY = ("2021-01-01", "2021-01-02", "day")


def test_vector_14_each_amount_goes_to_its_owner(world: World) -> None:
    """A change within a day divides the day's amounts."""
    points = hourly("2021-01-01", 24)
    world.add("one", points, unit="kWh", A={"2021-01-01": "X", "2021-01-01T10:00Z": "Y"})

    assert world.sum(*DAY, "A|X") == [(10, 9)]
    assert world.sum(*DAY, "A|Y") == [(14, 9)]


def test_vector_15_levels_are_averaged_over_the_union_of_time(world: World) -> None:
    """20 kW until noon beside 10 kW all day is 20 kW for the day."""
    world.add("a", hourly("2021-01-01", 24, 10), A={"2021-01-01": "X"})
    world.add("b", hourly("2021-01-01", 24, 20), A={"2021-01-01": "X", "2021-01-01T12:00Z": "Y"})

    assert world.sum(*DAY, "A|X") == [(20, 9)]


def test_vector_16_a_mean_covers_the_member_hours_only(world: World) -> None:
    """20 kW for ten member hours is 20 kW, and 200 kWh."""
    world.add("b", hourly("2021-01-01", 24, 20), A={"2021-01-01": "X", "2021-01-01T10:00Z": "Y"})

    assert world.sum(*DAY, "A|X") == [(20, 9)]
    assert world.sum(*DAY, "A|X", unit="kWh") == [(200, 9)]


def one_leap_year(world: World) -> None:
    changes = {"2000-01-01": "X", "2000-07-01": "Y"}
    world.add("one", {"2000-01-01": 366}, unit="kWh", interval="year", A=changes)


def test_vector_17_a_change_inside_one_value_changes_nothing(world: World) -> None:
    """A yearly value belongs whole to the owner at its start."""
    one_leap_year(world)
    year = ("2000-01-01", "2001-01-01", "year")

    assert world.sum(*year, "A|X") == [(366, 9)]
    assert world.sum(*year, "A|Y") == [(0, 0)]


def test_vector_18_a_finer_answer_spreads_first(world: World) -> None:
    """Months of a yearly value go to the owner at the start of each month."""
    one_leap_year(world)
    months = ("2000-01-01", "2001-01-01", "month")
    days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    assert world.sum(*months, "A|X") == [(d, 9) for d in days[:6]] + [(0, 0)] * 6
    assert world.sum(*months, "A|Y") == [(0, 0)] * 6 + [(d, 9) for d in days[6:]]


def test_vector_19_spontaneous_values_are_cut_at_attribute_changes(world: World) -> None:
    """Half an hour of 10 counts 10 on the time it covers, averaged over the hour of both."""
    world.add(
        "p", {"2021-01-01": 10}, interval="no", A={"2021-01-01": "X", "2021-01-01T00:30Z": "Y"}
    )
    world.add("q", {"2021-01-01": 4}, interval="no", A={"2021-01-01": "X"})

    assert world.sum("2021-01-01", "2021-01-01T02:00Z", "hour", "A|X") == [(9, 9), (4, 9)]


def test_vector_20_what_is_not_stored_shows_in_the_flag(world: World) -> None:
    """A member without points after noon leaves the mean and spoils the strict flag."""
    world.add("a", hourly("2021-01-01", 24, 10), A={"2021-01-01": "X"})
    world.add("c", hourly("2021-01-01", 12, 20), A={"2021-01-01": "X"})

    assert world.sum(*DAY, "A|X") == [(20, 19)]
    assert world.sum(*DAY, "A|X", valid_if_any=True) == [(20, 9)]


def test_vector_58_months_follow_the_supplier_there_and_back(world: World) -> None:
    """A series that leaves and returns counts for each supplier in its months."""
    world.add(
        "one",
        {"2020-01-01": 1, "2020-02-01": 2, "2020-03-01": 3, "2020-04-01": 4},
        unit="kWh",
        interval="month",
        S={"2020-01-01": "A", "2020-02-01": "B", "2020-04-01": "A"},
    )
    months = ("2020-01-01", "2020-05-01", "month")

    assert world.sum(*months, "S|A") == [(1, 9), (0, 0), (0, 0), (4, 9)]
    assert world.sum(*months, "S|B") == [(0, 0), (2, 9), (3, 9), (0, 0)]
    assert world.sum("2020-01-01", "2020-04-01", "quarter", "S|A") == [(1, 9)]
    assert world.sum("2020-01-01", "2020-04-01", "quarter", "S|B") == [(5, 9)]


HOUR = ("2021-01-01", "2021-01-01T01:00Z", "hour")


def both_rules(
    world: World, *points: tuple[float, int]
) -> tuple[tuple[float | None, int], tuple[float | None, int]]:
    """The sum of one-hour series with these values and flags, strict and lenient."""
    for number, point in enumerate(points):
        world.add(f"S{number}", {"2021-01-01": point}, A={"2021-01-01": "X"})
    (strict,) = world.sum(*HOUR, "A|X")
    (lenient,) = world.sum(*HOUR, "A|X", valid_if_any=True)
    return strict, lenient


def test_vector_30_a_missing_value_spoils_the_strict_flag(world: World) -> None:
    """10 beside Missing is 10, Missing by the strict rule and valid by the lenient one."""
    assert both_rules(world, (10, 9), (0, 19)) == ((10, 19), (10, 9))


def test_vector_31_accounted_ranks_as_better_than_valid(world: World) -> None:
    """Valid with Accounted stays valid."""
    assert both_rules(world, (20, 9), (20, 20)) == ((40, 9), (40, 9))


@pytest.mark.parametrize(
    ("flags", "strict", "lenient"),
    [
        ((21, 7), 7, 7),
        ((22, 7), 22, 22),
        ((12, 9), 12, 9),
        ((5, 9), 9, 9),
        ((20, 5), 5, 5),
    ],
)
def test_vector_32_the_worst_flag_wins(
    world: World, flags: tuple[int, int], strict: int, lenient: int
) -> None:
    """Priorities decide, whatever the numbers of the flags."""
    assert both_rules(world, (1, flags[0]), (1, flags[1])) == ((2, strict), (2, lenient))


def test_vector_33_without_a_valid_value_the_lenient_rule_is_strict(world: World) -> None:
    """Estimated with Manually Replaced is Estimated by both rules."""
    assert both_rules(world, (1, 21), (1, 5)) == ((2, 21), (2, 21))


QUARTERS = {
    "2021-01-01T00:00Z": (0, 19),
    "2021-01-01T00:15Z": (10, 9),
    "2021-01-01T00:30Z": (20, 9),
    "2021-01-01T00:45Z": (30, 20),
}


def test_vector_34_quarter_hours_add_up_and_keep_the_worst_flag(world: World) -> None:
    """An hour of kWh is the sum of its quarters, Missing if one is."""
    world.add("one", QUARTERS, unit="kWh", interval="15m", A={"2021-01-01": "X"})

    assert world.sum(*HOUR, "A|X") == [(60, 19)]


def test_vector_35_missing_quarters_are_left_out_of_the_mean(world: World) -> None:
    """An hour of kW is the mean of the quarters with a number."""
    world.add("one", QUARTERS, unit="kW", interval="15m", A={"2021-01-01": "X"})

    assert world.sum(*HOUR, "A|X") == [(20, 19)]


def test_vector_36_no_value_ranks_lowest(world: World) -> None:
    """NoValue beside a valid value leaves it valid."""
    assert both_rules(world, (0, 0), (1, 9)) == ((1, 9), (1, 9))


def test_vector_37_units_are_converted_or_refused(world: World) -> None:
    """kW and MW add up in a named unit only."""
    world.add("kilo", {"2021-01-01": 1500}, unit="kW", A={"2021-01-01": "X"})
    world.add("mega", {"2021-01-01": 2}, unit="MW", A={"2021-01-01": "X"})

    assert world.sum(*HOUR, "A|X", unit="MW") == [(3.5, 9)]
    assert world.sum(*HOUR, "A|X", unit="kW") == [(3500, 9)]
    with pytest.raises(UnitsDiffer) as caught:
        world.sum(*HOUR, "A|X")
    assert caught.value.fields["units"] == ["MW", "kW"]


def test_vector_38_rates_and_amounts_become_each_other(world: World) -> None:
    """4 kW for a quarter is 1 kWh, 1 kWh in a quarter 4 kW."""
    world.add("rate", {"2021-01-01": 4}, unit="kW", interval="15m", A={"2021-01-01": "R"})
    world.add("amount", {"2021-01-01": 1}, unit="kWh", interval="15m", A={"2021-01-01": "E"})
    quarter = ("2021-01-01", "2021-01-01T00:15Z", "15m")

    assert world.sum(*quarter, "A|R", unit="kWh") == [(1, 9)]
    assert world.sum(*quarter, "A|E", unit="kW") == [(4, 9)]
