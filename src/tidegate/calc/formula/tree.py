"""The typed tree of a formula: constants, leaves, operations and calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.calc.formula.functions import Function
    from tidegate.model.aggregation import Aggregation
    from tidegate.model.attributes import AttributeFilter

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
    POWER = ("^", (_N, _N), _N)
    MODULO = ("Mod", (_N, _N), _N)
    EQUAL = ("==", (_N, _N), _T)
    UNEQUAL = ("<>", (_N, _N), _T)
    LESS = ("<", (_N, _N), _T)
    LESS_OR_EQUAL = ("<=", (_N, _N), _T)
    GREATER = (">", (_N, _N), _T)
    GREATER_OR_EQUAL = (">=", (_N, _N), _T)
    AND = ("&&", (_T, _T), _T)
    OR = ("||", (_T, _T), _T)
    XOR = ("Xor", (_T, _T), _T)
    NOT = ("Not", (_T,), _T)
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
    """A series: an alias, or the name or id of one with the unit and method that it is read in.

    Attributes:
        name: what tells this leaf from others in the formula; for an alias the alias.
        position: where it stands in the text.
        target: name or id of the series; None for an alias.
        unit: the unit to read it in; its own if None.
        method: how it is condensed; its own way if None.
        quoted: the target is a name even if it is all digits.
    """

    name: str
    position: int
    target: str | None = None
    unit: str | None = None
    method: Aggregation | None = None
    quoted: bool = False
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True, slots=True, eq=False)
class SumOver:
    """A sum over the series that match dated attributes: `TSAA` and `TSCA`.

    Attributes:
        name: what tells this leaf from others in the formula.
        position: where it stands in the text.
        unit: the unit of the sum; None converts nothing.
        valid_if_any: the sum is valid as soon as one value in it is.
        filters: what a series must match, all at once.
    """

    name: str
    position: int
    unit: str | None
    valid_if_any: bool
    filters: tuple[AttributeFilter, ...]
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True, slots=True, eq=False)
class AttributeNumber:
    """The number that an attribute of a series has at the start of each step."""

    name: str
    position: int
    reference: Reference
    attribute: str
    kind: Kind = Kind.NUMBER


Leaf: TypeAlias = Reference | SumOver | AttributeNumber


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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Call:
    """A function on its operands, with the constants that go with them."""

    function: Function
    operands: tuple[Node, ...]
    parameters: tuple[Any, ...]
    position: int
    kind: Kind = Kind.NUMBER

    def __repr__(self) -> str:
        return f"<{self.function.name} at {self.position}>"


Node: TypeAlias = Constant | Leaf | Operation | Call


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Expression:
    """A formula that was read and checked; it gives a number."""

    text: str
    root: Node

    def __repr__(self) -> str:
        return f"<Expression {self.text[:60]!r}>"

    def leaves(self) -> dict[str, Leaf]:
        """The first mention of everything that has to be read, in the order of evaluation."""
        found: dict[str, Leaf] = {}
        for node in postorder(self.root):
            if isinstance(node, Leaf):
                found.setdefault(node.name, node)
        return found

    def references(self) -> dict[str, Reference]:
        """The first mention of every series, in the order of their evaluation."""
        found: dict[str, Reference] = {}
        for node in postorder(self.root):
            if isinstance(node, AttributeNumber):
                found.setdefault(node.reference.name, node.reference)
            elif isinstance(node, Reference):
                found.setdefault(node.name, node)
        return found

    def size(self) -> int:
        """How many constants, leaves, operations and calls there are."""
        return sum(1 for _ in postorder(self.root))


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
        operands = operands_of(node)
        if ready or not operands:
            yield node
            continue
        waiting.append((node, True))
        waiting.extend((operand, False) for operand in reversed(operands))


def operands_of(node: Node) -> tuple[Node, ...]:
    """What a node takes; nothing for constants and leaves."""
    return node.operands if isinstance(node, Operation | Call) else ()
