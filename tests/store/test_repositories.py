"""Repositories and units."""

from __future__ import annotations

import pytest
from msgspec import structs

from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadValue, Duplicate, InUse, NotFound, UnknownZone
from tidegate.model.series import NewSeries
from tidegate.model.units import STARTER_UNITS, Unit


def test_a_new_store_has_main(store):
    """A new store has the repository `main`, which knows the starter units."""
    assert store.repositories() == ["main"]
    assert {unit.name: unit for unit in store.units()} == {u.name: u for u in STARTER_UNITS}


def test_a_repository_comes_and_goes(store):
    """An empty repository can be created once and removed again."""
    store.create_repository("plant")
    with pytest.raises(Duplicate):
        store.create_repository("plant")
    assert store.repositories() == ["main", "plant"]
    store.remove_repository("plant")
    assert store.repositories() == ["main"]
    store.create_repository("plant")
    assert len(store.units(repository="plant")) == len(STARTER_UNITS)


def test_a_repository_in_use_stays(store):
    """`main` cannot be removed, nor can a repository that holds series."""
    store.create_repository("plant")
    store.create_series([NewSeries(name="a")], repository="plant")
    with pytest.raises(InUse, match="its 1 series"):
        store.remove_repository("plant")
    with pytest.raises(InUse):
        store.remove_repository("main")
    with pytest.raises(NotFound):
        store.remove_repository("nowhere")


@pytest.mark.parametrize("name", ["", "  ", "a/b"])
def test_a_repository_name_must_fit_into_a_path(store, name):
    """A repository name is not blank and has no slash, since addresses contain it."""
    with pytest.raises(BadValue):
        store.create_repository(name)


def test_a_unit_is_put_in_place(store):
    """A unit replaces the one of its name in its repository only."""
    store.create_repository("plant")
    unit = Unit(name="kWh", factor=3.6e6, base_unit="J", aggregation=Aggregation.SUM)
    store.put_unit(unit)
    assert unit in store.units()
    assert len(store.units()) == len(STARTER_UNITS)
    assert unit not in store.units(repository="plant")


def test_an_equal_unit_changes_nothing(store):
    """Putting a unit in place of its equal leaves no record."""
    before = store.audit_trail()
    store.put_unit(STARTER_UNITS[3])
    assert store.audit_trail() == before


def test_units_stand_in_the_order_in_which_they_were_made(store):
    """A changed unit keeps its place, a new one comes last; each can be asked to be new or not."""
    before = [unit.name for unit in store.units()]
    store.put_unit(Unit(name="kWh", factor=3.6e6, base_unit="J"), new=False, actor="ada")
    store.put_unit(Unit(name="A"), new=True)
    assert [unit.name for unit in store.units()] == [*before, "A"]
    with pytest.raises(Duplicate):
        store.put_unit(Unit(name="A", factor=2.0), new=True)
    with pytest.raises(NotFound):
        store.put_unit(Unit(name="B"), new=False)


def test_a_repository_has_a_zone(store):
    """It is UTC unless said otherwise; who changes it stands in the audit trail."""
    store.create_repository("plant", zone="Europe/Vienna")
    assert store.repository_zone() == "UTC"
    assert store.repository_zone(repository="plant") == "Europe/Vienna"
    store.set_repository_zone("Europe/Athens", repository="plant", actor="ada")
    assert store.repository_zone(repository="plant") == "Europe/Athens"
    last = store.audit_trail()[-1]
    assert (last.actor, last.verb, last.before, last.after) == (
        "ada",
        "change-repository",
        "Europe/Vienna",
        "Europe/Athens",
    )
    store.set_repository_zone("Europe/Athens", repository="plant")
    assert store.audit_trail()[-1] == last


def test_a_repository_needs_a_zone_that_there_is(store):
    """An unknown zone, or one of an unknown repository, changes nothing."""
    with pytest.raises(UnknownZone):
        store.create_repository("plant", zone="Europe/Atlantis")
    assert store.repositories() == ["main"]
    with pytest.raises(UnknownZone):
        store.set_repository_zone("Europe/Atlantis")
    for ask in (store.repository_zone, lambda **of: store.set_repository_zone("UTC", **of)):
        with pytest.raises(NotFound):
            ask(repository="nowhere")


def test_series_without_zone_get_that_of_their_repository(store):
    """New ones, and old ones whose zone is taken away; one that names a zone keeps it."""
    store.create_repository("plant", zone="Europe/Vienna")
    new = [NewSeries(name="a"), NewSeries(name="b", zone="Europe/London")]
    a, b = store.create_series(new, repository="plant")
    assert (a.zone, b.zone) == ("Europe/Vienna", "Europe/London")
    changed = store.change_series(structs.replace(b, zone=None))
    assert changed.zone == "Europe/Vienna"
    assert [one.zone for one in store.find_series(repository="plant")] == ["Europe/Vienna"] * 2
    assert store.create_series([NewSeries(name="a")])[0].zone is None


def test_the_zone_of_a_repository_moves_no_series(store):
    """Series made before keep the raster that their readings are on; names may change."""
    (old,) = store.create_series([NewSeries(name="old")])
    store.set_repository_zone("Europe/Vienna")
    (kept,) = store.find_series()
    assert (kept.name, kept.zone) == ("old", "UTC")
    assert store.change_series(structs.replace(kept, name="older")).zone == "UTC"
    assert store.create_series([NewSeries(name="new")])[0].zone == "Europe/Vienna"
    assert old.zone is None
