"""Messages on the wire, with the names that WebTSM gives their members, and what they mean."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from tidegate.model.attributes import Assignment, Attribute, AttributeType
from tidegate.model.errors import BadValue
from tidegate.model.instants import BEGINNING, to_text
from tidegate.model.intervals import Interval, IntervalUnit, parse_interval
from tidegate.model.units import Unit
from tidegate.web.instants import texts_of

_SHORT_AGGREGATIONS = {"Sum": "SUM", "Average": "AVG"}


class Form(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """A message; members that it does not have are dropped by `bodies.read`."""


class IntervalForm(Form, frozen=True, kw_only=True):
    """An interval: its code, or on input its name or ISO form, and how many make one step."""

    value: int | str
    multiplier: int = 1

    @classmethod
    def of(cls, interval: Interval) -> IntervalForm:
        """The form of an interval."""
        return cls(value=int(interval.unit), multiplier=interval.multiplier)

    def interval(self) -> Interval:
        """What it says.

        Raises:
            UnknownName: it names no interval.
        """
        return interval_named(str(self.value), self.multiplier)


class PointForm(Form, frozen=True, kw_only=True):
    """One reading; a null `Value` is a missing one."""

    from_: str = field(name="From")
    value: float | None = None
    flag: Annotated[int, Meta(ge=0, le=99)] | None = None


class DataForm(Form, frozen=True, kw_only=True):
    """Readings of one series; interval and unit are the series' own where they are not said."""

    interval: IntervalForm | None = None
    unit: str | None = None
    data: list[PointForm] = []


class DataOfSeries(Form, frozen=True, kw_only=True):
    """Readings of one of several series."""

    id: int = field(name="ID")
    name: str
    data: DataForm


class Written(Form, frozen=True, kw_only=True):
    """What was written: how many points, and the first and the last `From`."""

    count: int
    from_: str | None = field(name="From", default=None)
    to: str | None = None


class QuotationForm(Form, frozen=True, kw_only=True):
    """A named version: how many points it has, and the first and the last `From`."""

    quotation: str
    from_: str = field(name="From")
    to: str
    count: int


class Problem(Form, frozen=True, kw_only=True):
    """What went wrong; `Code` stays the same where the words of `Message` may not."""

    message: str
    code: str
    details: dict[str, Any]


class AttributeForm(Form, frozen=True, kw_only=True):
    """An attribute; an ID of -1 or 0 asks for the next free one."""

    name: str
    type: int = int(AttributeType.TEXT)
    id: int = field(name="ID", default=-1)

    @classmethod
    def of(cls, attribute: Attribute) -> AttributeForm:
        """The form of an attribute."""
        return cls(id=attribute.id, name=attribute.name, type=int(attribute.type))


class ChangedAttribute(Form, frozen=True, kw_only=True):
    """What an attribute becomes; what is left out stays."""

    name: str | None = None
    type: int | None = None


class AssignmentForm(Form, frozen=True, kw_only=True):
    """An attribute on a series: instant to text, truth, number or null."""

    attribute_id: int | UnsetType = field(name="AttributeID", default=UNSET)
    values: dict[str, str | bool | int | float | None] = {}

    @classmethod
    def of(cls, assignment: Assignment) -> AssignmentForm:
        """The form of an assignment; a value without beginning stands at the first instant."""
        texts = texts_of(list(assignment.values))
        values: dict[str, str | bool | int | float | None] = {}
        values.update(zip(texts, assignment.values.values(), strict=True))
        return cls(attribute_id=assignment.attribute.id, values=values)


class BulkValueForm(Form, frozen=True, kw_only=True):
    """The value that one series gets."""

    id: int = field(name="ID")
    value: str | bool | int | float | None = None


class UnitForm(Form, frozen=True, kw_only=True):
    """A unit: `base = (x + Offset) * Factor`."""

    name: str
    factor: float = 1.0
    offset: float = 0.0
    base_unit: str | None = None
    aggregation: str = "AVG"
    integral_unit: str | None = None
    description: str | None = None
    category: str | None = None
    id: int = field(name="ID", default=-1)

    @classmethod
    def of(cls, unit: Unit, id: int) -> UnitForm:
        """The form of a unit."""
        return cls(
            id=id,
            name=unit.name,
            factor=unit.factor,
            offset=unit.offset,
            base_unit=unit.base_unit,
            aggregation=_SHORT_AGGREGATIONS.get(unit.aggregation.value, unit.aggregation.value),
            integral_unit=unit.integral_unit,
            description=unit.description or None,
            category=unit.category or None,
        )


class SeriesForm(Form, frozen=True, kw_only=True):
    """The definition of a series; an ID of -1 or 0 asks for the next free one.

    `Formula` maps instants to texts, each of which holds until the next. `Aliases` says what the
    names in them stand for: IDs, or on input names of series.
    """

    id: int = field(name="ID", default=-1)
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    type: int | str | UnsetType | None = UNSET
    interval: IntervalForm | UnsetType | None = UNSET
    unit: str | UnsetType | None = UNSET
    time_zone: str | UnsetType | None = UNSET
    aggregation: str | UnsetType | None = UNSET
    formula: dict[str, str] | UnsetType | None = UNSET
    aliases: dict[str, int | str] | UnsetType | None = UNSET
    audit: bool | UnsetType | None = UNSET
    quotation: bool | UnsetType | None = UNSET
    attributes: list[AssignmentForm] | UnsetType = UNSET


class CalculationForm(Form, frozen=True, kw_only=True):
    """A calculation asked for by a body instead of parameters."""

    from_: str = field(name="From")
    to: str
    formula: str
    calculation_interval: IntervalForm | None = None
    interval: IntervalForm | None = None
    unit: str | None = None
    aggregation: str | None = None
    time_zone: str | None = None
    day_start: str = "00:00"
    missing_as_null: bool = False
    audit: str | None = None
    quotation: str | None = None
    aliases: dict[str, int | str] = {}


class RepositoryForm(Form, frozen=True, kw_only=True):
    """A repository; `Zone` is that of times that name none, of sums, and of new series."""

    name: str
    zone: str | UnsetType = UNSET


class ChangedRepository(Form, frozen=True, kw_only=True):
    """What a repository becomes."""

    zone: str


class NewKey(Form, frozen=True, kw_only=True):
    """What a key is to be good for: all that its maker may do unless said otherwise."""

    name: str = ""
    role: str | None = None
    repositories: list[str] | None = None
    expires_at: str | None = None


class KeyForm(Form, frozen=True, kw_only=True):
    """A key in a list: its beginning, never its text."""

    key_id: str
    key: str
    issued_at: str
    claim_values: dict[str, list[str]]
    original_issuer: str
    key_issuer: str


class About(Form, frozen=True, kw_only=True):
    """What the service says of itself."""

    name: str
    description: str
    version: str


def interval_named(text: str, multiplier: int = 1) -> Interval:
    """The interval of a code, a name in any case or an ISO form.

    Raises:
        UnknownName: it names none.
        BadValue: the multiplier is none.
    """
    if not 1 <= multiplier <= 10_000_000:
        raise BadValue("the interval's multiplier", multiplier, "from 1 to 10,000,000")
    return parse_interval(text, multiplier)


def text_of(value: str | bool | int | float | None) -> str | None:
    """The text as which the value of an attribute is kept."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return None if value is None else str(value)


FIRST_INSTANT = to_text(BEGINNING)
"""How the beginning of time is written: that of a value without a first instant."""
TOTAL = IntervalForm.of(Interval(IntervalUnit.TOTAL))
"""The form of one value over a whole range."""
