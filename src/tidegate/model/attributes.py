"""Attributes: names whose value on a series changes over time, and filters on them."""

from __future__ import annotations

from enum import IntEnum
from typing import NewType

import msgspec

AttributeId = NewType("AttributeId", int)


class AttributeType(IntEnum):
    """Attribute types under WebTSM's numbers; all but `CATEGORY` act as dated texts."""

    CATEGORY = 1
    TEXT = 2
    NUMERIC = 3
    DATE = 4
    YES_OR_NO = 5
    TIME_SERIES = 6
    NODE = 7


class Attribute(msgspec.Struct, frozen=True):
    """One attribute of a repository."""

    id: AttributeId
    name: str
    type: AttributeType = AttributeType.TEXT


class Assignment(msgspec.Struct, frozen=True):
    """An attribute on a series: instant (UTC microseconds) to text or null, sorted by instant."""

    attribute: Attribute
    values: dict[int, str | None]


class AttributeFilter(msgspec.Struct, frozen=True):
    """`Name` (any value), `Name|` (no value) or `Name|Value` (that value)."""

    name: str
    value: str | None = None

    @classmethod
    def parse(cls, text: str) -> AttributeFilter:
        """The filter of a text, split at its first bar."""
        name, bar, value = text.partition("|")
        return cls(name.strip(), value.strip() if bar else None)

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}|{self.value}"
