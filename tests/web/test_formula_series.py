"""Formula series over REST: aliases, circles, and what they keep from going."""

from __future__ import annotations

import pytest

HOURLY = {"Value": 3, "Multiplier": 1}


@pytest.fixture
def caller(max_):
    """An administrator of a service with the hourly series 1 `A` and 2 `Main meter`."""
    for name in ("A", "Main meter"):
        max_.post("timeseries", {"Name": name, "Interval": HOURLY})
        points = [{"From": "2020-01-01T00:00:00Z", "Value": 7}]
        max_.post(f"timeseries/{name.replace(' ', '%20')}/data", {"Data": points})
    return max_


def define(caller, name, text, **more):
    body = {"Name": name, "Interval": HOURLY, "Formula": {"1970-01-01": text}, **more}
    return caller.post("timeseries", body)


def value(caller, name):
    answer = caller.get(f"timeseries/{name}/data?from=2020-01-01&to=2020-01-01T01:00")
    return answer.json()["Data"][0]["Value"]


def test_aliases_are_set_and_shown(caller):
    """Names in a formula stand for IDs or names of series; the answer has the IDs."""
    made = define(caller, "f", "R1+2*R2", Aliases={"R1": 1, "R2": "Main meter"})
    assert made.status == 201
    assert made.json()["Aliases"] == {"R1": 1, "R2": 2}
    assert caller.get("timeseries/f").json() == made.json()
    assert caller.get("timeseries?name=f").json() == [made.json()]
    assert value(caller, "f") == 21


def test_aliases_are_changed_alone_or_stay(caller):
    """Without `Aliases` a changed text keeps those there are; given, they replace all."""
    define(caller, "f", "R1", Aliases={"R1": 1})
    text = {"1970-01-01T00:00:00Z": "R1*3"}
    assert caller.put("timeseries/f", {"Formula": text}).json()["Aliases"] == {"R1": 1}
    changed = caller.put("timeseries/f", {"Aliases": {"R1": 2}}).json()
    assert (changed["Aliases"], changed["Formula"]) == ({"R1": 2}, text)
    assert caller.put("timeseries/f", changed).json() == changed
    refused = caller.put("timeseries/f", {"Aliases": {}})
    assert (refused.status, refused.json()["Code"]) == (422, "BadExpression")
    bare = caller.put("timeseries/f", {"Formula": {"1970-01-01": "1"}, "Aliases": None}).json()
    assert "Aliases" not in bare


def test_bad_aliases_are_refused(caller):
    """An alias of an unknown series, without a formula, or that is no name in it."""
    assert define(caller, "f", "R1", Aliases={"R1": 99}).status == 404
    assert define(caller, "f", "R2", Aliases={"R1": 1}).status == 422
    assert caller.post("timeseries", {"Name": "f", "Aliases": {"R1": 1}}).status == 400
    assert caller.get("timeseries/f").status == 404


def test_a_circle_is_refused_when_it_is_defined(caller):
    """422 with the chain and the position; the definition stays as it was."""
    define(caller, "a", "1")
    define(caller, "b", "[a]")
    define(caller, "c", "[b]")
    before = caller.get("timeseries/a").json()
    answer = caller.put("timeseries/a", {"Formula": {"1970-01-01": "2*[c]"}})
    assert answer.status == 422
    assert "a → c → b → a" in answer.json()["Message"]
    assert isinstance(answer.json()["Details"]["Position"], int)
    assert caller.get("timeseries/a").json() == before


def test_what_a_formula_names_stays(caller):
    """Removing or renaming a series that a text mentions is 409 and names the formula's series."""
    define(caller, "f", "[A]+[2]")
    for answer in (
        caller.delete("timeseries/A"),
        caller.delete("timeseries/2"),
        caller.put("timeseries/A", {"Name": "B"}),
    ):
        assert (answer.status, answer.json()["Code"]) == (409, "InUse")
        assert "'f'" in answer.json()["Message"]
    assert caller.put("timeseries/2", {"Name": "Meter"}).status == 200
    assert caller.delete("timeseries/f").status == 204
    assert caller.delete("timeseries/A").status == 204
