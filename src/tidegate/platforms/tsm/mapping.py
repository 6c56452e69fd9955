"""From messages of WebTSM to the model: catalogue entries, readings, revisions. Pure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from tidegate.model.aggregation import Aggregation
from tidegate.model.attributes import Assignment, Attribute, AttributeId, AttributeType
from tidegate.model.catalogue import Entry
from tidegate.model.errors import MalformedAnswer, TidegateError, UnknownName, UnknownZone
from tidegate.model.flags import Flag
from tidegate.model.instants import BEGINNING, parse, zone
from tidegate.model.intervals import Interval, IntervalUnit, parse_interval
from tidegate.model.series import Formula, NewSeries, Origin, SeriesId, SeriesType
from tidegate.model.units import NO_UNIT, Unit
from tidegate.platforms.tsm.facts import ATTRIBUTE, SERIES, SUBJECT, UNIT, VALUE
from tidegate.platforms.tsm.wire import (
    AssignmentRecord,
    AttributeRecord,
    IntervalCode,
    SeriesRecord,
    UnitRecord,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.model.windows import Window
    from tidegate.platforms.tsm.wire import SeriesData

logger = logging.getLogger(__name__)

_POINTS: Final = pa.schema({"ts": pa.int64(), "value": pa.float64(), "flag": pa.int16()})
_INSTANT: Final = pa.timestamp("us", tz="UTC")
_LETTERS: Final = {"S": SeriesType.SPONTANEOUS, "A": SeriesType.BEGIN, "E": SeriesType.END}
_FLAGS: Final = np.array([int(flag) for flag in Flag], np.int16)


# -- catalogue -------------------------------------------------------------------------------


def unit_entry(record: UnitRecord) -> Entry:
    """The entry of a unit."""
    return Entry(
        subject=f"U:{record.name}",
        kind=UNIT,
        name=record.name,
        document=msgspec.to_builtins(record),
        unit=Unit(
            name=record.name,
            factor=1.0 if record.factor is None else record.factor,
            offset=record.offset or 0.0,
            base_unit=record.base_unit or None,
            aggregation=aggregation_of(record.aggregation) or Aggregation.AVERAGE,
            integral_unit=record.integral_unit or None,
            description=record.description or "",
            category=record.category or "",
        ),
    )


def attribute_entry(record: AttributeRecord) -> Entry:
    """The entry of an attribute."""
    return Entry(
        subject=f"A{record.id}",
        kind=ATTRIBUTE,
        name=record.name,
        document=msgspec.to_builtins(record),
        attribute=attribute_of(record),
    )


def series_entry(
    connection: str,
    document: Mapping[str, Any],
    assigned: Sequence[AssignmentRecord],
    attributes: Mapping[int, Attribute],
    *,
    formulas: bool = False,
) -> Entry:
    """The entry of a series.

    Args:
        connection: its name.
        document: the definition as the server sends it.
        assigned: the attributes of the series.
        attributes: by their ids.
        formulas: take a formula over as such, instead of the values that the server calculates.

    Raises:
        msgspec.ValidationError: the definition is not of the form that servers promise.
        TidegateError: it says something that cannot be.
    """
    record = msgspec.convert(document, SeriesRecord)
    subject = f"{SUBJECT}{record.id}"
    interval = interval_of(record.interval)
    series = NewSeries(
        id=SeriesId(record.id) if record.id > 0 else None,
        name=record.name,
        unit=record.unit or NO_UNIT,
        interval=interval,
        type=type_of(record.type, interval),
        zone=_zone(record),
        aggregation=aggregation_of(record.aggregation),
        description=record.description or "",
        origin=Origin(connection, subject, VALUE),
        formula=_bound(record, connection) if formulas else None,
        audit=record.audit is not False,
        quotation=record.quotation is not False,
    )
    told = {**document, "Attributes": msgspec.to_builtins(list(assigned))}
    return Entry(
        subject=subject,
        kind=SERIES,
        name=record.name,
        document=told,
        series=(series,),
        assignments=tuple(
            Assignment(attributes[one.attribute_id], dated(one))
            for one in assigned
            if one.attribute_id in attributes
        ),
    )


def attribute_of(record: AttributeRecord) -> Attribute:
    """The attribute of a record; of a type that we do not know it is a text."""
    known = record.type in {int(kind) for kind in AttributeType}
    kind = AttributeType(record.type) if known else AttributeType.TEXT
    return Attribute(AttributeId(record.id), record.name, kind)


def dated(record: AssignmentRecord) -> dict[int, str | None]:
    """Instants and texts of an assignment; of two keys for one instant the last one wins.

    Raises:
        BadTime: a key is no instant.
    """
    values = (record.values or {}).items()
    return dict(sorted({parse(key): _text(value) for key, value in values}.items()))


def interval_of(code: IntervalCode | None) -> Interval:
    """The raster of a code or name; spontaneous if there is none.

    Raises:
        UnknownName: there is no such raster.
    """
    if code is None:
        return Interval(IntervalUnit.NO)
    return Interval(parse_interval(str(code.value)).unit, max(1, code.multiplier))


def type_of(type: int | str | None, interval: Interval) -> SeriesType:
    """The series type of a number or letter; what is left out follows from the raster."""
    if interval.is_spontaneous:
        return SeriesType.SPONTANEOUS
    if isinstance(type, str):
        return _LETTERS.get(type.strip().upper()[:1], SeriesType.BEGIN)
    return SeriesType.END if type == SeriesType.END else SeriesType.BEGIN


def aggregation_of(name: str | None) -> Aggregation | None:
    """The method of a name; None for none, and for one that we do not have."""
    if not name:
        return None
    try:
        return Aggregation.named(name)
    except UnknownName:
        logger.warning("aggregation %r is not known here; that of the unit is taken", name)
        return None


def formula_of(formula: Mapping[str, str | None] | str | None) -> Formula | None:
    """The formula of a definition: one text, or texts by the instants from which they hold."""
    if not formula:
        return None
    if isinstance(formula, str):
        return Formula(text=formula)
    texts = {int(parse(key)): text or "" for key, text in formula.items()}
    return Formula(text=texts.pop(int(BEGINNING), ""), dated=dict(sorted(texts.items())))


def _bound(record: SeriesRecord, connection: str) -> Formula | None:
    """The formula of a definition; its aliases stand for series of the connection."""
    formula = formula_of(record.formula)
    if formula is None or not record.aliases:
        return formula
    origins = {
        alias: Origin(connection, f"{SUBJECT}{number}", VALUE)
        for alias, number in record.aliases.items()
    }
    return msgspec.structs.replace(formula, alias_origins=origins)


def _zone(record: SeriesRecord) -> str | None:
    if not record.time_zone:
        return None
    try:
        return zone(record.time_zone).key
    except UnknownZone:
        logger.warning(
            "the zone %r of series %d is not known here; that of the repository is taken",
            record.time_zone,
            record.id,
        )
        return None


def _text(value: str | int | float | bool | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode().removesuffix(".0")


# -- readings --------------------------------------------------------------------------------


def readings(data: SeriesData, window: Window, *, subject: str) -> pa.Table:
    """Columns `ts, value, flag` of the values in a window, by time, each instant once.

    A value that the server marks as missing is left out: it sends one for each raster point where
    it has nothing. One that was set to have no value keeps its flag, without a number.

    Raises:
        MalformedAnswer: an instant or flag is none.
    """
    ts = _instants([point.from_ for point in data.data], subject)
    values = pa.array([point.value for point in data.data], pa.float64())
    flags = np.array([point.flag for point in data.data], np.int32)
    if not np.isin(flags, _FLAGS).all():
        unknown = sorted(set(flags.tolist()) - set(_FLAGS.tolist()))
        raise MalformedAnswer(
            f"the server gives {subject} flags that do not exist: {unknown}", subject=subject
        )
    lacks = (flags == Flag.NO_VALUE) | values.is_null().to_numpy(zero_copy_only=False)
    is_kept = (ts >= window.start) & (ts < window.end) & (flags != Flag.MISSING)
    is_kept &= ~lacks | (flags == Flag.NO_VALUE)
    columns = [
        pa.array(ts),
        pa.array(values.to_numpy(zero_copy_only=False), mask=lacks),
        pa.array(flags.astype(np.int16)),
    ]
    table = pa.table(columns, schema=_POINTS).filter(pa.array(is_kept))
    return _in_order(table)


def instants(texts: Sequence[str], subject: str) -> list[int]:
    """The instants of texts, sorted.

    Raises:
        MalformedAnswer: a text that is none.
    """
    found: list[int] = sorted(set(_instants(texts, subject).tolist()))
    return found


def instants_in_order(texts: Sequence[str], subject: str) -> list[int]:
    """The instant of each text.

    Raises:
        MalformedAnswer: a text that is none.
    """
    found: list[int] = _instants(texts, subject).tolist()
    return found


def _instants(texts: Sequence[str], subject: str) -> NDArray[np.int64]:
    try:
        # Arrow reads whole columns, but only texts with a zone and at most six decimals.
        column = pa.array(texts, pa.string()).cast(_INSTANT).cast(pa.int64())
    except pa.ArrowInvalid:
        try:
            column = pa.array([parse(text) for text in texts], pa.int64())
        except TidegateError as problem:
            raise MalformedAnswer(
                f"the answer holds a time that is none: {problem.message}", subject=subject
            ) from problem
    numbers: NDArray[np.int64] = column.to_numpy()
    return numbers


def _in_order(table: pa.Table) -> pa.Table:
    """Rows by time; of those of one instant the last that the server sent."""
    ts = table["ts"].to_numpy()
    if (np.diff(ts) > 0).all():
        return table
    order = np.argsort(ts, kind="stable")
    is_last = np.append(np.diff(ts[order]) > 0, [True])
    return table.take(pa.array(order[is_last]))
