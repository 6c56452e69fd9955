"""Joins on documents of any shape: nothing is lost, nothing raises, nothing unfiltered leaves."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.errors import UnknownName
from tidegate.platforms.ocpi.columns import columns_of
from tidegate.platforms.ocpi.joining import JOINABLE, Joins, joined_rules, joins_of
from tidegate.platforms.ocpi.rules import VERSIONS, field_rules

LOCATION = {
    "country_code": "NL",
    "party_id": "TST",
    "id": "LOC1",
    "city": "Arnhem",
    "evses": [
        None,
        {
            "uid": "E1",
            "status": "CHARGING",
            "connectors": [{"id": "1", "power_type": "DC", "tariff_ids": ["t2"]}],
        },
        {"uid": "E2", "connectors": None},
    ],
}
SESSION = {
    "country_code": "nl",
    "party_id": "tst",
    "id": "S1",
    "location_id": "loc1",
    "evse_uid": "e1",
    "connector_id": "1",
    "kwh": 4.0,
    "charging_periods": [{"tariff_id": "T1"}, {"tariff_id": None}, None],
}
TARIFFS = [
    {"country_code": "NL", "party_id": "TST", "id": name, "currency": "EUR"}
    for name in ("T1", "T2")
]


def _bytes(*records):
    return json.dumps(records).encode()


def _joined(session, **modules):
    joins = Joins(list(modules))
    for module, records in modules.items():
        joins.add(module, _bytes(*records))
    (record,) = json.loads(joins.page(_bytes(session)))
    return record


def test_each_part_is_without_the_ones_below_it():
    """Location has no EVSEs, EVSE no connectors; tariffs come from periods and connector."""
    joined = _joined(SESSION, locations=[LOCATION], tariffs=TARIFFS)["joined"]
    assert joined["location"] == {k: v for k, v in LOCATION.items() if k != "evses"}
    assert joined["evse"] == {"uid": "E1", "status": "CHARGING"}
    assert joined["connector"]["power_type"] == "DC"
    assert [tariff["id"] for tariff in joined["tariffs"]] == ["T1", "T2"]


def test_the_record_itself_stays_byte_for_byte():
    """Joining adds a member; it does not write the others anew, so digits and order stay."""
    joins = Joins(["locations"])
    text = b'{"b":1.50000000000000000001,"a":4.0 }'
    nothing = b'{"location":null,"evse":null,"connector":null}'
    assert joins.page(b"[" + text + b",{},null]") == (
        b'[{"b":1.50000000000000000001,"a":4.0 ,"joined":' + nothing + b"},"
        b'{"joined":' + nothing + b"},null]"
    )


def test_removed_evses_leave_the_location():
    """An EVSE that is gone from its location is null; the location is still found."""
    joined = _joined(SESSION | {"evse_uid": "GONE"}, locations=[LOCATION])["joined"]
    assert joined["location"]["city"] == "Arnhem"
    assert joined["evse"] is None
    assert joined["connector"] is None


def test_a_credit_and_its_cdr_belong_to_one_session():
    """All CDRs of a session are joined to it; each CDR gets its session."""
    cdrs = [SESSION | {"id": name, "session_id": "s1"} for name in ("C1", "C2")]
    assert [one["id"] for one in _joined(SESSION, cdrs=cdrs)["joined"]["cdrs"]] == ["C1", "C2"]
    assert _joined(cdrs[0], sessions=[SESSION])["joined"]["session"]["id"] == "S1"


def test_tokens_are_found_by_party_uid_and_type():
    """A token of another party or type with the same uid is not the one."""
    token = {"country_code": "NL", "party_id": "MSP", "uid": "04A1", "type": "RFID"}
    session = SESSION | {"cdr_token": {**token, "uid": "04a1"}}
    others = [token | {"party_id": "XXX"}, token | {"type": "APP_USER"}]
    assert _joined(session, tokens=[*others, token])["joined"]["token"] == token
    assert _joined(session, tokens=others)["joined"]["token"] is None
    old = _joined({"auth_id": "A1"}, tokens=[{"uid": "x", "auth_id": "a1"}])
    assert old["joined"]["token"]["uid"] == "x"


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "uid", "evses", "connectors", "tariff_ids", "location"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_shape_survives(value):
    """Whatever the modules hold, every record comes out, with its members."""
    names = ("location_id", "location", "cdr_location", "cdr_token", "charging_periods", "auth_id")
    record = {"id": "S1", **dict.fromkeys(names, value)}
    joins = Joins(JOINABLE["sessions"])
    for module in JOINABLE["sessions"]:
        joins.add(module, _bytes(value, record, LOCATION | {"evses": value}))
    (found,) = json.loads(joins.page(_bytes(record)))
    assert {name: found[name] for name in record} == record


def test_text_that_cannot_be_read_is_left_to_the_filter():
    """A record that is no proper text is passed on as it is, and is joined to nothing."""
    joins = Joins(["locations"])
    broken = b'[{"id":"\xff"}]'
    joins.add("locations", broken)
    assert joins.page(broken) == broken


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("module", JOINABLE)
def test_rules_of_joined_parts_are_those_of_their_modules(module, version):
    """A joined part lets out what its own module does, less what the record keeps to itself."""
    joins = JOINABLE[module]
    others = {name: field_rules(name, version) for name in joins}
    rules = joined_rules(field_rules(module, version), others)
    for path in ("joined.location.id", "joined.evse.uid", "joined.token.issuer"):
        assert not rules.lets_out(path)
    assert rules.lets_out("joined.location.country")
    assert rules.lets_out("joined.connector.standard")
    assert not rules.lets_out("joined.location.address")
    full = joined_rules(
        field_rules(module, version, "full"),
        {name: field_rules(name, version, "full") for name in joins},
    )
    assert all(full.lets_out(field.path) for field in full.fields())


def test_only_some_modules_can_be_joined():
    """Locations have nothing to join; sessions cannot be joined to themselves."""
    assert joins_of("sessions", ["tariffs", "locations", "tariffs"]) == ("locations", "tariffs")
    for module, name in (("locations", "tariffs"), ("sessions", "sessions"), ("cdrs", "cdrs")):
        with pytest.raises(UnknownName):
            joins_of(module, [name])


@pytest.mark.parametrize("version", VERSIONS)
def test_columns_are_fixed_and_dotted(version):
    """Each field outside of lists has a column, each list one; exploded ones have more."""
    rules = field_rules("cdrs", version)
    names = [column.name for column in columns_of(rules)]
    assert len(names) == len(set(names))
    assert "charging_periods" in names
    exploded = [column.name for column in columns_of(rules, explode="charging_periods")]
    assert "charging_periods" not in exploded
    assert {"charging_periods.start_date_time", "charging_periods.dimensions"} <= set(exploded)
    passing = {column.name for column in columns_of(rules, passing_only=True)}
    assert passing < set(names)
    assert "currency" in passing
    assert "remark" not in passing
