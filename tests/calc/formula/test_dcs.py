"""Reading the expressions of virtual meters: tree, kinds, positions, limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.calc.formula.dcs import parse
from tidegate.calc.formula.parsing import MAX_LENGTH
from tidegate.calc.formula.tree import MAX_NESTING, MAX_TOKENS, Constant, Operation, postorder
from tidegate.model.errors import BadExpression


def written(text: str, aliases: list[str] | None = None) -> str:
    """The tree of an expression in prefix form."""
    parts: list[str] = []
    for node in postorder(parse(text, aliases).root):
        if isinstance(node, Operation):
            count = len(node.operands)
            operands = parts[-count:]
            del parts[-count:]
            parts.append(f"({' '.join((node.operator.name.lower(), *operands))})")
        else:
            parts.append(str(getattr(node, "value" if isinstance(node, Constant) else "name")))
    return parts.pop()


def refusal(text: str, aliases: list[str] | None = None) -> BadExpression:
    with pytest.raises(BadExpression) as caught:
        parse(text, aliases)
    return caught.value


class TestTree:
    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            ("R1+R2+R3", "(add (add R1 R2) R3)"),
            ("a-b-c", "(subtract (subtract a b) c)"),
            ("a-b*c/d", "(subtract a (divide (multiply b c) d))"),
            ("(HALLA+HALLB)*0.5", "(multiply (add HALLA HALLB) 0.5)"),
            ("-a*b", "(multiply (negate a) b)"),
            ("a - -b", "(subtract a (negate b))"),
            ("HALLA >= 5 ? HALLA : 0", "(choose (greater_or_equal HALLA 5.0) HALLA 0.0)"),
            (
                "a>1 || b<2 && c==3 ? 1 : 2",
                "(choose (or (greater a 1.0) (and (less b 2.0) (equal c 3.0))) 1.0 2.0)",
            ),
            (
                "a>1?b>2?1:2:c<=3?3:4",
                "(choose (greater a 1.0) (choose (greater b 2.0) 1.0 2.0)"
                " (choose (less_or_equal c 3.0) 3.0 4.0))",
            ),
            ("(a > 1) ? .5 : 7.", "(choose (greater a 1.0) 0.5 7.0)"),
            ("\ta\n+ b ", "(add a b)"),
        ],
    )
    def test_precedence(self, text: str, tree: str) -> None:
        """Operators bind as in C and group to the left; a choice groups to the right."""
        assert tree == written(text)

    def test_references_once(self) -> None:
        """Every name is listed once, in the order in which it is first evaluated."""
        assert list(parse("b + a * b").references()) == ["b", "a"]


class TestAliases:
    def test_leading_digit(self) -> None:
        """A declared alias may begin with a digit."""
        assert written("2A + 2", ["2A"]) == "(add 2A 2.0)"

    def test_digits_only(self) -> None:
        """A declared alias of digits is the register, a longer number is a number."""
        assert written("1 + 10 + 1.5", ["1"]) == "(add (add 1 10.0) 1.5)"

    def test_signs_inside(self) -> None:
        """A declared alias may hold signs; the longest that stands there wins."""
        assert written("a-b - (a-c)", ["a", "a-b", "c"]) == "(subtract a-b (subtract a c))"

    def test_case(self) -> None:
        """Exact spelling goes first; another case is understood where one alias can be meant."""
        assert written("R1 + REST", ["R1", "Rest"]) == "(add R1 Rest)"
        assert written("a - A", ["a", "A"]) == "(subtract a A)"
        assert refusal("AB", ["ab", "Ab"]).position == 0

    def test_undeclared(self) -> None:
        """A word that is not declared is refused where it stands, with the declared ones."""
        error = refusal("R1 + R9", ["R1", "R2"])

        assert error.position == 5
        assert error.fields["expected"] == ["R1", "R2"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("", 0),
            ("  ", 2),
            ("a +", 3),
            ("a b", 2),
            (")", 0),
            ("(a", 2),
            ("a != b", 2),
            ("!a", 0),
            ("a % 2", 2),
            ("a ^ 2", 2),
            ("a <> b", 2),
            ("a = b ? 1 : 2", 2),
            ("a & b", 2),
            ("max(a, b)", 0),
            ("max (a)", 0),
            ("1e5", 0),
            ("1.2.3", 3),
            ("a < b < c", 6),
            ("a > 1 ? 2", 9),
            ("a;b", 1),
            ("9" * 400, 0),
        ],
    )
    def test_syntax(self, text: str, position: int) -> None:
        """What the language does not have is refused at its position."""
        assert position == refusal(text).position

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("a == b", 0),
            ("a ? 1 : 2", 0),
            ("a > 1 && b ? 1 : 2", 9),
            ("1 + (a > 1)", 5),
            ("a > 1 ? b > 2 : 3", 8),
            ("-(a > 1)", 2),
            ("(a > 1) < 2 ? 1 : 2", 1),
        ],
    )
    def test_kinds(self, text: str, position: int) -> None:
        """A condition is a comparison or comparisons joined; everything else is a number."""
        assert position == refusal(text).position

    def test_expected(self) -> None:
        """The error lists what could have stood there."""
        assert refusal("a + ").fields["expected"] == ["'('", "'-'", "a number", "an alias"]
        assert refusal("(a").fields["expected"][0] == "')'"
        assert refusal("a = 1 ? 1 : 2").fields["expected"] == ["'=='"]

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
            "1>0?1:" * MAX_NESTING + "1",
            "+".join(["1"] * (MAX_TOKENS // 2)),
        ],
    )
    def test_within(self, text: str) -> None:
        """An expression at a limit is read."""
        assert list(postorder(parse(text).root))

    @pytest.mark.parametrize(
        "text",
        [
            "(" * (MAX_NESTING + 1) + "1" + ")" * (MAX_NESTING + 1),
            "-" * (MAX_NESTING + 1) + "1",
            "1>0?1:" * (MAX_NESTING + 1) + "1",
            "(" * 50_000,
            "+".join(["1"] * MAX_TOKENS),
            "1" * (MAX_LENGTH + 1),
        ],
    )
    def test_beyond(self, text: str) -> None:
        """An expression beyond a limit is refused, without exhausting the stack."""
        assert refusal(text).position <= len(text)


@given(
    st.text(max_size=60)
    | st.text(alphabet="aR1 2.+-*/()?:<>=!&|%^\n", max_size=60)
    | st.lists(st.sampled_from(["a", "R1", "2", "(", ")", "?", ":", "<", "&&", "-"])).map("".join),
    st.none() | st.lists(st.text(min_size=1, max_size=4), max_size=4),
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
