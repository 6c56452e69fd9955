"""Field rules: paths, pass lists, narrowing, hashes and rounding, on a small tree."""

from __future__ import annotations

import pytest

from tidegate.gate.passlist import BadPassList
from tidegate.gate.rules import Branch, FieldRules, Leaf
from tidegate.gate.verdicts import Verdict
from tidegate.model.errors import BadValue, UnknownName

PASS, BLANK, HASH, OMIT = Verdict.PASS, Verdict.BLANK, Verdict.HASH, Verdict.OMIT


@pytest.fixture
def rules() -> FieldRules:
    spot = Branch({"latitude": Leaf("s10"), "longitude": Leaf("s11")})
    part = Branch({"at": Leaf("dt", required=True), "tags": Leaf("s9", many=True)}, many=True)
    root = Branch(
        {
            "id": Leaf("cs36", required=True, verdict=PASS),
            "kwh": Leaf("num"),
            "old_name": Leaf("dt", foreign=True),
            "spot": spot,
            "parts": part,
        }
    )
    coarse = {
        "places": frozenset({"latitude", "longitude"}),
        "postal": frozenset({"postal_code"}),
        "energy": frozenset({"kwh"}),
    }
    return FieldRules("things", "1", "default", root, coarse)


def verdicts(rules: FieldRules) -> dict[str, Verdict]:
    return {field.path: field.verdict for field in rules.fields()}


def test_fields_are_the_values_in_order_without_those_of_other_versions(rules: FieldRules) -> None:
    assert [field.path for field in rules.fields()] == [
        "id",
        "kwh",
        "spot.latitude",
        "spot.longitude",
        "parts.at",
        "parts.tags",
    ]
    assert [field.path for field in rules.fields() if field.many] == ["parts.at", "parts.tags"]
    assert [field.path for field in rules.fields() if field.required] == ["id", "parts.at"]


def test_a_pass_list_opens_values_and_whole_structures(rules: FieldRules) -> None:
    opened = rules.passing(["kwh", "spot"])
    assert verdicts(opened) == {
        "id": PASS,
        "kwh": PASS,
        "spot.latitude": PASS,
        "spot.longitude": PASS,
        "parts.at": BLANK,
        "parts.tags": BLANK,
    }
    assert opened.opened() == ("spot",)
    assert verdicts(rules)["kwh"] is BLANK, "rules do not change in place"


def test_a_single_point_opens_everything(rules: FieldRules) -> None:
    opened = rules.passing(["."])
    assert set(verdicts(opened).values()) == {PASS}
    assert opened.opened() == (".",)


def test_the_order_of_a_pass_list_makes_no_difference(rules: FieldRules) -> None:
    assert rules.passing(["spot", "spot.latitude"]) == rules.passing(["spot.latitude", "spot"])


def test_a_field_of_another_version_may_be_named(rules: FieldRules) -> None:
    opened = rules.passing(["old_name"]).root.children["old_name"]
    assert isinstance(opened, Leaf)
    assert opened.verdict is PASS


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("kwhh", "did you mean 'kwh'?"),
        ("parts.att", "did you mean 'parts.at'?"),
        ("spot.latitud", "did you mean 'spot.latitude'?"),
        ("xyz", "tidegate ocpi fields things lists the fields"),
        ("nope.x", "tidegate ocpi fields things lists the fields"),
    ],
)
def test_an_unknown_path_is_an_error_that_says_what_was_meant(
    rules: FieldRules, path: str, says: str
) -> None:
    with pytest.raises(BadPassList) as caught:
        rules.passing([path])
    assert path in caught.value.message
    assert caught.value.hint == says
    assert caught.value.exit_code == 2


def test_a_path_below_a_value_names_the_value(rules: FieldRules) -> None:
    with pytest.raises(BadPassList, match=r"'parts\.at\.x\.y' goes below 'parts\.at', which"):
        rules.passing(["parts.at.x.y"])


def test_an_extension_is_opened_only_when_asked_for(rules: FieldRules) -> None:
    assert verdicts(rules.passing(["parts.plate"], extensions=True))["parts.plate"] is PASS
    for paths in (["id.x"], ["nope.x"]):
        with pytest.raises(BadPassList):
            rules.passing(paths, extensions=True)


def test_narrowing_keeps_the_verdicts_of_what_is_named_and_drops_the_rest(
    rules: FieldRules,
) -> None:
    narrow = rules.passing(["parts.tags"]).narrowed(["parts", "kwh"])
    assert verdicts(narrow) == {
        "id": OMIT,
        "kwh": BLANK,
        "spot.latitude": OMIT,
        "spot.longitude": OMIT,
        "parts.at": BLANK,
        "parts.tags": PASS,
    }
    with pytest.raises(BadPassList):
        rules.narrowed(["kwhh"])


def test_narrowing_open_rules_closes_them_to_unknown_fields(rules: FieldRules) -> None:
    assert rules.passing(["."]).narrowed(["kwh"]).root.other is OMIT


def test_hashing_takes_back_what_passes(rules: FieldRules) -> None:
    hashed = rules.passing(["spot"]).hashing(["id", "spot"])
    assert [verdicts(hashed)[path] for path in ("id", "spot.latitude", "kwh")] == [
        HASH,
        HASH,
        BLANK,
    ]
    assert hashed.opened() == ()


def test_rounding_names_what_is_done_to_each_kind(rules: FieldRules) -> None:
    coarse = rules.rounding("hour", 2, energy=True)
    assert {field.path: field.transform for field in coarse.fields() if field.transform} == {
        "kwh": "integer",
        "spot.latitude": "places:2",
        "spot.longitude": "places:2",
        "parts.at": "hour",
    }


def test_rounding_never_becomes_finer(rules: FieldRules) -> None:
    twice = rules.rounding("day", 1).rounding("whole", 3)
    found = {field.path: field.transform for field in twice.fields()}
    assert (found["parts.at"], found["spot.latitude"]) == ("day", "places:1")


def test_rounding_refuses_what_it_cannot_do(rules: FieldRules) -> None:
    with pytest.raises(UnknownName, match="minute"):
        rules.rounding("minute")
    with pytest.raises(BadValue, match="places is 9"):
        rules.rounding(places=9)


def test_what_is_let_out_is_what_passes_plain(rules: FieldRules) -> None:
    mixed = rules.passing(["spot.latitude"]).hashing(["id"])
    assert [mixed.lets_out(path) for path in ("id", "kwh", "spot", "spot.longitude")] == [
        False,
        False,
        True,
        False,
    ]
    with pytest.raises(BadPassList):
        mixed.lets_out("nope")
