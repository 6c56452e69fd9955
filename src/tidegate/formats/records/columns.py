"""Records as rows: a fixed set of columns with dotted names, filled from nested documents."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Cell = str | int | float | bool | Decimal | None
"""What a row holds in a column."""


class Kind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    TRUTH = "truth"
    DOCUMENT = "document"
    """Lists of objects: one cell of JSON."""


class Column(msgspec.Struct, frozen=True):
    """A column of a table of records.

    Attributes:
        name: the dotted path of the value in the record.
        kind: what its values are.
    """

    name: str
    kind: Kind = Kind.TEXT


class Rows:
    """Turns JSON lines into rows.

    A scalar where the columns expect an object goes to the first column below it, so that a price
    given as a number stands under its amount. Lists of scalars are joined by `;`, everything else
    that is nested becomes JSON. What has no column is left out.

    Args:
        columns: the columns of the table.
        explode: path of a list that gets a row for each of its elements; the other columns are
            repeated in each. A record without elements keeps one row.
    """

    def __init__(self, columns: Sequence[Column], explode: str | None = None) -> None:
        self._plan = _plan([column.name for column in columns])
        self._empty: list[Cell] = [None] * len(columns)
        self._explode = explode.split(".") if explode else []
        self._decoder = msgspec.json.Decoder(float_hook=Decimal)

    def of(self, lines: bytes) -> Iterator[list[Cell]]:
        """The rows of some JSON lines, each with a cell for every column."""
        for record in self._decoder.decode_lines(lines):
            for part in _exploded(record, self._explode):
                row = self._empty.copy()
                _fill(row, part, self._plan)
                yield row


class _Node:
    """Columns that begin with the same words."""

    __slots__ = ("children", "first")

    def __init__(self, first: int) -> None:
        self.first = first
        self.children: dict[str, int | _Node] = {}


def _plan(names: Sequence[str]) -> _Node:
    root = _Node(0)
    for place, name in enumerate(names):
        *outer, last = name.split(".")
        node = root
        for word in outer:
            child = node.children.setdefault(word, _Node(place))
            node = child if isinstance(child, _Node) else _below(node, word, child)
        node.children.setdefault(last, place)
    return root


def _below(node: _Node, word: str, column: int) -> _Node:
    """Room below a name that has a column of its own too; scalars go to that column."""
    child = node.children[word] = _Node(column)
    return child


def _fill(row: list[Cell], record: dict[str, Any], node: _Node) -> None:
    children = node.children
    for key, value in record.items():
        target = children.get(key)
        if target is None or value is None:
            continue
        if isinstance(target, int):
            row[target] = value if type(value) is str else as_cell(value)
        elif isinstance(value, dict):
            _fill(row, value, target)
        else:
            row[target.first] = as_cell(value)


def _exploded(record: dict[str, Any], path: Sequence[str]) -> Iterator[dict[str, Any]]:
    if not path:
        yield record
        return
    key, *rest = path
    value = record.get(key)
    for element in (value or [None]) if isinstance(value, list) else [value]:
        inner = _exploded(element, rest) if isinstance(element, dict) else [element]
        for part in inner:
            yield {**record, key: part}


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def as_cell(value: Any) -> Cell:
    """A value of a record as one cell."""
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return ";".join(as_text(one) for one in value)
    if isinstance(value, list | dict):
        return _ENCODER.encode(value).decode()
    cell: Cell = value
    return cell


def as_text(value: Cell) -> str:
    """A cell as text: numbers with all their digits, truth as JSON writes it, nothing as empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
