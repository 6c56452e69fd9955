"""Accepting points that somebody sends: in their interval and unit, into those of the series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import pyarrow as pa

from tidegate.calc.calendar import edges, off_raster
from tidegate.calc.raster import Condensed, Points, convert
from tidegate.calc.units import Step, by_name, conversion, method
from tidegate.formats.clocks import Reading, times
from tidegate.model.errors import BadTime, BadValue, UsageError
from tidegate.model.flags import WITHOUT_NUMBER, Flag
from tidegate.model.instants import BEGINNING, FOREVER, to_text
from tidegate.model.windows import Window
from tidegate.services.points import UTC, zone_of
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from tidegate.calc.units import Conversion
    from tidegate.model.intervals import Interval
    from tidegate.model.series import Series
    from tidegate.store.verbs import Verbs

_FLAGS: Final = sorted(int(flag) for flag in Flag)
_KNOWN: Final = np.isin(np.arange(max(_FLAGS) + 1), _FLAGS)
_SILENT: Final = np.isin(np.arange(max(_FLAGS) + 1), [int(flag) for flag in WITHOUT_NUMBER])


class TakesNoReadings(UsageError):
    """Readings for a series that is calculated."""

    code = "takes-no-readings"
    http_status = 409

    def __init__(self, series: Series) -> None:
        super().__init__(
            f"series '{series.name}' is calculated by its formula and takes no readings",
            hint="write to the series that the formula reads",
            series=series.name,
        )


class TakesNoVersions(UsageError):
    """Readings of a named version for a series whose definition says that it has none."""

    code = "takes-no-versions"
    http_status = 409

    def __init__(self, series: Series) -> None:
        super().__init__(
            f"series '{series.name}' takes no named versions",
            hint="set Quotation in its definition, or leave quotation= out",
            series=series.name,
        )


class OffRaster(UsageError):
    """A point that does not begin where a step of its interval does."""

    code = "off-raster"

    def __init__(self, index: int, instant: int, interval: Interval) -> None:
        super().__init__(
            f"Data[{index}] at {to_text(instant)} is not on the raster of {interval}",
            hint="every From must be the start of a step",
            index=index,
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """Points as they were sent, in that order; arrays of one length.

    Attributes:
        instants: UTC microseconds of the start of the covered time.
        values: numbers; without meaning where there is none.
        has_number: where there is one.
        flags: the flag of each.
    """

    instants: NDArray[np.int64]
    values: NDArray[np.float64]
    has_number: NDArray[np.bool_]
    flags: NDArray[np.int16]

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        values: Sequence[float | None],
        flags: Sequence[int | None],
        *,
        zone: ZoneInfo,
    ) -> Self:
        """Points of texts, numbers and flags; a flag left out is `VALID`.

        A point without number is missing, unless its flag is `NO_VALUE`; a number under one of
        these flags is none.

        Raises:
            BadTime: a text names no instant.
            BadValue: a flag that there is not.
        """
        shown = np.array([Flag.VALID if one is None else one for one in flags], np.int64)
        known = (shown >= 0) & (shown < len(_KNOWN)) & _KNOWN[shown.clip(0, len(_KNOWN) - 1)]
        _require(known, shown, f"one of {', '.join(map(str, _FLAGS))}")
        marks = shown.astype(np.int16)
        silent = _SILENT[marks]
        numbers = np.array([np.nan if one is None else one for one in values], np.float64)
        has_number = np.isfinite(numbers) & ~silent
        marks = np.where(~has_number & ~silent, np.int16(Flag.MISSING), marks)
        return cls(_instants(texts, zone), np.where(has_number, numbers, 0.0), has_number, marks)

    def ordered(self) -> Sent:
        """By time; of several points at one instant the last that was sent."""
        order = np.argsort(self.instants, kind="stable")
        rising = self.instants[order]
        kept = order[np.append(rising[1:] != rising[:-1], True)] if len(order) else order
        return Sent(self.instants[kept], self.values[kept], self.has_number[kept], self.flags[kept])


def readings_of(
    store: Verbs, series: Series, sent: Sent, *, interval: Interval | None, unit: str | None
) -> pa.Table:
    """The readings of a series that points become, condensed or spread and in its unit.

    Args:
        store: where the series is.
        series: a stored one.
        sent: the points.
        interval: that of the points; the series' own if None.
        unit: that of the points; the series' own if None.

    Raises:
        TakesNoReadings: the series is calculated.
        OffRaster: a point is not on the raster of its interval.
        UnitNotConvertible: the unit cannot become that of the series.
    """
    if series.formula is not None:
        raise TakesNoReadings(series)
    given = interval or series.interval
    zone = zone_of(series)
    _require_on_raster(sent.instants, given, zone)
    points = sent.ordered()
    stays = series.interval.is_spontaneous or _length(given) == _length(series.interval)
    if not len(points.instants) or (stays and unit in {None, series.unit}):
        return _table(series, points.instants, points)
    units = by_name(store.units(repository=series.repository))
    way = conversion(units, series.unit if unit is None else unit, series.unit)
    covered = Points.of(
        points.instants, points.values, points.has_number, points.flags, interval=given, zone=zone
    )
    if stays:
        return _table(series, points.instants, _converted(covered, way, given))
    borders = edges(series.interval, _span(covered), zone=zone)
    how = method(units, series.unit, series.aggregation)
    return _table(series, borders[:-1], convert(covered, borders, how, conversion=way))


def _length(interval: Interval) -> int | Interval:
    """Equal for intervals whose steps are the same, however they are written."""
    return interval.elapsed or interval


def _converted(points: Points, way: Conversion, interval: Interval) -> Condensed:
    if interval.is_spontaneous and way.step is not Step.SCALE:
        raise BadValue("Interval", None, "given for amounts: a value that holds on has none")
    return Condensed(points.converted(way), points.has_number, points.flags)


def _span(points: Points) -> Window:
    """The time of all points; the last of those that hold on counts where it stands."""
    last = int(points.ends[-1])
    return Window(int(points.starts[0]), int(points.starts[-1]) + 1 if last == FOREVER else last)


def _require_on_raster(instants: NDArray[np.int64], interval: Interval, zone: ZoneInfo) -> None:
    off = off_raster(instants, interval, zone)
    if off.any():
        index = int(np.argmax(off))
        raise OffRaster(index, int(instants[index]), interval)


def _instants(texts: Sequence[str], zone: ZoneInfo) -> NDArray[np.int64]:
    column = pa.array(texts, pa.string())
    try:  # most callers write Z
        instants = column.cast(pa.timestamp("us", UTC)).cast(pa.int64()).to_numpy()
        if not ((instants < BEGINNING) | (instants >= FOREVER)).any():
            return instants  # type: ignore[no-any-return]
    except pa.ArrowInvalid:
        pass
    found = times(column, zone)
    bad = (found.state == Reading.BAD) | (found.instants < BEGINNING) | (found.instants >= FOREVER)
    if bad.any():
        index = int(np.argmax(bad))
        raise BadTime(texts[index], f"Data[{index}] needs ISO 8601")
    return found.instants


def _require(good: NDArray[np.bool_], shown: NDArray[np.int64], wanted: str) -> None:
    if not good.all():
        index = int(np.argmin(good))
        raise BadValue(f"the Flag of Data[{index}]", int(shown[index]), wanted)


def _table(series: Series, instants: NDArray[np.int64], found: Condensed | Sent) -> pa.Table:
    columns = {
        "series": pa.array(np.full(len(instants), series.key, np.int32)),
        "ts": pa.array(instants),
        "value": pa.array(found.values, mask=~found.has_number),
        "flag": pa.array(found.flags, pa.int16()),
    }
    return pa.table(columns, READINGS)
