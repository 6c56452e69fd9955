"""Catalogues and the series that come with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tidegate.model.catalogue import Change, Entry
from tidegate.model.errors import BadValue, NotFound
from tidegate.model.intervals import parse_interval
from tidegate.model.series import Formula, NewSeries, Origin
from tidegate.store.messages import ConnectionRecord

if TYPE_CHECKING:
    from tidegate.store.local import LocalStore


@pytest.fixture
def campus(store: LocalStore) -> LocalStore:
    """The store with the connection `campus`."""
    store.put_connection(ConnectionRecord(name="campus", platform="dcs", url="http://x"))
    return store


def entry(subject: str, name: str, **series: Any) -> Entry:
    origin = Origin("campus", subject, "period")
    new = NewSeries(name=name, origin=origin, interval=parse_interval("30m"), **series)
    return Entry(
        subject=subject, kind="register", name=name, document={"id": subject}, series=(new,)
    )


def changes(store: LocalStore, *entries: Entry) -> dict[str, Change]:
    found = store.record_catalogue("campus", entries)
    return {one.entry.subject: one.change for one in found}


def named(store: LocalStore, name: str) -> Any:
    return {series.name: series for series in store.find_series()}[name]


def test_entries_are_compared_with_the_last_time(campus):
    """Entries are new, changed, the same or gone; those that return are new again."""
    one, two = entry("R1", "one"), entry("R2", "two")
    assert changes(campus, one, two) == {"R1": Change.NEW, "R2": Change.NEW}
    renamed = msgspec.structs.replace(two, document={"id": "R2", "room": 5})
    assert changes(campus, one, renamed) == {"R1": Change.SAME, "R2": Change.CHANGED}
    assert changes(campus, one) == {"R1": Change.SAME, "R2": Change.GONE}
    assert campus.catalogue("campus") == [one]
    assert campus.catalogue("campus", gone=True) == [one, renamed]
    assert changes(campus, one, two) == {"R1": Change.SAME, "R2": Change.NEW}


def test_the_order_of_a_document_does_not_count(campus):
    """A document with the same members in another order is the same."""
    document = {"a": 1, "b": {"c": [1, 2], "d": None}}
    turned = {"b": {"d": None, "c": [1, 2]}, "a": 1}
    first = Entry(subject="M", kind="meter", name="m", document=document)
    changes(campus, first)
    assert changes(campus, msgspec.structs.replace(first, document=turned)) == {"M": Change.SAME}


def test_series_come_with_new_entries_once(campus):
    """A series is created when its origin is first seen, and never twice."""
    changes(campus, entry("R1", "one", unit="kWh"))
    changes(campus, entry("R1", "one", unit="kWh"))
    (series,) = campus.find_series()
    assert (series.name, series.unit) == ("one", "kWh")
    assert series.origin == Origin("campus", "R1", "period")


def test_series_outlive_their_entries(campus):
    """When an entry goes and returns, its series is still the same."""
    changes(campus, entry("R1", "one"))
    (series,) = campus.find_series()
    changes(campus)
    changes(campus, entry("R1", "one"))
    assert campus.find_series() == [series]


def test_a_series_that_was_removed_stays_away(campus):
    """A catalogue that lists what it listed before does not bring a removed series back."""
    changes(campus, entry("R1", "one"))
    campus.remove_series([series.key for series in campus.find_series()])
    changes(campus, entry("R1", "one", description="new"), entry("R2", "two"))
    assert [series.name for series in campus.find_series()] == ["two"]


def test_names_that_are_taken_say_where_they_are_from(campus):
    """A series whose name is taken gets its subject added, or its whole origin."""
    campus.create_series([NewSeries(name="one"), NewSeries(name="one (R1)")])
    changes(campus, entry("R1", "one"), entry("R2", "one"))
    names = [series.name for series in campus.find_series()]
    assert names == ["one", "one (R1)", "one (campus R1 period)", "one (R2)"]


def test_definitions_follow_the_platform(campus):
    """What the platform changes in a definition is changed here, and kept dated."""
    changes(campus, entry("R1", "one", unit="kWh", description="old"))
    changes(campus, entry("R1", "two", unit="bushel", description="old"))
    (series,) = campus.find_series()
    assert (series.name, series.unit) == ("two", "bushel")
    assert "bushel" in {unit.name for unit in campus.units()}


def test_what_the_user_changed_stays(campus):
    """A member that the user changed no longer follows the platform; the others still do."""
    changes(campus, entry("R1", "one", unit="kWh", description="a"))
    (series,) = campus.find_series()
    campus.change_series(msgspec.structs.replace(series, name="mine"))
    changes(campus, entry("R1", "two", unit="MWh", description="b"))
    (series,) = campus.find_series()
    assert (series.name, series.unit, series.description) == ("mine", "MWh", "b")


def test_a_new_name_that_is_taken_is_not_followed(campus):
    """A series keeps its name when the platform's new one belongs to another series."""
    campus.create_series([NewSeries(name="two")])
    changes(campus, entry("R1", "one"))
    changes(campus, entry("R1", "two"))
    assert [series.name for series in campus.find_series()] == ["two", "one"]


def test_aliases_are_bound_by_origin(campus):
    """Formulas of a catalogue refer to series by origin and get their keys, in any order."""
    origins = {"a": Origin("campus", "R1", "period"), "b": Origin("campus", "R9", "period")}
    formula = Formula(text="a+b", language="vm", alias_origins=origins)
    changes(campus, entry("V1", "virtual", formula=formula), entry("R1", "one"))
    assert named(campus, "virtual").formula.aliases == {"a": named(campus, "one").key}
    late = entry("R9", "late")
    changes(campus, entry("V1", "virtual", formula=formula), entry("R1", "one"), late)
    aliases = {"a": named(campus, "one").key, "b": named(campus, "late").key}
    assert named(campus, "virtual").formula.aliases == aliases


def test_a_changed_formula_is_followed(campus):
    """A formula that the platform changed is changed here too, bound aliases or not."""
    origins = {"a": Origin("campus", "R1", "period")}
    one = entry("R1", "one")
    changes(
        campus,
        one,
        entry("V1", "v", formula=Formula(text="a", language="vm", alias_origins=origins)),
    )
    doubled = Formula(text="a*2", language="vm", alias_origins=origins)
    changes(campus, one, entry("V1", "v", formula=doubled))
    assert named(campus, "v").formula.text == "a*2"
    assert named(campus, "v").formula.aliases == {"a": named(campus, "one").key}


def test_a_catalogue_needs_its_connection_and_origins(campus):
    """An unknown connection, or a series without origin, leaves the catalogue as it was."""
    with pytest.raises(NotFound):
        campus.record_catalogue("depot", [])
    lost = Entry(subject="X", kind="register", name="x", series=(NewSeries(name="x"),))
    with pytest.raises(BadValue, match="origin of series 'x'"):
        changes(campus, lost)
    assert campus.catalogue("campus") == []


def test_thousands_of_entries_are_recorded_in_a_moment(campus):
    """A catalogue of thousands is one transaction of whole columns, not of rows."""
    entries = [entry(f"R{number}", f"register {number}") for number in range(3000)]
    changes(campus, *entries)
    assert set(changes(campus, *entries).values()) == {Change.SAME}
    assert campus.status().series == 3000
