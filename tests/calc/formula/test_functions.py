"""Functions and operators on arrays: numbers, absence, flags, units, steps around."""

from __future__ import annotations

import math
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.calc.formula.frame import Frame, Grid
from tidegate.calc.formula.languages import language
from tidegate.calc.formula.triples import Triples
from tidegate.calc.units import by_name
from tidegate.model.errors import UnitNotConvertible
from tidegate.model.flags import RANK, Flag
from tidegate.model.instants import HOUR, parse
from tidegate.model.intervals import parse_interval
from tidegate.model.units import STARTER_UNITS
from tidegate.model.windows import Window

TSM = language("tsm")
START = parse("2020-01-01")

Row: TypeAlias = tuple[float | None, int]


def triples(rows: list[Row | float | None], unit: str | None = None) -> Triples:
    """Values with flags; numbers alone are valid, None is missing."""
    full = [row if isinstance(row, tuple) else (row, 9 if row is not None else 19) for row in rows]
    values = np.array([math.nan if value is None else value for value, _ in full])
    present = np.array([value is not None for value, _ in full])
    return Triples.of(values, present, np.array([flag for _, flag in full], np.int16), unit)


def frame_of(text: str, length: int, interval: str = "hour", zone: str = "UTC") -> Frame:
    """A frame of hours from 2020-01-01, wide enough for a formula."""
    window = Window(START, START + length * HOUR)
    grid = Grid.over(window, parse_interval(interval), ZoneInfo(zone))
    return Frame.around(TSM.parse(text, None), grid, by_name(STARTER_UNITS))


def result(text: str, /, length: int = 1, **inputs: Any) -> Triples:
    """The values of a formula over inputs that begin at 2020-01-01; missing elsewhere."""
    length = max((len(values.numbers) for values in inputs.values()), default=length)
    frame = frame_of(text, length)
    lead = int(np.searchsorted(frame.borders, START))
    places = np.arange(len(frame)) - lead
    wide = {
        name.casefold(): values.at(places, (places >= 0) & (places < length))
        for name, values in inputs.items()
    }
    found = TSM.evaluate(TSM.parse(text, None), wide, len(frame), frame)
    return frame.asked(found)


def run(text: str, /, length: int = 1, **inputs: Any) -> list[Any]:
    found = result(text, length, **inputs)
    return [
        (float(number) if there else None, int(flag))
        for number, there, flag in zip(found.numbers, found.present, found.flags(), strict=True)
    ]


class TestMathematics:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("Abs(-2)", 2),
            ("Sign(-3)", -1),
            ("Sqrt(9)", 3),
            ("Exp(0)", 1),
            ("Log(E)", 1),
            ("Log(8, 2)", 3),
            ("Log(1000, 10)", 3),
            ("Log(9, 3)", 2),
            ("Log10(1000)", 3),
            ("Pow(2, 10)", 1024),
            ("Floor(-1.5)", -2),
            ("Ceiling(-1.5)", -1),
            ("Truncate(-1.5)", -1),
            ("Round(2.5)", 2),
            ("Round(3.5)", 4),
            ("Round(-0.5)", 0),
            ("Round(2.345, 1)", 2.3),
            ("Round(1e300, 15)", 1e300),
            ("Sin(0)", 0),
            ("Cos(PI)", -1),
            ("Tan(0)", 0),
            ("Asin(1)", math.pi / 2),
            ("Acos(1)", 0),
            ("Atan(1)", math.pi / 4),
            ("Atan2(1, -1)", 3 * math.pi / 4),
            ("Min(3, 1, 2)", 1),
            ("Max(3, 1, 2)", 3),
            ("Sum(1, 2, 3)", 6),
            ("Avg(1, 2, 6)", 3),
            ("Count(1, 2, 3)", 3),
            ("7 Mod 2.5", 2),
            ("-7 Mod -3", -1),
            ("(1 < 2) + (2 < 1)", 1),
            ("5 > 4 And Not 1 = 2", 1),
            ("1 Xor 1", 0),
            ("0 Or 0.5", 1),
            ("IIf(2 > 1, 10, 20)", 10),
        ],
    )
    def test_value(self, text: str, value: float) -> None:
        """Functions give what .NET's Math gives; conditions are 1 or 0."""
        assert run(text) == [(pytest.approx(value, rel=1e-15, abs=1e-15), 9)]

    @pytest.mark.parametrize(
        "text",
        [
            "1/0", "0/0", "Sqrt(-1)", "Log(0)", "Log(-1)", "Log(2, 1)", "Log(2, -1)", "Log10(0)",
            "Asin(2)", "Acos(-2)", "Exp(1000)", "Pow(-8, 1/3)", "0^-1", "1e200*1e200", "1 Mod 0",
            "1e308+1e308", "Avg(1e308, 1e308)",
        ],
    )  # fmt: skip
    def test_fault(self, text: str) -> None:
        """What has no finite value is no number and faulty."""
        assert run(text) == [(None, 7)]


class TestAbsence:
    def test_sums_leave_out(self) -> None:
        """Sums and differences count what is there; the flag is the worst of all."""
        inputs: dict[str, Any] = {
            "a": triples([1, None, None, None]),
            "b": triples([(2, 21), (2, 20), (None, 0), None]),
        }

        assert run("a+b", **inputs) == [(3, 21), (2, 19), (None, 19), (None, 19)]
        assert run("a-b", **inputs) == [(-1, 21), (-2, 19), (None, 19), (None, 19)]
        assert run("Sum(a,b,1)", **inputs) == [(4, 21), (3, 19), (1, 19), (1, 19)]
        assert run("b+b", b=triples([(None, 0)])) == [(None, 0)]

    def test_vector_36(self) -> None:
        """NoValue and a valid number make a valid sum."""
        assert run("a+b", a=triples([(None, 0)]), b=triples([1])) == [(1, 9)]

    @pytest.mark.parametrize(
        "text",
        ["a*b", "a/b", "a^b", "a Mod b", "a<b", "a And b", "Min(a,b)", "Max(a,b)", "Avg(a,b)",
         "Atan2(a,b)"],
    )  # fmt: skip
    def test_others_need_all(self, text: str) -> None:
        """Without one operand there is no number: missing if any is, else none."""
        inputs: dict[str, Any] = {
            "a": triples([None, (None, 0), (None, 0), (None, 7), (None, 0)]),
            "b": triples([2, 2, None, 2, (3, 19)]),
        }

        assert run(text, **inputs) == [
            (None, 19), (None, 0), (None, 19), (None, 0), (None, 19),
        ]  # fmt: skip

    def test_count(self) -> None:
        """Count tells how many have a number, and is always valid."""
        inputs: dict[str, Any] = {"a": triples([1, None]), "b": triples([(1, 22), (None, 0)])}

        assert run("Count(a,b)", **inputs) == [(2, 9), (0, 9)]

    def test_choice(self) -> None:
        """Only the condition and the branch that it chooses count."""
        inputs: dict[str, Any] = {
            "c": triples([(1, 21), (0, 9), None, 1, (1, 19)]),
            "a": triples([1, None, 1, (None, 0), (None, 0)]),
            "b": triples([None, 2, 1, 1, 1]),
        }

        assert run("If(c,a,b)", **inputs) == [
            (1, 21), (2, 9), (None, 19), (None, 0), (None, 19),
        ]  # fmt: skip

    def test_coalesce(self) -> None:
        """The first number that is there, with its own flag."""
        inputs: dict[str, Any] = {
            "a": triples([None, (None, 0), (1, 22)]),
            "b": triples([(7, 21), (None, 0), 2]),
        }

        assert run("Coalesce(a,b)", **inputs) == [(7, 21), (None, 0), (1, 22)]
        assert run("Coalesce(a,b,5)", **inputs)[1] == (5, 9)


class TestQuality:
    ROWS = triples([1, (2, 22), None, (None, 0), (None, 7), (3, 19)])

    def test_verdicts(self) -> None:
        """What is said of a value is itself valid."""
        assert run("IsMissing(a)", a=self.ROWS) == [(v, 9) for v in (0, 0, 1, 1, 1, 1)]
        assert run("IsValid(a)", a=self.ROWS) == [(v, 9) for v in (1, 0, 0, 0, 0, 0)]
        assert run("Flag(a)", a=self.ROWS) == [(v, 9) for v in (9, 22, 19, 0, 7, 19)]
        assert run("IsValid(1)") == [(1, 9)]

    def test_set_flag(self) -> None:
        """The number stays; where there is none only the flags of none are taken."""
        assert run("SetFlag(a,21)", a=self.ROWS)[:3] == [(1, 21), (2, 21), (None, 19)]
        assert run("SetFlag(a,0)", a=self.ROWS)[2] == (None, 0)


class TestUnits:
    def test_kept(self) -> None:
        """Sums keep a common unit, and so does what hands values on; all else has none."""
        inputs: dict[str, Any] = {
            "a": triples([1], "kWh"),
            "b": triples([2], "kWh"),
            "c": triples([2], "MWh"),
        }
        texts = {
            "a+b": "kWh", "a-b": "kWh", "Sum(a,b)": "kWh", "-a": "kWh", "Shift(a,1)": "kWh",
            "If(a>b,a,b)": "kWh", "Coalesce(a,b)": "kWh", "a+c": None, "a+1": None, "a*b": None,
            "a/b": None, "Max(a,b)": None, "Abs(a)": None, "a>b": None,
        }  # fmt: skip

        assert {text: result(text, **inputs).unit for text in texts} == texts

    def test_conversion(self) -> None:
        """Unit converts by scale, or over the length of the step, and names what has none."""
        power = triples([1500, None], "kW")

        assert run('Unit(a,"MW")', a=power) == [(1.5, 9), (None, 19)]
        assert run('Unit(a,"kWh")', a=power)[0] == (1500, 9)
        assert run('Unit(a,"kW")', a=triples([3000], "kWh")) == [(3000, 9)]
        assert run('Unit(Unit(a,"F"),"°C")', a=triples([212])) == [(pytest.approx(100), 9)]
        assert result('Unit(a*1,"mw")', a=power).unit == "MW"
        assert result('Unit(a,"none")', a=power).unit is None
        with pytest.raises(UnitNotConvertible):
            run('Unit(a,"m³")', a=power)


class TestSteps:
    A = triples([1, 2, (3, 21), None, 5, 6])

    def test_shifts(self) -> None:
        """Values come from earlier or later steps; beyond what there is they are missing."""
        assert run("Shift(a,2)", a=self.A)[:3] == [(None, 19), (None, 19), (1, 9)]
        assert run("Shift(a,-1)", a=self.A)[3:] == [(5, 9), (6, 9), (None, 19)]
        assert run("Lag(a)", a=self.A) == run("Shift(a,1)", a=self.A)
        assert run("Lead(a,2)", a=self.A) == run("Shift(a,-2)", a=self.A)
        assert run("Shift(Shift(a,3),-3)", a=self.A) == run("a", a=self.A)

    def test_running_sum(self) -> None:
        """Each bucket begins anew; missing numbers are left out, their flag stays."""
        rows = [(1, 9), (3, 9), (6, 21), (6, 19), (11, 19), (17, 19)]

        assert run("CumSum(a)", a=self.A) == rows
        assert run('CumSum(a,"Day")', a=self.A) == rows
        assert run('CumSum(a,"3h")', a=self.A) == [*rows[:3], (None, 19), (5, 19), (11, 19)]
        assert [row[0] for row in run('Shift(CumSum(a,"2h"),1)', a=self.A)][2:4] == [3, 3]

    def test_moving_mean(self) -> None:
        """The mean of the numbers of the last steps, under the worst of their flags."""
        assert run("MovingAvg(a,3)", a=self.A)[2:] == [(2, 21), (2.5, 19), (4, 19), (5.5, 19)]
        assert run("MovingAvg(a,1)", a=self.A) == run("a", a=self.A)
        assert run("MovingAvg(a,100)", a=self.A)[-1] == (pytest.approx(17 / 5), 19)

    def test_moving_mean_takes_no_difference(self) -> None:
        """A huge value leaves nothing behind once it is out of the window."""
        assert run("MovingAvg(a,2)", a=triples([1e300, 1, 2, 3]))[2:] == [(1.5, 9), (2.5, 9)]

    def test_resample(self) -> None:
        """Condensed by the unit's way or the method named, held over the bucket."""
        energy = triples([1, 2, 3, 4], "kWh")

        assert [v for v, _ in run('Resample(a,"Hour",2)', a=energy)] == [3, 3, 7, 7]
        assert [v for v, _ in run('Resample(a*1,"Hour",2)', a=energy)] == [1.5, 1.5, 3.5, 3.5]
        assert [v for v, _ in run('Resample(a,"2h",2,"Max")', a=energy)] == [4, 4, 4, 4]
        assert [v for v, _ in run('Resample(a,"Total",1,"Min")', a=energy)] == [1, 1, 1, 1]
        assert run('Resample(a,"Hour",2)', a=triples([1, None]))[0] == (1, 19)

    def test_shift_by_months(self) -> None:
        """A day that a month does not have is its last one."""
        text = 'Shift(a,1,"Month")'
        window = Window(parse("2020-03-30"), parse("2020-04-02"))
        grid = Grid.over(window, parse_interval("day"), ZoneInfo("UTC"))
        frame = Frame.around(TSM.parse(text, None), grid, {})
        days = frame.starts.astype("datetime64[us]").astype("datetime64[D]")
        number = triples(list((days - days.astype("datetime64[M]")).astype(float) + 1))
        found = frame.asked(TSM.evaluate(TSM.parse(text, None), {"a": number}, len(frame), frame))

        assert found.numbers.tolist() == [29, 29, 1]

    def test_calendar(self) -> None:
        """Parts of the wall-clock time at which a step begins; Monday is 1."""
        text = "Year()*1e6+Month()*1e4+Day()*100+Hour()+Weekday()/10+Minute()"
        window = Window(parse("2023-12-31T22:00Z"), parse("2024-01-01T01:00Z"))
        grid = Grid.over(window, parse_interval("hour"), ZoneInfo("Asia/Kolkata"))
        frame = Frame.around(TSM.parse(text, []), grid, {})
        found = TSM.evaluate(TSM.parse(text, []), {}, len(frame), frame)

        assert found.numbers[:2].tolist() == pytest.approx([2024010103.1, 2024010104.1])

    def test_lord_howe(self) -> None:
        """Where the clock changes by half an hour the steps asked for stay as they are."""
        window = Window(parse("2024-04-08"), parse("2024-04-08T03:00Z"))
        grid = Grid.over(window, parse_interval("hour"), ZoneInfo("Australia/Lord_Howe"))
        frame = Frame.around(TSM.parse('Shift(a,5,"Day")', None), grid, {})

        assert set(grid.inner.tolist()) <= set(frame.borders.tolist())
        assert len(frame.asked(Triples.constant(1.0)).numbers) == len(grid.inner) - 1


# ---- random trees against plain Python ----------------------------------------------------------

Tree: TypeAlias = tuple[str, tuple["Tree", ...] | float]
Outcome: TypeAlias = tuple[float | None, frozenset[int]]

NAMES = ("a", "b", "c")
WORST = sorted(RANK, key=lambda flag: RANK[flag])
leaves: st.SearchStrategy[Tree] = st.one_of(
    st.sampled_from([(name, ()) for name in NAMES]),
    st.sampled_from([0.0, 0.5, 1.0, 2.0, 1e200]).map(lambda number: ("number", number)),
)
BINARY = ["+", "-", "*", "/", " Mod ", "<", "<=", ">", ">=", "=", "<>"]
LOGIC = [" And ", " Or ", " Xor "]
CALLS = {"If": 3, "Coalesce": 2, "Min": 2, "Max": 2, "Sum": 2, "Avg": 2, "Count": 2,
         "IsMissing": 1, "IsValid": 1, "Flag": 1, "Abs": 1, "Floor": 1}  # fmt: skip


def nodes(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    pairs = st.tuples(children, children)
    calls = [
        st.tuples(st.just(name), st.tuples(*[children] * count)) for name, count in CALLS.items()
    ]
    return st.one_of(
        st.tuples(st.sampled_from(BINARY + LOGIC), pairs),
        st.tuples(st.sampled_from(["neg", "Not "]), st.tuples(children)),
        *calls,
    )


trees = st.recursive(leaves, nodes, max_leaves=10)
cells = st.tuples(
    st.none() | st.sampled_from([-2.0, 0.0, 0.5, 3.0, 1e200]),
    st.sampled_from([9, 12, 20, 21, 22, 5, 19]),
    st.sampled_from([0, 19, 7]),
)


def text_of(tree: Tree) -> str:
    kind, parts = tree
    if isinstance(parts, float):
        return f"{parts:.1f}"
    inner = [f"({text_of(part)})" for part in parts]
    if not inner:
        return kind
    if kind in CALLS:
        return f"{kind}({','.join(inner)})"
    return f"{'-' if kind == 'neg' else kind}{inner[0]}" if len(inner) == 1 else kind.join(inner)


def worst_of(flags: frozenset[int]) -> int:
    return max(flags, key=lambda flag: RANK[Flag(flag)], default=9)


def value_of(tree: Tree, inputs: dict[str, Outcome]) -> Outcome:
    """The outcome by plain Python, one step at a time; a second opinion."""
    kind, parts = tree
    if isinstance(parts, float):
        return parts, frozenset()
    if not parts:
        return inputs[kind]
    operands = [value_of(part, inputs) for part in parts]
    every = frozenset[int]().union(*(flags for _, flags in operands))
    if kind in {"+", "-", "Sum"}:
        return total_of(kind, operands, every)
    if kind in {"If", "Coalesce", "Count", "IsMissing", "IsValid", "Flag"}:
        return said_of(kind, operands, every)
    if any(value is None for value, _ in operands):
        return None, frozenset({19 if worst_of(every) == 19 else 0})
    return finite(computed(kind, [value for value, _ in operands]), every)


def finite(number: float, flags: frozenset[int]) -> Outcome:
    return (number, flags) if math.isfinite(number) else (None, frozenset({7}))


def total_of(kind: str, operands: list[Outcome], every: frozenset[int]) -> Outcome:
    signs = [1.0, -1.0] if kind == "-" else [1.0] * len(operands)
    terms = [s * v for s, (v, _) in zip(signs, operands, strict=True) if v is not None]
    return finite(sum(terms), every) if terms else (None, every)


def said_of(kind: str, operands: list[Outcome], every: frozenset[int]) -> Outcome:
    value, flags = operands[0]
    verdicts = {
        "Count": sum(value is not None for value, _ in operands),
        "IsMissing": value is None or worst_of(flags) == 19,
        "IsValid": value is not None and worst_of(flags) == 9,
        "Flag": worst_of(flags),
    }
    if kind in verdicts:
        return float(verdicts[kind]), frozenset({9})
    if kind == "Coalesce":
        missing = frozenset({19 if worst_of(every) == 19 else 0})
        return next((one for one in operands if one[0] is not None), (None, missing))
    if value is None:
        return None, frozenset({19})
    chosen, others = operands[1] if value else operands[2]
    if chosen is None:
        return None, others | ({19} if worst_of(flags) == 19 else set())
    return chosen, flags | others


def computed(kind: str, values: list[Any]) -> float:
    compute: dict[str, Any] = {
        "neg": lambda a: -a,
        "Not ": lambda a: not a,
        "Abs": abs,
        "Floor": math.floor,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        " Mod ": math.fmod,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "=": lambda a, b: a == b,
        "<>": lambda a, b: a != b,
        " And ": lambda a, b: a and b and 1,
        " Or ": lambda a, b: bool(a or b),
        " Xor ": lambda a, b: bool(a) != bool(b),
        "Min": min,
        "Max": max,
        "Avg": lambda a, b: (a + b) / 2,
    }
    try:
        return float(compute[kind](*values))
    except (ZeroDivisionError, ValueError):
        return math.nan


@given(trees, st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=5))
def test_random_trees(tree: Tree, rows: list[Any]) -> None:
    """Any tree gives on arrays what plain Python gives step by step: number, absence and flag."""
    steps = [
        {
            name: (number, frozenset({flag if number is not None else absent}))
            for name, (number, flag, absent) in zip(NAMES, row, strict=True)
        }
        for row in rows
    ]
    inputs: dict[str, Any] = {
        name: triples([(step[name][0], min(step[name][1])) for step in steps]) for name in NAMES
    }

    for step, (number, flag) in zip(steps, run(text_of(tree), **inputs), strict=True):
        expected, flags = value_of(tree, step)
        assert (number, flag) == (expected, worst_of(flags))


values = st.lists(st.none() | st.sampled_from([0.0, 1.0, -2.5, 4.0]), min_size=1, max_size=40)


@given(values, st.integers(1, 9), st.integers(1, 7))
def test_random_steps(numbers: list[float | None], count: int, bucket: int) -> None:
    """Functions of steps agree with loops over lists."""
    a = triples(list(numbers))
    moved = [numbers[i - count] if i >= count else None for i in range(len(numbers))]
    last = [
        [v for v in numbers[max(0, i - count + 1) : i + 1] if v is not None]
        for i in range(len(numbers))
    ]
    buckets = [
        [v for v in numbers[i - (START // HOUR + i) % bucket if i else 0 : i + 1] if v is not None]
        for i in range(len(numbers))
    ]

    assert [v for v, _ in run(f"Shift(a,{count})", a=a)] == moved
    assert [v for v, _ in run(f"MovingAvg(a,{count})", a=a)] == [
        pytest.approx(sum(part) / len(part)) if part else None for part in last
    ]
    if 24 % bucket == 0:
        assert [v for v, _ in run(f'CumSum(a,"{bucket}h")', a=a)] == [
            pytest.approx(sum(part)) if part else None for part in buckets
        ]
