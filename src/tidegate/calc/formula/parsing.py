"""What the front ends of all languages share: tokens, the parser's steps, limits, refusals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tidegate.calc.formula.tree import MAX_NESTING, MAX_TOKENS, Misfit
from tidegate.model.errors import BadExpression

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from lark import Lark, Token

    from tidegate.calc.formula.tree import Node

MAX_LENGTH: Final = 100_000
"""Characters of one formula."""

OPENING: Final = "_OPEN"
CLOSING: Final = "_CLOSE"

_SPACE: Final = re.compile(r"\s*")


def token(kind: str, value: str, position: int) -> Token:
    """A word or sign of a formula."""
    from lark import Token

    return Token(kind, value, start_pos=position)


def skip_space(text: str, position: int) -> int:
    """The next position that holds no white space."""
    space = _SPACE.match(text, position)
    return space.end() if space else position


def tokens(text: str, following: Callable[[str, int], tuple[str, str, int]]) -> Iterator[Token]:
    """The words and signs of a text.

    Args:
        text: the formula.
        following: gives kind, value and end of what stands at a position.
    """
    position = skip_space(text, 0)
    while position < len(text):
        kind, value, end = following(text, position)
        yield token(kind, value, position)
        position = skip_space(text, end)


def parsed(
    parser: Lark,
    text: str,
    words: Iterable[Token],
    refuse: Callable[[Token, Collection[str]], Misfit],
) -> Node:
    """The tree that a parser makes of words.

    Args:
        parser: an LALR parser with a builder.
        text: the whole formula.
        words: its words and signs.
        refuse: what is wrong with a word where only certain kinds of words could stand.

    Raises:
        Misfit: the words are no formula.
    """
    from lark.exceptions import UnexpectedToken

    parsing = parser.parse_interactive()
    try:
        for word in words:
            parsing.feed_token(word)
        root: Node = parsing.feed_token(token("$END", "", len(text)))
    except UnexpectedToken as problem:
        accepted: set[str] = parsing.accepts()  # type: ignore[no-untyped-call]
        raise refuse(problem.token, accepted) from None
    return root


def require_length(text: str) -> None:
    """Make sure that a text is not too long to be looked at.

    Raises:
        Misfit: it is.
    """
    if len(text) > MAX_LENGTH:
        raise Misfit(f"the formula is longer than {MAX_LENGTH:,} characters", MAX_LENGTH)


def within_limits(
    words: Iterable[Token], *, prefixes: Collection[str], branches: Collection[str] = ()
) -> Iterator[Token]:
    """Pass words on until there are too many, or too many are open at once.

    Args:
        words: the words of a formula.
        prefixes: kinds that open a level with each repetition.
        branches: kinds that open a level until the parenthesis around them closes.

    Raises:
        Misfit: a limit is passed.
    """
    levels = [0]
    run = 0
    for count, word in enumerate(words, start=1):
        run = run + 1 if word.type in prefixes else 0
        if word.type == OPENING:
            levels.append(0)
        elif word.type == CLOSING and len(levels) > 1:
            levels.pop()
        elif word.type in branches:
            levels[-1] += 1
        if len(levels) - 1 + sum(levels) + run > MAX_NESTING:
            raise Misfit(f"more than {MAX_NESTING} levels of nesting", word.start_pos or 0)
        if count > MAX_TOKENS:
            raise Misfit(f"more than {MAX_TOKENS:,} words and signs", word.start_pos or 0)
        yield word


def refusal(text: str, misfit: Misfit) -> BadExpression:
    """The error that tells what is wrong with a formula, and where."""
    shown = _excerpt(text, misfit.position)
    return BadExpression(misfit.why, shown, misfit.position, misfit.expected)


def _excerpt(text: str, position: int, around: int = 40) -> str:
    """The text near a position, on one line."""
    start = max(0, position - around) if len(text) > 2 * around else 0
    end = position + around if len(text) > 2 * around else len(text)
    shown = "".join(mark if mark.isprintable() else " " for mark in text[start:end])
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"
