"""The catalogue: what a connection can give, compared run to run."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from tidegate.model.attributes import Assignment, Attribute
from tidegate.model.series import NewSeries
from tidegate.model.units import Unit


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of a platform: a meter, a register, a virtual meter, a device, a module.

    `document` is the platform's own description; `series` are those that its readings fill.
    Platforms with dated attributes give `assignments` of these series, an entry for each
    `attribute`, and one for each `unit`. The document tells these three too, so that a change of
    them is one of the entry.

    `asked` are the subjects to ask for in place of this one, where its readings come with those of
    others. `observed` are texts of attributes as they are on the platform now, in force there since
    `observed_at`; the store keeps what it saw before. The document tells them too.
    """

    subject: str
    kind: str
    name: str
    parent: str | None = None
    document: dict[str, Any] = {}
    series: tuple[NewSeries, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    attribute: Attribute | None = None
    unit: Unit | None = None
    asked: tuple[str, ...] = ()
    observed: dict[str, str | None] = {}
    observed_at: int | None = None


class Change(StrEnum):
    """How an entry compares with the last time."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    SAME = "same"


class CatalogueChange(msgspec.Struct, frozen=True):
    """One entry and what became of it."""

    entry: Entry
    change: Change
