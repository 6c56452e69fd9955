"""What travels between processes: the verbs of a store, derived from `Verbs` and its types."""

from __future__ import annotations

import functools
import hashlib
import inspect
import typing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec
import pyarrow as pa

from tidegate.store.verbs import Verbs

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

READERS: Final = frozenset(
    {
        "repositories",
        "repository_zone",
        "units",
        "find_series",
        "attributes",
        "assignments",
        "attribute_at",
        "membership",
        "read",
        "read_before",
        "extents",
        "modifications",
        "quotations",
        "partials",
        "connections",
        "catalogue",
        "runs",
        "coverage",
        "records",
        "count_records",
        "users",
        "api_keys",
        "views",
        "audit_trail",
        "status",
    }
)
"""Verbs that change nothing."""

REPEATABLE: Final = frozenset({"compact"})
"""Verbs that take several transactions, and that may be done twice."""


class Shape(StrEnum):
    """How an answer travels."""

    VALUE = "value"
    TABLE = "table"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb as it travels.

    Attributes:
        function: its declaration in `Verbs`.
        arguments: a struct of all parameters but the tables.
        tables: the parameters that are Arrow tables.
        answer: the type of the answer, where its shape is `VALUE`.
        writes: True if it must not be done twice.
    """

    name: str
    function: Any
    signature: inspect.Signature
    arguments: type[msgspec.Struct]
    tables: tuple[str, ...]
    answer: Any
    shape: Shape
    writes: bool

    def split(self, *args: Any, **kwargs: Any) -> tuple[msgspec.Struct, dict[str, pa.Table]]:
        """The arguments of a call, those that are tables apart."""
        given = self.signature.bind(None, *args, **kwargs).arguments
        del given["self"]
        tables = {name: given.pop(name) for name in self.tables if name in given}
        return self.arguments(**given), tables


def _verb(name: str, function: Any) -> Verb:
    hints = typing.get_type_hints(function)
    answer = hints.pop("return")
    signature = inspect.signature(function)
    tables = tuple(parameter for parameter, kind in hints.items() if kind is pa.Table)
    shapes = {pa.Table: Shape.TABLE, pa.RecordBatchReader: Shape.STREAM}
    return Verb(
        name=name,
        function=function,
        signature=signature,
        arguments=_struct(name, signature, hints, left_out=("self", *tables)),
        tables=tables,
        answer=answer,
        shape=shapes.get(answer, Shape.VALUE),
        writes=name not in READERS and name not in REPEATABLE,
    )


def _struct(
    name: str, signature: inspect.Signature, hints: Mapping[str, Any], *, left_out: tuple[str, ...]
) -> type[msgspec.Struct]:
    fields: list[Any] = []
    for parameter in signature.parameters.values():
        if parameter.name in left_out:
            continue
        field = (parameter.name, hints[parameter.name])
        is_required = parameter.default is parameter.empty
        fields.append(field if is_required else (*field, parameter.default))
    return msgspec.defstruct(name, fields, kw_only=True, frozen=True)


VERBS: Final[Mapping[str, Verb]] = {
    name: _verb(name, function)
    for part in (Verbs, *Verbs.__bases__)
    for name, function in vars(part).items()
    if inspect.isfunction(function) and not name.startswith("_")
}
"""Every verb by its name."""


@functools.cache
def protocol() -> str:
    """The version of what travels: equal only where every verb and every type in it is equal."""
    form = "1"
    digest = hashlib.sha256()
    for verb in VERBS.values():
        types = [verb.arguments] if verb.shape is not Shape.VALUE else [verb.arguments, verb.answer]
        schemas, parts = msgspec.json.schema_components(types, schema_hook=_open_schema)
        digest.update(repr((verb.name, verb.tables, verb.shape, schemas)).encode())
        digest.update(repr(sorted(parts.items())).encode())
    return f"{form}-{digest.hexdigest()[:16]}"


def _open_schema(kind: type) -> dict[str, Any]:
    return {"title": kind.__name__}
