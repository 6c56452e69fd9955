"""Calculations on a real store: the numbered vectors, answers, leaves, dated formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.calc.world import World, hourly

from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import (
    BadExpression,
    BadValue,
    NotFound,
    TooMuch,
    UnitNotConvertible,
    UnitsDiffer,
)
from tidegate.model.instants import HOUR, parse, to_text
from tidegate.model.intervals import parse_interval
from tidegate.model.series import Formula
from tidegate.model.windows import Window
from tidegate.services.calculating import CalculationRequest, calculate
from tidegate.services.reading import read
from tidegate.store.messages import SeriesSelection, Version

if TYPE_CHECKING:
    import pyarrow as pa

    from tidegate.model.series import Series
    from tidegate.store.local import LocalStore

Rows = list[tuple[Any, int]]


@pytest.fixture
def world(store: LocalStore) -> World:
    return World(store)


def points(values: list[Any], start: str = "2020-01-01") -> dict[str, Any]:
    """One value an hour; None leaves one out."""
    begin = parse(start)
    return {
        to_text(begin + place * HOUR): value
        for place, value in enumerate(values)
        if value is not None
    }


def table(world: World, formula: str, start: str, end: str, **options: Any) -> pa.Table:
    version = options.pop("version", Version())
    for name in ("interval", "calculation_interval"):
        if name in options:
            options[name] = parse_interval(options[name])
    request = CalculationRequest(
        formula=formula, window=Window(parse(start), parse(end)), **options
    )
    return calculate(world.store, request, version=version)


def rows(answer: pa.Table) -> Rows:
    return [
        (None if row["value"] is None else float(f"{row['value']:.9g}"), row["flag"])
        for row in answer.to_pylist()
    ]


def calc(world: World, formula: str, hours: int = 1, **options: Any) -> Rows:
    """Value and flag of each of some hours from 2020-01-01."""
    options.setdefault("calculation_interval", "hour")
    end = to_text(parse("2020-01-01") + hours * HOUR)
    return rows(table(world, formula, "2020-01-01", end, **options))


def refusal(world: World, formula: str, **options: Any) -> BadExpression:
    with pytest.raises(BadExpression) as caught:
        calc(world, formula, **options)
    return caught.value


def series(world: World, name: str) -> Series:
    (found,) = world.store.find_series(SeriesSelection(keys=(world.keys[name],)))
    return found


def read_rows(world: World, name: str, start: str, end: str, **options: Any) -> Rows:
    if "interval" in options:
        options["interval"] = parse_interval(options["interval"])
    found = read(world.store, [series(world, name)], parse(start), parse(end), **options)
    return rows(found)


# ---- vectors ------------------------------------------------------------------------------------


def test_vector_8_a_calculation_gives_the_body_of_the_sum(world: World) -> None:
    """TSAA over two kW series is 110, valid, and its unit is not told."""
    for name, value in (("one", 60), ("two", 50)):
        world.add(name, {"2017-04-01T01:00Z": value}, A={"2017-04-01": "Text1"})
    window = ("2017-04-01T01:00Z", "2017-04-01T02:00Z")
    answer = table(world, 'TSAA("kW","TRUE","A|Text1")', *window, calculation_interval="hour")
    summed = world.answer(*window, "hour", "A|Text1")

    assert answer.equals(summed, check_metadata=True)
    assert rows(answer) == [(110, 9)]
    assert b"unit" not in answer.schema.metadata


def test_vector_20_one_valid_value_is_enough_where_asked(world: World) -> None:
    """A sum with missing cells is missing, unless the call says TRUE."""
    world.add("a", hourly("2021-01-01", 24, 10), A={"2021-01-01": "X"})
    world.add("c", hourly("2021-01-01", 12, 20), A={"2021-01-01": "X"})
    day = ("2021-01-01", "2021-01-02")

    strict = table(world, 'TSAA("kW",FALSE,"A|X")', *day, calculation_interval="day")
    lenient = table(world, 'TSAA("kW","true","A|X")', *day, calculation_interval="day")
    assert (rows(strict), rows(lenient)) == ([(20, 19)], [(20, 9)])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("3 + 5 * 2", 13),
        ("(3 + 5) * 2", 16),
        ("2^3^2", 64),
        ("-2^2", -4),
        ("2^-2", 0.25),
        ("-7 Mod 3", -1),
        ("2*3 Mod 4", 2),
        ("2+3*4^2/8 Mod 5", 3),
    ],
)
def test_vector_41_operators_bind_as_in_visual_basic(
    world: World, formula: str, value: float
) -> None:
    """Powers group to the left, signs bind weaker than powers, Mod weaker than products."""
    assert calc(world, formula) == [(value, 9)]


def test_vector_42_each_step_takes_the_text_then_in_force(world: World) -> None:
    """A formula of two texts changes from one to the other at its instant."""
    world.add("A", points([1, 2, 3, 4, 5]))
    world.add("B", points([100, 200, 300, 400, 500]))
    dated = {int(parse("2020-01-01")): "[A]+10", int(parse("2020-01-01T04:00")): "[B]+100"}
    world.add("F", formula=Formula(dated=dated))
    window = ("2020-01-01", "2020-01-01T05:00")

    assert read_rows(world, "F", *window) == [(11, 9), (12, 9), (13, 9), (14, 9), (600, 9)]
    assert read_rows(world, "F", "2019-12-31T23:00", "2020-01-01T01:00") == [(0, 0), (11, 9)]


def test_vector_43_a_sum_leaves_missing_numbers_out(world: World) -> None:
    """Two of three make a sum that is flagged missing."""
    for name, values in (("one", [11, 11]), ("two", [5.3, None]), ("three", [2.2, 2.2])):
        world.add(name, points(values))
    aliases = {"R1": "one", "R2": "two", "r3": world.keys["three"]}

    assert calc(world, "R1+R2+R3", 2, aliases=aliases) == [(18.5, 9), (13.2, 19)]


def test_vector_44_a_product_needs_all_numbers(world: World) -> None:
    """A product with a missing factor is missing: 0, or null where asked."""
    world.add("one", points([11]))
    world.add("two")
    aliases = {"R1": "one", "R2": "two"}

    assert calc(world, "R1*R2", aliases=aliases) == [(0, 19)]
    assert calc(world, "R1*R2", aliases=aliases, missing_as_null=True) == [(None, 19)]


def test_vector_45_a_division_by_zero_is_faulty(world: World) -> None:
    """It shows 0 with flag 7."""
    world.add("A", points([1]))

    assert calc(world, "[A]/0") == [(0, 7)]


def test_vector_46_the_flag_is_that_of_condition_and_chosen_branch(world: World) -> None:
    """The branch that is not chosen does not count."""
    world.add("A", points([3, 6]))
    world.add("B", points([(8, 21)]))

    assert calc(world, "If([A]>5,[A],[B])", 2) == [(8, 21), (6, 9)]


def test_vector_47_a_shift_looks_back_as_far_as_it_has_to(world: World) -> None:
    """The value one step earlier; before the first there is none."""
    world.add("A", points([1, 2, 3, 4]))

    assert calc(world, "Shift([A],1)", 4) == [(0, 19), (1, 9), (2, 9), (3, 9)]
    after = table(world, "Shift([A],1)", "2020-01-01T03:00", "2020-01-01T05:00")
    assert rows(after) == [(3, 9), (4, 9)]


def test_vector_48_a_shift_by_days_follows_the_clock(world: World) -> None:
    """A time that the day before did not have gives the first instant after the gap."""
    world.add("A", points(list(range(72)), "2021-03-27"))
    formula = 'Shift([A],1,"Day")'

    def at(hour: str) -> Rows:
        end = to_text(parse(hour) + HOUR)
        return rows(table(world, formula, hour, end, zone="Europe/Vienna"))

    assert at("2021-03-28T01:00:00Z") == [(2, 9)]
    assert at("2021-03-29T00:00:00Z") == [(25, 9)]


def test_vector_49_a_resampled_value_holds_over_its_bucket(world: World) -> None:
    """The share of the day's maximum at noon, from a window of one hour."""
    world.add("A", points(list(range(1, 25))))
    formula = '[A]/Resample([A],"Day",1,"Max")'

    answer = table(world, formula, "2020-01-01T11:00", "2020-01-01T12:00")
    assert rows(answer) == [(0.5, 9)]


def test_vector_50_the_first_number_there_is_counts(world: World) -> None:
    """A replacement value keeps its own flag."""
    world.add("A")
    world.add("B", points([(7, 21)]))

    assert calc(world, "Coalesce([A],[B])") == [(7, 21)]


@pytest.mark.parametrize(
    ("formula", "position"), [("1<2<3", 3), ("R1 R2", 3), ('TSAA("a"', 8), ("[A", 2)]
)
def test_vector_51_syntax_errors_say_where(world: World, formula: str, position: int) -> None:
    """What is no formula is refused with 422 and a position."""
    error = refusal(world, formula)

    assert (error.position, error.http_status) == (position, 422)
    assert error.fields["position"] == position


# ---- answers ------------------------------------------------------------------------------------


def test_the_answer_may_have_a_coarser_raster(world: World) -> None:
    """A result without unit is averaged, unless the unit or the request says otherwise."""
    world.add("A", points([1, 2, 3, 4]), unit="kWh")
    window = ("2020-01-01", "2020-01-01T04:00")

    assert rows(table(world, "[A]*1", *window, interval="2h")) == [(1.5, 9), (3.5, 9)]
    assert rows(table(world, "[A]*1", *window, interval="2h", unit="kWh")) == [(3, 9), (7, 9)]
    assert rows(table(world, "[A]*1", *window, interval="total", aggregation=Aggregation.MAX)) == [
        (4, 9)
    ]


def test_the_answer_names_its_raster_zone_and_wanted_unit(world: World) -> None:
    """The unit is told only where the request names one."""
    world.add("A", points([1]), unit="kW")
    day = ("2020-01-01", "2020-01-01T01:00")
    wanted = table(world, "[A]", *day, unit="mw", zone="Europe/Vienna").schema.metadata

    assert wanted == {b"zone": b"Europe/Vienna", b"interval": b"hour", b"unit": b"MW"}
    assert b"unit" not in table(world, "[A]", *day).schema.metadata


def test_the_unit_asked_for_converts_values_that_have_one(world: World) -> None:
    """Kilowatts become megawatts or kilowatt hours; metres cannot be had of them."""
    world.add("A", points([1500]), unit="kW")

    assert calc(world, "[A]", unit="MW") == [(1.5, 9)]
    assert calc(world, "[A]", unit="kWh", calculation_interval="15m") == [(375, 9)] * 4
    with pytest.raises(UnitNotConvertible):
        calc(world, "[A]", unit="m³")


def test_buckets_at_the_ends_are_computed_in_full(world: World) -> None:
    """A window inside an hour gives the whole hour."""
    world.add("A", points([1, 2]))

    found = table(world, "[A]", "2020-01-01T00:30", "2020-01-01T01:30")
    assert rows(found) == [(1, 9), (2, 9)]


def test_an_empty_window_gives_an_empty_answer(world: World) -> None:
    """The columns are there, without rows."""
    world.add("A", points([1, 2]))
    found = table(world, "[A]", "2020-01-01", "2020-01-01")

    assert found.column_names == ["from", "value", "flag"]
    assert found.num_rows == 0


def test_the_raster_is_the_coarsest_of_the_series_unless_given(world: World) -> None:
    """Quarter hours and days are calculated by day; constants need an interval."""
    world.add("quarter", points([1]), interval="15m")
    world.add("day", points([24]), interval="day", unit="kWh")
    day = ("2020-01-01", "2020-01-02")

    assert table(world, "[quarter]+[day]", *day).num_rows == 1
    with pytest.raises(BadValue, match="calculation interval"):
        table(world, "1", *day)
    with pytest.raises(BadValue):
        table(world, "1", *day, calculation_interval="no")


# ---- leaves -------------------------------------------------------------------------------------


def test_references_name_series_by_id_name_or_quoted_name(world: World) -> None:
    """Digits are an id first, then a name; quotes hold any name."""
    world.add("A, B]", points([1]))
    world.add("7", points([2]))
    number = series(world, "A, B]").id

    assert calc(world, '["A, B]"]') == [(1, 9)]
    assert calc(world, f"[{number}]+[7]*10") == [(21, 9)]
    assert calc(world, 'TS("7")') == [(2, 9)]


def test_references_carry_unit_and_method(world: World) -> None:
    """Both beat those of the series."""
    world.add("A", points([(1000), 3000]), unit="kW")
    two_hours = {"calculation_interval": "2h"}

    assert calc(world, "[A, , MW]", 2, **two_hours) == [(2, 9)]
    assert calc(world, "[A,5,MW,Max]", 2, **two_hours) == [(3, 9)]
    assert calc(world, "[A,,kWh]", 2, **two_hours) == [(4000, 9)]
    assert calc(world, 'TS("A","MW","Min")', 2, **two_hours) == [(1, 9)]


def test_an_unknown_series_is_refused_where_it_stands(world: World) -> None:
    """A name that could be a pattern is not one."""
    world.add("A1", points([1]))

    assert refusal(world, "1 + [A_]").position == 4
    assert "'A_'" in refusal(world, "1 + [A_]").message
    assert refusal(world, "1 + R9", aliases={"R1": "A1"}).position == 4


def test_aliases_are_names_of_one_series(world: World) -> None:
    """An alias may not be a function, nor stand for several series."""
    world.add("A1", points([1]))
    world.add("A2", points([1]))

    with pytest.raises(BadValue):
        calc(world, "1", aliases={"Max": "A1"})
    with pytest.raises(BadValue):
        calc(world, "X", aliases={"X": "A%"})
    with pytest.raises(NotFound):
        calc(world, "X", aliases={"X": "B"})


def test_sums_over_attributes_mix_with_everything(world: World) -> None:
    """A sum by attribute is one operand among others."""
    world.add("a", points([1, 2]), Site={"2020-01-01": "X"}, Tag={"2020-01-01": "yes"})
    world.add("b", points([10, 20]), Site={"2020-01-01": "X"})
    world.add("c", points([100, 200]), Site={"2020-01-01": "Y"})

    assert calc(world, 'TSAA("W","FALSE","Site|x") / 1000 + [c]', 2) == [(111, 9), (222, 9)]
    assert calc(world, 'TSAA("","FALSE","Site|X","Tag|YES")', 2) == [(1, 9), (2, 9)]
    assert calc(world, 'TSCA("kW","FALSE","Tag")', 2) == [(1, 9), (2, 9)]
    assert calc(world, 'TSAA("kW","FALSE","Site|Z")') == [(0, 0)]
    assert calc(world, 'Shift(TSAA("kW","FALSE","Site|X"),1)', 3)[1:] == [(11, 9), (22, 9)]


def test_sums_never_add_different_units_silently(world: World) -> None:
    """Without a unit in the call the members must have one unit."""
    world.add("a", points([1]), Site={"2020-01-01": "X"})
    world.add("b", points([1]), unit="MW", Site={"2020-01-01": "X"})

    assert calc(world, 'TSAA("kW","FALSE","Site|X")') == [(1001, 9)]
    with pytest.raises(UnitsDiffer):
        calc(world, 'TSAA("none","FALSE","Site|X")')
    with pytest.raises(NotFound):
        calc(world, 'TSAA("kW","FALSE","Nothing|X")')


def test_attributes_give_numbers_in_time(world: World) -> None:
    """The number in force at the start of the step; what is no number gives none."""
    factor = {"2020-01-01T01:00Z": "0.5", "2020-01-01T02:00Z": "half", "2020-01-01T03:00Z": " 2 "}
    world.add("A", points([10, 10, 10, (10, 21)]), Factor=factor)

    assert calc(world, '[A]*Attr([A],"factor")', 4) == [(0, 0), (5, 9), (0, 0), (20, 21)]
    assert calc(world, 'Attr(X,"Factor")', 2, aliases={"X": "A"}) == [(0, 0), (0.5, 9)]
    with pytest.raises(NotFound):
        calc(world, 'Attr([A],"Faktor")')


# ---- formula series -----------------------------------------------------------------------------


def formula_series(world: World, name: str, text: str, **options: Any) -> None:
    aliases = options.pop("aliases", {})
    world.add(name, formula=Formula(text=text, aliases=aliases), **options)


def test_formula_series_are_read_in_any_raster_and_unit(world: World) -> None:
    """They are converted by the unit and method of the series."""
    world.add("A", points([1, 2, 3, 4]), unit="kWh")
    formula_series(world, "F", "[A]*2", unit="kWh")
    window = ("2020-01-01", "2020-01-01T04:00")

    assert read_rows(world, "F", *window, interval="2h") == [(6, 9), (14, 9)]
    assert read_rows(world, "F", *window, interval="4h", unit="MWh") == [(0.02, 9)]
    assert read_rows(world, "F", *window, interval="2h", aggregation=Aggregation.MAX) == [
        (4, 9),
        (8, 9),
    ]


def test_formula_series_convert_results_to_their_unit(world: World) -> None:
    """A result in kWh of a series in MWh is converted, one without unit is taken as it is."""
    world.add("A", points([1000]), unit="kWh")
    formula_series(world, "F", "[A]", unit="MWh")
    formula_series(world, "G", "[A]*1", unit="MWh")
    hour = ("2020-01-01", "2020-01-01T01:00")

    assert (read_rows(world, "F", *hour), read_rows(world, "G", *hour)) == ([(1, 9)], [(1000, 9)])


def test_a_partial_sum_stays_a_number_in_everything_above(world: World) -> None:
    """Reading, summing and referring to a formula series keep its missing partial sums."""
    world.add("A", points([1, 1]))
    world.add("B", points([2, None]))
    formula_series(world, "F", "[A]+[B]", Site={"2020-01-01": "X"})
    formula_series(world, "G", "[F]*10")
    window = ("2020-01-01", "2020-01-01T02:00")

    assert read_rows(world, "F", *window) == [(3, 9), (1, 19)]
    assert read_rows(world, "G", *window) == [(30, 9), (10, 19)]
    assert world.sum(*window, "hour", "Site|X") == [(3, 9), (1, 19)]
    assert calc(world, 'TSAA("kW","FALSE","Site|X")', 2) == [(3, 9), (1, 19)]


def test_formula_series_look_around_beyond_what_is_read(world: World) -> None:
    """The first hour read knows the hour before."""
    world.add("A", points([1, 2, 3, 4]))
    formula_series(world, "F", "Shift([A],1)")
    formula_series(world, "G", "Shift([F],1)")

    found = read_rows(world, "G", "2020-01-01T02:00", "2020-01-01T03:00")
    assert found == [(1, 9)]


def test_formula_series_are_read_whole_without_a_window(world: World) -> None:
    """Everything stored below them says from when to when."""
    world.add("A", points([1, 2, 3]), Site={"2020-01-01": "X"})
    formula_series(world, "F", 'TSAA("kW","FALSE","Site|X")')
    formula_series(world, "G", "[F]+1")

    assert rows(read(world.store, [series(world, "G")])) == [(2, 9), (3, 9), (4, 9)]


def test_formulas_of_both_languages_refer_to_one_another(world: World) -> None:
    """A virtual meter may add a formula, and a formula a virtual meter."""
    world.add("A", points([1, 2]))
    formula_series(world, "F", "[A]*2")
    key = world.keys["F"]
    world.add("V", formula=Formula(text="f+1", language="dcs", aliases={"f": key}))
    formula_series(world, "G", "v*10", aliases={"V": world.keys["V"]})

    found = read_rows(world, "G", "2020-01-01", "2020-01-01T02:00")
    assert found == [(30, 9), (50, 9)]


def test_beliefs_reach_the_leaves(world: World) -> None:
    """A calculation as of an earlier instant takes readings, attributes and formulas of then."""
    from tidegate.model.instants import now

    world.add("A", points([1]))
    formula_series(world, "F", "[A]*2")
    before = now()
    world.write("A", points([5]))

    assert calc(world, "[F]") == [(10, 9)]
    assert calc(world, "[F]", version=Version(as_of=before)) == [(2, 9)]


@pytest.mark.parametrize("second", ["[first]", 'TSAA("kW","FALSE","Site|X")', "v"])
def test_circles_are_refused_with_their_chain(world: World, second: str) -> None:
    """Three series in a circle are named in order, through references, sums and virtual meters."""
    formula_series(world, "third", "1 + [second]")
    formula_series(world, "first", "[third]", Site={"2020-01-01": "X"})
    key = world.keys["first"]
    world.add("V", formula=Formula(text="f", language="dcs", aliases={"f": key}))
    formula_series(world, "second", second, aliases={"v": world.keys["V"]})
    error = refusal(world, "2 * [first]")
    through = " → V" if second == "v" else ""

    assert f"first → third → second{through} → first" in error.message
    assert error.http_status == 422


def test_a_formula_may_not_refer_to_itself(world: World) -> None:
    """The shortest circle is one too."""
    formula_series(world, "F", "[F]+1")

    assert "F → F" in refusal(world, "[F]").message


def test_long_chains_are_refused(world: World) -> None:
    """Formulas refer to one another 32 deep at most."""
    world.add("F0", points([1]))
    for level in range(1, 41):
        formula_series(world, f"F{level}", f"[F{level - 1}]")

    assert calc(world, "[F31]") == [(1, 9)]
    assert "32 formulas" in refusal(world, "[F40]").message


def test_shared_formulas_are_calculated_once(world: World) -> None:
    """A ladder in which each formula takes the two before it does not take for ever."""
    world.add("F0", points([1] * 40))
    world.add("F1", points([1] * 40))
    for level in range(2, 29):
        formula_series(world, f"F{level}", f"[F{level - 1}]+[F{level - 2}]")

    assert calc(world, "[F28]") == [(514229, 9)]


# ---- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        "1",
        "[A]",
        "Shift([A],9999999)",
        'Shift([A],100000,"Year")',
        'Shift(Shift([A],9000,"Year"),9000,"Year")',
        "MovingAvg([A],9999999)",
    ],
)
def test_too_much_is_refused_before_any_work(world: World, formula: str) -> None:
    """A thousand years in seconds, and functions that look as far, are refused."""
    world.add("A", points([1]))

    with pytest.raises(TooMuch):
        table(world, formula, "1020-01-01", "2020-01-01", calculation_interval="second")
