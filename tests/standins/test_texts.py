"""JSON texts and expressions: what is written and read character by character."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.standins.dcs import bodies
from tidegate.standins.dcs.expressions import BadFormula, compile_expression

INTEGERS = st.lists(st.integers(0, 10**12 - 1), min_size=1, max_size=20)
MICRO = st.lists(st.integers(-(10**17), 10**17), min_size=1, max_size=20)


def written(words: Any) -> list[str]:
    """The texts of a column."""
    return bodies.records([words, b"\n"]).decode().split("\n")[:-1]


@given(INTEGERS)
def test_whole_numbers_are_written_as_python_writes_them(numbers):
    """Every number from 0 to 10**12 - 1 has its usual text."""
    assert written(bodies.integers(np.array(numbers))) == [str(number) for number in numbers]


@given(MICRO, st.booleans())
def test_decimals_are_exact_and_shortest(numbers, point):
    """Millionths read back as the same number, without trailing zeros."""
    for text, number in zip(
        written(bodies.decimals(np.array(numbers), point=point)), numbers, strict=True
    ):
        sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
        whole, _, fraction = digits.partition(".")
        assert int(sign + whole + fraction.ljust(6, "0")) == number
        assert fraction == ("0" if point and not number % 10**6 else fraction.rstrip("0"))
        assert isinstance(json.loads(text), float) is bool(fraction)


def test_times_carry_z_or_an_offset():
    """UTC ends in Z; local time in the offset that it is ahead."""
    slots = np.array([0, 1, 934_512])
    assert written(bodies.timestamps(slots)) == [
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:30:00Z",
        "2023-04-22T00:00:00Z",
    ]
    assert written(bodies.timestamps(slots, np.array([2, -11, 0]))) == [
        "1970-01-01T01:00:00+01:00",
        "1969-12-31T19:00:00-05:30",
        "2023-04-22T00:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A+B*2", 9),
        ("(A + B) * 2", 12),
        ("A-B-1", -1),
        ("-A--B", 0),
        ("12/A/2", 2),
        (".5*A", 1.5),
        ("A>=3 && B<4 ? A : 0", 3),
        ("A<3 || B==3 ? 1 : 2", 1),
        ("A>B ? 1 : A==B ? 2 : 3", 2),
        ("R1x + 1", 8),
    ],
)
def test_expressions_follow_the_precedence_of_c(text, value):
    """Operators bind as in C, from the left; conditions nest to the right."""
    columns = {"A": np.array([3.0]), "B": np.array([3.0]), "R1x": np.array([7.0])}
    assert compile_expression(text, frozenset(columns))(columns) == value


@pytest.mark.parametrize(
    "text", ["", "A+", "A B", "(A", "A)", "A != B", "A % B", "a", "A ? B", "1.2.3", "max(A)", "nan"]
)
def test_what_is_no_expression_is_refused(text):
    """Unknown names, operators and unfinished texts are refused."""
    with pytest.raises(BadFormula):
        compile_expression(text, frozenset({"A", "B"}))
