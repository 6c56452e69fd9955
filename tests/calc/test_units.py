"""Conversion of units: scales, offsets, and the one step between a rate and its integral."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.calc.units import (
    IDENTITY,
    Conversion,
    NoAmounts,
    Step,
    by_name,
    conversion,
    find_unit,
    method,
)
from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import UnitNotConvertible
from tidegate.model.units import STARTER_UNITS, Unit

UNITS = by_name(STARTER_UNITS)
POWER = ["W", "kW", "MW", "GW"]
ENERGY = ["Wh", "kWh", "MWh", "GWh"]


def test_vector_37_kilowatts_and_megawatts_scale():
    """1500 kW and 2 MW are 3.5 MW, or 3500 kW."""
    assert 1500 * conversion(UNITS, "kW", "MW").scale + 2 == pytest.approx(3.5)
    assert 1500 + 2 * conversion(UNITS, "MW", "kW").scale == pytest.approx(3500)


def test_vector_38_power_becomes_energy_by_hours():
    """4 kW for a quarter of an hour are 1 kWh, and the way back is the inverse."""
    there, back = conversion(UNITS, "kW", "kWh"), conversion(UNITS, "kWh", "kW")
    assert (there.step, 4 * there.scale * 0.25) == (Step.TO_INTEGRAL, 1)
    assert (back.step, 1 * back.scale / 0.25) == (Step.TO_RATE, 4)


def test_vector_39_fahrenheit_becomes_celsius():
    """212 F are 100 °C."""
    way = conversion(UNITS, "F", "°C")
    assert 212 * way.scale + way.offset == pytest.approx(100)


@given(st.sampled_from([POWER, ENERGY, ["F", "°C"]]), st.data(), st.floats(-1e6, 1e6))
def test_there_and_back_gives_the_same_number(family, data, number):
    """Every scale conversion has its inverse."""
    source, target = data.draw(st.sampled_from(family)), data.draw(st.sampled_from(family))
    there, back = conversion(UNITS, source, target), conversion(UNITS, target, source)
    again = (number * there.scale + there.offset) * back.scale + back.offset
    assert again == pytest.approx(number, rel=1e-9, abs=1e-6)


@given(st.sampled_from(POWER), st.sampled_from(ENERGY), st.floats(0.01, 1e6))
def test_any_power_becomes_any_energy(power, energy, number):
    """An integral step goes with scale steps on either side."""
    there, back = conversion(UNITS, power, energy), conversion(UNITS, energy, power)
    assert (there.step, back.step) == (Step.TO_INTEGRAL, Step.TO_RATE)
    watt_hours = number * UNITS[power].factor * 3
    assert number * there.scale * 3 == pytest.approx(watt_hours / UNITS[energy].factor)
    assert number * there.scale * back.scale == pytest.approx(number)


@pytest.mark.parametrize("target", ["kW", "", "none"])
def test_the_same_unit_or_none_leaves_numbers_as_they_are(target):
    """No unit wanted means no conversion."""
    assert conversion(UNITS, "kW", target) == IDENTITY
    assert conversion(UNITS, "kW", target).is_identity


def test_names_are_exact_first_and_then_without_case_if_unique():
    """`KWh` means kWh; where two names differ in case only, each is itself."""
    assert find_unit(UNITS, "KWh").name == "kWh"
    both = by_name([Unit(name="mW"), Unit(name="MW")])
    assert find_unit(both, "mW").name == "mW"
    assert find_unit(both, "mw") == Unit(name="mw")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("kW", "°C"),
        ("none", "kW"),
        ("%", "none-such"),
        ("EUR", "kWh"),
        ("F", "kWh"),
        ("kWh", "EUR"),
    ],
)
def test_units_without_a_way_are_refused_by_name(source, target):
    """What cannot be converted is named with both units."""
    with pytest.raises(UnitNotConvertible, match=f"'{source}' cannot be converted to '{target}'"):
        conversion(UNITS, source, target)


def test_two_integral_steps_are_refused():
    """A rate of a rate does not become an amount at once."""
    units = by_name(
        [
            Unit(name="ramp", integral_unit="rate"),
            Unit(name="rate", integral_unit="sum"),
            Unit(name="sum"),
        ]
    )
    assert conversion(units, "ramp", "rate").step is Step.TO_INTEGRAL
    with pytest.raises(UnitNotConvertible):
        conversion(units, "ramp", "sum")


def test_a_unit_with_a_shifted_zero_has_no_integral():
    """Degrees counted from elsewhere mean nothing over time."""
    units = by_name(
        [Unit(name="odd", offset=3.0, integral_unit="odd hours"), Unit(name="odd hours")]
    )
    with pytest.raises(UnitNotConvertible):
        conversion(units, "odd", "odd hours")


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("MJ", "kWh", Conversion(0.277777777777778)),
        ("kilowatt_hour", "kWh", Conversion(1.0)),
        ("l", "m³", Conversion(0.001)),
        ("l/s", "m³/h", Conversion(3.6)),
        ("K", "°C", Conversion(1.0, -273.15)),
        ("kW", "MJ", Conversion(3.6, 0.0, Step.TO_INTEGRAL)),
        ("MJ", "kW", Conversion(0.277777777777778, 0.0, Step.TO_RATE)),
        ("kWh/m²", "MJ/m^2", Conversion(3.6)),
    ],
)
def test_common_names_are_known_beyond_the_records(source, target, expected):
    """Units that the repository has no record of convert by their usual meaning."""
    assert conversion(UNITS, source, target) == expected


def test_the_records_of_the_repository_win_over_common_names():
    """`F` is Fahrenheit here and nobody's farad."""
    with pytest.raises(UnitNotConvertible):
        conversion(UNITS, "F", "μF")


@pytest.mark.parametrize(
    "name",
    ["9**9**9", "kg*", "__import__('os')", "1.5 kW", "m^99", "a" * 5000, "((((", "m*m*m*m*m*m*m"],
)
def test_texts_that_are_no_unit_names_are_never_evaluated(name):
    """Arithmetic and code in the place of a unit convert to nothing, at once."""
    with pytest.raises(UnitNotConvertible):
        conversion(UNITS, name, "kWh")


def test_the_strongest_word_on_the_method_wins():
    """Unit, then series, then integral step, then request."""
    assert method(UNITS, "kWh", None) is Aggregation.SUM
    assert method(UNITS, "kW", None) is Aggregation.AVERAGE
    assert method(UNITS, "unheard of", None) is Aggregation.AVERAGE
    assert method(UNITS, "kW", Aggregation.MAX) is Aggregation.MAX
    step = conversion(UNITS, "kW", "kWh")
    assert method(UNITS, "kW", Aggregation.MAX, converted=step) is Aggregation.SUM
    asked = method(UNITS, "kW", None, requested=Aggregation.MIN, converted=step)
    assert asked is Aggregation.MIN


def test_stands_have_no_rate():
    """A running total in the unit of a rate is refused, unless a way to condense is asked for."""
    way = conversion(UNITS, "kWh", "kW")
    for stand in (Aggregation.AT_THE_MOMENT, Aggregation.LAST_VALUE):
        with pytest.raises(NoAmounts, match="have no rate"):
            method(UNITS, "kWh", stand, converted=way)
        assert method(UNITS, "kWh", stand, converted=conversion(UNITS, "kWh", "MWh")) is stand
        asked = method(UNITS, "kWh", stand, requested=Aggregation.MAX, converted=way)
        assert asked is Aggregation.MAX
        method(UNITS, "kW", stand, converted=conversion(UNITS, "kW", "kWh"))
