"""Transforms of single values."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import Raw

from tidegate.gate.transforms import Hasher, hashing, transform
from tidegate.model.errors import BadValue

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("name", "given", "made"),
    [
        ("whole", "2024-01-31T06:30:59Z", "2024-01-31T06:30:59Z"),
        ("whole", "2024-01-31T06:30:59", "2024-01-31T06:30:59Z"),
        ("whole", "2024-01-31T06:30:59.999Z", "2024-01-31T06:30:59Z"),
        ("whole", "2024-01-31T06:30:59.123456789Z", "2024-01-31T06:30:59Z"),
        ("whole", "2024-01-31 06:30:59+00:00", "2024-01-31T06:30:59Z"),
        ("whole", "2024-01-31T07:30:59+01:00", "2024-01-31T06:30:59Z"),
        ("whole", "#NA", "#NA"),
        ("whole", "yesterday", "yesterday"),
        ("whole", 7, 7),
        ("hour", "2024-01-31T06:30:59.5Z", "2024-01-31T06:00:00Z"),
        ("hour", "2024-01-31T00:30:00+01:00", "2024-01-30T23:00:00Z"),
        ("hour", "1969-12-31T23:59:59Z", "1969-12-31T23:00:00Z"),
        ("day", "2024-01-31T06:30:59Z", "2024-01-31T00:00:00Z"),
        ("day", "#NA", "#NA"),
        ("day", "yesterday", None),
        ("day", 7, None),
        ("places:2", "51.985103", "51.99"),
        ("places:2", "-5.898730", "-5.90"),
        ("places:0", "51.985103", "52"),
        ("places:2", "north", None),
        ("places:2", True, None),
        ("postal", "6811AA", "6811"),
        ("postal", "6811 AA", "6811"),
        ("postal", "SW1A 1AA", "SW1A"),
        ("postal", "10115", "101"),
        ("postal", 6811, None),
        ("integer", 21.5, 22),
        ("integer", 22.5, 22),
        ("integer", Raw(b"21.50"), 22),
        ("integer", "NaN", None),
        ("integer", [], None),
    ],
)
def test_what_becomes_of_a_value(name: str, given: object, made: object) -> None:
    found = transform(name)(given)
    assert found == made
    assert type(found) is type(made)


def test_a_place_given_as_a_number_stays_a_number() -> None:
    found = transform("places:1")(51.985103)
    assert isinstance(found, Raw)
    assert Decimal(bytes(found).decode()) == Decimal("52.0")


def test_equal_ids_have_equal_hashes_whatever_their_case() -> None:
    hasher = Hasher(KEY)
    assert hasher("loc1") == hasher(" LOC1 ") != hasher("LOC2")
    assert len(hasher("loc1")) == 32


def test_a_hash_depends_on_the_key() -> None:
    assert Hasher(KEY)("loc1") != Hasher(KEY[::-1])("loc1")


def test_the_key_is_never_shown_and_never_short() -> None:
    assert repr(Hasher(KEY)) == "Hasher(...)"
    with pytest.raises(BadValue, match="15 bytes"):
        Hasher(KEY[:15])


def test_only_texts_and_numbers_are_hashed() -> None:
    hashed = hashing(Hasher(KEY))
    assert hashed("12") == hashed(12) == hashed(Raw(b"12"))
    assert hashed(True) is None
