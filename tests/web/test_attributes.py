"""Attributes over REST: `/attributetypes` and `/attributes`."""

from __future__ import annotations

import pytest

TEXT = 2


def test_types_are_listed(max_):
    """The types of attributes stand under their numbers; 2 is text."""
    assert max_.get("/api/attributetypes").json() == [
        {"ID": 1, "Name": "Category"},
        {"ID": 2, "Name": "Text"},
        {"ID": 3, "Name": "Numeric"},
        {"ID": 4, "Name": "Date"},
        {"ID": 5, "Name": "YesOrNo"},
        {"ID": 6, "Name": "TimeSeries"},
        {"ID": 7, "Name": "Node"},
    ]


@pytest.mark.parametrize("asked", [{"ID": -1}, {"ID": 0}, {}])
def test_a_new_attribute_gets_the_next_number(max_, asked):
    """Without a positive ID the service gives one, and says where the attribute is."""
    answer = max_.post("attributes", {**asked, "Name": "Supplier", "Type": TEXT})
    assert answer.status == 201
    assert answer.json() == {"ID": 1, "Name": "Supplier", "Type": 2}
    assert answer.headers["location"] == "/api/repositories/main/attributes/1"
    assert max_.get(answer.headers["location"]).json() == answer.json()


def test_a_free_number_is_taken_as_given(max_):
    """A positive ID is taken as it is if it is free, else nothing is created."""
    assert max_.post("attributes", {"ID": 192, "Name": "a", "Type": TEXT}).json()["ID"] == 192
    answer = max_.post("attributes", {"ID": 192, "Name": "b", "Type": TEXT})
    assert (answer.status, answer.json()["Code"]) == (409, "Duplicate")
    assert [one["Name"] for one in max_.get("attributes").json()] == ["a"]
    assert max_.post("attributes", {"Name": "b", "Type": TEXT}).json()["ID"] == 193


def test_a_name_is_taken_once(max_):
    """The same name again is 409."""
    max_.post("attributes", {"Name": "a", "Type": TEXT})
    assert max_.post("attributes", {"Name": "a", "Type": TEXT}).status == 409


@pytest.mark.parametrize(
    "body",
    [
        {"Name": "", "Type": 2},
        {"Name": "a|b", "Type": 2},
        {"Name": "a", "Type": 99},
        {"Name": "a", "Type": "Text"},
        {"Type": 2},
        {"Name": "a", "Type": 2, "ID": -7},
        {"Name": "a", "Type": 2, "ID": 2**31},
        {"Name": "a", "Type": 2, "ID": 10**30},
        {"Name": 5, "Type": 2},
        [],
        None,
    ],
)
def test_bad_attributes_are_refused(shared, body):
    """What cannot be an attribute is 400, in the form of an error, and nothing is created."""
    answer = shared.post("attributes", b"null" if body is None else body)
    assert answer.status == 400
    assert set(answer.json()) == {"Message", "Code", "Details"}
    assert shared.get("attributes").json() == []


def test_an_attribute_is_named_by_number_or_name(max_):
    """Digits mean a number first, then a name."""
    max_.post("attributes", {"ID": 5, "Name": "five", "Type": TEXT})
    max_.post("attributes", {"ID": 6, "Name": "5", "Type": TEXT})
    max_.post("attributes", {"ID": 7, "Name": "99", "Type": TEXT})
    max_.post("attributes", {"ID": 8, "Name": "a/b ü", "Type": TEXT})
    asked = ("5", "five", "99", "a%2Fb%20%C3%BC")
    assert [max_.get(f"attributes/{name}").json()["ID"] for name in asked] == [5, 5, 7, 8]
    answer = max_.get("attributes/FIVE")
    assert (answer.status, answer.json()["Code"]) == (404, "UnknownAttribute")


def test_an_attribute_changes_name_and_type(max_):
    """PUT changes what the body names; the rest stays."""
    max_.post("attributes", {"ID": 5, "Name": "a", "Type": TEXT})
    assert max_.put("attributes/5", {"Name": "b"}).json() == {"ID": 5, "Name": "b", "Type": 2}
    assert max_.put("attributes/b", {"Type": 1}).json() == {"ID": 5, "Name": "b", "Type": 1}
    max_.post("attributes", {"Name": "c", "Type": TEXT})
    assert max_.put("attributes/5", {"Name": "c"}).status == 409
    assert max_.put("attributes/9", {"Name": "d"}).status == 404
    assert max_.get("attributes/5").json() == {"ID": 5, "Name": "b", "Type": 1}


def test_an_attribute_in_use_cannot_be_removed(max_):
    """Removing an attribute that a series has is 409; one that none has goes."""
    max_.post("attributes", {"ID": 5, "Name": "a", "Type": TEXT})
    max_.post("timeseries", {"Name": "s", "Attributes": [{"AttributeID": 5, "Values": {}}]})
    answer = max_.delete("attributes/5")
    assert (answer.status, answer.json()["Code"]) == (409, "InUse")
    max_.post("timeseries/s/attributes", [])
    assert max_.delete("attributes/5").status == 204
    assert max_.get("attributes").json() == []


def test_roles(max_, wanda, rita):
    """Readers read, writers create and change, administrators remove."""
    body = {"ID": 5, "Name": "a", "Type": TEXT}
    assert rita.post("attributes", body).status == 403
    assert wanda.post("attributes", body).status == 201
    assert rita.get("attributes/5").status == 200
    assert rita.put("attributes/5", {"Name": "b"}).status == 403
    assert wanda.delete("attributes/5").status == 403
    assert max_.delete("attributes/5").status == 204


def test_who_changed_what_is_kept(store, wanda):
    """The audit trail names the user who defined something."""
    wanda.post("attributes", {"Name": "a", "Type": TEXT})
    wanda.put("attributes/1", {"Name": "b"})
    made, changed = store.audit_trail()[-2:]
    assert (made.actor, made.verb) == ("Wanda", "create-attribute")
    assert (changed.actor, changed.before["name"], changed.after["name"]) == ("Wanda", "a", "b")


def test_repositories_have_attributes_of_their_own(max_):
    """The same number means another attribute elsewhere; an unknown repository is 404."""
    max_.post("/api/repositories", {"Name": "plant"})
    there = "/api/repositories/plant/attributes"
    max_.post("attributes", {"ID": 5, "Name": "here", "Type": TEXT})
    assert max_.post(there, {"ID": 5, "Name": "there", "Type": TEXT}).status == 201
    assert max_.get(f"{there}/5").json()["Name"] == "there"
    answer = max_.get("/api/repositories/nowhere/attributes")
    assert (answer.status, answer.json()["Code"]) == (404, "UnknownRepository")
