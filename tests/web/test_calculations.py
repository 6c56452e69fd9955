"""Ad-hoc calculations over REST."""

from __future__ import annotations

from urllib.parse import quote

import pytest

HOURLY = {"Value": 3, "Multiplier": 1}
DAY = "from=2020-01-01T00:00:00Z&to=2020-01-01T03:00:00Z"


@pytest.fixture(scope="module")
def world(shared):
    """A = 1, 2, 3 and B = 10, -, 30 kW, hourly from 2020 on; f = A + 100; a, b, c in a circle."""
    for number, name, values in ((1, "A", [1, 2, 3]), (2, "B", [10, None, 30])):
        shared.post("timeseries", {"ID": number, "Name": name, "Interval": HOURLY, "Unit": "kW"})
        points = [
            {"From": f"2020-01-01T{hour:02}:00:00Z", "Value": value}
            for hour, value in enumerate(values)
        ]
        shared.post(f"timeseries/{name}/data", {"Data": points})
    circle = 'TSAA("","TRUE","Site|X")'  # shows only when it is calculated
    for name, text in (("f", "[A]+100"), ("c", circle), ("b", "[c]"), ("a", "[b]")):
        shared.post(
            "timeseries", {"Name": name, "Interval": HOURLY, "Formula": {"1970-01-01": text}}
        )
    shared.post("attributes", {"ID": 1, "Name": "Site", "Type": 2})
    shared.post("timeseries/a/attributes", {"AttributeID": 1, "Values": {"2000-01-01": "X"}})
    return shared


def calculated(caller, formula, more="", calculation="&calculationInterval=3"):
    return caller.get(f"calculations?{DAY}&formula={quote(formula)}{calculation}{more}")


def values(answer):
    assert answer.status == 200, answer.body
    return [(point["Value"], point["Flag"]) for point in answer.json()["Data"]]


def test_get(world):
    """A formula is calculated on its raster; the answer has the form of data, its unit null."""
    assert calculated(world, "[A]+[B]").json() == {
        "Interval": HOURLY,
        "Unit": None,
        "Data": [
            {"From": "2020-01-01T00:00:00Z", "Value": 11, "Flag": 9},
            {"From": "2020-01-01T01:00:00Z", "Value": 2, "Flag": 19},
            {"From": "2020-01-01T02:00:00Z", "Value": 33, "Flag": 9},
        ],
    }


def test_the_raster_may_be_that_of_the_series(world):
    """Without a calculation interval the coarsest one of the series counts; without any, 400."""
    assert values(calculated(world, "[A]*2", calculation="")) == [(2, 9), (4, 9), (6, 9)]
    assert calculated(world, "1+1", calculation="").status == 400


def test_a_coarser_answer(world):
    """The result can be read out on a coarser raster, in a unit, by a method."""
    day = calculated(world, "[A]*1", "&interval=Total")
    assert day.json()["Interval"] == {"Value": 10, "Multiplier": 1}
    assert values(day) == [(2, 9)]
    assert values(calculated(world, "[A]*1", "&interval=10&aggregation=sum")) == [(6, 9)]
    in_kwh = calculated(world, "[A]*1", "&interval=10&unit=kWh")
    assert (in_kwh.json()["Unit"], values(in_kwh)) == ("kWh", [(6, 9)])


def test_aliases(world):
    """Names in a formula stand for series by number or name."""
    answer = calculated(world, "R1+R2", "&alias=R1:1&alias=R2:B")
    assert values(answer) == [(11, 9), (2, 19), (33, 9)]
    assert calculated(world, "R1+R2", "&alias=R1:1").status == 422
    assert calculated(world, "R1", "&alias=R1:nobody").status == 404
    assert calculated(world, "R1", "&alias=R1").status == 400


def test_post(world):
    """The same in a body, in which a plus needs no escape."""
    body = {
        "From": "2020-01-01T00:00:00Z",
        "To": "2020-01-01T03:00:00Z",
        "Formula": "R1+R2",
        "CalculationInterval": {"Value": "hour"},
        "Aliases": {"R1": 1, "R2": "B"},
        "MissingAsNull": True,
    }
    answer = world.post("calculations", body)
    assert values(answer) == [(11, 9), (2, 19), (33, 9)]
    total = world.post("calculations", body | {"Interval": {"Value": 10}, "Aggregation": "Max"})
    assert values(total) == [(33, 19)]
    assert values(world.post("calculations", body | {"Formula": "[B]*1"}))[1] == (None, 19)
    for bad, status in (
        ({"Formula": 5}, 400),
        ({"From": None}, 400),
        ({"To": "1999-01-01"}, 400),
        ({"CalculationInterval": {"Value": 0}}, 400),
        ({"Interval": {"Value": 0}}, 400),
        ({"TimeZone": "Nowhere"}, 400),
        ({"DayStart": "25:00"}, 400),
        ({"Aggregation": "Median"}, 400),
        ({"Unit": "parsec"}, 400),
        ({"Formula": "1 +"}, 422),
    ):
        assert world.post("calculations", body | bad).status == status, bad


def test_a_lost_plus_is_explained(world):
    """A plus that was not escaped arrives as a space; the answer says how to send it."""
    answer = world.get(f"calculations?{DAY}&calculationInterval=3&formula=[A]+[B]")
    assert (answer.status, answer.json()["Code"]) == (422, "BadExpression")
    assert "%2B" in answer.body.decode()
    assert answer.json()["Details"]["Position"] == 4


@pytest.mark.parametrize("formula", ["1<2<3", "R1 R2", 'TSAA("a"', "[A", "Nope(1)", "()" * 5000])
def test_vector_51(world, formula):
    """What is no formula is 422 with the position of the first misfit."""
    answer = calculated(world, formula)
    assert answer.status == 422
    assert isinstance(answer.json()["Details"]["Position"], int)


def test_a_circle_of_three_is_refused(world):
    """Series that refer to one another in a circle are 422 with the chain."""
    for answer in (
        calculated(world, "[a]*1"),
        world.get(f"timeseries/a/data?{DAY}"),
        world.get(f"timeseriescollections/data/sum?{DAY}&interval=3&name=a"),
    ):
        assert answer.status == 422
        assert all(name in answer.json()["Message"] for name in "abc")


def test_a_formula_series_is_a_series(world):
    """A series that is a formula is read, calculated with and summed like a stored one."""
    expected = [(101, 9), (102, 9), (103, 9)]
    assert values(world.get(f"timeseries/f/data?{DAY}")) == expected
    assert values(calculated(world, "[f]*1")) == expected
    summed = world.get(f"timeseriescollections/data/sum?{DAY}&interval=3&name=f")
    assert values(summed) == expected
    assert world.post("timeseries/f/data", {"Data": []}).status == 409


@pytest.mark.parametrize("query", ["", "from=2020-01-01", "to=2020-01-01"])
def test_both_ends_are_required(world, query):
    """A calculation without beginning or end is 400, as is one without a formula."""
    assert world.get(f"calculations?formula=1&calculationInterval=3&{query}").status == 400
    assert world.get(f"calculations?{DAY}&calculationInterval=3").status == 400


def test_a_thousand_years_of_seconds(world):
    """A range of too many points is refused before any work is done."""
    years = "from=1500-01-01&to=2500-01-01"
    for path in (
        f"calculations?{years}&formula=1&calculationInterval=1",
        f"timeseries/A/data?{years}&interval=1",
        f"timeseriescollections/data/sum?{years}&interval=second&name=A",
        f"timeseriescollections/data?{years}&interval=PT1S&name=A",
        f"calculations?{years}&formula=1&calculationInterval=9",
        f"calculations?{years}&formula=1&calculationInterval=8&interval=1",
    ):
        answer = world.get(path)
        assert (answer.status, answer.json()["Code"]) == (413, "TooMuch")
