"""Expressions of virtual meters, read and evaluated on whole columns at once.

Precedence follows C. Aliases are case-sensitive; division by zero gives NaN or infinity.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Columns = Mapping[str, "NDArray[np.float64]"]
Evaluate = Callable[[Columns], Any]

_TOKEN: Final = re.compile(r"\s*(?:([A-Za-z0-9]+(?:\.\d*)?|\.\d+)|(>=|<=|==|&&|\|\||[-+*/()?:<>]))")
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+")
_LEVELS: Final[tuple[dict[str, Callable[[Any, Any], Any]], ...]] = (
    {"||": np.logical_or},
    {"&&": np.logical_and},
    {
        "==": operator.eq,
        ">=": operator.ge,
        "<=": operator.le,
        ">": operator.gt,
        "<": operator.lt,
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": np.divide},
)


class BadFormula(Exception):
    """An expression that cannot be read."""


def compile_expression(text: str, aliases: frozenset[str]) -> Evaluate:
    """A function that evaluates `text` on columns by alias.

    Raises:
        BadFormula: the text is no expression over `aliases`.
    """
    parser = _Parser(_tokens(text), aliases)
    evaluate = parser.choice()
    if parser.tokens:
        raise BadFormula(f"unexpected '{parser.tokens[0]}'")
    return evaluate


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadFormula(f"unexpected '{text[at]}'")
        tokens.append(match[1] or match[2])
        at = match.end()
    return tokens


class _Parser:
    """Recursive descent; every method gives a function of the columns."""

    def __init__(self, tokens: list[str], aliases: frozenset[str]) -> None:
        self.tokens = tokens
        self.aliases = aliases

    def choice(self) -> Evaluate:
        """`condition ? value : value`, or a plain value."""
        condition = self.binary(0)
        if not self._took("?"):
            return condition
        then = self.choice()
        self._expect(":")
        otherwise = self.choice()
        return lambda columns: np.where(condition(columns), then(columns), otherwise(columns))

    def binary(self, level: int) -> Evaluate:
        """Operators of one precedence, from the left."""
        if level == len(_LEVELS):
            return self.signed()
        left = self.binary(level + 1)
        while self.tokens and self.tokens[0] in _LEVELS[level]:
            apply = _LEVELS[level][self.tokens.pop(0)]
            left = _applied(apply, left, self.binary(level + 1))
        return left

    def signed(self) -> Evaluate:
        """A value with any number of minus signs."""
        if self._took("-"):
            inner = self.signed()
            return lambda columns: -inner(columns)
        return self.atom()

    def atom(self) -> Evaluate:
        """An alias, a number or a bracketed expression."""
        if self._took("("):
            inner = self.choice()
            self._expect(")")
            return inner
        if not self.tokens:
            raise BadFormula("it ends too early")
        token = self.tokens.pop(0)
        if token in self.aliases:
            return lambda columns: columns[token]
        if not _NUMBER.fullmatch(token):
            raise BadFormula(f"'{token}' is no alias")
        number = np.float64(token)
        return lambda _: number

    def _took(self, token: str) -> bool:
        if self.tokens[:1] != [token]:
            return False
        del self.tokens[0]
        return True

    def _expect(self, token: str) -> None:
        if not self._took(token):
            raise BadFormula(f"'{token}' is missing")


def _applied(apply: Callable[[Any, Any], Any], left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda columns: apply(left(columns), right(columns))
