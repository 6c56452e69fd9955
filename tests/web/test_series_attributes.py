"""Attributes of one series over REST: vectors 6, 10 and 11."""

from __future__ import annotations

import threading

import pytest

PATH = "timeseries/15/attributes"


def dated(number, values=None):
    return {"AttributeID": number, "Values": values or {}}


def prepared(caller):
    """Attributes 1, 2, 3 and the series 15 (`a`) and 16 (`b`)."""
    for number in (1, 2, 3):
        caller.post("attributes", {"ID": number, "Name": f"A{number}", "Type": 2})
    for number, name in ((15, "a"), (16, "b")):
        caller.post("timeseries", {"ID": number, "Name": name})
    return caller


@pytest.fixture
def series(max_):
    """What `prepared` makes, for one test."""
    return prepared(max_)


@pytest.fixture(scope="module")
def kept(shared):
    """What `prepared` makes, for tests that change nothing."""
    return prepared(shared)


def numbers(answer):
    assert answer.status == 200
    return [one["AttributeID"] for one in answer.json()]


def test_vector_6(series, store):
    """A value holds from its instant until the next one; before the first there is none."""
    values = {"2017-04-01T00:00:00Z": "Text1", "2017-04-02T00:00:00Z": "Text2"}
    assert series.post(PATH, [dated(1, values)]).json() == [dated(1, values)]

    def matches(start, end, text):
        window = f"from=2017-{start}Z&to=2017-{end}Z&interval=1&attribute=A1|{text}"
        data = series.get(f"timeseriescollections/data/sum?{window}").json()["Data"]
        return {point["Flag"] for point in data} != {0}

    for start, end, value in (
        ("03-31T23:59:59", "04-01T00:00:00", None),
        ("04-01T00:00:00", "04-01T00:00:01", "Text1"),
        ("04-01T23:59:59", "04-02T00:00:00", "Text1"),
        ("04-02T00:00:00", "04-02T00:00:01", "Text2"),
    ):
        assert matches(start, end, "Text1") is (value == "Text1")
        assert matches(start, end, "Text2") is (value == "Text2")


def test_vector_10(series):
    """An array takes the place of everything assigned before."""
    series.post(PATH, [dated(1), dated(2)])
    assert numbers(series.post(PATH, [dated(3)])) == [3]
    assert numbers(series.get(PATH)) == [3]


def test_vector_11(series):
    """A single object is added to what is assigned."""
    series.post(PATH, [dated(1), dated(2)])
    assert numbers(series.post(PATH, dated(3))) == [1, 2, 3]
    assert numbers(series.get(PATH)) == [1, 2, 3]


def test_an_empty_array_clears(series):
    """`[]` takes everything off one series; the other keeps what it has."""
    for number in (15, 16):
        series.post(f"timeseries/{number}/attributes", [dated(1), dated(2)])
    assert series.post(PATH, []).json() == []
    assert numbers(series.get("timeseries/b/attributes")) == [1, 2]


def test_adding_again_merges_by_instant(series):
    """Values of an attribute that is there are merged: the same instant is overwritten."""
    series.post(PATH, [dated(1, {"2020-01-01T00:00:00Z": "a", "2021-01-01T00:00:00Z": "b"})])
    added = series.post(PATH, dated(1, {"2021-01-01T00:00:00Z": "B", "2022-01-01T00:00:00Z": "c"}))
    assert added.json()[0]["Values"] == {
        "2020-01-01T00:00:00Z": "a",
        "2021-01-01T00:00:00Z": "B",
        "2022-01-01T00:00:00Z": "c",
    }


def test_put_changes_one(series):
    """PUT replaces the values of one assigned attribute; the others stay."""
    series.post(PATH, [dated(1, {"2020-01-01T00:00:00Z": "a"}), dated(2)])
    new = {"2021-01-01T00:00:00Z": "b"}
    assert series.put(PATH, dated(1, new)).json() == [dated(1, new), dated(2)]
    newer = {"2022-01-01T00:00:00Z": "c"}
    assert series.put(f"{PATH}/1", {"Values": newer}).json() == [dated(1, newer), dated(2)]
    assert series.put(f"{PATH}/A1", dated(1, new)).json() == [dated(1, new), dated(2)]
    assert series.put(f"{PATH}/1", dated(2, new)).status == 400


def test_put_needs_an_assigned_attribute(series):
    """An attribute that is not assigned, or not there at all, is 404, and nothing changes."""
    series.post(PATH, [dated(1)])
    assert series.put(PATH, dated(2)).status == 404
    assert series.put(f"{PATH}/2", {"Values": {}}).status == 404
    assert series.put(PATH, dated(99)).status == 404
    assert series.put(PATH, {"Values": {}}).status == 400
    assert numbers(series.get(PATH)) == [1]


def test_removing_one(series, wanda):
    """DELETE takes one attribute off; what is not assigned is 404."""
    series.post(PATH, [dated(1), dated(2)])
    assert wanda.delete(f"{PATH}/1").status == 403
    assert series.delete(f"{PATH}/1").status == 204
    assert series.delete(f"{PATH}/1").status == 404
    assert numbers(series.get(PATH)) == [2]


def test_values_are_kept_as_text(series):
    """Truth and numbers become their shortest text, null stays; times take any notation."""
    values = {
        "2020-01-01": "x",
        "2020-01-02T01:00:00+01:00": True,
        "2020-01-03T00:00:00.5Z": False,
        "2020-01-04 00:00": 75.0,
        "2020-01-05T00:00Z": 0.1,
        "2020-01-06T00:00:00Z": -3,
        "2020-01-07T00:00:00Z": None,
        "2020-01-08T00:00:00Z": 1e300,
        "2020-01-09T00:00:00Z": "",
    }
    assert series.post(PATH, dated(1, values)).json()[0]["Values"] == {
        "2020-01-01T00:00:00Z": "x",
        "2020-01-02T00:00:00Z": "true",
        "2020-01-03T00:00:00.5Z": "false",
        "2020-01-04T00:00:00Z": "75",
        "2020-01-05T00:00:00Z": "0.1",
        "2020-01-06T00:00:00Z": "-3",
        "2020-01-07T00:00:00Z": None,
        "2020-01-08T00:00:00Z": "1e+300",
        "2020-01-09T00:00:00Z": "",
    }


def test_the_last_of_two_notations_of_an_instant_wins(series):
    """Two keys that name one instant leave the value of the later key."""
    values = {"2020-01-01T01:00:00+01:00": "first", "2020-01-01T00:00:00Z": "last"}
    answer = series.post(PATH, dated(1, values))
    assert answer.json()[0]["Values"] == {"2020-01-01T00:00:00Z": "last"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([dated(2), dated(99)], 404),
        (dated(99), 404),
        ([dated(2), dated(2)], 400),
        ([{"Values": {}}], 400),
        ({}, 400),
        ([dated(2, {"yesterday": "x"})], 400),
        ([dated(2, {"2020-13-01": "x"})], 400),
        ([dated(2, {"2020-01-01": ["x"]})], 400),
        ([dated("2")], 400),
        ([dated(10**30)], 404),
        (5, 400),
        (b"null", 400),
        (b"[{]", 400),
        (b"", 400),
        (b"[,]", 400),
        (b"\xff\xfe", 400),
        (b'[{"AttributeID":1,"Values":{"2020-01-01":"\\ud800"}}]', 400),
        (b"[" * 100_000 + b"]" * 100_000, 400),
    ],
)
def test_all_or_nothing(kept, body, status):
    """A body with anything wrong changes nothing."""
    kept.post(PATH, [dated(1, {"2020-01-01T00:00:00Z": "kept"})])
    answer = kept.post(PATH, body)
    assert (answer.status, set(answer.json())) == (status, {"Message", "Code", "Details"})
    assert kept.get(PATH).json() == [dated(1, {"2020-01-01T00:00:00Z": "kept"})]


def test_assigning_to_nothing(series, rita):
    """An unknown series is 404, and a reader may look but not assign."""
    assert series.post("timeseries/99/attributes", []).status == 404
    assert series.get("timeseries/none/attributes").status == 404
    assert rita.post(PATH, []).status == 403
    assert rita.get(PATH).json() == []


def test_two_who_replace_at_once(series, service):
    """Of two arrays sent at once one holds whole; they are never mixed."""
    from tests.web.conftest import Caller

    start = threading.Barrier(2)

    def send(numbers):
        caller = Caller(service)
        caller.get(PATH)
        start.wait()
        for _ in range(10):
            assert caller.post(PATH, [dated(number) for number in numbers]).status == 200
        caller.close()

    threads = [threading.Thread(target=send, args=(given,)) for given in ((1, 2), (3,))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(series.get(PATH)) in ([1, 2], [3])


def test_a_million_instants(series):
    """An attribute may have a million values on one series."""
    hours = [
        f"{y}-{m:02}-{d:02}T{h:02}:{q}:00Z"
        for y in range(2000, 2005)
        for m in range(1, 13)
        for d in range(1, 29)
        for h in range(24)
        for q in ("00", "30")
    ]
    many = {}
    for text in hours:
        for second in range(12):
            many[text[:17] + f"{second:02}Z"] = "x"
            if len(many) == 1_000_000:
                break
    body = (
        b'{"AttributeID":1,"Values":{'
        + b",".join(b'"%s":"x"' % instant.encode() for instant in list(many)[:1_000_000])
        + b"}}"
    )
    answer = series.post(PATH, body)
    assert answer.status == 200
    assert len(answer.json()[0]["Values"]) == min(len(many), 1_000_000)
