"""Field rules: a tree of verdicts that says which fields of a record leave, and how.

The tree is immutable; each method that changes something gives new rules. Lists are transparent:
`charging_periods.dimensions.type` names the type of every dimension of every period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from tidegate.gate.passlist import below_a_value, passes_everything, unknown_path
from tidegate.gate.transforms import TIMES, coarser, places_name
from tidegate.gate.verdicts import Verdict
from tidegate.model.errors import UnknownName


class Leaf(msgspec.Struct, frozen=True):
    """The rule of a single value, or of each value of a list.

    Attributes:
        type: as the protocol names it, e.g. `cs36`, `dt`, `num`.
        many: the protocol has a list of values here.
        required: the protocol demands it.
        verdict: what happens to a value.
        other: what happens to an object or list where a value belongs.
        transform: the name of what is done to a value that passes, if anything.
        foreign: a field of another version of the protocol, accepted all the same.
    """

    type: str
    many: bool = False
    required: bool = False
    verdict: Verdict = Verdict.BLANK
    other: Verdict = Verdict.BLANK
    transform: str = ""
    foreign: bool = False


class Branch(msgspec.Struct, frozen=True):
    """The rules of an object, or of each object of a list.

    Attributes:
        children: rules by name of field, in the order of the protocol.
        many: the protocol has a list of objects here.
        required: the protocol demands it.
        other: what happens to an unknown field, and to a value where an object belongs.
        foreign: a field of another version of the protocol, accepted all the same.
    """

    children: Mapping[str, Leaf | Branch]
    many: bool = False
    required: bool = False
    other: Verdict = Verdict.BLANK
    foreign: bool = False


Node: TypeAlias = Leaf | Branch
_Change: TypeAlias = Callable[[Leaf], Leaf]


class Field(msgspec.Struct, frozen=True):
    """One value of a record and its verdict.

    Attributes:
        path: dotted; lists on the way are not named.
        type: as the protocol names it.
        many: reached through a list.
        required: the protocol demands it wherever its object is.
        verdict: what happens to it.
        transform: what is done to a value that passes: `hour`, `day`, `whole`, `places:2`,
            `postal`, `integer`, or empty.
    """

    path: str
    type: str
    many: bool
    required: bool
    verdict: Verdict
    transform: str = ""


class FieldRules(msgspec.Struct, frozen=True):
    """What may leave of the records of one module in one version of its protocol.

    Attributes:
        module: e.g. `sessions`.
        version: of the protocol, e.g. `2.2.1`.
        profile: the name of the verdicts that the rules started from.
        root: the tree.
        coarse: last names of the paths that rounding applies to, by kind: `places`,
            `postal`, `energy`.
    """

    module: str
    version: str
    profile: str
    root: Branch
    coarse: Mapping[str, frozenset[str]] = {}

    def fields(self) -> tuple[Field, ...]:
        """Every value of a record, in the order of the protocol."""
        return tuple(
            Field(path, leaf.type, many, leaf.required, leaf.verdict, leaf.transform)
            for path, leaf, many in _leaves(self.root)
        )

    def opened(self) -> tuple[str, ...]:
        """Structures whose unknown fields leave too; `.` is the whole record."""
        return tuple(_opened_paths(self.root, ""))

    def passing(self, paths: Iterable[str], *, extensions: bool = False) -> FieldRules:
        """Rules that also let pass what the paths name, whole structures with all that is in them.

        Args:
            paths: dotted paths in any order, or a single `.` for everything.
            extensions: take an unknown last name for a field that the platform added.

        Raises:
            BadPassList: a path that is not there, or that goes below a single value.
        """
        names = tuple(paths)
        if passes_everything(names):
            return replace(self, root=_opened(self.root))
        return self._changed(names, _opened, extension=_EXTENSION if extensions else None)

    def narrowed(self, paths: Iterable[str]) -> FieldRules:
        """Rules under which nothing leaves but what the paths name, by its verdict here.

        Raises:
            BadPassList: a path that is not there, or that goes below a single value.
        """
        names = tuple(paths)
        if passes_everything(names):
            return self
        for path in names:
            self._node(path)
        return replace(self, root=_narrowed(self.root, [name.split(".") for name in names]))

    def hashing(self, paths: Iterable[str]) -> FieldRules:
        """Rules that let a keyed hash leave in place of what the paths name.

        Raises:
            BadPassList: a path that is not there, or that goes below a single value.
        """
        return self._changed(paths, _each(_hashed))

    def rounding(
        self,
        times: str | None = None,
        places: int | None = None,
        *,
        postal: bool = False,
        energy: bool = False,
    ) -> FieldRules:
        """Rules that make coarser what passes; what was coarser before stays so.

        Args:
            times: `hour` or `day`: instants become the start of theirs; `whole` writes them in
                whole seconds, as `2024-01-31T06:30:00Z`.
            places: decimals of latitude and longitude.
            postal: only the first part of postal codes.
            energy: amounts of energy in whole kWh.

        Raises:
            UnknownName: no such way to write times.
            BadValue: a number of decimals that is not 0 to 7.
        """
        if times is not None and times not in TIMES:
            raise UnknownName("way to write times", times, TIMES)
        names = {
            **dict.fromkeys(self.coarse["places"] if places is not None else (), "places"),
            **dict.fromkeys(self.coarse["postal"] if postal else (), "postal"),
            **dict.fromkeys(self.coarse["energy"] if energy else (), "integer"),
        }
        decimals = places_name(places) if places is not None else ""

        def rounded(leaf: Leaf, name: str) -> Leaf:
            wanted = times or "" if leaf.type == "dt" else names.get(name, "")
            wanted = decimals if wanted == "places" else wanted
            return replace(leaf, transform=coarser(leaf.transform, wanted)) if wanted else leaf

        return replace(self, root=_rounded(self.root, rounded))

    def lets_out(self, path: str) -> bool:
        """Whether a value at or under the path leaves as it is or made coarser; no hash, no mark.

        Raises:
            BadPassList: a path that is not there, or that goes below a single value.
        """
        node = self._node(path)
        if isinstance(node, Leaf):
            return node.verdict is Verdict.PASS
        return any(leaf.verdict is Verdict.PASS for _, leaf, _ in _leaves(node))

    def _node(self, path: str) -> Node:
        node: Node = self.root
        names = path.split(".")
        for depth in range(len(names)):
            node = self._child(node, names[depth:], path)
        return node

    def _child(self, node: Node, names: list[str], path: str) -> Node:
        name = names[0]
        if isinstance(node, Leaf):
            above = path.split(".")[: -len(names)]
            raise below_a_value(path, self.module, ".".join(above))
        if name not in node.children:
            raise unknown_path(path, self.module, _paths(self.root))
        return node.children[name]

    def _changed(
        self, paths: Iterable[str], change: Callable[[Node], Node], *, extension: Leaf | None = None
    ) -> FieldRules:
        root: Node = self.root
        for path in paths:
            root = self._changed_at(root, path.split("."), path, change, extension)
        assert isinstance(root, Branch)
        return replace(self, root=root)

    def _changed_at(
        self,
        node: Node,
        names: list[str],
        path: str,
        change: Callable[[Node], Node],
        extension: Leaf | None,
    ) -> Node:
        if not names:
            return change(node)
        name, *rest = names
        if extension and not rest and isinstance(node, Branch) and name not in node.children:
            child: Node = extension
        else:
            child = self._child(node, names, path)
        child = self._changed_at(child, rest, path, change, extension)
        assert isinstance(node, Branch)
        return replace(node, children={**node.children, name: child})


_EXTENSION = Leaf("any")


def _opened(node: Node) -> Node:
    if isinstance(node, Leaf):
        return replace(node, verdict=Verdict.PASS, other=Verdict.PASS)
    children = {name: _opened(child) for name, child in node.children.items()}
    return replace(node, children=children, other=Verdict.PASS)


def _omitted(node: Node) -> Node:
    if isinstance(node, Leaf):
        return replace(node, verdict=Verdict.OMIT, other=Verdict.OMIT)
    children = {name: _omitted(child) for name, child in node.children.items()}
    return replace(node, children=children, other=Verdict.OMIT)


def _hashed(leaf: Leaf) -> Leaf:
    return replace(leaf, verdict=Verdict.HASH, other=Verdict.BLANK)


def _each(change: _Change) -> Callable[[Node], Node]:
    """A change of every value of a structure; what is unknown in it becomes blank."""

    def changed(node: Node) -> Node:
        if isinstance(node, Leaf):
            return change(node)
        children = {name: changed(child) for name, child in node.children.items()}
        return replace(node, children=children, other=Verdict.BLANK)

    return changed


def _narrowed(node: Node, wanted: list[list[str]]) -> Branch | Leaf:
    if isinstance(node, Leaf) or [] in wanted:
        return node
    children = {}
    for name, child in node.children.items():
        below = [names[1:] for names in wanted if names[0] == name]
        children[name] = _narrowed(child, below) if below else _omitted(child)
    return replace(node, children=children, other=Verdict.OMIT)


def _rounded(branch: Branch, change: Callable[[Leaf, str], Leaf]) -> Branch:
    children = {
        name: change(child, name) if isinstance(child, Leaf) else _rounded(child, change)
        for name, child in branch.children.items()
    }
    return replace(branch, children=children)


def _leaves(
    branch: Branch, prefix: str = "", *, many: bool = False
) -> Iterator[tuple[str, Leaf, bool]]:
    for name, child in branch.children.items():
        if child.foreign:
            continue
        if isinstance(child, Leaf):
            yield prefix + name, child, many or child.many
        else:
            yield from _leaves(child, f"{prefix}{name}.", many=many or child.many)


def _opened_paths(node: Node, path: str) -> Iterator[str]:
    if isinstance(node, Branch) and not node.foreign:
        if node.other is Verdict.PASS:
            yield path or "."
            return
        for name, child in node.children.items():
            yield from _opened_paths(child, f"{path}.{name}" if path else name)


def _paths(branch: Branch, prefix: str = "") -> Iterator[str]:
    for name, child in branch.children.items():
        if child.foreign:
            continue
        yield prefix + name
        if isinstance(child, Branch):
            yield from _paths(child, f"{prefix}{name}.")
