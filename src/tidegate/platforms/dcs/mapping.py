"""From messages of DCS to the model: catalogue entries, and readings as points with flags. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from tidegate.model.aggregation import Aggregation
from tidegate.model.catalogue import Entry
from tidegate.model.flags import Flag
from tidegate.model.series import Formula, NewSeries, Origin, SeriesType
from tidegate.model.units import NO_UNIT
from tidegate.platforms.dcs.facts import (
    HALF_HOUR,
    METERING_INTERVAL,
    STATUS_DISCONTINUITY,
    STATUS_INTERPOLATED,
)
from tidegate.platforms.dcs.wire import Meter, VirtualMeter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.model.windows import Window
    from tidegate.platforms.dcs.wire import Register

PERIOD: Final = "period"
TOTAL: Final = "total"
VALUE: Final = "value"
FORMULA: Final = "formula"
"""What of a subject a series holds: consumption, running total, momentary value, a calculation."""

Points = dict[str, pa.Table]
"""Per quantity a table `ts: int64, value: float64, flag: int16`."""

_VOLATILE: Final = frozenset({"status", "registers"})
"""Of a meter's description: whether it is online just now, and what has entries of its own."""

_POINTS: Final = pa.schema({"ts": pa.int64(), "value": pa.float64(), "flag": pa.int16()})


# -- catalogue -------------------------------------------------------------------------------


def entries(
    connection: str,
    meters: Sequence[dict[str, Any]],
    virtual_meters: Sequence[dict[str, Any]],
    *,
    zone: str | None = None,
) -> Iterator[Entry]:
    """The catalogue of meters, their registers and virtual meters as the server describes them.

    Every series has a name of its own, also where things on the server share one.

    Raises:
        msgspec.ValidationError: a description is not of the form that the server promises.
    """
    found = [
        *_meter_entries(connection, meters, zone),
        *(_virtual_entry(connection, document, meters, zone) for document in virtual_meters),
    ]
    names = Counter(series.name for entry in found for series in entry.series)
    return (_with_own_names(entry, names) for entry in found)


def _meter_entries(
    connection: str, documents: Iterable[dict[str, Any]], zone: str | None
) -> Iterator[Entry]:
    for document in documents:
        meter = msgspec.convert(document, Meter)
        yield Entry(
            subject=f"M{meter.id}",
            kind="meter",
            name=meter.name,
            document={name: value for name, value in document.items() if name not in _VOLATILE},
        )
        descriptions = document.get("registers") or []
        for register, description in zip(meter.registers or [], descriptions, strict=True):
            yield Entry(
                subject=f"R{register.id}",
                kind="register",
                name=f"{meter.name}: {register.name}",
                parent=f"M{meter.id}",
                document=description,
                series=tuple(_register_series(connection, meter, register, zone)),
            )


def _register_series(
    connection: str, meter: Meter, register: Register, zone: str | None
) -> Iterator[NewSeries]:
    name = f"{meter.name}: {register.name}"

    def series(name: str, quantity: str, aggregation: Aggregation) -> NewSeries:
        return NewSeries(
            name=name,
            unit=register.unit or NO_UNIT,
            interval=METERING_INTERVAL,
            type=SeriesType.BEGIN,
            zone=zone,
            aggregation=aggregation,
            origin=Origin(connection, f"R{register.id}", quantity),
        )

    if register.is_instantaneous:
        yield series(name, VALUE, Aggregation.AVERAGE)
    else:
        yield series(name, PERIOD, Aggregation.SUM)
        yield series(f"{name} total", TOTAL, Aggregation.AT_THE_MOMENT)


def _virtual_entry(
    connection: str,
    document: dict[str, Any],
    meters: Iterable[dict[str, Any]],
    zone: str | None,
) -> Entry:
    virtual = msgspec.convert(document, VirtualMeter)
    instantaneous = {
        register["id"]
        for meter in meters
        for register in meter.get("registers") or []
        if register.get("isInstantaneous")
    }
    cumulative = TOTAL if virtual.is_instantaneous else PERIOD
    formula = Formula(
        text=virtual.expression,
        language="dcs",
        alias_origins={
            alias.alias: Origin(
                connection,
                f"R{alias.register_id}",
                VALUE if alias.register_id in instantaneous else cumulative,
            )
            for alias in virtual.register_aliases
        },
        decimal_places=virtual.decimal_places,
    )
    series = NewSeries(
        name=virtual.name,
        unit=virtual.unit or NO_UNIT,
        interval=METERING_INTERVAL,
        type=SeriesType.BEGIN,
        zone=zone,
        aggregation=Aggregation.AVERAGE if virtual.is_instantaneous else Aggregation.SUM,
        origin=Origin(connection, f"VM{virtual.id}", FORMULA),
        formula=formula,
    )
    return Entry(
        subject=f"VM{virtual.id}",
        kind="virtual meter",
        name=virtual.name,
        document=document,
        series=(series,),
    )


def _with_own_names(entry: Entry, names: Counter[str]) -> Entry:
    """The entry with its subject added to every name of a series that another has too."""
    series = tuple(
        msgspec.structs.replace(one, name=f"{one.name} ({entry.subject})")
        if names[one.name] > 1
        else one
        for one in entry.series
    )
    return msgspec.structs.replace(entry, series=series)


# -- readings --------------------------------------------------------------------------------


def register_points_of_app(table: pa.Table) -> Points:
    """Points from columns of the App API: totals, momentary values and period values.

    A reading that the server made up because it had none has no number and the flag Missing.
    """
    flags = _flags_of_app(table)
    ts = _instants(table["startTime"])
    totals = _points(ts, table["totalValue"], flags)
    return {TOTAL: totals, VALUE: totals, PERIOD: _points(ts, table["periodValue"], flags)}


def virtual_points_of_app(table: pa.Table) -> Points:
    """Points from columns of the App API of a virtual meter, whose totals are always zero."""
    return {
        VALUE: _points(_instants(table["startTime"]), table["periodValue"], _flags_of_app(table))
    }


def points_of_complete(table: pa.Table) -> Points:
    """Points from columns of the Web API in format `complete`."""
    ts, flags = _instants(table["timestamp"]), _flags_of_web(table)
    totals = _points(ts, table["totalValue"], flags)
    return {TOTAL: totals, VALUE: totals, PERIOD: _points(ts, table["periodValue"], flags)}


def virtual_points_of_web(table: pa.Table) -> Points:
    """Points from columns of the Web API of a virtual meter."""
    ts = _instants(table["timestamp"])
    return {VALUE: _points(ts, table["value"], _flags_of_web(table))}


def points_of_standard(totals: pa.Table, uncalibrated: pa.Table) -> Points:
    """Points from columns of the Web API in format `standard`: period values are differences.

    They are those of uncalibrated totals, since a calibration is no consumption. The columns
    should reach one reading beyond the window that is wanted. A period value is Missing where the
    next half hour has no reading, and where the running total begins anew: at a reset, at a meter
    exchange, and wherever else it falls.
    """
    ts, flags = _instants(uncalibrated["timestamp"]), _flags_of_web(uncalibrated)
    resets = (uncalibrated["status"].to_numpy() & STATUS_DISCONTINUITY) != 0
    periods = np.diff(uncalibrated["value"].to_numpy(), append=np.nan)
    is_next = np.diff(ts, append=ts[-1:]) == HALF_HOUR
    begins_anew = np.append(resets, [False])[1:] | (periods < 0)
    periods[~is_next | begins_anew] = np.nan
    values = virtual_points_of_web(totals)[VALUE]
    return {TOTAL: values, VALUE: values, PERIOD: _points(ts, pa.array(periods), flags)}


def joined(parts: Sequence[Points]) -> Points:
    """The points of consecutive windows together."""
    return {quantity: pa.concat_tables(part[quantity] for part in parts) for quantity in parts[0]}


def within(points: Points, window: Window) -> Points:
    """The points that lie in a window."""
    return {quantity: _within(table, window) for quantity, table in points.items()}


def _within(table: pa.Table, window: Window) -> pa.Table:
    first, last = np.searchsorted(table["ts"].to_numpy(), [window.start, window.end])
    return table.slice(first, last - first)


def has_numbers(points: Points) -> bool:
    """True if a number stands behind any point."""
    return any(table["value"].null_count < table.num_rows for table in points.values())


def _flags_of_app(table: pa.Table) -> NDArray[np.int16]:
    interpolated = table["isInterpolated"].to_numpy(zero_copy_only=False)
    generated = table["isGenerated"].to_numpy(zero_copy_only=False)
    # The server says that a generated reading which is interpolated too is the latter.
    flags = np.where(generated, Flag.MISSING, Flag.VALID)
    return np.where(interpolated, Flag.INTERPOLATED, flags).astype(np.int16)


def _flags_of_web(table: pa.Table) -> NDArray[np.int16]:
    interpolated = (table["status"].to_numpy() & STATUS_INTERPOLATED) != 0
    return np.where(interpolated, Flag.INTERPOLATED, Flag.VALID).astype(np.int16)


def _instants(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return column.cast(pa.int64()).to_numpy()  # type: ignore[no-any-return]


def _points(
    ts: NDArray[np.int64], column: pa.Array | pa.ChunkedArray, flags: NDArray[np.int16]
) -> pa.Table:
    """Points sorted by time, each once; NaN, infinity, null and Missing have no number."""
    values = column.to_numpy(zero_copy_only=False)
    is_number = np.isfinite(values) & (flags != Flag.MISSING)
    flags = np.where(is_number, flags, np.int16(Flag.MISSING))
    columns = [pa.array(ts), pa.array(values, mask=~is_number), pa.array(flags)]
    table = pa.table(columns, schema=_POINTS)
    return table if (np.diff(ts) > 0).all() else table.take(_order(ts))


def _order(ts: NDArray[np.int64]) -> pa.Array:
    """Rows by time; of those of one instant the last that the server sent."""
    order = np.argsort(ts, kind="stable")
    is_last = np.append(np.diff(ts[order]) > 0, True)
    return pa.array(order[is_last])
