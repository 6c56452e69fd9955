"""Parameters of data requests: what time, on which raster, which version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Query

from tidegate.calc.calendar import parse_day_start
from tidegate.calc.relative import parse_time
from tidegate.model.aggregation import Aggregation
from tidegate.model.attributes import AttributeFilter
from tidegate.model.errors import BadValue
from tidegate.model.instants import zone as zone_named
from tidegate.model.windows import Window
from tidegate.services.layouts import Shape
from tidegate.store.messages import Version
from tidegate.web.forms import interval_named
from tidegate.web.identity import Access

if TYPE_CHECKING:
    from tidegate.model.intervals import Interval

_NONE: Final[list[str]] = []
_NO_NUMBERS: Final[list[int]] = []

_LOST_PLUS: Final = re.compile(r"(:\d\d(?:[.,]\d+)?) (\d\d:?\d\d)$")
"""The offset of a time whose plus was decoded to a space, as in every form."""

From = Annotated[
    str | None, Query(alias="from", description="start: ISO 8601, or relative such as today-1d")
]
To = Annotated[str | None, Query(description="end, exclusive")]
IntervalName = Annotated[
    str | None, Query(description="raster: code, name or ISO form, such as 3, hour, PT15M")
]
Multiplier = Annotated[int, Query(alias="intervalMultiplier", description="steps of it in one")]
UnitName = Annotated[str | None, Query(description="unit of the answer")]
Method = Annotated[str | None, Query(description="how values are condensed, such as Average")]
ZoneName = Annotated[
    str | None, Query(alias="timeZone", description="zone of days and longer, and of local times")
]
DayStart = Annotated[str, Query(alias="dayStart", description="local time at which days start")]
AsNull = Annotated[
    bool, Query(alias="missingAsNull", description="null instead of 0 where there is no number")
]
Audit = Annotated[str | None, Query(description="what was known at this instant")]
ExactAudit = Annotated[
    bool, Query(alias="exactAudit", description="only what was written at exactly that instant")
]
Quotation = Annotated[str | None, Query(description="the latest version named until then")]
ExactQuotation = Annotated[
    bool, Query(alias="exactQuotation", description="only the version of that name")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """How an answer is to be laid out, and the zone of local times."""

    shape: Shape
    zone: str | None

    @property
    def interval(self) -> Interval | None:
        """The interval asked for."""
        return self.shape.interval


async def _raster(
    *,
    interval: IntervalName = None,
    multiplier: Multiplier = 1,
    unit: UnitName = None,
    aggregation: Method = None,
    zone: ZoneName = None,
    day_start: DayStart = "00:00",
    missing_as_null: AsNull = False,
) -> Raster:
    if zone is not None:
        zone_named(zone)
    shape = Shape(
        interval=None if interval is None else interval_named(interval, multiplier),
        zone=zone,
        day_start=parse_day_start(day_start),
        unit=unit or None,
        aggregation=Aggregation.named(aggregation) if aggregation else None,
        missing_as_null=missing_as_null,
    )
    if shape.interval is not None and shape.interval.is_spontaneous:
        raise BadValue("interval", interval, "a raster such as 3, or left out")
    return Raster(shape=shape, zone=zone)


RasterAsked = Annotated[Raster, Depends(_raster)]
"""The raster of a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTexts:
    """The version that a request asks for, its instants not yet read."""

    audit: str | None
    exact_audit: bool
    quotation: str | None
    exact_quotation: bool

    def version(self, access: Access, zone: str | None) -> Version:
        """What it means.

        Raises:
            BadTime: an instant is none.
            BadValue: something is to be exact that is not given.
        """
        if self.exact_audit and self.audit is None:
            raise BadValue("audit", None, "given where exactAudit is true")
        if self.exact_quotation and self.quotation is None:
            raise BadValue("quotation", None, "given where exactQuotation is true")
        return Version(
            as_of=instant_or_none(access, self.audit, zone),
            exact=self.exact_audit,
            quotation=instant_or_none(access, self.quotation, zone),
            exact_quotation=self.exact_quotation,
        )


async def _version(
    *,
    audit: Audit = None,
    exact_audit: ExactAudit = False,
    quotation: Quotation = None,
    exact_quotation: ExactQuotation = False,
) -> VersionTexts:
    return VersionTexts(
        audit=audit or None,
        exact_audit=exact_audit,
        quotation=quotation or None,
        exact_quotation=exact_quotation,
    )


VersionAsked = Annotated[VersionTexts, Depends(_version)]
"""The version of a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which series of a repository a request is about."""

    filters: tuple[AttributeFilter, ...]
    names: tuple[str, ...]
    ids: tuple[int, ...]


async def _selector(
    attributes: Annotated[
        list[str],
        Query(alias="attribute", description="Name or Name|Value; all of several must hold"),
    ] = _NONE,
    names: Annotated[
        list[str], Query(alias="name", description="names, also with % and _")
    ] = _NONE,
    ids: Annotated[list[int], Query(alias="ID", description="numbers")] = _NO_NUMBERS,
) -> Selector:
    filters = tuple(AttributeFilter.parse(text) for text in attributes)
    return Selector(filters=filters, names=tuple(names), ids=tuple(ids))


SeriesAsked = Annotated[Selector, Depends(_selector)]
"""The series of a request about several."""


def instant(access: Access, text: str, zone: str | None, *, own: str | None = None) -> int:
    """The instant of a text.

    Args:
        access: the request, which came now.
        text: ISO 8601, or relative.
        zone: what the request says.
        own: the zone of the series that it is about, whose days relative times count in.

    Raises:
        BadTime: it names none.
    """
    is_relative = text.lstrip()[:1] in {"n", "t"}
    local = zone or (own if is_relative else None) or access.zone
    whole = _LOST_PLUS.sub(r"\1+\2", text)
    return parse_time(whole, zone=zone_named(local), now=access.now)


def instant_or_none(
    access: Access, text: str | None, zone: str | None, *, own: str | None = None
) -> int | None:
    """The instant of a text, None where there is none; see `instant`."""
    return instant(access, text, zone, own=own) if text else None


def required_window(access: Access, start: str | None, end: str | None, zone: str | None) -> Window:
    """The window of a request that needs one.

    Raises:
        BadValue: one of its borders is missing.
        BadTime: one of them is no instant.
        BadWindow: it ends before it starts.
    """
    for name, text in (("from", start), ("to", end)):
        if not text:
            raise BadValue(name, None, "given")
    return Window(instant(access, start or "", zone), instant(access, end or "", zone))
