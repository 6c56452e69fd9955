"""Records made from the object tables: whole, bare, and each optional field alone or missing.

Every value is its own: texts hold the path of their field, so that a value which leaves is seen.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tidegate.platforms.ocpi.objects import Member, Objects, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def whole(module: str, version: str, *, elements: int = 2) -> dict[str, Any]:
    """A record with every optional field; lists have `elements` elements."""
    return _record(module, version, lambda path: True, elements)


def bare(module: str, version: str) -> dict[str, Any]:
    """A record with the required fields only."""
    return _record(module, version, lambda path: False, 1)


def drawn(module: str, version: str, seed: int) -> dict[str, Any]:
    """A record with about half of its optional fields and lists of 1 to 3 elements."""
    rng = random.Random(seed)
    return _record(module, version, lambda path: rng.random() < 0.5, rng.randint(1, 3))


def variants(module: str, version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Whole and bare, then each optional field missing from the whole, and added to the bare."""
    yield "whole", whole(module, version)
    yield "bare", bare(module, version)
    for path in optional_paths(module, version):
        yield f"without {path}", _record(module, version, partial(str.__ne__, path), 1)
        yield f"with {path}", _record(module, version, partial(_leads_to, path), 1)


def optional_paths(module: str, version: str) -> list[str]:
    """Every optional field, objects and lists among them."""
    tables = objects(version)
    return list(_optional(tables, tables.modules[module], ""))


def leaves(value: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value of a document with its dotted path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def shape(value: object) -> object:
    """A document without its single values: names, order and lengths."""
    if isinstance(value, dict):
        return [(name, shape(inner)) for name, inner in value.items()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return None


def _leads_to(path: str, at: str) -> bool:
    return f"{path}.".startswith(f"{at}.")


def _optional(tables: Objects, name: str, prefix: str) -> Iterator[str]:
    for member in tables.classes[name]:
        if member.foreign:
            continue
        path = prefix + member.name
        if not member.required:
            yield path
        if member.type in tables.classes:
            yield from _optional(tables, member.type, f"{path}.")


def _record(
    module: str, version: str, keeps: Callable[[str], bool], elements: int
) -> dict[str, Any]:
    tables = objects(version)
    return _Maker(tables, keeps, elements).object(tables.modules[module], "")


class _Maker(NamedTuple):
    tables: Objects
    keeps: Callable[[str], bool]
    elements: int

    def object(self, name: str, prefix: str) -> dict[str, Any]:
        made = {}
        for member in self.tables.classes[name]:
            path = prefix + member.name
            if member.foreign or not (member.required or self.keeps(path)):
                continue
            count = self.elements if member.many else 1
            values = [self.value(member, path, number) for number in range(count)]
            made[member.name] = values if member.many else values[0]
        return made

    def value(self, member: Member, path: str, number: int) -> Any:
        if member.type in self.tables.classes:
            return self.object(member.type, f"{path}.")
        values = {
            "bool": number == 0,
            "int": 100 + len(path) + number,
            "num": 0.25 + len(path) + number,
            "dt": f"2024-03-{1 + number:02d}T08:00:00Z",
            "url": f"https://example.org/{path}/{number}",
        }
        return values.get(member.type, f"<{path} {number}>")
