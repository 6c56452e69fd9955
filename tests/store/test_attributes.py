"""Attributes and their dated values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegate.model.attributes import Assignment, Attribute, AttributeId, AttributeType
from tidegate.model.errors import BadValue, Duplicate, InUse, NotFound
from tidegate.model.series import NewSeries, SeriesKey
from tidegate.store.messages import AssignmentChange

if TYPE_CHECKING:
    from tidegate.store.local import LocalStore


def change(
    series: SeriesKey,
    attribute: str = "Supplier",
    values: dict[int, str | None] | None = None,
    mode: str = "merge",
) -> AssignmentChange:
    return AssignmentChange(series=series, attribute=attribute, values=values or {}, mode=mode)


@pytest.fixture
def supplier(store):
    return store.create_attribute("Supplier")


def last_instant(store: LocalStore) -> int:
    return store.audit_trail()[-1].at


def test_ids_are_given_or_counted(store):
    """An attribute has the id asked for, or the next one."""
    assert store.create_attribute("a", id=192).id == 192
    assert store.create_attribute("b", AttributeType.CATEGORY).id == 193
    assert [one.name for one in store.attributes()] == ["a", "b"]


def test_names_and_ids_are_taken_once(store, supplier):
    """Neither a name nor an id can be given twice, and a name has no bar."""
    with pytest.raises(Duplicate):
        store.create_attribute("Supplier")
    with pytest.raises(Duplicate):
        store.create_attribute("Other", id=supplier.id)
    for name in ("a|b", " "):
        with pytest.raises(BadValue):
            store.create_attribute(name)


def test_repositories_have_attributes_of_their_own(store, supplier):
    """The same name and id mean different attributes in different repositories."""
    store.create_repository("other")
    there = store.create_attribute("Supplier", id=supplier.id, repository="other")
    (a,) = store.create_series([NewSeries(name="a")])
    (b,) = store.create_series([NewSeries(name="b")], repository="other")
    store.assign([change(a.key, values={0: "here"})])
    store.assign([change(b.key, values={0: "there"})], repository="other")
    store.remove_attribute("Supplier", repository="other")
    assert store.assignments([a.key, b.key]) == {
        a.key: [Assignment(supplier, {0: "here"})],
        b.key: [],
    }
    assert there not in store.attributes(repository="other")


def test_the_value_in_force_is_the_last_before(store, keys, supplier):
    """The value at an instant is that of the greatest dated one at or before it."""
    store.assign([change(keys[0], values={10: "X", 20: None, 30: "Y"})])
    at = {t: store.attribute_at(keys[0], "Supplier", t) for t in (9, 10, 19, 20, 29, 30, 99)}
    assert at == {9: None, 10: "X", 19: "X", 20: None, 29: None, 30: "Y", 99: "Y"}


def test_merge_adds_and_overwrites(store, keys, supplier):
    """Merging keeps other instants and counts only the values that changed."""
    assert store.assign([change(keys[0], values={10: "X", 20: "Y"})]) == 2
    assert store.assign([change(keys[0], values={20: "Z", 30: "W", 10: "X"})]) == 2
    (assignment,) = store.assignments(keys)[keys[0]]
    assert assignment.values == {10: "X", 20: "Z", 30: "W"}


def test_replace_puts_the_map_in_place(store, keys, supplier):
    """Replacing ends the instants that the new map does not have."""
    store.assign([change(keys[0], values={10: "X", 20: "Y"})])
    assert store.assign([change(keys[0], values={20: "Y"}, mode="replace")]) == 1
    assert store.assignments(keys)[keys[0]][0].values == {20: "Y"}


def test_remove_takes_the_assignment_away(store, keys, supplier):
    """A removed assignment is gone with all its values; where there is none, nothing happens."""
    store.assign([change(keys[0], values={10: "X", 20: "Y"})])
    changes = [change(key, mode="remove") for key in keys]
    assert store.assign(changes) == 2
    assert store.assignments(keys) == {key: [] for key in keys}


def test_an_attribute_can_be_assigned_without_values(store, keys):
    """A category is assigned with an empty map and then shows as assigned."""
    store.create_attribute("Roof", AttributeType.CATEGORY)
    assert store.assign([change(keys[1], "Roof")]) == 0
    assert [one.values for one in store.assignments(keys)[keys[1]]] == [{}]


def test_changes_apply_in_order(store, keys, supplier):
    """A later change of one batch sees what an earlier one did."""
    store.assign(
        [change(keys[0], values={1: "X"}), change(keys[0], values={2: "Y"}, mode="replace")]
    )
    assert store.assignments(keys)[keys[0]][0].values == {2: "Y"}


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (change(SeriesKey(99), values={0: "X"}), NotFound),
        (change(SeriesKey(1), "Suplier", {0: "X"}), NotFound),
        (change(SeriesKey(1), mode="invent"), BadValue),
    ],
)
def test_assigning_is_all_or_nothing(store, keys, supplier, bad, error):
    """If one change cannot be applied, none is."""
    with pytest.raises(error):
        store.assign([change(keys[0], values={0: "X"}), bad])
    assert store.assignments(keys)[keys[0]] == []


def test_a_near_miss_is_named(store, supplier):
    """A misspelt attribute gets the name that was probably meant."""
    with pytest.raises(NotFound) as caught:
        store.remove_attribute("Suplier")
    assert caught.value.hint == "did you mean 'Supplier'?"


def test_what_was_believed_stays_known(store, keys, supplier):
    """Assignments, like readings, can be read as they were known at an earlier instant."""
    store.assign([change(keys[0], values={10: "X"})])
    then = last_instant(store)
    store.assign([change(keys[0], values={10: "Y", 20: "Z"})])
    later = last_instant(store)
    store.remove_attribute("supplier")
    assert store.attribute_at(keys[0], "Supplier", 15, as_of=then) == "X"
    assert store.attribute_at(keys[0], "Supplier", 25, as_of=later) == "Z"
    assert store.assignments([keys[0]], as_of=then)[keys[0]][0].values == {10: "X"}
    assert store.assignments([keys[0]]) == {keys[0]: []}
    with pytest.raises(NotFound):
        store.attribute_at(keys[0], "Supplier", 15)


def test_each_assignment_leaves_a_record(store, keys, supplier):
    """The audit trail has the map of before and the map of after, per series and attribute."""
    store.assign([change(keys[0], values={10: "X"})], actor="ada")
    store.assign([change(keys[0], values={10: "Y"})], actor="bob")
    first, second = (one for one in store.audit_trail() if one.verb == "assign")
    assert (first.actor, first.before, first.after) == ("ada", None, {"10": "X"})
    assert (second.actor, second.before, second.after) == ("bob", {"10": "X"}, {"10": "Y"})
    assert second.resource == "attribute Supplier of series A"


def test_every_assignment_of_a_series_is_replaced_at_once(store, keys, supplier):
    """`clear` takes all assignments off one series, and what follows it is assigned."""
    tag = store.create_attribute("Tag")
    both = [change(key, name, {0: "X"}) for key in keys[:2] for name in ("Supplier", "Tag")]
    store.assign(both)
    store.assign([change(keys[0], "", mode="clear"), change(keys[0], "Tag", {5: "Y"}, "replace")])
    found = store.assignments(keys[:2])
    assert found[keys[0]] == [Assignment(tag, {5: "Y"})]
    assert found[keys[1]] == [Assignment(supplier, {0: "X"}), Assignment(tag, {0: "X"})]


@pytest.mark.parametrize("mode", ["change", "drop"])
def test_only_what_is_assigned_can_be_changed_or_dropped(store, keys, supplier, mode):
    """`change` and `drop` are for attributes that the series has."""
    with pytest.raises(NotFound):
        store.assign([change(keys[0], values={0: "X"}, mode=mode)])
    store.assign([change(keys[0], values={0: "X", 1: "Z"})])
    store.assign([change(keys[0], values={0: "Y"}, mode=mode)])
    left = [Assignment(supplier, {0: "Y"})] if mode == "change" else []
    assert store.assignments(keys)[keys[0]] == left


def test_an_attribute_changes_name_and_type(store, keys, supplier):
    """An attribute keeps its number and values under another name and type."""
    store.assign([change(keys[0], values={0: "X"})])
    other = store.create_attribute("Other")
    changed = Attribute(supplier.id, "Lieferant", AttributeType.CATEGORY)
    assert store.change_attribute(changed, actor="ada") == changed
    assert store.change_attribute(changed) == changed
    assert store.assignments(keys)[keys[0]] == [Assignment(changed, {0: "X"})]
    assert store.audit_trail()[-1].before["name"] == "Supplier"
    with pytest.raises(Duplicate):
        store.change_attribute(Attribute(supplier.id, "Other"))
    with pytest.raises(NotFound):
        store.change_attribute(Attribute(AttributeId(99), "New"))
    with pytest.raises(BadValue):
        store.change_attribute(Attribute(other.id, "a|b"))


def test_an_attribute_in_use_stays(store, keys, supplier):
    """An attribute that must be unused stays while a series has it."""
    store.assign([change(keys[0], values={0: "X"})])
    with pytest.raises(InUse, match="1 series"):
        store.remove_attribute("Supplier", unused=True)
    store.assign([change(keys[0], mode="remove")])
    store.remove_attribute("Supplier", unused=True)
    assert store.attributes() == []
