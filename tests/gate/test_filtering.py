"""The filter of records: any JSON goes in, nothing but what the rules name comes out."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.gate.filtering import Mark, RecordFilter
from tidegate.gate.rules import Branch, FieldRules, Leaf
from tidegate.gate.transforms import Hasher
from tidegate.gate.verdicts import Verdict
from tidegate.model.errors import MalformedAnswer

PASS = Verdict.PASS
HASHER = Hasher(bytes(32))
FIELDS = ("id", "kwh", "at", "lat", "tags", "words", "token", "parts")


def build_rules() -> FieldRules:
    token = Branch({"uid": Leaf("cs36", verdict=Verdict.HASH), "type": Leaf("T", verdict=PASS)})
    part = Branch({"type": Leaf("T"), "volume": Leaf("num"), "at": Leaf("dt", verdict=PASS)})
    root = Branch(
        {
            "id": Leaf("cs36", verdict=PASS),
            "kwh": Leaf("num"),
            "at": Leaf("dt", verdict=PASS),
            "lat": Leaf("s10", verdict=PASS),
            "tags": Leaf("s9", many=True, verdict=PASS),
            "words": Leaf("s9", many=True),
            "token": token,
            "parts": Branch(part.children, many=True),
        }
    )
    coarse = {"places": frozenset({"lat"}), "postal": frozenset(), "energy": frozenset()}
    return FieldRules("things", "1", "default", root, coarse)


RULES = build_rules()
VARIANTS = {
    "default": RULES,
    "some": RULES.passing(["parts.volume", "kwh", "words"]),
    "structures": RULES.passing(["parts", "token"]),
    "everything": RULES.passing(["."]),
    "extension": RULES.passing(["extra", "parts.extra"], extensions=True),
    "narrow": RULES.narrowed(["id", "parts.type", "tags"]),
    "narrow and open": RULES.passing(["."]).narrowed(["parts.volume", "token"]),
    "nothing": RULES.narrowed([]),
    "hashed": RULES.hashing(["id", "parts", "tags"]),
    "rounded": RULES.passing(["."]).rounding("hour", 2),
}

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.just("2024-03-01T08:15:00Z")
)
NAMES = st.sampled_from((*FIELDS, "extra", "type", "volume", "uid")) | st.text(max_size=3)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
PART = st.dictionaries(st.sampled_from(("type", "volume", "at", "extra")), SCALARS)
LIKELY = st.fixed_dictionaries(
    {"id": st.text(max_size=4)},
    optional={
        "kwh": SCALARS,
        "at": st.just("2024-03-01T08:15:00.25Z"),
        "lat": st.just("51.98510"),
        "tags": st.lists(SCALARS, max_size=2) | st.none(),
        "words": st.lists(SCALARS, max_size=2),
        "token": st.dictionaries(st.sampled_from(("uid", "type")), SCALARS) | st.none(),
        "parts": st.lists(PART, max_size=3),
        "extra": SCALARS,
    },
)
PAGES = st.lists(LIKELY | ANYTHING, max_size=5)


def lines(page: bytes) -> list[Any]:
    return [json.loads(line) for line in page.splitlines()]


def text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=60)
@given(mark=st.sampled_from(list(Mark)), pages=st.lists(PAGES, min_size=1, max_size=3))
def test_a_page_gives_what_its_records_give_one_by_one(
    variant: str, mark: Mark, pages: list[list[Any]]
) -> None:
    whole = RecordFilter(VARIANTS[variant], mark=mark, hasher=HASHER)
    single = RecordFilter(VARIANTS[variant], mark=mark, hasher=HASHER)
    for page in pages:
        records = [each for each in json.loads(text(page)) if isinstance(each, dict)]
        # As text: field order counts, and so does 1 against 1.0 and true.
        expected = [json.dumps(json.loads(encoded(single.record(each)))) for each in records]
        assert [json.dumps(each) for each in lines(whole.page(text(page)))] == expected
    assert whole.unknown == single.unknown
    assert whole.skipped == sum(not isinstance(each, dict) for page in pages for each in page)


def encoded(value: object) -> bytes:
    import msgspec

    return msgspec.json.encode(value)


@given(pages=st.lists(PAGES, min_size=1, max_size=3))
def test_everything_passes_byte_for_byte(pages: list[list[Any]]) -> None:
    opened = RecordFilter(VARIANTS["everything"])
    for page in pages:
        expected = [text(each) for each in page if isinstance(each, dict)]
        assert opened.page(text(page)).split(b"\n")[:-1] == expected


@given(record=st.dictionaries(NAMES, ANYTHING, max_size=6))
def test_names_order_and_lengths_stay_and_nothing_else_leaves(record: dict[str, Any]) -> None:
    given_names = list(record)
    secret = {"kwh": "SECRET", "parts": [{"type": "SECRET"}], "zz": {"plate": "SECRET"}}
    shown = RecordFilter(RULES).record({**record, **secret})
    assert [name for name in shown if name not in secret] == [
        name for name in given_names if name not in secret
    ]
    assert shown["kwh"] == shown["zz"] == "#NA"
    assert shown["parts"] == [{"type": "#NA"}]
    assert b"SECRET" not in encoded(shown)


@pytest.mark.parametrize(
    ("mark", "shown"),
    [
        (Mark.NA, {"id": "1", "kwh": "#NA", "words": ["#NA", "#NA"], "token": {"uid": "#NA"}}),
        (Mark.NULL, {"id": "1", "kwh": None, "words": [None, None], "token": {"uid": None}}),
        (Mark.OMIT, {"id": "1", "token": {}}),
    ],
)
def test_the_mark_is_chosen(mark: Mark, shown: dict[str, Any]) -> None:
    record = {"id": "1", "kwh": 2, "words": ["a", "b"], "token": {"uid": "u"}}
    made = RecordFilter(RULES, mark=mark)
    assert lines(made.page(text([record, record]))) == [shown, shown]
    assert made.record(dict(record)) == shown


def test_shapes_that_the_protocol_does_not_have_become_the_mark() -> None:
    record = {
        "id": {"plate": "XX-01"},
        "kwh": None,
        "tags": "one",
        "words": None,
        "token": "T",
        "parts": [None, 7, {"at": "x"}],
    }
    assert RecordFilter(RULES).record(record) == {
        "id": "#NA",
        "kwh": "#NA",
        "tags": "#NA",
        "words": None,
        "token": "#NA",
        "parts": [None, "#NA", {"at": "x"}],
    }


def test_unknown_fields_are_counted_by_name_on_every_way() -> None:
    made = RecordFilter(RULES)
    page = text([{"id": str(n), "extra": n, "parts": [{"new": 1}, {"new": 2}]} for n in range(9)])
    for _ in range(3):
        made.page(page)
    assert made.unknown == {"extra": 27, "parts.new": 54}


def test_names_of_unknown_fields_cannot_fill_the_memory() -> None:
    made = RecordFilter(RULES)
    for number in range(2000):
        made.record({f"x{number}": 1})
    assert len(made.unknown) <= 501
    assert sum(made.unknown.values()) == 2000


def test_names_of_unknown_fields_are_safe_to_print() -> None:
    made = RecordFilter(RULES)
    names = ["\x1b[2Jx", "\x9bx", "a" * 300]
    for _ in range(2):
        made.page(text([dict.fromkeys(names, 1)]))
    assert sum(made.unknown.values()) == 6
    assert len(made.unknown) == 3
    assert all(name.isprintable() and len(name) <= 101 for name in made.unknown)


def test_digits_are_never_lost() -> None:
    numbers = b'[{"kwh":4.0},{"kwh":4.00},{"kwh":1E3},{"kwh":0.10000000000000000000001},'
    numbers += b'{"kwh":12345678901234567890123}]'
    for variant in ("some", "everything"):
        out = RecordFilter(VARIANTS[variant]).page(numbers)
        assert b"[" + b",".join(out.splitlines()) + b"]" == numbers


def test_a_number_of_any_length_is_a_number() -> None:
    digits = b"7" * 5000
    page = b'[{"id":-%b,"kwh":%b,"tags":["%b"]},{"id":2}]' % (digits, digits, digits)
    first, second = RecordFilter(RULES).page(page).splitlines()
    assert first == b'{"id":-%b.0,"kwh":"#NA","tags":["%b"]}' % (digits, digits)
    assert second == b'{"id":2}'


def test_a_line_is_a_record_however_the_page_is_laid_out() -> None:
    made = RecordFilter(VARIANTS["everything"])
    page = json.dumps([{"id": "a\nb", "x": [{"y": 1}]}, {"id": "c"}], indent=2)
    for layout in (page, page.replace("\n", "\r\n"), page.replace("\n", " ")):
        out = made.page(layout.encode())
        assert out == b'{"id":"a\\nb","x":[{"y":1}]}\n{"id":"c"}\n'


def test_elements_that_are_no_records_are_left_out_and_counted() -> None:
    made = RecordFilter(RULES)
    assert lines(made.page(b'[null,{"id":"1"},7,[],"x",{"id":"2"}]')) == [{"id": "1"}, {"id": "2"}]
    assert made.skipped == 4
    assert made.page(b"[]") == b""
    assert made.page(b"null") == b""
    assert made.skipped == 5


def test_half_a_character_is_replaced_and_the_record_stays() -> None:
    page = rb'[{"id":"\ud83d","tags":["\ud83d\ude00","\\ud83d"]}]'
    expected = {"id": "�", "tags": ["\U0001f600", "\\ud83d"]}
    assert lines(RecordFilter(RULES).page(page)) == [expected]


@pytest.mark.parametrize("page", [b'[{"id":', b'[{"id":"\xff"}]', b"<html>", b"", b"[" * 99_999])
def test_what_is_not_json_is_an_error_that_shows_nothing_of_it(page: bytes) -> None:
    with pytest.raises(MalformedAnswer) as caught:
        RecordFilter(RULES).page(page)
    assert str(caught.value) == "a page of things is not JSON"


def test_the_last_of_two_fields_of_one_name_counts() -> None:
    page = b'[{"id":"1","kwh":1,"id":"2"},{"id":"1","i\\u0064":"3"}]'
    assert [each["id"] for each in lines(RecordFilter(RULES).page(page))] == ["2", "3"]


def test_hashes_join_and_without_a_key_the_field_is_blank() -> None:
    page = text([{"token": {"uid": "04a1"}}, {"token": {"uid": "04A1"}}, {"token": {"uid": None}}])
    keyed = [each["token"]["uid"] for each in lines(RecordFilter(RULES, hasher=HASHER).page(page))]
    assert keyed == [HASHER("04A1"), HASHER("04A1"), "#NA"]
    bare = [each["token"]["uid"] for each in lines(RecordFilter(RULES).page(page))]
    assert bare == ["#NA"] * 3


def test_rounding_reaches_into_what_passes_whole() -> None:
    made = RecordFilter(VARIANTS["rounded"])
    record = {"at": "2024-03-01T08:15:00Z", "lat": "51.98510", "parts": [{"at": "soon"}], "x": 1}
    for _ in range(2):
        assert lines(made.page(text([record]))) == [
            {"at": "2024-03-01T08:00:00Z", "lat": "51.99", "parts": [{"at": "#NA"}], "x": 1}
        ]


def test_like_records_take_the_fast_way_whatever_they_leave_out() -> None:
    made = RecordFilter(RULES)
    full = {"id": "1", "kwh": 2.5, "token": {"uid": "u", "type": "T"}, "parts": [{"type": "A"}] * 3}
    page = [{name: full[name] for name in full if n & 1 or name != "kwh"} for n in range(8)]
    made.page(text(page))
    assert made._fast is not None
    for records in (page, page[::-1], [{**page[0], "parts": []}], [{"token": None, "parts": None}]):
        assert made._fast.page(text(records)) is not None


def test_a_filter_goes_to_another_process() -> None:
    made = RecordFilter(VARIANTS["hashed"], mark=Mark.NULL, hasher=HASHER)
    page = text([{"id": "1", "kwh": 2}])
    expected = made.page(page)
    assert pickle.loads(pickle.dumps(made)).page(page) == expected
