"""Search for series over REST."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def many(shared):
    """Five series, three of them with attributes."""
    for number, name in ((1, "Supplier"), (2, "Green")):
        shared.post("attributes", {"ID": number, "Name": name, "Type": 2})

    def values(number, text, start="2020-01-01T00:00:00Z"):
        return {"AttributeID": number, "Values": {start: text}}

    hourly = {"Value": 3, "Multiplier": 1}
    shared.post(
        "timeseriescollections/definition",
        [
            {"Name": "Meter_1", "Unit": "kWh", "Interval": hourly, "Attributes": [values(1, "A")]},
            {"Name": "Meter_2", "Unit": "kW", "Interval": {"Value": 2, "Multiplier": 15}},
            {"Name": "meterX3", "Description": "100% roof", "Attributes": [values(1, "B")]},
            {
                "Name": "50%",
                "Description": "Roof",
                "Attributes": [values(1, "A", "2021-01-01T00:00:00Z"), values(2, True)],
            },
            {"Name": "Ökostrom", "Interval": {"Value": 2, "Multiplier": 30}, "Type": 3},
        ],
    )
    return shared


def names(answer):
    assert answer.status in {200, 206}
    return [one["Name"] for one in answer.json()]


ALL = ["Meter_1", "Meter_2", "meterX3", "50%", "Ökostrom"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("name=Meter_1", ["Meter_1"]),
        ("name=meterx3", ["meterX3"]),
        ("name=Meter", []),
        ("name=meter%25", ["Meter_1", "Meter_2", "meterX3"]),
        ("name=METER__", ["Meter_1", "Meter_2", "meterX3"]),
        (r"name=meter\__", ["Meter_1", "Meter_2"]),
        (r"name=50\%25", ["50%"]),
        ("name=%25", ALL),
        ("name=%C3%96KO%25", ["Ökostrom"]),
        ("name=Meter_1&name=50%25", ["Meter_1", "50%"]),
        ("ID=1&id=3", ["Meter_1", "meterX3"]),
        ("ID=99", []),
        ("ID=-1", []),
        ("ID=99999999999999999999999999", []),
        ("ID=1&name=Meter_2", []),
        ("description=roof", ["50%"]),
        ("description=%25ROOF", ["meterX3", "50%"]),
        (r"description=100\%25%25", ["meterX3"]),
        ("unit=KWH", ["Meter_1"]),
        ("type=1", ["meterX3", "50%"]),
        ("type=S&type=E", ["meterX3", "50%", "Ökostrom"]),
        ("interval=2", ["Meter_2", "Ökostrom"]),
        ("interval=PT15M", ["Meter_2"]),
        ("interval=minute&intervalMultiplier=30", ["Ökostrom"]),
        ("interval=Hour&interval=PT30M", ["Meter_1", "Ökostrom"]),
        ("attribute=Supplier|A", ["Meter_1", "50%"]),
        ("attribute=Supplier%7Ca", ["Meter_1", "50%"]),
        ("attribute=Supplier", ["Meter_1", "meterX3", "50%"]),
        ("attribute=Supplier&attribute=Green|true", ["50%"]),
        ("ATTRIBUTE=Supplier|A&NAME=Meter%25", ["Meter_1"]),
        ("attribute=Supplier|A&attribute=Supplier|B", []),
    ],
)
def test_search(many, query, expected):
    """Each parameter narrows, repeated ones widen, attributes must hold together."""
    assert names(many.get(f"timeseries?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("attribute=Suplier", "UnknownAttribute"),
        ("interval=fortnight", "UnknownName"),
        ("interval=3&intervalMultiplier=0", "BadValue"),
        ("type=Z", "UnknownName"),
        ("ID=abc", "BadValue"),
    ],
)
def test_bad_searches_are_refused(many, query, code):
    """What cannot be searched for is 400; an unknown attribute is named."""
    answer = many.get(f"timeseries?{query}")
    assert (answer.status, answer.json()["Code"]) == (400, code)


@pytest.mark.parametrize(
    ("header", "status", "found", "shown"),
    [
        ("timeseries=0-1", 206, ALL[:2], "timeseries 0-1/5"),
        ("timeseries=3-99", 206, ALL[3:], "timeseries 3-4/5"),
        ("timeseries=3-", 206, ALL[3:], "timeseries 3-4/5"),
        ("bytes=0-1", 200, ALL, None),
        ("timeseries=3-1", 200, ALL, None),
        ("nonsense", 200, ALL, None),
    ],
)
def test_a_part_is_asked_for_by_range(many, header, status, found, shown):
    """`Range` takes a part of the list, and the answer says how long the whole is."""
    answer = many.get("timeseries", headers={"Range": header})
    assert (answer.status, names(answer)) == (status, found)
    assert answer.headers.get("content-range") == shown


def test_a_part_beyond_the_end(many):
    """A part that begins after the end is 416."""
    answer = many.get("timeseries", headers={"Range": "timeseries=5-9"})
    assert (answer.status, answer.headers["content-range"]) == (416, "timeseries */5")
