"""Evaluation on arrays: numbers, flags, causes of absence, units."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tidegate.calc.formula.dcs import parse
from tidegate.calc.formula.evaluation import evaluate
from tidegate.calc.formula.languages import language
from tidegate.calc.formula.triples import Triples
from tidegate.model.flags import RANK, Flag

NAN = math.nan


def triples(
    numbers: list[float | None], flags: list[int] | None = None, unit: str | None = None
) -> Triples:
    """Triples of numbers, None for absent; flags valid or missing unless given."""
    present = np.array([number is not None for number in numbers])
    given_flags = flags or [Flag.VALID if there else Flag.MISSING for there in present]
    values = np.array([NAN if number is None else number for number in numbers], np.float64)
    return Triples.of(values, present, np.array(given_flags, np.int16), unit)


def outcome(result: Triples) -> list[tuple[float | None, int]]:
    """Numbers (None for absent) with flags."""
    return [
        (float(number) if there else None, int(flag))
        for number, there, flag in zip(result.numbers, result.present, result.flags(), strict=True)
    ]


def run(text: str, **inputs: Triples) -> list[tuple[float | None, int]]:
    length = max((len(values.numbers) for values in inputs.values()), default=1)
    return outcome(evaluate(parse(text, list(inputs)), inputs, length))


class TestNumbers:
    def test_two_halls(self) -> None:
        """The worked virtual meter gives half the sum of both halls."""
        result = run("(A+B)*0.5", A=triples([4, 6, 3.5]), B=triples([2, 2, 2]))

        assert result == [(3.0, 9), (4.0, 9), (2.75, 9)]

    def test_condition(self) -> None:
        """A choice is made step by step."""
        assert run("A >= 5 ? A : 0", A=triples([4, 6, 3.5])) == [(0.0, 9), (6.0, 9), (0.0, 9)]

    def test_constant(self) -> None:
        """A formula without names is the same valid number at every step."""
        assert run("2 * 3") == [(6.0, 9)]


class TestFlags:
    def test_worst(self) -> None:
        """The flag with the highest priority among the operands is the result's."""
        result = run("A+B", A=triples([1, 1], [9, 22]), B=triples([1, 1], [21, 7]))

        assert result == [(2.0, 21), (2.0, 22)]

    def test_missing(self) -> None:
        """Without a number of one operand there is none, and the flag is that of the cause."""
        result = run(
            "A*B", A=triples([None, None, 1], [19, 0, 9]), B=triples([1, 1, None], [22, 9, 0])
        )

        assert result == [(None, 19), (None, 0), (None, 0)]

    def test_chosen_branch(self) -> None:
        """Only the condition and the branch that it chooses count."""
        result = run("A > 0 ? A : B", A=triples([1, -1]), B=triples([None, None]))

        assert result == [(1.0, 9), (None, 19)]

    def test_absent_without_reason(self) -> None:
        """An absent number under a flag that promises one is missing."""
        assert run("A", A=triples([None], [9])) == [(None, 19)]


class TestFaults:
    def test_division_by_zero(self) -> None:
        """A division by zero gives no number and the flag faulty."""
        result = run("A / B", A=triples([1, 0, 1]), B=triples([0, 0, 4], [9, 22, 9]))

        assert result == [(None, 7), (None, 7), (0.25, 9)]

    def test_avoided(self) -> None:
        """A division by zero in a branch that is not chosen does no harm."""
        assert run("B == 0 ? 0 : A / B", A=triples([1]), B=triples([0])) == [(0.0, 9)]

    def test_overflow(self) -> None:
        """An overflow gives no number either."""
        assert run("A * A", A=triples([1e200])) == [(None, 7)]

    def test_missing_beats_faulty(self) -> None:
        """Where an operand is missing the result is missing, whatever else went wrong."""
        assert run("1 / A + B", A=triples([0]), B=triples([None])) == [(None, 19)]


class TestUnits:
    def test_common(self) -> None:
        """Sums, differences and choices keep a common unit; everything else has none."""
        inputs = {"A": triples([1], unit="kWh"), "B": triples([2], unit="kWh")}
        units = [
            evaluate(parse(text), inputs, 1).unit
            for text in ("A + B", "A - B", "A > B ? A : B", "-A", "A * B", "A + 1")
        ]

        assert units == ["kWh", "kWh", "kWh", "kWh", None, None]


class TestLanguage:
    def test_needs_all(self) -> None:
        """A virtual meter has no reading where any of its registers has none."""
        virtual = language("dcs")
        expression = virtual.parse("A > 0 ? A : B", ["A", "B"])
        inputs = {"A": triples([1, 1]), "B": triples([None, 3], [19, 22])}

        assert outcome(virtual.evaluate(expression, inputs, 2)) == [(None, 19), (1.0, 22)]


# ---- random trees against plain Python ----------------------------------------------------------

Tree: TypeAlias = tuple[str, tuple["Tree", ...] | float]
Outcome: TypeAlias = tuple[float | bool | None, frozenset[int]]

NAMES = ("a", "b", "2c")
leaves: st.SearchStrategy[Tree] = st.one_of(
    st.sampled_from([(name, ()) for name in NAMES]),
    st.sampled_from([0.0, 0.5, 1.0, 2.0, 1e200]).map(lambda number: ("number", number)),
)


def nodes(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    pairs = st.tuples(children, children)
    comparisons = st.tuples(st.sampled_from(["<", "<=", ">", ">=", "=="]), pairs)
    conditions = comparisons | st.tuples(
        st.sampled_from(["&&", "||"]), st.tuples(comparisons, comparisons)
    )
    return st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/"]), pairs),
        st.tuples(st.just("neg"), st.tuples(children)),
        st.tuples(st.just("?"), st.tuples(conditions, children, children)),
    )


trees = st.recursive(leaves, nodes, max_leaves=12)
readings = st.tuples(
    st.none() | st.sampled_from([-2.0, 0.0, 0.5, 3.0, 1e200]),
    st.sampled_from([9, 12, 20, 21, 22, 5]),
    st.sampled_from([0, 19]),
)


def text_of(tree: Tree) -> str:
    kind, parts = tree
    if isinstance(parts, float):
        return f"{parts:.1f}"
    inner = [f"({text_of(part)})" for part in parts]
    if not inner:
        return kind
    if kind == "neg":
        return f"-{inner[0]}"
    return f"{inner[0]} ? {inner[1]} : {inner[2]}" if kind == "?" else kind.join(inner)


def value_of(tree: Tree, inputs: dict[str, Outcome]) -> Outcome:
    """The outcome by plain Python, one step at a time; a second opinion."""
    kind, parts = tree
    if isinstance(parts, float):
        return parts, frozenset()
    if not parts:
        return inputs[kind]
    if kind == "?":
        return choice_of(parts, inputs)
    operands = [value_of(part, inputs) for part in parts]
    causes = frozenset[int]().union(*(flags for value, flags in operands if value is None))
    if causes:
        return None, causes
    flags = frozenset[int]().union(*(flags for _, flags in operands))
    try:
        number = computed(kind, [value for value, _ in operands])
    except ZeroDivisionError:
        number = math.inf
    return (None, frozenset({7})) if math.isinf(number) or math.isnan(number) else (number, flags)


def choice_of(parts: tuple[Tree, ...], inputs: dict[str, Outcome]) -> Outcome:
    condition, flags = value_of(parts[0], inputs)
    if condition is None:
        return None, flags
    value, others = value_of(parts[1] if condition else parts[2], inputs)
    return (None, others) if value is None else (value, flags | others)


def computed(kind: str, values: list[Any]) -> Any:
    if kind == "neg":
        return -values[0]
    left, right = values
    return {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "<": lambda: left < right,
        "<=": lambda: left <= right,
        ">": lambda: left > right,
        ">=": lambda: left >= right,
        "==": lambda: left == right,
        "&&": lambda: left and right,
        "||": lambda: left or right,
    }[kind]()


@given(trees, st.lists(st.tuples(readings, readings, readings), min_size=1, max_size=5))
def test_random_trees(tree: Tree, rows: list[Any]) -> None:
    """Any tree gives on arrays what plain Python gives step by step: number, absence and flag."""
    steps = [
        {
            name: (number, frozenset({flag if number is not None else absent}))
            for name, (number, flag, absent) in zip(NAMES, row, strict=True)
        }
        for row in rows
    ]
    arrays = {
        name: triples([step[name][0] for step in steps], [min(step[name][1]) for step in steps])
        for name in NAMES
    }
    result = evaluate(parse(text_of(tree), NAMES), arrays, len(steps))

    for step, (number, flag) in zip(steps, outcome(result), strict=True):
        expected, flags = value_of(tree, step)
        assert expected == number
        assert max(flags or {9}, key=lambda seen: RANK[Flag(seen)]) == flag


def test_long_sum() -> None:
    """A sum of thousands of terms is evaluated without exhausting the stack."""
    assert run("+".join(["1"] * 5000)) == [(5000.0, 9)]
