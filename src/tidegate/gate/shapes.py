"""Shapes of records: structures made from what a platform sends, to filter whole pages at once.

A platform writes its records with the same fields in the same order, some of them left out. From a
few records the shape is learned: the known order of fields of each object. It becomes a msgspec
structure in which single values that leave are scalars and values that do not are undecoded text.
A page fits if the structures, encoded again, are the page byte for byte: then there is no unknown
field, no value of another kind, no other order, and no digit that got lost, and blanking is a few
assignments. They are written as one straight function, as `dataclasses` does, because they are
three quarters of the work; the text holds nothing but numbers of fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import UNSET, Raw, UnsetType, defstruct

from tidegate.gate.rules import Branch, Leaf, Node
from tidegate.gate.transforms import Transform
from tidegate.gate.verdicts import Verdict

if TYPE_CHECKING:
    from collections import Counter

_LIST: Final[Any] = list

Scalar = str | int | float | bool | None
Finder = Callable[[Leaf], Transform | None]
"""What is done to the values of a leaf, if they are not blanked, omitted or passed."""

_MAX_FIELDS: Final = 256
"""More fields in one object are not learned; such records take the slow way."""

_MAX_TOLD: Final = 100

_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f]*')
"""Names that are written without escapes."""

_UNKNOWN: Final[dict[Verdict, Leaf]] = {
    verdict: Leaf("any", verdict=verdict, other=verdict) for verdict in Verdict
}


class Compiled(NamedTuple):
    """A shape made ready: the structure of a record and what blanks a list of them in place."""

    structure: Any
    blank: Callable[[list[Any]], None]


class Shape:
    """The fields of one object, in the order in which a platform writes them."""

    def __init__(self, rules: Branch, path: str = "") -> None:
        self._rules = rules
        self._path = path
        self._order: list[str] = []
        self._inner: dict[str, Shape] = {}

    def learn(self, value: dict[str, Any]) -> bool:
        """Take in a decoded object; tells whether there was something new in it."""
        news = False
        at = 0
        for name in value:
            if name in self._order:
                at = self._order.index(name) + 1
            elif len(self._order) < _MAX_FIELDS and _PLAIN.fullmatch(name):
                self._order.insert(at, name)
                at += 1
                news = True
        for name, child in self._branches():
            objects = value.get(name)
            for inner in objects if isinstance(objects, list) else [objects]:
                if isinstance(inner, dict):
                    shape = self._inner.setdefault(name, Shape(child, f"{self._path}{name}."))
                    news |= shape.learn(inner)
        return news

    def compile(self, finder: Finder, mark: object, unknown: Counter[str]) -> Compiled:
        """The structure of the shape.

        Args:
            finder: gives the transform of a leaf.
            mark: what stands for a blanked value; `UNSET` leaves it out.
            unknown: where unknown fields are counted.
        """
        writer = _Writer(finder, mark, unknown)
        structure = writer.structure(self)
        return Compiled(structure, writer.function())

    def members(self) -> Iterator[tuple[str, str, Node, Shape | None]]:
        """Name, path, rule and inner shape of each field, in order."""
        for name in self._order:
            rule = self._rules.children.get(name) or _UNKNOWN[self._rules.other]
            inner = self._inner.get(name)
            if isinstance(rule, Branch) and inner is None:
                inner = Shape(rule, f"{self._path}{name}.")
            yield name, self._path + name, rule, inner

    def _branches(self) -> Iterator[tuple[str, Branch]]:
        for name, child in self._rules.children.items():
            if isinstance(child, Branch) and _uniform(child) is None:
                yield name, child


def told(path: str) -> str:
    """The path of an unknown field in a form that is safe to print: its name is not ours."""
    if path.isprintable() and len(path) <= _MAX_TOLD:
        return path
    return f"{ascii(path)[1 : _MAX_TOLD + 1]}…"


def _uniform(rule: Node) -> Verdict | None:
    """The verdict of all that can stand under a rule, if it is the same whatever the shape."""
    if rule.other not in {Verdict.PASS, Verdict.OMIT}:
        return None
    if isinstance(rule, Leaf):
        return rule.other if rule.verdict is rule.other and not rule.transform else None
    same = all(_uniform(child) is rule.other for child in rule.children.values())
    return rule.other if same else None


class _Writer:
    """Makes the structures of a shape, and the lines of the function that blanks them."""

    def __init__(self, finder: Finder, mark: object, unknown: Counter[str]) -> None:
        self._finder = finder
        self._lines: list[str] = []
        self._names: dict[str, Any] = {"U": UNSET, "N": mark, "C": unknown}
        self._omits = mark is UNSET

    def structure(self, shape: Shape, depth: int = 0, indent: str = "  ") -> Any:
        """The structure of an object; what is to be done to its fields is added to the lines."""
        fields: list[tuple[str, Any, Any]] = []
        names: dict[str, str] = {}
        for number, (name, path, rule, inner) in enumerate(shape.members()):
            names[f"f{number}"] = name
            at = f"o{depth}.f{number}"
            if isinstance(rule, Branch) and inner and not _uniform(rule):
                kind = self._branch(at, rule, inner, depth + 1, indent)
            else:
                kind = self._field(at, path, rule, indent)
            fields.append((f"f{number}", kind | UnsetType, UNSET))
        return defstruct(
            "Object", fields, rename=names, gc=False, forbid_unknown_fields=True, kw_only=True
        )

    def function(self) -> Callable[[list[Any]], None]:
        """The function of the lines: blanks each structure of a list in place."""
        body = "\n".join(["def blank(objects):", " for o0 in objects:", "  pass", *self._lines])
        exec(body, self._names)  # noqa: S102 - our own lines over numbered fields, see above
        blank: Callable[[list[Any]], None] = self._names["blank"]
        return blank

    def _branch(self, at: str, rule: Branch, inner: Shape, depth: int, indent: str) -> Any:
        heads = [f"if {at}:", f" for o{depth} in {at}:"] if rule.many else [f"if o{depth} := {at}:"]
        before = len(self._lines)
        self._add(indent, *heads)
        kind: Any = self.structure(inner, depth, indent + " " * len(heads))
        if len(self._lines) == before + len(heads):
            del self._lines[before:]
        return _LIST[kind] | None if rule.many else kind | None

    def _field(self, at: str, path: str, rule: Node, indent: str) -> Any:
        uniform = _uniform(rule)
        if uniform is Verdict.OMIT:
            self._add(indent, f"{at} = U")
        if uniform:
            return Raw
        assert isinstance(rule, Leaf)
        if rule is _UNKNOWN[Verdict.BLANK]:
            counted = self._constant(told(path))
            self._add(indent, f"if {at} is not U:", f" {at} = N", f" C[{counted}] += 1")
            return Raw
        change = self._finder(rule)
        if change is not None:
            return self._changed(at, self._constant(change), rule, indent)
        if rule.verdict is Verdict.PASS:
            return list[Scalar] | None if rule.many else Scalar
        return self._blanked(at, rule, indent)

    def _changed(self, at: str, change: str, rule: Leaf, indent: str) -> Any:
        if rule.many:
            self._add(
                indent, f"if {at}:", f" {at} = [y for y in map({change}, {at}) if y is not U]"
            )
            return list[Scalar] | None
        self._add(indent, f"if {at} is not U:", f" {at} = {change}({at})")
        return Scalar

    def _blanked(self, at: str, rule: Leaf, indent: str) -> Any:
        if self._omits:
            self._add(indent, f"{at} = U")
            return Raw
        if rule.many:
            self._add(indent, f"if {at}:", f" {at} = [N] * len({at})")
            return list[Raw] | None
        self._add(indent, f"if {at} is not U:", f" {at} = N")
        return Raw

    def _constant(self, value: object) -> str:
        name = f"k{len(self._names)}"
        self._names[name] = value
        return name

    def _add(self, indent: str, *lines: str) -> None:
        self._lines.extend(indent + line for line in lines)
