"""Every function of the formula language, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.calc.formula import lookaround, mathematics, quality

if TYPE_CHECKING:
    from tidegate.calc.formula.functions import Function

_ALL: Final = (*mathematics.FUNCTIONS, *quality.FUNCTIONS, *lookaround.FUNCTIONS)

LIBRARY: Final[dict[str, Function]] = {one.name.casefold(): one for one in _ALL}
"""The functions under their names in lower case."""

LEAVES: Final = ("TSAA", "TSCA", "TS", "Attr")
"""Functions that read from the store; they become leaves of the tree."""

CONSTANTS: Final = {"pi": 3.141592653589793, "e": 2.718281828459045}
"""Names that stand for numbers, with parentheses behind them or without."""

KEYWORDS: Final = ("and", "andalso", "or", "orelse", "xor", "not", "mod", "true", "false")
"""Words of the grammar."""


def is_reserved(name: str) -> bool:
    """True for a name that no alias may have: a function, a constant or a keyword."""
    word = name.casefold()
    leaves = {one.casefold() for one in LEAVES}
    return word in LIBRARY or word in CONSTANTS or word in KEYWORDS or word in leaves


def function_names() -> list[str]:
    """The names of all functions as the docs write them."""
    return sorted([*(one.name for one in _ALL), *LEAVES, "PI", "E"], key=str.casefold)
