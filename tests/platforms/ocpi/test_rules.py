"""The field rules of OCPI: complete against the protocol, and every conforming record survives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.ocpi.examples import drawn, leaves, shape, variants, whole

from tidegate.gate.filtering import Mark, RecordFilter
from tidegate.gate.transforms import Hasher
from tidegate.gate.verdicts import Verdict
from tidegate.model.errors import UnknownName
from tidegate.platforms.ocpi.objects import objects
from tidegate.platforms.ocpi.rules import MODULES, PROFILES, VERSIONS, field_rules

if TYPE_CHECKING:
    from tidegate.gate.rules import FieldRules

EVERY = [(module, version) for version in VERSIONS for module in MODULES]
HASHER = Hasher(bytes(32))

LEAVES = {
    "2.1.1": {"cdrs": 137, "locations": 94, "sessions": 108, "tariffs": 27, "tokens": 9},
    "2.2.1": {"cdrs": 102, "locations": 104, "sessions": 26, "tariffs": 40, "tokens": 15},
    "2.3.0": {"cdrs": 124, "locations": 135, "sessions": 29, "tariffs": 43, "tokens": 15},
}


def verdicts(module: str, version: str, profile: str) -> dict[str, str]:
    return {field.path: field.verdict for field in field_rules(module, version, profile).fields()}


def page(*records: dict[str, Any]) -> bytes:
    return json.dumps(records, separators=(",", ":")).encode()


def lines(out: bytes) -> list[Any]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize(("module", "version"), EVERY)
def test_no_field_of_the_protocol_is_missing(module: str, version: str) -> None:
    assert len(field_rules(module, version).fields()) == LEAVES[version][module]


@pytest.mark.parametrize(
    ("row", "verdicts_of"),
    [
        ("2.1.1 sessions start_datetime", "blank blank blank"),
        ("2.1.1 sessions auth_id", "blank blank hash"),
        ("2.1.1 sessions location.id", "blank pass hash"),
        ("2.1.1 sessions location.evses.uid", "blank pass hash"),
        ("2.1.1 sessions location.evses.connectors.id", "pass pass pass"),
        ("2.1.1 cdrs location.id", "blank pass hash"),
        ("2.1.1 cdrs stop_date_time", "blank blank blank"),
        ("2.1.1 locations id", "pass pass pass"),
        ("2.1.1 locations evses.uid", "pass pass pass"),
        ("2.1.1 locations type", "pass pass pass"),
        ("2.1.1 tokens auth_id", "blank blank hash"),
        ("2.2.1 sessions id", "pass pass hash"),
        ("2.2.1 sessions status", "blank blank pass"),
        ("2.2.1 sessions cdr_token.party_id", "blank pass blank"),
        ("2.2.1 sessions cdr_token.uid", "blank blank hash"),
        ("2.2.1 sessions auth_method", "pass pass pass"),
        ("2.2.1 sessions authorization_reference", "blank blank blank"),
        ("2.2.1 sessions total_cost.excl_vat", "blank blank blank"),
        ("2.2.1 cdrs id", "blank pass hash"),
        ("2.2.1 cdrs session_id", "blank pass hash"),
        ("2.2.1 cdrs auth_method", "blank blank pass"),
        ("2.2.1 cdrs authorization_reference", "blank pass blank"),
        ("2.2.1 cdrs cdr_location.evse_uid", "blank pass hash"),
        ("2.2.1 cdrs cdr_location.connector_id", "pass pass pass"),
        ("2.2.1 cdrs signed_data.public_key", "blank pass blank"),
        ("2.2.1 cdrs tariffs.elements.price_components.step_size", "pass pass pass"),
        ("2.2.1 cdrs total_parking_time", "blank blank blank"),
        ("2.2.1 cdrs home_charging_compensation", "blank blank blank"),
        ("2.2.1 locations suboperator.logo.url", "blank pass blank"),
        ("2.2.1 locations owner.logo.category", "pass pass pass"),
        ("2.2.1 locations energy_mix.energy_sources.source", "blank blank blank"),
        ("2.2.1 locations publish_allowed_to.uid", "blank blank blank"),
        ("2.2.1 tariffs elements.restrictions.day_of_week", "pass pass pass"),
        ("2.2.1 tariffs last_updated", "blank blank pass"),
        ("2.2.1 tokens issuer", "pass pass pass"),
        ("2.3.0 sessions total_cost.before_taxes", "blank blank blank"),
        ("2.3.0 sessions total_cost.taxes.percentage", "pass pass pass"),
        ("2.3.0 sessions total_cost.taxes.account_number", "blank blank blank"),
        ("2.3.0 locations help_phone", "blank blank blank"),
        ("2.3.0 locations parking_places.vehicle_types", "pass pass pass"),
        ("2.3.0 locations parking_places.images.url", "blank blank blank"),
        ("2.3.0 locations evses.parking.parking_id", "pass pass pass"),
        ("2.3.0 locations evses.connectors.capabilities", "pass pass pass"),
        ("2.3.0 cdrs booking_id", "blank blank blank"),
        ("2.3.0 tariffs max_price.after_taxes", "blank blank blank"),
        ("2.3.0 tariffs tax_included", "pass pass pass"),
    ],
)
def test_verdicts_of_default_parity_and_strict(row: str, verdicts_of: str) -> None:
    version, module, path = row.split()
    found = [verdicts(module, version, name)[path] for name in ("default", "parity", "strict")]
    assert " ".join(found) == verdicts_of


@pytest.mark.parametrize(("module", "version"), EVERY)
def test_default_lets_out_what_both_others_do_and_the_id_of_a_session(
    module: str, version: str
) -> None:
    default, parity, strict = (
        {path for path, verdict in verdicts(module, version, name).items() if verdict == "pass"}
        for name in ("default", "parity", "strict")
    )
    assert default == (parity & strict) | ({"id"} if module == "sessions" else set())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_class_of_the_tables_is_used_and_every_verdict_is_one(version: str) -> None:
    tables = objects(version)
    used = {member.type for members in tables.classes.values() for member in members}
    assert set(tables.classes) <= used | set(tables.modules.values())
    for members in tables.classes.values():
        for member in members:
            is_object = member.type in tables.classes
            assert (member.tool, member.strict) == ("", "") if is_object else member.tool in "PN-"
            assert is_object or member.strict in {"P", "N", "H"}
            assert is_object or member.tool


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("module", "version"), EVERY)
def test_records_with_each_optional_field_present_and_absent_survive_whole(
    module: str, version: str, profile: str
) -> None:
    rules = field_rules(module, version, profile)
    made = RecordFilter(rules)
    allowed = {field.path for field in rules.fields() if field.verdict is Verdict.PASS}
    records = [record for _, record in variants(module, version)]
    shown = lines(made.page(page(*records)))
    for given, out in zip(records, shown, strict=True):
        assert shape(out) == shape(given)
        expected = [(path, v if path in allowed else "#NA") for path, v in leaves(given)]
        assert list(leaves(out)) == expected
    assert not made.unknown
    assert not made.skipped


@pytest.mark.parametrize(("module", "version"), EVERY)
def test_no_value_of_a_blank_field_is_in_what_leaves(module: str, version: str) -> None:
    records = [whole(module, version), *(drawn(module, version, seed) for seed in range(20))]
    for profile in ("default", "parity", "strict"):
        made = RecordFilter(field_rules(module, version, profile), hasher=HASHER)
        allowed = {f.path for f in made.rules.fields() if f.verdict is Verdict.PASS}
        out = made.page(page(*records)).decode()
        for path, value in leaves(whole(module, version)):
            if path not in allowed and isinstance(value, str) and value.startswith("<"):
                assert value not in out


@pytest.mark.parametrize("mark", list(Mark))
def test_record_and_page_agree_on_every_module(mark: Mark) -> None:
    for module, version in EVERY:
        rules = field_rules(module, version, "strict")
        records = [drawn(module, version, seed) for seed in range(30)]
        one = RecordFilter(rules, mark=mark, hasher=HASHER)
        out = RecordFilter(rules, mark=mark, hasher=HASHER).page(page(*records))
        assert lines(out) == [one.record(record) for record in records]


def test_strict_hashes_ids_so_that_records_still_join() -> None:
    strict = {
        module: RecordFilter(field_rules(module, "2.2.1", "strict"), hasher=HASHER)
        for module in ("sessions", "cdrs", "tokens")
    }
    session = strict["sessions"].record({"id": "s1", "location_id": "L1", "evse_uid": "e1"})
    cdr = strict["cdrs"].record(
        {"session_id": "S1", "cdr_location": {"id": "l1", "evse_uid": "E1"}}
    )
    assert session["id"] == cdr["session_id"] == HASHER("S1")
    assert session["location_id"] == cdr["cdr_location"]["id"]
    assert session["evse_uid"] == cdr["cdr_location"]["evse_uid"]
    assert strict["tokens"].record({"uid": "u"})["uid"] == HASHER("U")


def test_both_spellings_of_dates_are_known_in_every_version() -> None:
    for version in VERSIONS:
        made = RecordFilter(field_rules("sessions", version).passing(["start_datetime"]))
        record = {"start_datetime": "2024-03-01", "start_date_time": "x", "end_datetime": None}
        expected = {"start_datetime": "2024-03-01", "start_date_time": "#NA", "end_datetime": "#NA"}
        assert made.record(record) == expected
        assert not made.unknown


def test_numbers_and_objects_are_taken_for_a_price_in_every_version() -> None:
    prices: list[Any] = [5, 5.0, None, {"excl_vat": 1}, {"before_taxes": 1, "taxes": []}]
    for version in VERSIONS:
        for cost in prices:
            blank = RecordFilter(field_rules("sessions", version))
            out = blank.record({"id": "1", "total_cost": cost})
            assert out["id"] == "1"
            assert not any(isinstance(value, int) for _, value in leaves(out))
            opened = RecordFilter(field_rules("sessions", version).passing(["total_cost"]))
            assert opened.record({"total_cost": cost}) == {"total_cost": cost}


def test_unknown_names_say_what_there_is() -> None:
    for arguments in (("session", "2.2.1"), ("sessions", "2.2"), ("sessions", "2.2.1", "lax")):
        with pytest.raises(UnknownName):
            field_rules(*arguments)


def test_coarse_values_of_a_real_record() -> None:
    rules: FieldRules = field_rules("cdrs", "2.2.1", "full").rounding(
        "day", 2, postal=True, energy=True
    )
    record = {
        "start_date_time": "2024-03-01T08:15:30.5Z",
        "total_energy": 21.5,
        "total_time": 1.25,
        "cdr_location": {
            "postal_code": "6811AA",
            "coordinates": {"latitude": "51.985103", "longitude": "5.898730"},
        },
    }
    assert lines(RecordFilter(rules).page(page(record))) == [
        {
            "start_date_time": "2024-03-01T00:00:00Z",
            "total_energy": 22,
            "total_time": 1.25,
            "cdr_location": {
                "postal_code": "6811",
                "coordinates": {"latitude": "51.99", "longitude": "5.90"},
            },
        }
    ]
