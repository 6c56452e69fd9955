"""Rows of the OCPI document that the filter answers for, on the record that it prints."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.platforms.ocpi.examples import variants
from tests.platforms.ocpi.vectors import seed_session

from tidegate.gate.filtering import RecordFilter
from tidegate.gate.passlist import parse_pass_list
from tidegate.platforms.ocpi.rules import MODULES, field_rules

BLANK = (
    '{"id":"4283da431b2a4f8c9f421eaa53d0428b","kwh":"#NA","status":"#NA","auth_id":"#NA",'
    '"currency":"EUR","total_cost":"#NA","auth_method":"WHITELIST","end_datetime":"#NA",'
    '"last_updated":"#NA","start_datetime":"#NA","charging_periods":[{"dimensions":'
    '[{"type":"#NA","volume":"#NA"}],"start_date_time":"#NA"}]}\n'
)
START_END = BLANK.replace('"end_datetime":"#NA"', '"end_datetime":"2023-01-13T12:44:52Z"').replace(
    '"start_datetime":"#NA"', '"start_datetime":"2023-01-13T12:44:41Z"'
)


def printed(passing: str | None = None, profile: str = "default") -> str:
    rules = field_rules("sessions", "2.1.1", profile)
    if passing is not None:
        rules = rules.passing(parse_pass_list(passing))
    return RecordFilter(rules).page(json.dumps([seed_session()]).encode()).decode()


def test_o11_everything_sensitive_is_na() -> None:
    record: dict[str, Any] = json.loads(printed())
    open_fields = {name for name, value in record.items() if value != "#NA"}
    assert open_fields == {"id", "currency", "auth_method", "charging_periods"}


def test_o12_default_output() -> None:
    assert printed() == BLANK


def test_o13_second_output() -> None:
    passing = "start_datetime,end_datetime,charging_periods.dimensions.type"
    assert printed(passing) == START_END.replace('"type":"#NA"', '"type":"ENERGY"')


def test_o14_nested_names_ignore_arrays() -> None:
    assert '"dimensions":[{"type":"ENERGY","volume":"#NA"}]' in printed(
        "charging_periods.dimensions.type"
    )


def test_o15_third_output() -> None:
    passing = "start_datetime,end_datetime,charging_periods.dimensions"
    expected = START_END.replace('"type":"#NA"', '"type":"ENERGY"')
    assert printed(passing) == expected.replace('"volume":"#NA"', '"volume":16')


def test_o16_fourth_output() -> None:
    assert printed(".") == json.dumps(seed_session(), separators=(",", ":")) + "\n"
    assert printed(profile="full") == printed(".")


@pytest.mark.parametrize("module", ["sessions", "cdrs"])
def test_o17_cost_fields_of_2_2_1(module: str) -> None:
    record = {"id": "1", "total_cost": {"excl_vat": 6.88, "incl_vat": 8.32}}
    rules = field_rules(module, "2.2.1").passing(["total_cost"])
    assert RecordFilter(rules).record(dict(record))["total_cost"] == record["total_cost"]


@pytest.mark.parametrize("module", MODULES)
def test_o23_nothing_personal_leaves_by_default(module: str) -> None:
    personal = {"uid", "contract_id", "auth_id", "visual_number", "group_id", "location_id"}
    for version in ("2.1.1", "2.2.1", "2.3.0"):
        for field in field_rules(module, version).fields():
            if field.path.rpartition(".")[2] in personal and module != "locations":
                assert field.verdict == "blank", field.path


@pytest.mark.parametrize("module", MODULES)
def test_o25_conforming_records_of_2_2_1_are_taken_without_problems(module: str) -> None:
    records = [record for _, record in variants(module, "2.2.1")]
    made = RecordFilter(field_rules(module, "2.2.1"))
    assert len(made.page(json.dumps(records).encode()).splitlines()) == len(records)
    assert not made.unknown
    assert not made.skipped
