"""The expressions of DCS virtual meters, read into a typed tree.

Numbers, `+ - * /`, parentheses, comparisons, `&&`, `||` and `condition ? a : b` over declared
aliases. A declared alias is recognised before a number, so it may begin with a digit.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tidegate.calc.formula import parsing
from tidegate.calc.formula.tree import (
    Constant,
    Expression,
    Kind,
    Misfit,
    Node,
    Operator,
    Reference,
    operation,
    require,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from lark import Lark, Token

_GRAMMAR: Final = """
?start: choice
?choice: either | either _THEN choice _ELSE choice -> choose
?either: both | either _OR both -> disjunction
?both: comparison | both _AND comparison -> conjunction
?comparison: sum
    | sum _EQUAL sum -> equal
    | sum _LESS sum -> less
    | sum _LESS_OR_EQUAL sum -> less_or_equal
    | sum _GREATER sum -> greater
    | sum _GREATER_OR_EQUAL sum -> greater_or_equal
?sum: product | sum _PLUS product -> add | sum MINUS product -> subtract
?product: signed | product _TIMES signed -> multiply | product _OVER signed -> divide
?signed: atom | MINUS signed -> negate
?atom: NUMBER -> number | ALIAS -> alias | _OPEN choice _CLOSE
%declare NUMBER ALIAS MINUS _PLUS _TIMES _OVER _OPEN _CLOSE _THEN _ELSE _AND _OR
%declare _EQUAL _LESS _LESS_OR_EQUAL _GREATER _GREATER_OR_EQUAL
"""

_SIGNS: Final = {
    "+": "_PLUS",
    "-": "MINUS",
    "*": "_TIMES",
    "/": "_OVER",
    "(": "_OPEN",
    ")": "_CLOSE",
    "?": "_THEN",
    ":": "_ELSE",
    "&&": "_AND",
    "||": "_OR",
    "==": "_EQUAL",
    "<": "_LESS",
    "<=": "_LESS_OR_EQUAL",
    ">": "_GREATER",
    ">=": "_GREATER_OR_EQUAL",
}
_NAMES: Final = {terminal: f"'{sign}'" for sign, terminal in _SIGNS.items()} | {
    "NUMBER": "a number",
    "ALIAS": "an alias",
    "$END": "the end",
}
_SIGN: Final = re.compile(r"&&|\|\||[=!<>]=|<>|[-+*/()?:<>]")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_WORD: Final = re.compile(r"\w+")


def parse(text: str, aliases: Collection[str] | None = None) -> Expression:
    """The typed tree of a virtual meter's expression.

    An alias that differs from a declared one only in case is taken for it where that is clear;
    references hold the declared spelling.

    Args:
        text: the expression.
        aliases: the declared aliases; None takes every word that begins with a letter.

    Raises:
        BadExpression: the text is no expression; the error knows where and what was expected.
    """
    try:
        root = _parse(text, _Aliases(aliases))
        require(root, Kind.NUMBER)
    except Misfit as misfit:
        raise parsing.refusal(text, misfit) from None
    return Expression(text, root)


class _Aliases:
    """The declared aliases."""

    def __init__(self, names: Collection[str] | None) -> None:
        self.open = names is None
        self.names = sorted(filter(None, names or ()))
        self._words = {name for name in self.names if _WORD.fullmatch(name)}
        self._others = sorted(set(self.names) - self._words, key=len, reverse=True)
        self._folded: dict[str, list[str]] = {}
        for name in self._words:
            self._folded.setdefault(name.casefold(), []).append(name)

    def at(self, text: str, position: int) -> str | None:
        """The longest declared alias that stands here as a whole word."""
        for name in self._others:
            if text.startswith(name, position) and not _continues(text, position + len(name), name):
                return name
        word = _WORD.match(text, position)
        return word[0] if word and word[0] in self._words else None

    def named(self, word: str) -> str | None:
        """The declared alias that a word means: the only one that differs in case alone."""
        if self.open:
            return word if word[0].isalpha() else None
        same = self._folded.get(word.casefold(), [])
        return same[0] if len(same) == 1 else None


def _continues(text: str, end: int, name: str) -> bool:
    return bool(_WORD.match(name[-1]) and _WORD.match(text, end))


def _parse(text: str, aliases: _Aliases) -> Node:
    parsing.require_length(text)
    words = parsing.tokens(text, lambda text, position: _next(text, position, aliases))
    limited = parsing.within_limits(words, prefixes={"MINUS"}, branches={"_THEN"})
    return parsing.parsed(_parser(), text, limited, _unexpected)


def _unexpected(token: Token, accepted: Collection[str]) -> Misfit:
    found = f"unexpected '{token}'" if token else "the expression ends too early"
    return Misfit(found, token.start_pos or 0, sorted(_NAMES[name] for name in accepted))


# ---- words ------------------------------------------------------------------------------------


def _next(text: str, position: int, aliases: _Aliases) -> tuple[str, str, int]:
    alias = aliases.at(text, position)
    number = _NUMBER.match(text, position)
    if alias and (number is None or len(alias) >= len(number[0])):
        return "ALIAS", alias, position + len(alias)
    if number and not _WORD.match(text, number.end()):
        return "NUMBER", number[0], number.end()
    sign = _SIGN.match(text, position)
    if sign and sign[0] in _SIGNS:
        return _SIGNS[sign[0]], sign[0], sign.end()
    return _undeclared(text, position, sign[0] if sign else text[position], aliases)


def _undeclared(text: str, position: int, sign: str, aliases: _Aliases) -> tuple[str, str, int]:
    word = _WORD.match(text, position)
    if word is None:
        meant = [f"'{2 * sign}'"] if 2 * sign in _SIGNS else []
        raise Misfit(f"{sign!r} has no meaning in a virtual meter", position, meant)
    if text.startswith("(", parsing.skip_space(text, word.end())):
        raise Misfit(f"'{word[0]}' is used as a function, and there are none", position)
    name = aliases.named(word[0])
    if name is None:
        raise Misfit(f"'{word[0]}' is not a declared alias", position, aliases.names[:20])
    return "ALIAS", name, word.end()


# ---- tree -------------------------------------------------------------------------------------


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=_Builder())


def _infix(operator: Operator) -> Callable[[_Builder, Sequence[Node]], Node]:
    def build(_: _Builder, operands: Sequence[Node]) -> Node:
        return operation(operator, operands)

    return build


class _Builder:
    """Makes a node of each rule as the parser completes it."""

    equal = _infix(Operator.EQUAL)
    less = _infix(Operator.LESS)
    less_or_equal = _infix(Operator.LESS_OR_EQUAL)
    greater = _infix(Operator.GREATER)
    greater_or_equal = _infix(Operator.GREATER_OR_EQUAL)
    conjunction = _infix(Operator.AND)
    disjunction = _infix(Operator.OR)
    choose = _infix(Operator.CHOOSE)
    add = _infix(Operator.ADD)
    multiply = _infix(Operator.MULTIPLY)
    divide = _infix(Operator.DIVIDE)

    def subtract(self, parts: Sequence[Any]) -> Node:
        left, _, right = parts
        return operation(Operator.SUBTRACT, (left, right))

    def negate(self, parts: Sequence[Any]) -> Node:
        sign, operand = parts
        return operation(Operator.NEGATE, (operand,), sign.start_pos)

    def number(self, parts: Sequence[Any]) -> Node:
        (token,) = parts
        value = float(token)
        if math.isinf(value):
            raise Misfit("the number is too large", token.start_pos)
        return Constant(value, token.start_pos)

    def alias(self, parts: Sequence[Any]) -> Node:
        (token,) = parts
        return Reference(str(token), token.start_pos)
