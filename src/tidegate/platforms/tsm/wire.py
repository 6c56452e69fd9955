"""Messages exactly as WebTSM sends and takes them; unknown properties are left aside.

Members that servers are free to leave out have the value that their absence means.
"""

from __future__ import annotations

import msgspec


class IntervalCode(msgspec.Struct, frozen=True, rename="pascal"):
    """A raster: a code (3) or name (`Hour`) and how many of it make a step."""

    value: int | str = 0
    multiplier: int = 1


class About(msgspec.Struct, frozen=True, rename="pascal"):
    """What a server says of itself."""

    name: str | None = None
    description: str | None = None
    version: str | None = None


class AttributeRecord(msgspec.Struct, frozen=True, rename="pascal"):
    """One attribute of a repository."""

    id: int = msgspec.field(name="ID")
    name: str
    type: int = 2


class AssignmentRecord(msgspec.Struct, frozen=True, rename="pascal"):
    """One attribute on one series: instant to text, number, boolean or null."""

    attribute_id: int = msgspec.field(name="AttributeID")
    values: dict[str, str | int | float | bool | None] | None = None


class UnitRecord(msgspec.Struct, frozen=True, rename="pascal"):
    """One unit: `base = (x + Offset) * Factor`."""

    name: str
    factor: float | None = 1.0
    offset: float | None = 0.0
    base_unit: str | None = None
    aggregation: str | None = None
    integral_unit: str | None = None
    description: str | None = None
    category: str | None = None


class SeriesRecord(msgspec.Struct, frozen=True, rename="pascal"):
    """One definition; a server that lists series briefly leaves `Interval` out."""

    id: int = msgspec.field(name="ID")
    name: str
    type: int | str | None = None
    interval: IntervalCode | None = None
    unit: str | None = None
    description: str | None = None
    time_zone: str | None = None
    aggregation: str | None = None
    formula: dict[str, str | None] | str | None = None
    aliases: dict[str, int | str] | None = None
    audit: bool | None = None
    quotation: bool | None = None
    attributes: list[AssignmentRecord] | None = None


class Point(msgspec.Struct, gc=False, rename="pascal"):
    """One value, stamped at the start of the time that it covers."""

    from_: str = msgspec.field(name="From")
    value: float | None = None
    flag: int = 9


class QuotationRecord(msgspec.Struct, frozen=True, rename="pascal"):
    """A named version of the values of a series; `from_` and `to` are its first and last."""

    quotation: str
    from_: str = msgspec.field(name="From")
    to: str


class SeriesData(msgspec.Struct, rename="pascal"):
    """Values of one series under the raster and unit that they are in."""

    data: list[Point]
    interval: IntervalCode | None = None
    unit: str | None = None
