"""Each defect that ocpi-tool 1.1.1 has in its filter, and the vectors that show ours has none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.platforms.ocpi.vectors import (
    session_211,
    session_221,
    session_221_blank,
    session_230,
    tariff,
)

from tidegate.gate.filtering import RecordFilter
from tidegate.gate.passlist import BadPassList, parse_pass_list
from tidegate.platforms.ocpi.rules import VERSIONS, field_rules


def shown(
    module: str, version: str, record: dict[str, Any], passing: str | None = None
) -> dict[str, Any]:
    """The record under the verdicts of ocpi-tool, as it comes out of a page."""
    rules = field_rules(module, version, "parity")
    if passing is not None:
        rules = rules.passing(parse_pass_list(passing))
    made = RecordFilter(rules)
    (line,) = made.page(json.dumps([record]).encode()).splitlines()
    found: dict[str, Any] = json.loads(line)
    assert RecordFilter(rules).record(json.loads(json.dumps(record))) == found
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_d1_tariffs_survive_with_their_price_components(version: str) -> None:
    expected = tariff()
    component = {"type": "ENERGY", "price": "#NA", "vat": "#NA", "step_size": 1}
    restrictions = {"day_of_week": ["SATURDAY", "SUNDAY"], "start_time": "#NA"}
    expected["elements"] = [{"price_components": [component], "restrictions": restrictions}]
    expected["last_updated"] = "#NA"
    assert shown("tariffs", version, tariff()) == expected
    assert shown("cdrs", version, {"id": "C1", "tariffs": [tariff()]}) == {
        "id": "C1",
        "tariffs": [expected],
    }


def test_d2_sessions_of_211_survive_with_their_location() -> None:
    out = shown("sessions", "2.1.1", session_211())
    location = out["location"]
    assert (location["type"], location["country"], location["address"]) == (
        "ON_STREET",
        "NLD",
        "#NA",
    )
    assert location["evses"][0]["connectors"][0]["voltage"] == 230
    assert location["evses"][0]["evse_id"] == "#NA"


@pytest.mark.parametrize("version", VERSIONS)
def test_d3_related_locations_are_a_list(version: str) -> None:
    spots = [{"latitude": "51.9", "longitude": "5.8", "name": {"language": "nl", "text": "hek"}}]
    blank = {
        "latitude": "#NA",
        "longitude": "#NA",
        "name": {"language": "#NA", "text": "#NA"},
    }
    for given, expected in (([], []), (spots, [blank])):
        out = shown("locations", version, {"id": "L1", "related_locations": given})
        assert out == {"id": "L1", "related_locations": expected}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("who", ["operator", "suboperator", "owner"])
def test_d4_a_logo_is_one_image(version: str, who: str) -> None:
    logo = {"url": "https://example.org/l.png", "category": "OPERATOR", "type": "png", "width": 9}
    out = shown("locations", version, {"id": "L1", who: {"name": "Wij", "logo": dict(logo)}})
    expected = {**logo, "url": "#NA"} if who == "owner" else logo
    assert out[who]["logo"] == expected


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("module", ["locations", "tariffs"])
def test_d5_an_energy_mix_is_one_object_with_either_name_of_its_impact(
    module: str, version: str
) -> None:
    impacts = [{"source": "CARBON_DIOXIDE", "amount": 9}, {"category": "NUCLEAR_WASTE"}]
    mix = {"is_green_energy": True, "environ_impact": impacts}
    out = shown(module, version, {"id": "X", "energy_mix": mix})
    assert out == {
        "id": "X",
        "energy_mix": {
            "is_green_energy": "#NA",
            "environ_impact": [{"source": "#NA", "amount": "#NA"}, {"category": "#NA"}],
        },
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_d6_days_of_week_and_signed_values_are_lists(version: str) -> None:
    elements = [{"price_components": [], "restrictions": {"day_of_week": ["MONDAY"]}}]
    assert shown("tariffs", version, {"elements": elements}) == {"elements": elements}
    signed = {"encoding_method": "OCMF", "signed_values": [{"nature": "Start", "plain_data": "x"}]}
    out = shown("cdrs", version, {"signed_data": signed})
    assert out["signed_data"]["signed_values"] == [{"nature": "#NA", "plain_data": "#NA"}]


@pytest.mark.parametrize("version", VERSIONS)
def test_d7_null_where_a_list_belongs_stays_null(version: str) -> None:
    nulls = {"id": "L1", "evses": None, "facilities": None, "directions": None, "coordinates": None}
    assert shown("locations", version, dict(nulls)) == nulls
    record = session_221(charging_periods=None, cdr_token=None)
    assert shown("sessions", "2.2.1", record) == session_221_blank(
        charging_periods=None, cdr_token=None
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_d8_an_unknown_field_is_blank_its_record_stays_and_its_value_is_nowhere(
    version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    record = {
        "id": "S1",
        "custom_ext": {"plate": "XX-01"},
        "charging_periods": [{"plate": "XX-01"}],
    }
    made = RecordFilter(field_rules("sessions", version, "parity"))
    out = made.page(json.dumps([record, record]).encode())
    assert (
        out.splitlines()
        == [b'{"id":"S1","custom_ext":"#NA","charging_periods":[{"plate":"#NA"}]}'] * 2
    )
    assert made.unknown == {"custom_ext": 2, "charging_periods.plate": 2}
    assert capsys.readouterr() == ("", "")


def test_d9_a_price_may_be_a_number_or_an_object_in_every_version() -> None:
    assert shown("sessions", "2.2.1", session_221(total_cost=5)) == session_221_blank(
        total_cost="#NA"
    )
    out = shown("sessions", "2.1.1", {**session_211(), "total_cost": {"excl_vat": 6.88}})
    assert out["total_cost"] == "#NA"
    assert shown("cdrs", "2.3.0", {"total_cost": {"excl_vat": 1}}) == {
        "total_cost": {"excl_vat": "#NA"}
    }


def test_d10_an_empty_element_of_a_pass_list_passes_nothing() -> None:
    assert shown("sessions", "2.2.1", session_221(), "kwh,") == session_221_blank(kwh=21.5)
    assert shown("sessions", "2.2.1", session_221(), "kwh,,") == session_221_blank(kwh=21.5)
    with pytest.raises(BadPassList):
        parse_pass_list("")


def test_d11_a_misspelt_path_is_an_error_and_spaces_are_not_part_of_a_name() -> None:
    with pytest.raises(BadPassList) as caught:
        shown("sessions", "2.1.1", session_211(), "start_datetme")
    assert caught.value.hint == "did you mean 'start_datetime'?"
    assert shown("sessions", "2.2.1", session_221(), "kwh, status") == session_221_blank(
        kwh=21.5, status="COMPLETED"
    )


def test_d12_the_order_of_a_pass_list_makes_no_difference() -> None:
    token = session_221()["cdr_token"]
    for text in ("cdr_token,cdr_token.uid", "cdr_token.uid,cdr_token"):
        assert shown("sessions", "2.2.1", session_221(), text) == session_221_blank(cdr_token=token)
    for text in (".,kwh", "kwh,."):
        with pytest.raises(BadPassList):
            shown("sessions", "2.2.1", session_221(), text)


def test_d15_a_null_among_the_records_is_left_out_and_counted() -> None:
    made = RecordFilter(field_rules("sessions", "2.2.1", "parity"))
    out = made.page(json.dumps([session_221(), None, session_221()]).encode())
    assert [json.loads(line) for line in out.splitlines()] == [session_221_blank()] * 2
    assert made.skipped == 1


def test_d18_sessions_of_230_are_filtered() -> None:
    tax = {"name": "VAT", "percentage": 21, "amount": "#NA"}
    expected = session_221_blank(total_cost={"before_taxes": "#NA", "taxes": [tax]})
    assert shown("sessions", "2.3.0", session_230()) == expected


def test_vector_13_4_the_second_session_under_the_verdicts_of_the_tool() -> None:
    out = shown("sessions", "2.2.1", session_221())
    assert json.dumps(out) == json.dumps(session_221_blank()), "the order of fields counts"


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("kwh", {"kwh": 21.5}),
        ("total_cost.excl_vat", {"total_cost": {"excl_vat": 6.88, "incl_vat": "#NA"}}),
        ("cdr_token", {"cdr_token": session_221()["cdr_token"]}),
        ("kwh, status", {"kwh": 21.5, "status": "COMPLETED"}),
        ("kwh,", {"kwh": 21.5}),
    ],
)
def test_vector_13_4_pass_lists(text: str, changes: dict[str, Any]) -> None:
    assert shown("sessions", "2.2.1", session_221(), text) == session_221_blank(**changes)


def test_vector_13_4_pass_lists_of_nested_fields() -> None:
    types = [{"type": "ENERGY", "volume": "#NA"}, {"type": "TIME", "volume": "#NA"}]
    out = shown("sessions", "2.2.1", session_221(), "charging_periods.dimensions.type")
    assert out["charging_periods"][0]["dimensions"] == types
    out = shown("sessions", "2.2.1", session_221(), "charging_periods.dimensions")
    (period,) = session_221()["charging_periods"]
    assert out["charging_periods"] == [{**period, "start_date_time": "#NA"}]


def test_vector_13_4_everything_and_a_path_below_a_value() -> None:
    assert shown("sessions", "2.2.1", session_221(), ".") == session_221()
    with pytest.raises(BadPassList, match=r"'id\.x' goes below 'id'"):
        shown("sessions", "2.2.1", session_221(), "id.x")


def test_vector_13_6_a_tariff_alone_and_within_a_cdr() -> None:
    out = shown("tariffs", "2.2.1", tariff())
    (element,) = out["elements"]
    assert element == {
        "price_components": [{"type": "ENERGY", "price": "#NA", "vat": "#NA", "step_size": 1}],
        "restrictions": {"day_of_week": ["SATURDAY", "SUNDAY"], "start_time": "#NA"},
    }
    assert out["last_updated"] == "#NA"
    assert shown("cdrs", "2.2.1", {"tariffs": [tariff()]}) == {"tariffs": [out]}
