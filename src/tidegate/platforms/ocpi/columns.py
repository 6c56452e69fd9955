"""The columns of records in tables: the fields of the object tables under dotted names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.formats.records import Column, Kind
from tidegate.gate.rules import Branch, Leaf
from tidegate.gate.verdicts import Verdict
from tidegate.model.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.gate.rules import FieldRules, Node

_KINDS: Final = {"num": Kind.NUMBER, "int": Kind.INTEGER, "bool": Kind.TRUTH}
_LEAVES: Final = frozenset({Verdict.PASS, Verdict.HASH})


def columns_of(
    rules: FieldRules, *, explode: str | None = None, passing_only: bool = False
) -> tuple[Column, ...]:
    """The columns of records, in the order of their object table.

    A list of objects is one column of JSON, unless it is the one to explode: then each field of
    its elements has a column.

    Args:
        rules: of the records, with what is joined to them.
        explode: path of a list.
        passing_only: leave out columns in which nothing but marks can stand.

    Raises:
        UnknownName: there is no such list.
    """
    if explode is not None:
        lists = list(_lists(rules.root, ""))
        if explode not in lists:
            raise UnknownName(f"list of {rules.module}", explode, lists)
    return tuple(_columns(rules.root, "", explode or "", passing_only=passing_only))


def _columns(branch: Branch, prefix: str, explode: str, *, passing_only: bool) -> Iterator[Column]:
    for name, child in branch.children.items():
        if child.foreign or (passing_only and not _passes(child)):
            continue
        path = prefix + name
        is_exploded = f"{explode}.".startswith(f"{path}.")
        if isinstance(child, Leaf):
            is_text = child.many and not is_exploded
            yield Column(path, Kind.TEXT if is_text else _KINDS.get(child.type, Kind.TEXT))
        elif child.many and not is_exploded:
            yield Column(path, Kind.DOCUMENT)
        else:
            yield from _columns(child, f"{path}.", explode, passing_only=passing_only)


def _lists(branch: Branch, prefix: str) -> Iterator[str]:
    for name, child in branch.children.items():
        if child.foreign:
            continue
        if child.many:
            yield prefix + name
        if isinstance(child, Branch):
            yield from _lists(child, f"{prefix}{name}.")


def _passes(node: Node) -> bool:
    if isinstance(node, Leaf):
        return node.verdict in _LEAVES
    return node.other is Verdict.PASS or any(_passes(child) for child in node.children.values())
