"""From the model to bodies that WebTSM takes: values, definitions, attributes, units. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.formats import texts
from tidegate.model.aggregation import Aggregation
from tidegate.model.instants import BEGINNING, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.attributes import Attribute
    from tidegate.model.intervals import Interval
    from tidegate.model.series import Formula, Series
    from tidegate.model.units import Unit

Body = dict[str, Any]

SERVER_CHOOSES: Final = -1
"""The id that asks the server to give one."""

LANGUAGE: Final = "tsm"
"""Of formulas that a server understands."""

_SHORT: Final = {Aggregation.SUM: "SUM", Aggregation.AVERAGE: "AVG"}
_INSTANT: Final = pa.timestamp("us", tz="UTC")


def data_body(readings: pa.Table, *, interval: Interval, unit: str) -> Body:
    """Readings `ts, value, flag` under their raster and unit; without a number they are null."""
    return {
        "Interval": _interval(interval),
        "Unit": unit,
        "Data": msgspec.Raw(_points(readings)),
    }


def series_body(
    series: Series, *, id: int = SERVER_CHOOSES, aliases: Mapping[str, str] | None = None
) -> Body:
    """The definition of a series, without its attributes.

    Args:
        series: as it is here.
        id: that it gets on the server.
        aliases: the names of the series there that aliases of its formula stand for.
    """
    body: Body = {
        "ID": id,
        "Name": series.name,
        "Type": int(series.type),
        "Interval": _interval(series.interval),
        "Unit": series.unit,
        "Description": series.description,
        "Audit": series.audit,
        "Quotation": series.quotation,
    }
    if series.zone is not None:
        body["TimeZone"] = series.zone
    if series.aggregation is not None:
        body["Aggregation"] = series.aggregation.value
    if series.formula is not None and is_sent_as_formula(series):
        body["Formula"] = _formula(series.formula)
        if aliases:
            body["Aliases"] = dict(aliases)
    return body


def is_sent_as_formula(series: Series) -> bool:
    """True for a series that the server can calculate itself; of others it takes the values."""
    return series.formula is not None and series.formula.language == LANGUAGE


def attribute_body(attribute: Attribute, *, id: int = SERVER_CHOOSES) -> Body:
    """The definition of an attribute."""
    return {"ID": id, "Name": attribute.name, "Type": int(attribute.type)}


def assignment_body(id: int, values: Mapping[int, str | None]) -> Body:
    """Dated values of the attribute that has an id on the server."""
    dated = {to_text(instant): text for instant, text in sorted(values.items())}
    return {"AttributeID": id, "Values": dated}


def unit_body(unit: Unit) -> Body:
    """A unit."""
    return {
        "ID": SERVER_CHOOSES,
        "Name": unit.name,
        "Factor": unit.factor,
        "Offset": unit.offset,
        "BaseUnit": unit.base_unit,
        "Aggregation": _SHORT.get(unit.aggregation, unit.aggregation.value),
        "IntegralUnit": unit.integral_unit,
        "Description": unit.description or None,
        "Category": unit.category or None,
    }


def _interval(interval: Interval) -> Body:
    return {"Value": int(interval.unit), "Multiplier": interval.multiplier}


def _formula(formula: Formula) -> dict[str, str]:
    return {
        to_text(instant): text for instant, text in formula.texts() if text or instant > BEGINNING
    }


def _points(readings: pa.Table) -> bytes:
    """A JSON array, built by columns."""
    if not readings.num_rows:
        return b"[]"
    table = readings.combine_chunks()
    stamps = texts.instants(table["ts"].combine_chunks().cast(_INSTANT))
    values = pc.fill_null(texts.plain(table["value"].combine_chunks()), "null")
    flags = texts.plain(table["flag"].combine_chunks())
    parts = ['{"From":"', stamps, '","Value":', values, ',"Flag":', flags, "},"]
    rows = bytes(texts.joined(parts))
    return b"[" + rows[:-1] + b"]"
