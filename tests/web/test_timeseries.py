"""Definitions of series over REST."""

from __future__ import annotations

import threading

import pytest

HOURLY = {"Value": 3, "Multiplier": 1}
PLAIN = {
    "ID": 1,
    "Name": "a",
    "Description": "",
    "Type": 1,
    "Interval": {"Value": 0, "Multiplier": 1},
    "Unit": "none",
    "TimeZone": None,
    "Aggregation": None,
    "Formula": None,
    "Audit": True,
    "Quotation": True,
    "Attributes": [],
}


def test_the_least_definition_of_the_manual(max_):
    """The manual's shortest definition makes a series; the interval is echoed as its code."""
    body = {
        "Name": "MyFirst",
        "Type": 2,
        "Interval": {"Value": "Minute", "Multiplier": 15},
        "Unit": "KWh",
    }
    answer = max_.post("timeseries", body)
    assert answer.status == 201
    assert answer.headers["location"] == "/api/repositories/main/timeseries/1"
    assert answer.json() == PLAIN | {
        "Name": "MyFirst",
        "Type": 2,
        "Interval": {"Value": 2, "Multiplier": 15},
        "Unit": answer.json()["Unit"],
    }
    assert max_.get("timeseries/1").json() == max_.get("timeseries/MyFirst").json()


def test_defaults(max_):
    """A name is enough: spontaneous without an interval, begin with one."""
    assert max_.post("timeseries", {"Name": "a"}).json() == PLAIN
    made = max_.post("timeseries", {"ID": -1, "Name": "b", "Interval": {"Value": "hour"}}).json()
    assert (made["ID"], made["Type"], made["Interval"]) == (2, 2, HOURLY)


def test_every_member_comes_back(max_):
    """A definition with all members is answered as it was sent, and serves to make it anew."""
    max_.post("attributes", {"ID": 7, "Name": "Supplier", "Type": 2})
    body = {
        "ID": 15,
        "Name": "Köln/Süd 1|x ⚡",
        "Description": "roof, 40 %",
        "Type": 3,
        "Interval": {"Value": 1, "Multiplier": 3600},
        "Unit": "kWh",
        "TimeZone": "Europe/Vienna",
        "Aggregation": "AbsMax",
        "Formula": None,
        "Audit": False,
        "Quotation": False,
        "Attributes": [{"AttributeID": 7, "Values": {"2017-04-01T00:00:00Z": "AT1"}}],
    }
    assert max_.post("timeseries", body).json() == body
    assert max_.get("timeseries/K%C3%B6ln%2FS%C3%BCd%201%7Cx%20%E2%9A%A1").json() == body
    assert max_.put("timeseries/15", body).json() == body
    max_.delete("timeseries/15")
    assert max_.post("timeseries", body).json() == body


def test_audit_and_quotation_are_kept_and_changed(max_):
    """What a definition says of its versions is answered; null makes it the default again."""
    max_.post("timeseries", {"Name": "a", "Audit": False})
    max_.put("timeseries/a", {"Quotation": False, "Description": "x"})
    found = max_.get("timeseries/a").json()
    assert (found["Audit"], found["Quotation"]) == (False, False)
    (listed,) = max_.get("timeseries?name=a").json()
    assert (listed["Audit"], listed["Quotation"]) == (False, False)
    changed = max_.put("timeseries/a", {"Audit": None, "Quotation": True}).json()
    assert (changed["Audit"], changed["Quotation"]) == (True, True)


def test_a_series_without_named_versions_takes_none(max_):
    """A named version of a series whose definition says that it has none is 409."""
    max_.post("timeseries", {"Name": "a", "Quotation": False})
    body = {"Data": [{"From": "2020-01-01", "Value": 1}]}
    answer = max_.post("timeseries/a/data?quotation=2020-01-01T06:00:00Z", body)
    assert (answer.status, answer.json()["Code"]) == (409, "TakesNoVersions")
    assert max_.post("timeseries/a/data", body).status == 200
    max_.put("timeseries/a", {"Quotation": True})
    assert max_.post("timeseries/a/data?quotation=2020-01-01T06:00:00Z", body).status == 200


def test_names_count_in_any_case(max_):
    """Members are understood in any case, unknown ones left alone, trailing commas skipped."""
    body = b'{"nAME":"a","INTERVAL":{"value":"Hour",},"Colour":"red",}'
    made = max_.post("timeseries", body).json()
    assert (made["Name"], made["Interval"]) == ("a", HOURLY)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"Name": "taken"}, 409),
        ({"Name": "b", "ID": 15}, 409),
        ({}, 400),
        ({"Name": " "}, 400),
        ({"Name": None}, 400),
        ({"Name": 5}, 400),
        ({"Name": "b", "ID": -2}, 400),
        ({"Name": "b", "ID": 2**53 + 1}, 400),
        ({"Name": "b", "ID": 10**40}, 400),
        ({"Name": "b", "ID": 1.5}, 400),
        ({"Name": "b", "Type": 9}, 400),
        ({"Name": "b", "Type": 2}, 400),
        ({"Name": "b", "Type": 1, "Interval": HOURLY}, 400),
        ({"Name": "b", "Interval": {"Value": "fortnight"}}, 400),
        ({"Name": "b", "Interval": {"Value": 3, "Multiplier": 0}}, 400),
        ({"Name": "b", "Interval": {"Value": 3, "Multiplier": 10**12}}, 400),
        ({"Name": "b", "Interval": {"Value": "Total"}}, 400),
        ({"Name": "b", "Interval": 3}, 400),
        ({"Name": "b", "TimeZone": "Europe/Nowhere"}, 400),
        ({"Name": "b", "TimeZone": "../../etc/passwd"}, 400),
        ({"Name": "b", "Aggregation": "Median"}, 400),
        ({"Name": "b", "Formula": {"whenever": "1"}}, 400),
        ({"Name": "b", "Formula": {"2020-01-01": "1 +"}}, 422),
        ({"Name": "b", "Formula": {"2020-01-01": "R1 + 1"}}, 422),
        ({"Name": "b", "Attributes": [{"AttributeID": 99}]}, 404),
        ({"Name": "b", "Attributes": [{"Values": {}}]}, 400),
    ],
)
def test_bad_definitions_are_refused(shared, body, status):
    """What cannot be a series is refused with the status of its kind; nothing is created."""
    shared.post("timeseries", {"Name": "taken", "ID": 15})
    answer = shared.post("timeseries", body)
    assert (answer.status, set(answer.json())) == (status, {"Message", "Code", "Details"})
    assert [one["Name"] for one in shared.get("timeseries").json()] == ["taken"]


def test_a_series_is_named_by_number_or_name(max_):
    """Digits mean an ID first, then a name; names are exact, wildcards are none in a path."""
    max_.post("timeseries", {"ID": 5, "Name": "five_"})
    max_.post("timeseries", {"ID": 6, "Name": "5"})
    max_.post("timeseries", {"ID": 7, "Name": "99"})
    asked = ("5", "five_", "99")
    assert [max_.get(f"timeseries/{name}").json()["ID"] for name in asked] == [5, 5, 7]
    for name in ("FIVE_", "fiv__", "five%25", "9" * 30, "0", "-1", "%00", "x" * 3000):
        answer = max_.get(f"timeseries/{name}")
        assert (answer.status, answer.json()["Code"]) == (404, "UnknownSeries")


def test_a_definition_changes(max_):
    """PUT changes the members of the body; those left out stay, null ones become the default."""
    max_.post("timeseries", {"Name": "a", "Unit": "kW", "TimeZone": "Europe/Vienna"})
    changed = max_.put("timeseries/a", {"Name": "b", "Interval": HOURLY, "TimeZone": None})
    expected = PLAIN | {"Name": "b", "Interval": HOURLY, "Type": 2, "Unit": "kW"}
    assert (changed.status, changed.json()) == (200, expected)
    assert max_.get("timeseries/b").json() == expected
    assert max_.put("timeseries/b", {"ID": 1, "Unit": None}).json()["Unit"] == "none"
    assert max_.put("timeseries/b", {"ID": 2}).status == 400
    assert max_.put("timeseries/c", {"Name": "d"}).status == 404


def test_formulas_are_dated(max_):
    """A formula maps instants to texts and comes back sorted; null makes it a stored series."""
    max_.post("timeseries", {"Name": "A", "Interval": HOURLY})
    formula = {"2020-01-01T04:00:00Z": "[A]+100", "2020-01-01T00:00:00+00:00": "[A]+10"}
    made = max_.post("timeseries", {"Name": "f", "Interval": HOURLY, "Formula": formula}).json()
    assert list(made["Formula"].items()) == [
        ("2020-01-01T00:00:00Z", "[A]+10"),
        ("2020-01-01T04:00:00Z", "[A]+100"),
    ]
    changed = max_.put("timeseries/f", {"Formula": {"2021-01-01": "1"}}).json()
    assert changed["Formula"] == {"2021-01-01T00:00:00Z": "1"}
    assert max_.put("timeseries/f", {"Formula": None}).json()["Formula"] is None


def test_a_formula_that_cannot_be_read_says_where(max_):
    """The position of the first misfit stands in the details."""
    answer = max_.post("timeseries", {"Name": "f", "Formula": {"2020-01-01": "1 + * 2"}})
    assert (answer.status, answer.json()["Code"]) == (422, "BadExpression")
    assert answer.json()["Details"]["Position"] == 4


def test_removal(max_, wanda):
    """An administrator removes a series with its data; a writer is refused."""
    max_.post("timeseries", {"Name": "a"})
    assert wanda.delete("timeseries/a").status == 403
    assert max_.delete("timeseries/a").status == 204
    assert max_.delete("timeseries/a").status == 404
    assert max_.get("timeseries").json() == []


def test_many_are_created_or_none(max_):
    """A collection is created whole; one that cannot be leaves nothing behind."""
    path = "timeseriescollections/definition"
    answer = max_.post(path, [{"Name": "a", "ID": 15}, {"Name": "b"}])
    assert answer.status == 201
    assert [(one["ID"], one["Name"]) for one in answer.json()] == [(15, "a"), (16, "b")]
    assert max_.post(path, [{"Name": "c"}, {"Name": "a"}]).status == 409
    assert max_.post(path, [{"Name": "d"}, {"Name": "d"}]).status == 409
    assert max_.post(path, []).json() == []
    assert len(max_.get("timeseries").json()) == 2


def test_many_are_changed_or_none(max_):
    """A collection is changed whole, each series named by ID or else by name."""
    path = "timeseriescollections/definition"
    max_.post("attributes", {"ID": 7, "Name": "Supplier", "Type": 2})
    max_.post(path, [{"Name": "a", "ID": 15}, {"Name": "b"}])
    given = [{"AttributeID": 7, "Values": {"2020-01-01T00:00:00Z": "X"}}]
    changes = [{"ID": 15, "Name": "A"}, {"Name": "b", "Unit": "kW", "Attributes": given}]
    answer = max_.put(path, changes)
    assert answer.status == 200
    assert [one["Name"] for one in answer.json()] == ["A", "b"]
    assert answer.json()[1]["Attributes"] == given
    for bad, status in (
        ([{"ID": 15, "Name": "x"}, {"Name": "c", "Unit": "MW"}], 404),
        ([{"ID": 15, "Name": "x"}, {"ID": 15, "Unit": "MW"}], 400),
        ([{"ID": 15, "Name": "x"}, {"Unit": "MW"}], 400),
        ([{"ID": 15, "Name": "b"}], 409),
        ([{"ID": 15, "Name": "x", "Attributes": [{"AttributeID": 8}]}], 404),
    ):
        assert max_.put(path, bad).status == status
    assert max_.get("timeseries/15").json()["Name"] == "A"


def test_two_who_create_the_same_at_once(service, max_):
    """Of two requests for one name, one creates it and the other is told that it is taken."""
    from tests.web.conftest import Caller

    statuses: list[int] = []
    start = threading.Barrier(2)

    def create() -> None:
        caller = Caller(service)
        caller.get("timeseries")
        start.wait()
        statuses.append(caller.post("timeseries", {"Name": "a"}).status)
        caller.close()

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409]
    assert len(max_.get("timeseries").json()) == 1
