"""One attribute on many series at once: vectors 12 and 13."""

from __future__ import annotations

import pytest

PUT = "timeseriescollections/attributes/123/values/2018-01-01T00:00:00Z"
DELETE = "timeseriescollections/attributes/123"
BODY = b'[{"ID":15,"Value":"attribute value"},{"ID":16,"Value":"attribute value"},]'


def prepared(max_):
    """Attributes 123 and 7; 15 has 123 from 2017 and 7, 16 only 7."""
    for number in (123, 7):
        max_.post("attributes", {"ID": number, "Name": f"A{number}", "Type": 2})
    for number in (15, 16):
        max_.post("timeseries", {"ID": number, "Name": f"S{number}"})
        max_.post(f"timeseries/{number}/attributes", {"AttributeID": 7})
    old = {"2017-01-01T00:00:00Z": "old"}
    max_.post("timeseries/15/attributes", {"AttributeID": 123, "Values": old})
    return max_


@pytest.fixture
def series(max_):
    """What `prepared` makes, for one test."""
    return prepared(max_)


@pytest.fixture(scope="module")
def kept(shared):
    """What `prepared` makes, for tests that change nothing."""
    return prepared(shared)


def assigned(caller, number):
    found = caller.get(f"timeseries/{number}/attributes").json()
    return {one["AttributeID"]: one["Values"] for one in found}


def test_vector_12(series):
    """The bulk value is added where the attribute is, and assigns it where it is not."""
    answer = series.put(PUT, BODY)
    assert (answer.status, answer.body) == (204, b"")
    new = {"2018-01-01T00:00:00Z": "attribute value"}
    assert assigned(series, 15) == {7: {}, 123: {"2017-01-01T00:00:00Z": "old"} | new}
    assert assigned(series, 16) == {7: {}, 123: new}


def test_vector_13(series):
    """The bulk removal takes the whole assignment off; repeating it changes nothing."""
    series.put(PUT, BODY)
    for _ in range(2):
        answer = series.delete(f"{DELETE}?ID=15&ID=16")
        assert (answer.status, answer.body) == (204, b"")
        assert assigned(series, 15) == assigned(series, 16) == {7: {}}


def test_values_may_differ(series):
    """Each series gets the value of its entry; null ends a value."""
    assert series.put(PUT, [{"ID": 15}, {"ID": 16, "Value": True}]).status == 204
    assert assigned(series, 15)[123]["2018-01-01T00:00:00Z"] is None
    assert assigned(series, 16)[123]["2018-01-01T00:00:00Z"] == "true"


def test_an_empty_list_changes_nothing(series):
    """An empty list is done at once."""
    assert series.put(PUT, []).status == 204
    assert 123 not in assigned(series, 16)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (PUT, [{"ID": 16, "Value": "x"}, {"ID": 99, "Value": "x"}], 404),
        (PUT, [{"ID": 16, "Value": "x"}, {"ID": 10**30, "Value": "x"}], 404),
        (PUT.replace("123", "99"), [{"ID": 16, "Value": "x"}], 404),
        (PUT.replace("2018-01-01T00:00:00Z", "soon"), [{"ID": 16, "Value": "x"}], 400),
        (PUT, [{"ID": 16, "Value": "x"}, {"Value": "x"}], 400),
        (PUT, {"ID": 16, "Value": "x"}, 400),
        (PUT, [{"ID": 16, "Value": {}}], 400),
    ],
)
def test_all_or_nothing(kept, path, body, status):
    """One entry that cannot be, and nothing changes."""
    assert kept.put(path, body).status == status
    assert assigned(kept, 16) == {7: {}}


@pytest.mark.parametrize(
    ("query", "status"), [("", 400), ("?ID=15&ID=99", 404), ("?ID=x", 400), ("?name=S15", 400)]
)
def test_a_removal_names_its_series(kept, query, status):
    """No ID never means all; one that is unknown leaves everything as it is."""
    assert kept.delete(DELETE + query).status == status
    assert 123 in assigned(kept, 15)


def test_roles(series, wanda, rita):
    """Writers set values, removal in bulk is for administrators."""
    assert rita.put(PUT, BODY).status == 403
    assert wanda.put(PUT, BODY).status == 204
    assert wanda.delete(f"{DELETE}?ID=15").status == 403
    assert 123 in assigned(series, 15)


def test_who_assigned_is_kept(series, wanda, store):
    """The audit trail says who gave which series which value."""
    wanda.put(PUT, BODY)
    record = store.audit_trail()[-1]
    assert (record.actor, record.verb) == ("Wanda", "assign")
    assert record.resource == "attribute A123 of series S16"
