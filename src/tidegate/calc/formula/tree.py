"""The typed tree of a formula: constants, references and operations, checked as it is built."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_NESTING: Final = 64
"""Parentheses, choices and signs that may be open inside one another."""

MAX_TOKENS: Final = 10_000
"""Words and signs of one formula."""


class Kind(StrEnum):
    """What a part of a formula gives."""

    NUMBER = "number"
    TRUTH = "comparison"


_N, _T = Kind.NUMBER, Kind.TRUTH


class Operator(Enum):
    """An operation: its sign, the kinds it takes and the kind it gives."""

    NEGATE = ("-", (_N,), _N)
    ADD = ("+", (_N, _N), _N)
    SUBTRACT = ("-", (_N, _N), _N)
    MULTIPLY = ("*", (_N, _N), _N)
    DIVIDE = ("/", (_N, _N), _N)
    EQUAL = ("==", (_N, _N), _T)
    LESS = ("<", (_N, _N), _T)
    LESS_OR_EQUAL = ("<=", (_N, _N), _T)
    GREATER = (">", (_N, _N), _T)
    GREATER_OR_EQUAL = (">=", (_N, _N), _T)
    AND = ("&&", (_T, _T), _T)
    OR = ("||", (_T, _T), _T)
    CHOOSE = ("?:", (_T, _N, _N), _N)

    def __init__(self, sign: str, takes: tuple[Kind, ...], gives: Kind) -> None:
        self.sign = sign
        self.takes = takes
        self.gives = gives


class Misfit(Exception):
    """A text that is no formula; `position` counts characters from 0."""

    def __init__(self, why: str, position: int, expected: Sequence[str] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.position = position
        self.expected = tuple(expected)


# The trees of long sums are deeper than Python's stack: nodes compare by identity and print
# without their operands, and every walk is a loop.


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A number written in the formula."""

    value: float
    position: int
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A name that stands for a series."""

    name: str
    position: int
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Operation:
    """An operator on its operands; `position` is where its text starts."""

    operator: Operator
    operands: tuple[Node, ...]
    position: int

    def __repr__(self) -> str:
        return f"<{self.operator.name} at {self.position}>"

    @property
    def kind(self) -> Kind:
        """What the operation gives."""
        return self.operator.gives


Node: TypeAlias = Constant | Reference | Operation


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Expression:
    """A formula that was read and checked; it gives a number."""

    text: str
    root: Node

    def __repr__(self) -> str:
        return f"<Expression {self.text[:60]!r}>"

    def references(self) -> dict[str, Reference]:
        """The first mention of every name, in the order of their evaluation."""
        found: dict[str, Reference] = {}
        for node in postorder(self.root):
            if isinstance(node, Reference):
                found.setdefault(node.name, node)
        return found


def operation(operator: Operator, operands: Sequence[Node], position: int | None = None) -> Node:
    """An operation on operands of the kinds that it takes.

    Raises:
        Misfit: an operand is a number where a comparison is needed, or the other way round.
    """
    for operand, wanted in zip(operands, operator.takes, strict=True):
        require(operand, wanted)
    start = operands[0].position if position is None else position
    return Operation(operator, tuple(operands), start)


def require(node: Node, wanted: Kind) -> None:
    """Make sure that a node gives what is wanted.

    Raises:
        Misfit: it gives the other kind.
    """
    if node.kind is wanted:
        return
    if wanted is Kind.TRUTH:
        raise Misfit("a number stands where a comparison is needed", node.position, ["A > 0"])
    raise Misfit("a comparison stands where a number is needed", node.position, ["A > 0 ? A : 0"])


def postorder(root: Node) -> Iterator[Node]:
    """Every node of a tree, operands before the operation that takes them."""
    waiting: list[tuple[Node, bool]] = [(root, False)]
    while waiting:
        node, ready = waiting.pop()
        if ready or not isinstance(node, Operation):
            yield node
            continue
        waiting.append((node, True))
        waiting.extend((operand, False) for operand in reversed(node.operands))
