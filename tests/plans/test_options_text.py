"""Options of products as texts, and checked against a catalogue."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.errors import BadValue
from tidegate.plans.options_text import (
    check_options,
    default_options,
    options_text,
    parse_options,
)

AVERAGE: dict[str, Any] = {
    "option": "dpo_average",
    "allowableValues": ["60", "600"],
    "defaultValue": "7",
}
RESAMPLE: dict[str, Any] = {
    "option": "dpo_resample",
    "allowableValues": ["none", "average"],
    "defaultValue": "none",
    "suboptions": [AVERAGE],
}
QUALITY: dict[str, Any] = {
    "option": "dpo_qualityControl",
    "allowableValues": ["0", "1"],
    "defaultValue": "1",
}
LEVEL: dict[str, Any] = {
    "option": "dpo_lowerColourLimit",
    "allowableValues": ["-1000"],
    "allowableRange": {"lowerBound": "-160", "upperBound": "140", "onlyIntegers": True},
    "defaultValue": "-1000",
}
KNOWN = [QUALITY, RESAMPLE]


@pytest.mark.parametrize(
    "text",
    [
        "dpo_qualityControl=1; dpo_resample=average ,dpo_average=60",
        "dpo_average = 60&dpo_resample=average\r\ndpo_qualityControl=1",
        "dpo_qualityControl=1,dpo_qualityControl=1,dpo_resample=average,dpo_average=60;",
    ],
)
def test_texts(text):
    found = parse_options(text)
    assert found == {"dpo_qualityControl": "1", "dpo_resample": "average", "dpo_average": "60"}
    assert check_options(found, KNOWN) == []
    assert parse_options(options_text(found)) == found


@pytest.mark.parametrize("text", ["foo=1", "dpo_x", "dpo_x=", "=1", "dpo_x=1,dpo_x=2"])
def test_bad_texts_are_refused(text):
    with pytest.raises(BadValue):
        parse_options(text)


@pytest.mark.parametrize(
    ("text", "known", "faults"),
    [
        ("dpo_qualityControl=1; dpo_resample=average", KNOWN, ["dpo_average missing"]),
        ("", KNOWN, ["dpo_qualityControl missing", "dpo_resample missing"]),
        ("", [], []),
        ("dpo_lowerColourLimit=-1000", [LEVEL], []),
        ("dpo_lowerColourLimit=-160", [LEVEL], []),
        (
            "dpo_lowerColourLimit=0.5",
            [LEVEL],
            ["dpo_lowerColourLimit=0.5 not allowed, only -1000 or -160 to 140"],
        ),
        (
            "dpo_lowerColourLimit=x",
            [LEVEL],
            ["dpo_lowerColourLimit=x not allowed, only -1000 or -160 to 140"],
        ),
        (
            "dpo_qualityControl=1, dpo_resample=none, dpo_average=60",
            KNOWN,
            ["dpo_average needs dpo_resample=average"],
        ),
        (
            "dpo_qualitycontrol=1",
            [QUALITY],
            [
                "dpo_qualityControl missing",
                "dpo_qualitycontrol unknown, did you mean dpo_qualityControl?",
            ],
        ),
    ],
)
def test_checked_against_the_catalogue(text, known, faults):
    assert check_options(parse_options(text), known) == faults


def test_a_suboption_out_of_its_list_is_not_allowed():
    given = parse_options("dpo_qualityControl=1,dpo_resample=average,dpo_average=39")
    assert check_options(given, KNOWN) == ["dpo_average=39 not allowed, only 60, 600"]


def test_defaults_are_those_of_parents():
    assert default_options(KNOWN) == {"dpo_qualityControl": "1", "dpo_resample": "none"}
    assert default_options([{**RESAMPLE, "defaultValue": "average"}]) == {}


@given(st.text(alphabet="dpo_ab=,;& \n1é", max_size=40))
def test_any_text_is_options_or_refused(text):
    try:
        found = parse_options(text)
    except BadValue:
        return
    assert parse_options(options_text(found)) == found
