"""Records as keys, subjects and attributes, in every version and shape."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.model.instants import parse
from tidegate.model.intervals import parse_interval
from tidegate.platforms.ocpi.mapping import Mapping, credited_key, evse_subject, key_of

MAPPING = Mapping("ocpi", parse_interval("15m"), "cdrs")
PARTY = {"country_code": "nl", "party_id": "tst"}
EVSE = {"uid": "e1", "evse_id": "NL*TST*E1", "connectors": [{"power_type": "DC"}]}
PLACE = {
    **PARTY,
    "id": "loc1",
    "name": "Familie Jansen",
    "address": "Proefstraat 1",
    "city": "Arnhem",
    "postal_code": "6811AA",
    "country": "NLD",
    "publish": True,
    "operator": {"name": "Testlaadnet"},
    "evses": [EVSE, {"uid": "e2"}],
    "last_updated": "2024-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("record", "subject"),
    [
        ({**PARTY, "location_id": "loc1", "evse_uid": "e1"}, "NL*TST*LOC1*E1"),
        ({**PARTY, "cdr_location": {"id": "LOC1", "evse_uid": "E1"}}, "NL*TST*LOC1*E1"),
        ({"location": {"id": "LOC1", "evses": [{"uid": "E1"}]}}, "LOC1*E1"),
        ({"location": {"id": "LOC1", "evses": [{"uid": "E1"}, {"uid": "E2"}]}}, "LOC1*?"),
        ({"location": {"id": "LOC1"}}, "LOC1*?"),
        ({**PARTY, "location_id": "LOC1", "evse_uid": "#NA"}, "NL*TST*LOC1*?"),
        ({**PARTY, "location_id": None, "evse_uid": "E1"}, "NL*TST*?*E1"),
        ({**PARTY}, "?"),
        ({"location": "#NA", "cdr_location": 3}, "?"),
    ],
)
def test_every_record_has_a_place_for_its_energy(record: dict[str, Any], subject: str):
    """Ids are compared without regard to case; what is not told is `?`, and nothing is lost."""
    assert evse_subject(record) == subject
    assert MAPPING.mentioned(record).subject == subject


@pytest.mark.parametrize(
    ("module", "record", "key"),
    [
        ("sessions", {**PARTY, "id": "s1"}, "NL*TST*S1"),
        ("sessions", {"id": "s1"}, "S1"),
        ("tokens", {**PARTY, "uid": "04a1", "type": "RFID"}, "NL*TST*04A1*RFID"),
        ("cdrs", {**PARTY, "id": 17}, "NL*TST*17"),
    ],
)
def test_keys(module: str, record: dict[str, Any], key: str):
    """A record is known by party and id; the same uid may be a card and an app."""
    assert key_of(module, record) == key


def test_records_without_id_are_told_apart():
    """Two records without an id are two, and the same one is one."""
    one, other = ({"kwh": kwh} for kwh in (1, 2))
    assert key_of("sessions", one) == key_of("sessions", dict(one))
    assert key_of("sessions", one) != key_of("sessions", other)


def test_credits_name_what_they_take_back():
    """Only a credit takes back, and only what it names."""
    cdr = {**PARTY, "id": "C2", "credit": True, "credit_reference_id": "c1"}
    assert credited_key(cdr) == key_of("cdrs", {**PARTY, "id": "C1"})
    assert credited_key({**cdr, "credit": False}) is None
    assert credited_key({**cdr, "credit_reference_id": None}) is None


def test_attributes_of_an_evse():
    """An EVSE has what its location and itself tell; names and addresses stay away."""
    _, first, second = MAPPING.location_entries(PLACE)
    assert first.observed == {
        "city": "Arnhem",
        "postal_code": "6811AA",
        "country": "NLD",
        "location": "loc1",
        "party": "NL*TST",
        "operator": "Testlaadnet",
        "evse": "NL*TST*E1",
        "evse_uid": "e1",
        "power_type": "DC",
        "public": "yes",
    }
    assert first.observed_at == parse("2024-01-01")
    assert first.parent == second.parent == "NL*TST*LOC1"
    assert second.name == "NL*TST*LOC1*E2"


@pytest.mark.parametrize("private", [{"publish": False}, {"parking_type": "ON_DRIVEWAY"}])
def test_private_places_say_so_and_little_else(private: dict[str, Any]):
    """A home charger is marked, and not narrowed down to a house."""
    place, evse, _ = MAPPING.location_entries(PLACE | private)
    assert evse.observed["public"] == "no"
    assert "postal_code" not in evse.observed
    assert not {"Familie Jansen", "Proefstraat 1"} & {place.name, *map(str, evse.observed.values())}
