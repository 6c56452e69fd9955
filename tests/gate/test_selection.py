"""Which records a view takes: by location, by EVSE in any spelling, without what stays at home."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tidegate.gate.places import places_of
from tidegate.gate.selection import Choice, Place
from tidegate.model.views import Exclusion, Selection

CONNECTOR = {"id": "1", "tariff_ids": ["T1"]}
LOCATION = {
    "id": "LOC1",
    "evses": [
        {"uid": "E1", "evse_id": "NL*TST*E1", "connectors": [CONNECTOR]},
        {"uid": "E2", "connectors": [{"id": "1", "tariff_id": "T2"}]},
        {"uid": "E3", "evse_id": "NL*TST*E3", "connectors": None},
    ],
}
HOME = {"id": "LOC2", "publish": False, "evses": [{"uid": "E9", "evse_id": "NL*TST*E9"}]}
DRIVEWAY = {"id": "LOC3", "parking_type": "ON_DRIVEWAY", "evses": None}
LOCATIONS: tuple[dict[str, Any], ...] = (LOCATION, HOME, DRIVEWAY)
NOTHING = Selection()


def hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture(params=[str, hashed], ids=["plain", "hashed"])
def mark(request):
    """Place names as they are, as of live records, and as hashes, as of those in a store."""
    return request.param


@pytest.fixture
def choose(mark):
    def choose(selection=NOTHING, exclude=()):
        places = [
            Place(tuple(map(mark, places_of("locations", one))), tuple(one["evses"] or ()))
            for one in LOCATIONS
        ]
        return Choice.of(selection, exclude, places, mark=mark)

    return choose


@pytest.fixture
def takes(mark):
    def takes(choice, module, record):
        return choice.takes_of(module, tuple(map(mark, places_of(module, record))))

    return takes


SESSION = {"id": "S", "location_id": "loc1", "evse_uid": "e1", "connector_id": "1"}
CDR = {"id": "C", "cdr_location": {"id": "LOC1", "evse_uid": "E1", "evse_id": "nl-tst-e1"}}
OLD = {"id": "O", "location": {**LOCATION, "evses": LOCATION["evses"][:1]}}
RECORDS = [("sessions", SESSION), ("cdrs", CDR), ("sessions", OLD), ("cdrs", OLD)]


@pytest.mark.parametrize("example", RECORDS)
@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(), True),
        (Selection(locations=("Loc1",)), True),
        (Selection(locations=("LOC2",)), False),
        (Selection(uids=("e1",)), True),
        (Selection(uids=("E2",)), False),
        (Selection(evses=("NL-TST-E1",)), True),
        (Selection(evses=("nltste1",)), True),
        (Selection(evses=("NL*TST*E3",)), False),
        (Selection(evses=("NL*TST*E3",), uids=("E1",)), True),
    ],
)
def test_records_by_place(choose, takes, selection, taken, example):
    """A session of 2.2.1 has no EVSE id: it is found through the locations."""
    assert takes(choose(selection), *example) is taken


@pytest.mark.parametrize(
    ("selection", "evses"),
    [
        (Selection(), ["E1", "E2", "E3"]),
        (Selection(locations=("LOC1",)), ["E1", "E2", "E3"]),
        (Selection(evses=("NLTSTE3",)), ["E3"]),
        (Selection(uids=("E2", "E3")), ["E2", "E3"]),
        (Selection(uids=("E9",)), []),
    ],
)
def test_a_location_keeps_only_the_selected_evses(choose, mark, selection, evses):
    """The location goes with its last EVSE."""
    choice, names = choose(selection), tuple(map(mark, places_of("locations", LOCATION)))
    assert choice.takes(names) is bool(evses)
    if evses:
        assert [one["uid"] for one in choice.evses(names, LOCATION["evses"])] == evses


def test_tariffs_of_selected_connectors_only(choose, takes):
    """A tariff leaves if a connector of a selected EVSE refers to it, in either version's way."""
    for selection, expected in (
        (Selection(), {"t1", "T2", "T3"}),
        (Selection(locations=("LOC1",)), {"t1", "T2"}),
        (Selection(uids=("E2",)), {"T2"}),
        (Selection(uids=("E9",)), set()),
    ):
        choice = choose(selection)
        found = {one for one in ("t1", "T2", "T3") if takes(choice, "tariffs", {"id": one})}
        assert found == expected


@pytest.mark.parametrize(
    ("record", "exclusion"),
    [
        ({"location_id": "LOC2", "evse_uid": "X"}, Exclusion.UNPUBLISHED),
        ({"evse_uid": "E9"}, Exclusion.UNPUBLISHED),
        ({"location_id": "LOC3"}, Exclusion.DRIVEWAY),
        ({"cdr_location": {"id": "LOC3"}}, Exclusion.DRIVEWAY),
        ({"location_id": "LOC1", "home_charging_compensation": True}, Exclusion.HOME),
        ({"location_id": "LOC1", "home_charging_compensation": "#NA"}, Exclusion.HOME),
    ],
)
def test_what_stays_at_home(choose, takes, record, exclusion):
    """Each rule keeps its own records back, and no others."""
    for rule in Exclusion:
        assert takes(choose(exclude=[rule]), "cdrs", record) is (rule is not exclusion)


def test_a_plain_no_does_not_exclude(choose, takes):
    """Public charging that says so is no home charging."""
    record = {"location_id": "LOC1", "home_charging_compensation": False}
    assert takes(choose(exclude=list(Exclusion)), "cdrs", record)


def test_sessions_with_too_many_or_no_evses(choose, takes):
    """It cannot be told where such a session was, so only the whole location selects it."""
    for evses in ([], LOCATION["evses"], None, "E1"):
        session = {"id": "S", "location": {**LOCATION, "evses": evses}}
        assert not takes(choose(Selection(uids=("E1",))), "sessions", session)
        assert takes(choose(Selection(locations=("LOC1",))), "sessions", session)


def test_narrowing_never_widens(choose, takes):
    """What a consumer asks for is taken only as far as the view takes it."""
    view = choose(Selection(uids=("E1",)), list(Exclusion))
    for asked, taken in (
        (Selection(evses=("NL*TST*E1",)), True),
        (Selection(evses=("NL*TST*E3",)), False),
    ):
        both = view.narrowed(choose(asked))
        assert takes(both, "sessions", SESSION) is taken
        assert not takes(both, "sessions", {**SESSION, "evse_uid": "E3"})
    open_view = choose(exclude=[Exclusion.HOME]).narrowed(choose(Selection(uids=("E1",))))
    assert takes(open_view, "sessions", SESSION)
    assert not takes(open_view, "cdrs", {**CDR, "home_charging_compensation": True})


@pytest.mark.parametrize("record", [{}, {"location": 5}, {"location": {"evses": [None, 3]}}])
def test_records_of_any_shape(choose, takes, record):
    """What names no place is taken by no selection, and breaks nothing."""
    assert takes(choose(), "sessions", record)
    assert not takes(choose(Selection(uids=("E1",))), "sessions", record)
