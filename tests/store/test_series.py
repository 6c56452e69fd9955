"""Definitions of series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tidegate.model.aggregation import Aggregation
from tidegate.model.attributes import Assignment, AttributeFilter
from tidegate.model.errors import BadValue, Duplicate, InUse, NotFound
from tidegate.model.intervals import parse_interval
from tidegate.model.series import Formula, NewSeries, Origin, SeriesId, SeriesKey, SeriesType
from tidegate.model.windows import Window
from tidegate.store.messages import AssignmentChange, SeriesSelection

if TYPE_CHECKING:
    from tidegate.store.local import LocalStore


def names(store: LocalStore, **selection: object) -> list[str]:
    wanted = msgspec.convert(selection, SeriesSelection)
    return [series.name for series in store.find_series(wanted)]


def test_every_member_of_a_definition_comes_back(store):
    """A series is found as it was created, each member of its definition included."""
    new = NewSeries(
        name="Köln ⚡",
        unit="kWh",
        interval=parse_interval("15m"),
        type=SeriesType.END,
        zone="Europe/Berlin",
        aggregation=Aggregation.MAX,
        description="roof",
        origin=Origin("campus", "R1", "period"),
        formula=Formula(text="a+b", language="vm", aliases={"a": SeriesKey(1)}, decimal_places=2),
        id=SeriesId(42),
    )
    (created,) = store.create_series([new])
    (found,) = store.find_series()
    assert found == created
    for field in set(NewSeries.__struct_fields__) - {"attributes"}:
        assert getattr(found, field) == getattr(new, field)


def test_type_follows_the_interval(store):
    """A series without type is begin-aligned, or spontaneous if it has no raster."""
    cyclic, spontaneous = store.create_series(
        [NewSeries(name="a", interval=parse_interval("hour")), NewSeries(name="b")]
    )
    assert cyclic.type is SeriesType.BEGIN
    assert spontaneous.type is SeriesType.SPONTANEOUS


def test_ids_count_on_from_the_highest(store):
    """A series without id gets one above every id of its repository, removed ones included."""
    store.create_series([NewSeries(name="a", id=SeriesId(15)), NewSeries(name="b")])
    (b,) = store.find_series(SeriesSelection(names=("b",)))
    assert b.id == 16
    store.remove_series([b.key])
    (c,) = store.create_series([NewSeries(name="c")])
    assert (c.id, c.key > b.key) == (17, True)


def test_an_unknown_unit_is_created(store):
    """A unit that the repository does not know is created with the series."""
    store.create_series([NewSeries(name="a", unit="bushel")])
    assert "bushel" in {unit.name for unit in store.units()}


@pytest.mark.parametrize(
    ("new", "error"),
    [
        ([NewSeries(name="new"), NewSeries(name="taken")], Duplicate),
        ([NewSeries(name="new"), NewSeries(name="x", id=SeriesId(7))], Duplicate),
        ([NewSeries(name="new"), NewSeries(name="new")], Duplicate),
        ([NewSeries(name="new"), NewSeries(name="  ")], BadValue),
    ],
)
def test_creation_is_all_or_nothing(store, new, error):
    """If one series cannot be created, none of the batch is."""
    store.create_series([NewSeries(name="taken", id=SeriesId(7))])
    with pytest.raises(error):
        store.create_series(new)
    assert names(store) == ["taken"]


def test_repositories_do_not_share_names_and_ids(store):
    """A name and an id may be taken once in every repository, and series stay in theirs."""
    store.create_repository("other")
    new = [NewSeries(name="same", id=SeriesId(3))]
    (here,) = store.create_series(new)
    (there,) = store.create_series(new, repository="other")
    assert here.key != there.key
    assert store.find_series(repository="other") == [there]


def test_an_unknown_repository_is_not_found(store):
    """Naming a repository that does not exist says so, for reading and for writing."""
    with pytest.raises(NotFound, match="no repository 'nowhere'"):
        store.find_series(repository="nowhere")
    with pytest.raises(NotFound):
        store.create_series([NewSeries(name="a")], repository="nowhere")


def test_selections_narrow(store):
    """Every member that a selection gives narrows it; an empty list names nothing."""
    made = store.create_series(
        [
            NewSeries(name="North", origin=Origin("campus", "R1", "total")),
            NewSeries(name="north wing", origin=Origin("campus", "R2", "total")),
            NewSeries(name="South", origin=Origin("depot", "R1", "total")),
        ]
    )
    assert names(store, keys=(made[2].key,)) == ["South"]
    assert names(store, ids=(1, 3)) == ["North", "South"]
    assert names(store, connection="campus") == ["North", "north wing"]
    assert names(store, connection="campus", subjects=("R1",)) == ["North"]
    assert names(store, keys=()) == []
    assert names(store, ids=(1,), names=("South",)) == []


def test_wildcards_ignore_case(store):
    """`%` and `_` are wildcards, `\\` takes their meaning away, and case does not count."""
    store.create_series([NewSeries(name=name) for name in ("Meter 1", "METER 12", "50% load")])
    assert names(store, names=("meter _",)) == ["Meter 1"]
    assert names(store, names=("%eter%",)) == ["Meter 1", "METER 12"]
    assert names(store, names=(r"50\% l%",)) == ["50% load"]
    assert names(store, names=("meter 1",)) == []


def test_an_exact_name_wins_over_its_pattern(store):
    """A name with an underscore means the series that has exactly this name, if there is one."""
    store.create_series([NewSeries(name="TS_1"), NewSeries(name="TSX1")])
    assert names(store, names=("TS_1",)) == ["TS_1"]


def test_filters_match_at_any_instant(store):
    """A series is selected if all filters hold together at some instant."""
    a, b = store.create_series([NewSeries(name="a"), NewSeries(name="b")])
    for attribute in ("Supplier", "Site"):
        store.create_attribute(attribute)
    store.assign(
        [
            AssignmentChange(series=a.key, attribute="Supplier", values={0: "X", 10: None}),
            AssignmentChange(series=a.key, attribute="Site", values={5: "N"}),
            AssignmentChange(series=b.key, attribute="Supplier", values={0: "X", 10: None}),
            AssignmentChange(series=b.key, attribute="Site", values={10: "N"}),
        ]
    )
    filters = (AttributeFilter("Supplier", "X"), AttributeFilter("Site", "N"))
    assert store.find_series(SeriesSelection(filters=filters)) == [a]


def test_a_change_keeps_the_definition_of_before(store):
    """A changed definition is the present one, and the audit trail has both."""
    (series,) = store.create_series([NewSeries(name="a", unit="kWh")])
    changed = msgspec.structs.replace(series, name="b", unit="odd", description="moved")
    assert store.change_series(changed, actor="ada") == changed
    assert store.find_series() == [changed]
    record = store.audit_trail()[-1]
    assert (record.verb, record.actor) == ("change-series", "ada")
    assert (record.before["name"], record.after["name"]) == ("a", "b")


def test_an_equal_definition_changes_nothing(store):
    """Putting a definition in place of its equal leaves no record."""
    (series,) = store.create_series([NewSeries(name="a")])
    before = store.audit_trail()
    store.change_series(series)
    assert store.audit_trail() == before


def test_a_rename_needs_a_free_name(store):
    """A series cannot take the name or the id of another."""
    a, _ = store.create_series([NewSeries(name="a"), NewSeries(name="b", id=SeriesId(9))])
    with pytest.raises(Duplicate, match="'b'"):
        store.change_series(msgspec.structs.replace(a, name="b"))
    with pytest.raises(Duplicate, match="'9'"):
        store.change_series(msgspec.structs.replace(a, id=SeriesId(9)))


def test_a_change_of_an_unknown_series_is_not_found(store):
    """A definition can only take the place of one that is there."""
    (series,) = store.create_series([NewSeries(name="a")])
    with pytest.raises(NotFound):
        store.change_series(msgspec.structs.replace(series, key=SeriesKey(99)))


def test_removal_takes_everything_of_a_series(store, keys, readings):
    """A removed series is gone with its readings; the others keep theirs."""
    store.merge_readings(readings([(keys[0], 0, 1.0, 9), (keys[1], 0, 2.0, 9)]))
    store.remove_series([keys[0]], actor="ada")
    assert store.read(keys, Window(0, 10)).read_all()["series"].to_pylist() == [keys[1]]
    assert names(store) == ["B", "C"]
    with pytest.raises(NotFound):
        store.remove_series([keys[0]])


def test_a_series_in_a_formula_stays(store, keys):
    """A series that a formula refers to cannot go, unless the formula's series goes with it."""
    formula = Formula(text="x*2", language="vm", aliases={"x": keys[0]})
    (virtual,) = store.create_series([NewSeries(name="virtual", formula=formula)])
    with pytest.raises(InUse, match="formula of series 'virtual'"):
        store.remove_series([keys[0]])
    store.remove_series([keys[0], virtual.key])
    assert names(store) == ["B", "C"]


def test_series_come_with_attributes(store):
    """New series bring their attributes along; an unknown one leaves no series behind."""
    supplier = store.create_attribute("Supplier")
    new = NewSeries(name="a", attributes={"Supplier": {0: "AT1"}})
    (a,) = store.create_series([new])
    assert store.assignments([a.key]) == {a.key: [Assignment(supplier, {0: "AT1"})]}
    with pytest.raises(NotFound):
        store.create_series([NewSeries(name="b", attributes={"Suplier": {}})])
    assert names(store) == ["a"]


def test_definitions_and_assignments_change_together(store, keys):
    """Several series and their assignments change at once, or not at all."""
    store.create_attribute("Supplier")
    a, b, _ = store.find_series()
    renamed = [msgspec.structs.replace(one, name=one.name * 2) for one in (a, b)]
    give = AssignmentChange(series=a.key, attribute="Supplier", values={0: "AT1"})
    with pytest.raises(NotFound):
        store.alter_series(renamed, [msgspec.structs.replace(give, attribute="Suplier")])
    assert names(store) == ["A", "B", "C"]
    assert store.alter_series(renamed, [give], actor="ada") == renamed
    assert sorted(names(store)) == ["AA", "BB", "C"]
    assert store.attribute_at(a.key, "Supplier", 0) == "AT1"


def test_an_escape_that_escapes_nothing_is_a_sign(store):
    """A name that ends with a backslash is looked for as it is, and so is a pattern."""
    store.create_series([NewSeries(name=name) for name in ("a\\", "b")])
    for asked, expected in (("a\\", ["a\\"]), ("%\\", ["a\\"]), ("\\", []), ("c\\\\", [])):
        found = store.find_series(SeriesSelection(names=(asked,)))
        assert [one.name for one in found] == expected
