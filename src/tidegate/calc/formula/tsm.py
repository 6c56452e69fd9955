"""The formula language of WebTSM, read into a typed tree.

Visual Basic's operators over references such as `[Main meter, , kWh, Max]`, aliases and calls.
The traps are Visual Basic's: `2^3^2` is 64, `-2^2` is -4 and `-7 Mod 3` is -1. A comparison that
is used as a number is 1 or 0.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tidegate.calc.formula import calls, parsing
from tidegate.calc.formula.calls import Text
from tidegate.calc.formula.library import CONSTANTS, is_reserved
from tidegate.calc.formula.references import reference
from tidegate.calc.formula.tree import (
    Constant,
    Expression,
    Misfit,
    Node,
    Operation,
    Operator,
    Reference,
)
from tidegate.model.errors import BadValue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from lark import Lark, Token

_GRAMMAR: Final = """
start: disjunction
?disjunction: conjunction | disjunction _OR conjunction -> either
    | disjunction _XOR conjunction -> one_of_two
?conjunction: negation | conjunction _AND negation -> both
?negation: comparison | NOT negation -> opposite
?comparison: sum
    | sum _EQUAL sum -> equal
    | sum _UNEQUAL sum -> unequal
    | sum _LESS sum -> less
    | sum _LESS_OR_EQUAL sum -> less_or_equal
    | sum _GREATER sum -> greater
    | sum _GREATER_OR_EQUAL sum -> greater_or_equal
?sum: remainder | sum _PLUS remainder -> add | sum MINUS remainder -> subtract
?remainder: product | remainder _MOD product -> modulo
?product: unary | product _TIMES unary -> multiply | product _OVER unary -> divide
?unary: power | MINUS unary -> negate | _PLUS unary
?power: primary | power _RAISED exponent -> raise_to
?exponent: primary | MINUS primary -> negate | _PLUS primary
?primary: NUMBER -> number | TRUE -> truth | FALSE -> falsehood | REFERENCE -> series
    | NAME -> alias | NAME _OPEN _CLOSE -> call | NAME _OPEN arguments _CLOSE -> call
    | _OPEN disjunction _CLOSE
arguments: argument (_COMMA argument)*
?argument: disjunction | TEXT -> text
%declare NUMBER TEXT REFERENCE NAME TRUE FALSE NOT MINUS _PLUS _TIMES _OVER _RAISED _MOD _COMMA
%declare _OPEN _CLOSE _OR _XOR _AND
%declare _EQUAL _UNEQUAL _LESS _LESS_OR_EQUAL _GREATER _GREATER_OR_EQUAL
"""

_SIGNS: Final = {
    "+": "_PLUS",
    "-": "MINUS",
    "*": "_TIMES",
    "/": "_OVER",
    "^": "_RAISED",
    "(": parsing.OPENING,
    ")": parsing.CLOSING,
    ",": "_COMMA",
    "=": "_EQUAL",
    "<>": "_UNEQUAL",
    "<": "_LESS",
    "<=": "_LESS_OR_EQUAL",
    ">": "_GREATER",
    ">=": "_GREATER_OR_EQUAL",
}
_WORDS: Final = {
    "or": "_OR",
    "orelse": "_OR",
    "xor": "_XOR",
    "and": "_AND",
    "andalso": "_AND",
    "not": "NOT",
    "mod": "_MOD",
    "true": "TRUE",
    "false": "FALSE",
}
_OPERANDS: Final = {
    "NUMBER": "a number",
    "TEXT": "a text in quotes",
    "REFERENCE": "a series in brackets",
    "NAME": "a name",
    "TRUE": "True",
    "FALSE": "False",
    parsing.OPENING: "'('",
    "NOT": "Not",
}
_NAMES: Final = {
    **{terminal: f"'{sign}'" for sign, terminal in _SIGNS.items()},
    "_OR": "Or",
    "_XOR": "Xor",
    "_AND": "And",
    "_MOD": "Mod",
    "$END": "the end",
    **_OPERANDS,
}
_NUMBER: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAME: Final = re.compile(r"[^\W\d]\w*")
_TEXT: Final = re.compile(r'"(?:[^"]|"")*"')
_REFERENCE: Final = re.compile(r'\[\s*(?:"(?:[^"]|"")*"[^\]"]*|[^\]"\s][^\]]*)?\]')
_SIGN: Final = re.compile(r"<>|[<>]=|[-+*/^(),=<>]")


def parse(text: str, aliases: Collection[str] | None = None) -> Expression:
    """The typed tree of a formula.

    Args:
        text: the formula.
        aliases: the names that the request binds; None takes every name for one. References hold
            them in lower case.

    Raises:
        BadExpression: the text is no formula; the error knows where and what was expected.
        BadValue: an alias is no name, or is one that the language has.
    """
    declared = None if aliases is None else _declared(aliases)
    try:
        parsing.require_length(text)
        words = parsing.tokens(text, _next)
        limited = parsing.within_limits(words, prefixes={"MINUS", "_PLUS", "NOT"})
        root = parsing.parsed(_parser(), text, limited, _unexpected)
        expression = Expression(text, root)
        if declared is not None:
            _require_bound(expression, declared)
    except Misfit as misfit:
        raise parsing.refusal(text, misfit) from None
    return expression


def _declared(aliases: Collection[str]) -> dict[str, str]:
    """The aliases under their names in lower case."""
    for name in aliases:
        if not _NAME.fullmatch(name) or is_reserved(name):
            raise BadValue("alias", name, "a name that is no function and no keyword")
    return {name.casefold(): name for name in aliases}


def _require_bound(expression: Expression, declared: Mapping[str, str]) -> None:
    for name, leaf in expression.references().items():
        if leaf.target is None and name not in declared:
            word = _NAME.match(expression.text, leaf.position)
            shown = word[0] if word else name
            if is_reserved(name):
                raise Misfit(f"{shown} is a function", leaf.position, [f"{shown}(…)"])
            expected = sorted(declared.values())[:20] or ["[series]"]
            raise Misfit(f"'{shown}' is bound to no series", leaf.position, expected)


# ---- words ------------------------------------------------------------------------------------


def _next(text: str, position: int) -> tuple[str, str, int]:
    for kind, pattern in (("NUMBER", _NUMBER), ("TEXT", _TEXT), ("REFERENCE", _REFERENCE)):
        found = pattern.match(text, position)
        if found:
            return kind, found[0], found.end()
    name = _NAME.match(text, position)
    if name:
        return _WORDS.get(name[0].casefold(), "NAME"), name[0], name.end()
    sign = _SIGN.match(text, position)
    if sign:
        return _SIGNS[sign[0]], sign[0], sign.end()
    raise _unreadable(text, position)


def _unreadable(text: str, position: int) -> Misfit:
    if text[position] == '"':
        return Misfit("the text is not closed", len(text), ["'\"'"])
    if text[position] == "[":
        inner = parsing.skip_space(text, position + 1)
        if text.startswith('"', inner) and not _TEXT.match(text, inner):
            return Misfit("the quoted name is not closed", len(text), ["'\"'"])
        if text.find("]", position) < 0:
            return Misfit("the reference is not closed", len(text), ["']'"])
        return Misfit("the reference names no series", position + 1, ["a name or id"])
    return Misfit(f"{text[position]!r} has no meaning in a formula", position)


def _unexpected(word: Token, accepted: Collection[str]) -> Misfit:
    position = word.start_pos or 0
    if word.type in _OPERANDS and "_TIMES" in accepted:
        why = "two operands without an operator (in a URL write + as %2B)"
        return Misfit(why, position, _operators(accepted))
    found = f"unexpected '{word}'" if word else "the formula ends too early"
    return Misfit(found, position, sorted({_NAMES[name] for name in accepted}))


def _operators(accepted: Collection[str]) -> list[str]:
    return sorted({_NAMES[name] for name in accepted if name != "$END"})


# ---- tree -------------------------------------------------------------------------------------


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=_Builder())


def _infix(operator: Operator) -> Callable[[_Builder, Sequence[Node]], Node]:
    def build(_: _Builder, operands: Sequence[Node]) -> Node:
        return Operation(operator, tuple(operands), operands[0].position)

    return build


class _Builder:
    """Makes a node of each rule as the parser completes it."""

    either = _infix(Operator.OR)
    one_of_two = _infix(Operator.XOR)
    both = _infix(Operator.AND)
    equal = _infix(Operator.EQUAL)
    unequal = _infix(Operator.UNEQUAL)
    less = _infix(Operator.LESS)
    less_or_equal = _infix(Operator.LESS_OR_EQUAL)
    greater = _infix(Operator.GREATER)
    greater_or_equal = _infix(Operator.GREATER_OR_EQUAL)
    add = _infix(Operator.ADD)
    modulo = _infix(Operator.MODULO)
    multiply = _infix(Operator.MULTIPLY)
    divide = _infix(Operator.DIVIDE)
    raise_to = _infix(Operator.POWER)

    def start(self, parts: Sequence[Node]) -> Node:
        return parts[0]

    def subtract(self, parts: Sequence[Any]) -> Node:
        left, _, right = parts
        return Operation(Operator.SUBTRACT, (left, right), left.position)

    def negate(self, parts: Sequence[Any]) -> Node:
        sign, operand = parts
        return Operation(Operator.NEGATE, (operand,), sign.start_pos)

    def opposite(self, parts: Sequence[Any]) -> Node:
        word, operand = parts
        return Operation(Operator.NOT, (operand,), word.start_pos)

    def number(self, parts: Sequence[Token]) -> Node:
        value = float(parts[0])
        if math.isinf(value):
            raise Misfit("the number is too large", parts[0].start_pos or 0)
        return Constant(value, parts[0].start_pos or 0)

    def truth(self, parts: Sequence[Token]) -> Node:
        return Constant(1.0, parts[0].start_pos or 0)

    def falsehood(self, parts: Sequence[Token]) -> Node:
        return Constant(0.0, parts[0].start_pos or 0)

    def series(self, parts: Sequence[Token]) -> Node:
        return reference(str(parts[0]), parts[0].start_pos or 0)

    def alias(self, parts: Sequence[Token]) -> Node:
        name, position = str(parts[0]), parts[0].start_pos or 0
        if name.casefold() in CONSTANTS:
            return Constant(CONSTANTS[name.casefold()], position)
        return Reference(name.casefold(), position)

    def text(self, parts: Sequence[Token]) -> Text:
        return Text(parts[0][1:-1].replace('""', '"'), parts[0].start_pos or 0)

    def arguments(self, parts: list[Node | Text]) -> list[Node | Text]:
        return parts

    def call(self, parts: Sequence[Any]) -> Node:
        name, *rest = parts
        return calls.call(str(name), name.start_pos, rest[0] if rest else [])
