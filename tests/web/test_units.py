"""Units over REST."""

from __future__ import annotations

import pytest


def test_a_unit_as_the_manual_shows_it(max_):
    """A record has the manual's members, and numbers without needless fraction."""
    unit = max_.get("units/MW").json()
    assert unit == {
        "ID": 4,
        "Name": "MW",
        "Factor": 1000000,
        "Offset": 0,
        "BaseUnit": "W",
        "Aggregation": "AVG",
        "IntegralUnit": "MWh",
        "Description": None,
        "Category": None,
    }
    assert max_.get("units/4").json() == unit


def test_units_are_listed_by_number(max_):
    """A new repository knows the starter units, numbered from 1."""
    units = max_.get("units").json()
    assert [unit["ID"] for unit in units] == list(range(1, len(units) + 1))
    assert units[0]["Name"] == "none"


def test_names_ignore_case_where_that_is_clear(max_):
    """The exact name first, then the only one that differs in case."""
    assert max_.get("units/KWH").json()["Name"] == "kWh"
    assert max_.get("units/EUR%2FMWh").json()["Name"] == "EUR/MWh"
    max_.post("units", {"Name": "mw"})
    assert [max_.get(f"units/{name}").json()["Name"] for name in ("MW", "mw")] == ["MW", "mw"]
    answer = max_.get("units/Mw")
    assert (answer.status, answer.json()["Code"]) == (404, "UnknownUnit")


def test_a_unit_is_added_and_changed(max_):
    """POST adds under the next number, PUT changes; both say what the unit is now."""
    body = {"Name": "J", "Factor": 1 / 3600, "BaseUnit": "Wh", "Aggregation": "sum"}
    made = max_.post("units", body)
    assert made.status == 201
    assert made.headers["location"].endswith(f"/units/{made.json()['ID']}")
    assert max_.get(made.headers["location"]).json() == made.json()
    assert (made.json()["Aggregation"], made.json()["Factor"]) == ("SUM", 1 / 3600)
    changed = max_.put("units/J", body | {"Description": "joule"}).json()
    assert changed == made.json() | {"Description": "joule"}
    assert max_.get("units").json()[-1] == changed


def test_the_category_of_a_unit_is_kept(max_):
    """A category is answered as it was given, and changed or taken away by the next PUT."""
    body = {"Name": "hp", "Factor": 745.7, "BaseUnit": "W", "Category": "Power"}
    assert max_.post("units", body).json()["Category"] == "Power"
    assert max_.get("units/hp").json()["Category"] == "Power"
    assert max_.put("units/hp", body | {"Category": "Engines"}).json()["Category"] == "Engines"
    assert max_.put("units/hp", {"Name": "hp"}).json()["Category"] is None


def test_a_series_with_an_unknown_unit_creates_it(max_):
    """A unit that nobody defined is made on the fly, and behaves like none."""
    max_.post("timeseries", {"Name": "a", "Unit": "apples"})
    assert max_.get("units/apples").json()["Aggregation"] == "AVG"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"Name": "kW"}, 409),
        ({"Name": ""}, 400),
        ({}, 400),
        ({"Name": "x", "Factor": 0}, 400),
        ({"Name": "x", "Factor": "2"}, 400),
        (b'{"Name":"x","Factor":1e999}', 400),
        (b'{"Name":"x","Offset":NaN}', 400),
        ({"Name": "x", "Aggregation": "Median"}, 400),
    ],
)
def test_bad_units_are_refused(shared, body, status):
    """What cannot be a unit is refused."""
    assert shared.post("units", body).status == status
    assert shared.get("units/x").status == 404


def test_what_cannot_be_changed(max_, rita):
    """The name of a unit stays, an unknown unit is 404, and readers change nothing."""
    assert max_.put("units/kW", {"Name": "KW"}).status == 400
    assert max_.put("units/parsec", {"Name": "parsec"}).status == 404
    assert rita.put("units/kW", {"Name": "kW"}).status == 403
    assert rita.post("units", {"Name": "x"}).status == 403
