"""Reading the formula language of WebTSM: tree, words, calls, positions, limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.calc.formula.library import function_names
from tidegate.calc.formula.parsing import MAX_LENGTH
from tidegate.calc.formula.tree import (
    MAX_NESTING,
    MAX_TOKENS,
    AttributeNumber,
    Call,
    Constant,
    Operation,
    Reference,
    SumOver,
    postorder,
)
from tidegate.calc.formula.tsm import parse
from tidegate.model.aggregation import Aggregation
from tidegate.model.errors import BadExpression, BadValue


def written(text: str) -> str:
    """The tree of a formula in prefix form."""
    parts: list[str] = []
    for node in postorder(parse(text).root):
        if isinstance(node, Operation | Call):
            name = node.operator.name if isinstance(node, Operation) else node.function.name
            count = len(node.operands)
            operands = parts[len(parts) - count :]
            del parts[len(parts) - count :]
            parts.append(f"({' '.join((name.lower(), *operands))})")
        else:
            parts.append(f"{node.value:g}" if isinstance(node, Constant) else node.name)
    return parts.pop()


def refusal(text: str, aliases: list[str] | None = None) -> BadExpression:
    with pytest.raises(BadExpression) as caught:
        parse(text, aliases)
    return caught.value


def reference(text: str) -> Reference:
    root = parse(text).root
    assert isinstance(root, Reference)
    return root


class TestTree:
    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            ("a-b-c", "(subtract (subtract a b) c)"),
            ("a-b*c/d", "(subtract a (divide (multiply b c) d))"),
            ("a*b Mod c*d", "(modulo (multiply a b) (multiply c d))"),
            ("a Mod b Mod c", "(modulo (modulo a b) c)"),
            ("a + b mod c", "(add a (modulo b c))"),
            ("2^3^2", "(power (power 2 3) 2)"),
            ("-2^2", "(negate (power 2 2))"),
            ("2^-2", "(power 2 (negate 2))"),
            ("2^+2", "(power 2 2)"),
            ("--a", "(negate (negate a))"),
            ("a*-b", "(multiply a (negate b))"),
            ("a < b + 1", "(less a (add b 1))"),
            ("a = b", "(equal a b)"),
            ("a <> b", "(unequal a b)"),
            ("Not a = b", "(not (equal a b))"),
            ("not not a", "(not (not a))"),
            ("a or b and c", "(or a (and b c))"),
            ("a OrElse b Xor c", "(xor (or a b) c)"),
            ("a ANDALSO Not b", "(and a (not b))"),
            ("(a or b) and c", "(and (or a b) c)"),
            ("TRUE + false", "(add 1 0)"),
            ("1.5e2 + .5 + 2.", "(add (add 150 0.5) 2)"),
            ("Max(a, 1, b)", "(max a 1 b)"),
            ("YEAR() + pi", "(add (year) 3.14159)"),
            ("E()", "2.71828"),
            ("Wärme*2", "(multiply wärme 2)"),
        ],
    )
    def test_precedence(self, text: str, tree: str) -> None:
        """Operators bind as in Visual Basic; case does not matter."""
        assert tree == written(text)

    def test_operators_are_no_conditions_only(self) -> None:
        """A comparison is a number like any other."""
        assert written("(a > 1) * 2") == "(multiply (greater a 1) 2)"


class TestReferences:
    @pytest.mark.parametrize(
        ("text", "target", "quoted"),
        [
            ("[Main meter]", "Main meter", False),
            ("[ 1156 ]", "1156", False),
            ('["a, b]"]', "a, b]", True),
            ('["say ""hi"""]', 'say "hi"', True),
            ('TS("a]")', "a]", True),
        ],
    )
    def test_target(self, text: str, target: str, quoted: bool) -> None:
        """A name or id in brackets; quotes hold any text."""
        found = reference(text)

        assert (found.target, found.quoted) == (target, quoted)

    def test_parts(self) -> None:
        """Offset, unit and method follow, each may be left out."""
        full = reference("[A, 5, EUR/MWh, max]")
        short = reference("[A,,,Last" + "Value]")

        assert (full.target, full.unit, full.method) == ("A", "EUR/MWh", Aggregation.MAX)
        assert (short.unit, short.method) == (None, Aggregation.LAST_VALUE)

    def test_same_leaf(self) -> None:
        """Mentions that mean the same are read once."""
        leaves = parse('[A] + [ A ,3] + TS("A") + [A,,kW] + ["A", ,kW]').leaves()

        assert len(leaves) == 4

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("[]", 1),
            ("1+[ ]", 2),
            ("[,1]", 1),
            ('[""]', 0),
            ("[A,x]", 0),
            ("[A,,,Nope]", 0),
            ("[A,1,kW,Sum,5]", 0),
            ("[A", 2),
            ('["A]', 4),
            ('["A" x]', 1),
        ],
    )
    def test_refused(self, text: str, position: int) -> None:
        """What names no series, or has parts that cannot be, is refused."""
        assert refusal(text).position == position


class TestAliases:
    def test_any_case(self) -> None:
        """Case of aliases is ignored."""
        assert list(parse("R1 + r1 + r2", ["r1", "R2"]).references()) == ["r1", "r2"]

    def test_unbound(self) -> None:
        """A name that nothing binds is refused where it stands, with those that are bound."""
        error = refusal("R1 + Rest", ["R1"])

        assert (error.position, error.fields["expected"]) == (5, ["R1"])
        assert "'Rest'" in error.message

    @pytest.mark.parametrize("name", ["Max", "mod", "PI", "tsaa", "true", "1a", "a b", ""])
    def test_reserved(self, name: str) -> None:
        """An alias is no function, no keyword, and a single word."""
        with pytest.raises(BadValue):
            parse("1", [name])

    def test_function_without_call(self) -> None:
        """A function needs its parentheses."""
        assert "Max is a function" in refusal("Max + 1", []).message


class TestCalls:
    def test_sum_over_attributes(self) -> None:
        """The boolean may be a text or a word; further texts are further filters."""
        (one,) = parse('TSAA("kW", "TRUE", "Name|a|b", "Other")').leaves().values()
        (other,) = parse('tsaa("none", False, "Name|")').leaves().values()

        assert isinstance(one, SumOver)
        assert isinstance(other, SumOver)
        assert (one.unit, one.valid_if_any) == ("kW", True)
        assert [(f.name, f.value) for f in one.filters] == [("Name", "a|b"), ("Other", None)]
        assert (other.unit, other.valid_if_any, other.filters[0].value) == (None, False, "")

    def test_sum_over_category(self) -> None:
        """TSCA is TSAA with a filter by name."""
        (leaf,) = parse('TSCA("", "false", "Solar")').leaves().values()

        assert isinstance(leaf, SumOver)
        assert [(f.name, f.value) for f in leaf.filters] == [("Solar", None)]

    def test_attribute(self) -> None:
        """Attr takes a reference or an alias."""
        leaf = parse('Attr(R1, "Factor")').root

        assert isinstance(leaf, AttributeNumber)
        assert (leaf.reference.name, leaf.attribute) == ("r1", "Factor")

    def test_constant_arguments_are_calculated(self) -> None:
        """A number of steps may be an expression of numbers."""
        root = parse("Shift(a, -7*24)").root

        assert isinstance(root, Call)
        assert root.parameters == (-168, None)

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("Foo(1)", 0),
            ("1 + Maxx(1)", 4),
            ("Abs()", 0),
            ("Abs(1, 2)", 0),
            ("Max()", 0),
            ("If(1, 2)", 0),
            ('Abs("1")', 4),
            ("Shift(a)", 0),
            ("Shift(a, b)", 9),
            ("Shift(a, 0.5)", 9),
            ("Shift(a, 1/0)", 9),
            ("Shift(a, 99999999)", 9),
            ('Shift(a, 1, "No")', 12),
            ('Shift(a, 1, "Fortnight")', 12),
            ("Shift(a, 1, 3)", 12),
            ("MovingAvg(a, 0)", 13),
            ("Round(a, 16)", 9),
            ("SetFlag(a, 3)", 11),
            ("Unit(a, 3)", 8),
            ('Resample(a, "Day", 1, "Mode")', 22),
            ('TSAA("kW", "TRUE")', 0),
            ('TSAA("kW", "MAYBE", "a|b")', 11),
            ('TSAA("kW", a, "a|b")', 11),
            ('TSAA(kW, "TRUE", "a|b")', 5),
            ('TSAA("kW", "TRUE", "|b")', 19),
            ('TSCA("kW", "TRUE", "a|b")', 19),
            ('TSCA("kW", "TRUE")', 0),
            ("TS(1)", 3),
            ("TS()", 0),
            ('TS("a", "kW", "Mode")', 14),
            ('Attr(1, "b")', 5),
            ("Attr(a)", 0),
            ("Year(1)", 0),
            ("PI(1)", 0),
        ],
    )
    def test_refused(self, text: str, position: int) -> None:
        """Functions that are none, and arguments that they do not take, are refused in place."""
        assert refusal(text).position == position

    def test_suggestion(self) -> None:
        """A misspelt function brings the ones that are like it."""
        assert refusal("Colesce(a)").fields["expected"][0] == "Coalesce"


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("", 0),
            ("  ", 2),
            ("a +", 3),
            (")", 0),
            ("(a", 2),
            ("1<2<3", 3),
            ('"text"', 0),
            ('a + "text"', 4),
            ("a ; b", 2),
            ("a # b", 2),
            ("2 ^ Not a", 4),
            ("1 + Not a", 4),
            ("a,b", 1),
            ("Max(a,)", 6),
            ("9e999", 0),
            ('Max("a', 6),
        ],
    )
    def test_syntax(self, text: str, position: int) -> None:
        """What is no formula is refused at its position."""
        assert refusal(text).position == position

    @pytest.mark.parametrize("text", ["R1 R2", "[A] [B]", "2(3)", "(1)(2)", "2 x", "Max(1)[A]"])
    def test_two_operands(self, text: str) -> None:
        """Two operands in a row may come from a plus sign that an address lost."""
        assert "two operands without an operator" in refusal(text).message
        assert "%2B" in refusal(text).message

    def test_expected(self) -> None:
        """The error lists what could have stood there."""
        assert refusal("(a").fields["expected"][0] == "')'"
        assert "a number" in refusal("a +").fields["expected"]

    def test_one_line(self) -> None:
        """The message stays on one short line, whatever the text holds."""
        message = refusal("a\n+\x00" + "b" * 5000).message

        assert message.isprintable()
        assert len(message) < 200


class TestLimits:
    @pytest.mark.parametrize(
        "text",
        [
            "(" * MAX_NESTING + "1" + ")" * MAX_NESTING,
            "-" * MAX_NESTING + "1",
            "Abs(" * MAX_NESTING + "1" + ")" * MAX_NESTING,
            "+".join(["1"] * (MAX_TOKENS // 2)),
            "^".join(["1"] * (MAX_TOKENS // 2)),
        ],
    )
    def test_within(self, text: str) -> None:
        """A formula at a limit is read."""
        assert parse(text).size() >= 1

    @pytest.mark.parametrize(
        "text",
        [
            "(" * (MAX_NESTING + 1) + "1" + ")" * (MAX_NESTING + 1),
            "+-" * MAX_NESTING + "1",
            "Not " * (MAX_NESTING + 1) + "1",
            "Abs(" * 50_000,
            "+".join(["1"] * MAX_TOKENS),
            "1" * (MAX_LENGTH + 1),
        ],
    )
    def test_beyond(self, text: str) -> None:
        """A formula beyond a limit is refused, without exhausting the stack."""
        assert refusal(text).position <= len(text)


PIECES = [
    "a", "R1", "2", ".5", "(", ")", ",", "+", "-", "*", "/", "^", "<", "=", "<>", " Mod ", " And ",
    "Not ", "[A]", "[A,,kW]", "[", "]", '"', '"Day"', '"x|y"', "True",
    *(f"{name}(" for name in function_names()),
]  # fmt: skip


@given(
    st.text(max_size=60)
    | st.text(alphabet='aR1 2.+-*/()^<>=[]",|\n', max_size=60)
    | st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.none() | st.just([]) | st.just(["a", "R1"]),
)
def test_any_text(text: str, aliases: list[str] | None) -> None:
    """Any text is read or refused with a position inside it, and nothing else happens."""
    try:
        parse(text, aliases)
    except BadExpression as error:
        position = error.position
    else:
        position = 0

    assert 0 <= position <= len(text)
