"""The expressions of DCS virtual meters, read into a typed tree.

Numbers, `+ - * /`, parentheses, comparisons, `&&`, `||` and `condition ? a : b` over declared
aliases. A declared alias is recognised before a number, so it may begin with a digit.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tidegate.calc.formula.tree import (
    MAX_NESTING,
    MAX_TOKENS,
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
from tidegate.model.errors import BadExpression

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

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
_SPACE: Final = re.compile(r"\s*")
_SIGN: Final = re.compile(r"&&|\|\||[=!<>]=|<>|[-+*/()?:<>]")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_WORD: Final = re.compile(r"\w+")

MAX_LENGTH: Final = 100_000
"""Characters of one expression."""


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
        shown = _excerpt(text, misfit.position)
        raise BadExpression(misfit.why, shown, misfit.position, misfit.expected) from None
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
    from lark.exceptions import UnexpectedToken

    if len(text) > MAX_LENGTH:
        raise Misfit(f"the expression is longer than {MAX_LENGTH:,} characters", MAX_LENGTH)
    parsing = _parser().parse_interactive()
    try:
        for token in _within_limits(_tokens(text, aliases)):
            parsing.feed_token(token)
        root: Node = parsing.feed_token(_token("$END", "", len(text)))
    except UnexpectedToken as problem:
        accepted: set[str] = parsing.accepts()  # type: ignore[no-untyped-call]
        raise _unexpected(problem.token, accepted) from None
    return root


def _unexpected(token: Token, accepted: Collection[str]) -> Misfit:
    found = f"unexpected '{token}'" if token else "the expression ends too early"
    return Misfit(found, token.start_pos or 0, sorted(_NAMES[name] for name in accepted))


# ---- words ------------------------------------------------------------------------------------


def _tokens(text: str, aliases: _Aliases) -> Iterator[Token]:
    position = _skip_space(text, 0)
    while position < len(text):
        kind, value, end = _next(text, position, aliases)
        yield _token(kind, value, position)
        position = _skip_space(text, end)


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
    if text.startswith("(", _skip_space(text, word.end())):
        raise Misfit(f"'{word[0]}' is used as a function, and there are none", position)
    name = aliases.named(word[0])
    if name is None:
        raise Misfit(f"'{word[0]}' is not a declared alias", position, aliases.names[:20])
    return "ALIAS", name, word.end()


def _within_limits(tokens: Iterator[Token]) -> Iterator[Token]:
    """Pass tokens on until there are too many or too many are open at once."""
    choices = [0]
    signs = 0
    for count, token in enumerate(tokens, start=1):
        signs = signs + 1 if token.type == "MINUS" else 0
        if token.type == "_OPEN":
            choices.append(0)
        elif token.type == "_CLOSE" and len(choices) > 1:
            choices.pop()
        elif token.type == "_THEN":
            choices[-1] += 1
        if len(choices) - 1 + sum(choices) + signs > MAX_NESTING:
            raise Misfit(f"more than {MAX_NESTING} levels of nesting", token.start_pos or 0)
        if count > MAX_TOKENS:
            raise Misfit(f"more than {MAX_TOKENS:,} words and signs", token.start_pos or 0)
        yield token


def _token(kind: str, value: str, position: int) -> Token:
    from lark import Token

    return Token(kind, value, start_pos=position)


def _skip_space(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _excerpt(text: str, position: int, around: int = 40) -> str:
    """The text near a position, on one line."""
    start = max(0, position - around) if len(text) > 2 * around else 0
    end = position + around if len(text) > 2 * around else len(text)
    shown = "".join(mark if mark.isprintable() else " " for mark in text[start:end])
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"


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
