"""From messages of the services to the model: catalogue entries and readings. Pure."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from tidegate.model.attributes import Assignment, Attribute, AttributeId
from tidegate.model.catalogue import Entry
from tidegate.model.errors import MalformedAnswer
from tidegate.model.flags import Flag
from tidegate.model.instants import BEGINNING, SECOND, parse
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.series import NewSeries, Origin
from tidegate.model.units import NO_UNIT, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tidegate.platforms.onc.access import Row
    from tidegate.platforms.onc.scalar import Samples, Sensor

LOCATION: Final = "location"
INSTRUMENT: Final = "instrument"
SENSOR: Final = "sensor"

ATTRIBUTES: Final = {
    name: Attribute(AttributeId(number), name)
    for number, name in enumerate(
        ("location", "locationName", "deviceCategory", "property", "device"), start=1
    )
}
"""What series are told apart by: the place, the type of instrument, what it observes, and the
device, which changes with time."""

_POINTS: Final = pa.schema({"ts": pa.int64(), "value": pa.float64(), "flag": pa.int16()})
_INSTANT: Final = pa.timestamp("us", tz="UTC")
_MILLISECOND: Final = SECOND // 1000
_STAMP: Final = len("2020-01-01T00:00:00.000")
_STRIDE: Final = _STAMP + len('Z"",')

FLAGS: Final = {
    0: Flag.VALID,
    1: Flag.VALID,
    2: Flag.VALID,
    3: Flag.FAULTY,
    4: Flag.FAULTY,
    5: Flag.MANUALLY_REPLACED,
    6: Flag.FAULTY,
    7: Flag.VALID,
    8: Flag.INTERPOLATED,
    9: Flag.MISSING,
}
"""Flags of quality control, and what they are kept as: not controlled, passed and probably good
are valid; probably bad, bad and bad down-sampled faulty; changed, averaged, interpolated, missing.
"""
_FAILING: Final = (3, 4, 6)
_TABLE: Final = np.array([FLAGS[number] for number in sorted(FLAGS)], np.int16)


# -- catalogue -------------------------------------------------------------------------------


def attribute_entries() -> Iterator[Entry]:
    """An entry for each attribute."""
    for name, attribute in ATTRIBUTES.items():
        yield Entry(
            subject=f"A:{name}", kind="attribute", name=name, document={}, attribute=attribute
        )


def unit_entry(name: str) -> Entry:
    """The entry of a unit; its values are averaged over time."""
    return Entry(
        subject=f"U:{name}", kind="unit", name=name, document={"name": name}, unit=Unit(name=name)
    )


def location_entry(row: Row, parent: str | None) -> Entry:
    """The entry of a location."""
    return Entry(
        subject=row["locationCode"],
        kind=LOCATION,
        name=row.get("locationName") or row["locationCode"],
        parent=parent,
        document=row,
    )


def instrument_entries(
    connection: str,
    location: Row,
    stays: Sequence[Row],
    sensors: Sequence[Sensor],
    periods: Mapping[str, float | None],
) -> Iterator[Entry]:
    """What instruments of one type measure at a place, whichever device stands there.

    The first entry is the instrument; each sensor has one of its own, with its series.

    Args:
        connection: its name.
        location: where.
        stays: deployments there, all of one type of instrument; at least one.
        sensors: with their newest samples.
        periods: seconds between two samples by device, where known.
    """
    code, category = location["locationCode"], stays[0]["deviceCategoryCode"]
    subject = f"{code}/{category}"
    ordered = sorted(stays, key=lambda stay: str(stay["begin"]))
    told = {periods.get(stay["deviceCode"]) for stay in ordered}
    period = told.pop() if len(told) == 1 else None
    yield Entry(
        subject=subject,
        kind=INSTRUMENT,
        name=f"{code} {category}",
        parent=code,
        document={
            "location": code,
            "deviceCategory": category,
            "deployments": [
                {name: stay.get(name) for name in ("deviceCode", "begin", "end")}
                for stay in ordered
            ],
        },
    )
    shared = (
        *_constant("location", code),
        *_constant("locationName", location.get("locationName")),
        *_constant("deviceCategory", category),
        Assignment(ATTRIBUTES["device"], _devices(ordered)),
    )
    for quantity, sensor in zip(quantities(sensors), sensors, strict=True):
        series = NewSeries(
            name=f"{code} {category} {quantity}",
            unit=unit_of(sensor),
            interval=interval_of(sensor.data, period),
            zone="UTC",
            description=sensor.sensor_name or "",
            origin=Origin(connection, subject, quantity),
        )
        assignments = (*shared, *_constant("property", sensor.property_code))
        yield Entry(
            subject=f"{subject}/{quantity}",
            kind=SENSOR,
            name=series.name,
            parent=subject,
            document={
                "sensor": quantity,
                "name": sensor.sensor_name,
                "property": sensor.property_code,
                "unit": series.unit,
                "attributes": {
                    one.attribute.name: {str(at): text for at, text in one.values.items()}
                    for one in assignments
                },
            },
            series=(series,),
            assignments=assignments,
        )


def quantities(sensors: Sequence[Sensor]) -> list[str]:
    """What the sensors of one answer are called: by their category, which outlasts a device.

    Several of one category are told apart by their own codes.
    """
    codes = [sensor.sensor_category_code or sensor.sensor_code or "sensor" for sensor in sensors]
    counts = Counter(codes)
    return [
        code if counts[code] == 1 else f"{code}:{sensor.sensor_code}"
        for code, sensor in zip(codes, sensors, strict=True)
    ]


def unit_of(sensor: Sensor) -> str:
    """The unit of a sensor."""
    return (sensor.unit_of_measure or "").strip() or NO_UNIT


def interval_of(newest: Samples | None, period: float | None) -> Interval:
    """The raster of a sensor: that of its devices, if its newest samples lie on it.

    Args:
        newest: samples.
        period: seconds between two samples, if all devices have the same; else None.
    """
    none = Interval(IntervalUnit.NO)
    step = round((period or 0) * SECOND)
    times = [] if newest is None else newest.times()
    if step <= 0 or step % _MILLISECOND or not times or any(parse(text) % step for text in times):
        return none
    if step % SECOND:
        return Interval(IntervalUnit.MILLISECOND, step // _MILLISECOND)
    seconds = step // SECOND
    for unit, length in ((IntervalUnit.HOUR, 3600), (IntervalUnit.MINUTE, 60)):
        if seconds % length == 0:
            return Interval(unit, seconds // length)
    return Interval(IntervalUnit.SECOND, seconds)


def period_of(device: Row) -> float | None:
    """Seconds between two samples of a device; None if it changed, or is not told."""
    ratings = device.get("dataRating") or []
    periods = {one.get("samplePeriod") for one in ratings if isinstance(one, dict)}
    period = periods.pop() if len(periods) == 1 else None
    return float(period) if isinstance(period, int | float) else None


def _constant(name: str, value: str | None) -> Iterator[Assignment]:
    if value:
        yield Assignment(ATTRIBUTES[name], {BEGINNING: value})


def _devices(stays: Iterable[Row]) -> dict[int, str | None]:
    """From when on which device stood there; None from the end of a stay without successor."""
    dated: dict[int, str | None] = {}
    for stay in stays:
        begin = parse(stay["begin"])
        dated[begin] = stay["deviceCode"]
        if stay.get("end"):
            dated.setdefault(parse(stay["end"]), None)
    return dict(sorted(dated.items()))


# -- readings --------------------------------------------------------------------------------


class Columns:
    """Readings of the sensors of one source, page by page."""

    def __init__(self) -> None:
        self._parts: dict[str, list[pa.Table]] = {}

    def add(self, sensors: Sequence[Sensor], subject: str) -> None:
        """Take the samples of one page.

        Raises:
            MalformedAnswer: lists differ in length, or a time is none.
        """
        for quantity, sensor in zip(quantities(sensors), sensors, strict=True):
            if sensor.data is not None:
                part = readings(sensor.data, f"{subject} {quantity}")
                if part.num_rows:
                    self._parts.setdefault(quantity, []).append(part)

    def tables(self) -> dict[str, pa.Table]:
        """Per sensor `ts, value, flag`, by time, each instant once."""
        return {quantity: _joined(parts) for quantity, parts in self._parts.items()}


def readings(data: Samples, subject: str) -> pa.Table:
    """Columns `ts, value, flag` of samples, by time, each instant once.

    What fails the checks and has no number stays as a point without one; what is missing is left
    out.

    Raises:
        MalformedAnswer: lists differ in length, or a time or number is none.
    """
    try:
        ts = instants(data)
        values = np.array(data.numbers(), np.float64)
        told = data.flags()
        numbers = np.array([flag or 0 for flag in told] if None in told else told, np.int64)
    except (ValueError, msgspec.DecodeError) as problem:
        raise MalformedAnswer(
            f"the answer for {subject} holds what is no time or number: {str(problem)[:100]}",
            subject=subject,
        ) from problem
    if len(values) != len(ts) or len(numbers) not in {0, len(ts)}:
        raise MalformedAnswer(f"the lists of {subject} differ in length", subject=subject)
    return _in_order(_table(ts, values, numbers if len(numbers) else np.zeros(len(ts), np.int64)))


def instants(data: Samples) -> NDArray[np.int64]:
    """Microseconds of the times of samples.

    Raises:
        ValueError, DecodeError: one is no time.
    """
    text = memoryview(data.sample_times)
    count, rest = divmod(len(text) - 1, _STRIDE)
    if count and not rest:
        # The usual form, each 27 bytes after the one before, is read in place.
        cells = np.ndarray((count, _STRIDE), np.uint8, text, offset=1)[:, [0, 24, 25]]
        if (cells == np.frombuffer(b'"Z"', np.uint8)).all():
            stamps = np.ndarray(count, f"S{_STAMP}", text, offset=2, strides=_STRIDE)
            return stamps.astype("datetime64[us]").view(np.int64)
    column = pa.array(data.times(), pa.string()).cast(_INSTANT).cast(pa.int64())
    numbers: NDArray[np.int64] = column.to_numpy()
    return numbers


def _table(
    ts: NDArray[np.int64], values: NDArray[np.float64], numbers: NDArray[np.int64]
) -> pa.Table:
    is_known = (numbers >= 0) & (numbers < len(_TABLE))
    flags = np.where(is_known, _TABLE[np.where(is_known, numbers, 0)], np.int16(Flag.FAULTY))
    lacks = np.isnan(values)
    flags[lacks & np.isin(numbers, _FAILING)] = Flag.NO_VALUE
    is_kept = (flags != Flag.MISSING) & (~lacks | (flags == Flag.NO_VALUE))
    if not is_kept.all():
        ts, values, flags, lacks = ts[is_kept], values[is_kept], flags[is_kept], lacks[is_kept]
    column = pa.array(values, mask=lacks) if lacks.any() else pa.array(values)
    return pa.table([pa.array(ts), column, pa.array(flags)], schema=_POINTS)


def _joined(parts: Sequence[pa.Table]) -> pa.Table:
    """Parts that are in order each, as one."""
    whole = pa.concat_tables(parts)
    follows = all(
        before["ts"][-1].as_py() < after["ts"][0].as_py() for before, after in pairwise(parts)
    )
    return whole if follows else _in_order(whole)


def _in_order(table: pa.Table) -> pa.Table:
    """Rows by time; of those of one instant the last that was sent."""
    ts = table["ts"].to_numpy()
    if (ts[1:] > ts[:-1]).all():
        return table
    order = np.argsort(ts, kind="stable")
    is_last = np.append(np.diff(ts[order]) > 0, [True])
    return table.take(pa.array(order[is_last]))


def rows_of(sensor: Sensor) -> Iterator[dict[str, Any]]:
    """The samples of a sensor as the service gives them, one each."""
    data = sensor.data
    if data is None:
        return
    times, flags = data.times(), data.flags()
    for at, value, flag in zip(times, data.numbers(), flags or [None] * len(times), strict=True):
        yield {
            "time": at,
            "sensor": sensor.sensor_category_code or sensor.sensor_code,
            "value": value,
            "flag": flag,
            "unit": sensor.unit_of_measure,
        }
