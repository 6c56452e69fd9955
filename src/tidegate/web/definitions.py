"""Definitions on the wire, and what they mean to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from tidegate.model.aggregation import Aggregation
from tidegate.model.attributes import AttributeType
from tidegate.model.errors import BadValue, UnknownName
from tidegate.model.instants import BEGINNING, parse, to_text
from tidegate.model.instants import zone as zone_named
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.series import Formula, NewSeries, Series, SeriesId, SeriesType
from tidegate.model.units import NO_UNIT, Unit
from tidegate.services.assigning import LARGEST_ID as LARGEST_ATTRIBUTE
from tidegate.services.assigning import DatedValues
from tidegate.services.series import LARGEST_ID
from tidegate.store.messages import SeriesSelection
from tidegate.web.forms import AssignmentForm, IntervalForm, SeriesForm, UnitForm, text_of
from tidegate.web.instants import instants_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from tidegate.model.attributes import Assignment
    from tidegate.model.series import SeriesKey
    from tidegate.store.verbs import Verbs

_TYPES: Final = {
    "s": SeriesType.SPONTANEOUS,
    "a": SeriesType.BEGIN,
    "e": SeriesType.END,
    **{kind.name.lower(): kind for kind in SeriesType},
    **{str(int(kind)): kind for kind in SeriesType},
}


def series_form(
    series: Series, assignments: Sequence[Assignment], numbers: Mapping[SeriesKey, int]
) -> SeriesForm:
    """The definition of a series with its attributes; `numbers` are the IDs of aliased series."""
    return SeriesForm(
        id=series.id,
        name=series.name,
        description=series.description,
        type=int(series.type),
        interval=IntervalForm.of(series.interval),
        unit=series.unit,
        time_zone=series.zone,
        aggregation=None if series.aggregation is None else series.aggregation.value,
        formula=None if series.formula is None else _formula_texts(series.formula),
        aliases=_numbered_aliases(series.formula, numbers),
        audit=series.audit,
        quotation=series.quotation,
        attributes=[AssignmentForm.of(one) for one in assignments],
    )


def series_forms(store: Verbs, series: Sequence[Series]) -> list[SeriesForm]:
    """The definitions of several series with their attributes."""
    assignments = store.assignments([one.key for one in series])
    aliased = {key for one in series if one.formula for key in one.formula.aliases.values()}
    numbers: dict[SeriesKey, int] = {}
    if aliased:
        selection = SeriesSelection(keys=tuple(sorted(aliased)))
        found = store.find_series(selection, repository=series[0].repository)
        numbers = {one.key: one.id for one in found}
    return [series_form(one, assignments[one.key], numbers) for one in series]


def new_series(
    form: SeriesForm,
    attributes: Mapping[str, dict[int, str | None]],
    aliases: Mapping[str, SeriesKey],
    zone: ZoneInfo,
) -> NewSeries:
    """The series that a definition asks for.

    Args:
        form: the definition.
        attributes: its attributes by name.
        aliases: what its aliases stand for.
        zone: of instants that name none.

    Raises:
        BadValue: a member cannot be what it is.
    """
    members = _with_aliases(_members(form, zone), None, aliases)
    if "name" not in members:
        raise BadValue("Name", None, "a text that is not blank")
    number = asked_id(form.id, LARGEST_ID)
    new = NewSeries(
        **members, id=None if number is None else SeriesId(number), attributes=dict(attributes)
    )
    _require_one_raster(new.interval, new.type)
    return new


def altered(
    series: Series,
    form: SeriesForm,
    aliases: Mapping[str, SeriesKey] | None = None,
    *,
    zone: ZoneInfo,
) -> Series:
    """A series with the members that a definition gives; a null one becomes its default again.

    Args:
        series: as it is.
        form: the definition.
        aliases: what the aliases of its formula stand for; those that it has if None.
        zone: of instants that name none.

    Raises:
        BadValue: a member cannot be what it is, or the ID would change.
    """
    if form.id > 0 and form.id != series.id:
        raise BadValue("ID", form.id, f"{series.id}: the number of a series stays")
    members = _members(form, zone)
    interval = members.get("interval", series.interval)
    if members.get("type") is None and {"type", "interval"} & members.keys():
        spontaneous = interval.is_spontaneous
        members["type"] = SeriesType.SPONTANEOUS if spontaneous else SeriesType.BEGIN
    if series.formula is not None and members.get("formula") is not None:
        new: Formula = members["formula"]
        members["formula"] = msgspec.structs.replace(series.formula, text=new.text, dated=new.dated)
    members = _with_aliases(members, series.formula, aliases)
    changed = msgspec.structs.replace(series, **members)
    _require_one_raster(changed.interval, changed.type)
    return changed


def dated_values(form: AssignmentForm, zone: ZoneInfo, attribute: int | None = None) -> DatedValues:
    """What an assignment says of an attribute: the one of the path, where there is one.

    Instants that name no zone are local times of `zone`.

    Raises:
        BadValue: it names no attribute, or another one than the path.
        BadTime: an instant is none.
    """
    named = None if form.attribute_id is UNSET else form.attribute_id
    if named is None and attribute is None:
        raise BadValue("AttributeID", None, "the number of an attribute")
    if attribute is not None and named not in {None, attribute}:
        raise BadValue("AttributeID", named, f"{attribute}, as in the path")
    number = attribute if attribute is not None else named
    assert number is not None
    instants = instants_of(list(form.values), zone)
    return DatedValues(number, dict(zip(instants, map(text_of, form.values.values()), strict=True)))


def attribute_type(number: int) -> AttributeType:
    """The type of a number.

    Raises:
        BadValue: it is the number of none.
    """
    try:
        return AttributeType(number)
    except ValueError:
        known = ", ".join(f"{int(kind)}" for kind in AttributeType)
        raise BadValue("Type", number, f"one of {known}; GET /api/attributetypes") from None


def asked_id(number: int, largest: int = LARGEST_ATTRIBUTE) -> int | None:
    """The number that a definition asks for; -1 and 0 leave the choice to the store.

    Raises:
        BadValue: no thing can have that number.
    """
    if number in {-1, 0}:
        return None
    if not 0 < number <= largest:
        raise BadValue("ID", number, f"-1, or from 1 to {largest}")
    return number


def series_type(text: str) -> SeriesType:
    """The type of a number, a letter (S, A, E) or a name.

    Raises:
        UnknownName: it is that of none.
    """
    kind = _TYPES.get(text.strip().lower())
    if kind is None:
        raise UnknownName("series type", text, ["1", "2", "3", "S", "A", "E"])
    return kind


def unit_of_form(form: UnitForm) -> Unit:
    """The unit that a form describes.

    Raises:
        BadValue: nothing can be converted with its factor.
    """
    if not form.name.strip():
        raise BadValue("Name", form.name, "a text that is not blank")
    if form.factor == 0:
        raise BadValue("Factor", form.factor, "a number other than 0")
    return Unit(
        name=form.name,
        factor=form.factor,
        offset=form.offset,
        base_unit=form.base_unit or None,
        aggregation=Aggregation.named(form.aggregation),
        integral_unit=form.integral_unit or None,
        description=form.description or "",
        category=form.category or "",
    )


# ---- members of a definition -----------------------------------------------------------------


def _members(form: SeriesForm, zone: ZoneInfo) -> dict[str, Any]:
    """The members that a definition gives, as the store has them."""
    members: dict[str, Any] = {}
    for name, given, reading in (
        ("name", form.name, _name),
        ("description", form.description, lambda text: text or ""),
        ("type", form.type, lambda kind: None if kind is None else series_type(str(kind))),
        ("interval", form.interval, _interval),
        ("unit", form.unit, lambda text: text or NO_UNIT),
        ("zone", form.time_zone, _zone),
        ("aggregation", form.aggregation, lambda text: Aggregation.named(text) if text else None),
        ("formula", form.formula, lambda texts: _formula(texts, zone)),
        ("audit", form.audit, lambda given: given is not False),
        ("quotation", form.quotation, lambda given: given is not False),
    ):
        if given is not UNSET:
            read: Callable[[Any], Any] = reading
            members[name] = read(given)
    return members


def _name(text: str) -> str:
    if not text.strip():
        raise BadValue("Name", text, "a text that is not blank")
    return text


def _interval(form: IntervalForm | None) -> Interval:
    interval = Interval(IntervalUnit.NO) if form is None else form.interval()
    if interval.unit is IntervalUnit.TOTAL:
        raise BadValue("Interval", "Total", "that of a series; Total is for questions only")
    return interval


def _zone(name: str | None) -> str | None:
    if not name:
        return None
    zone_named(name)
    return name


def _formula(texts: Mapping[str, str] | None, zone: ZoneInfo) -> Formula | None:
    if not texts:
        return None
    dated = {int(parse(instant, naive=zone)): text for instant, text in texts.items()}
    return Formula(text=dated.pop(BEGINNING, ""), dated=dated)


def _with_aliases(
    members: dict[str, Any], known: Formula | None, aliases: Mapping[str, SeriesKey] | None
) -> dict[str, Any]:
    """Members whose formula, given or known, has these aliases; as they are if None."""
    formula: Formula | None = members.get("formula", known)
    if aliases is None or (formula is None and not aliases):
        return members
    if formula is None:
        raise BadValue("Aliases", sorted(aliases), "given only with a Formula")
    bound = msgspec.structs.replace(formula, aliases=dict(aliases), alias_origins={})
    return {**members, "formula": bound}


def _numbered_aliases(
    formula: Formula | None, numbers: Mapping[SeriesKey, int]
) -> dict[str, int | str] | UnsetType:
    """Aliases with the IDs of their series; left out where there are none."""
    aliases = formula.aliases if formula else {}
    return {name: numbers[key] for name, key in aliases.items() if key in numbers} or UNSET


def _formula_texts(formula: Formula) -> dict[str, str]:
    return {
        to_text(instant): text for instant, text in formula.texts() if text or instant > BEGINNING
    }


def _require_one_raster(interval: Interval, kind: SeriesType | None) -> None:
    if kind is None:
        return
    if interval.is_spontaneous != (kind is SeriesType.SPONTANEOUS):
        wanted = "1 (spontaneous)" if interval.is_spontaneous else "2 (begin) or 3 (end)"
        raise BadValue("Type", int(kind), f"{wanted} with the interval {interval}")
