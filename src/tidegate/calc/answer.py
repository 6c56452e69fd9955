"""Answers: the table that reads, sums and calculations give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tidegate.model.flags import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.model.intervals import Interval

FROM: Final = pa.field("from", pa.timestamp("us", tz="UTC"), nullable=False)
VALUE: Final = pa.field("value", pa.float64())
FLAG: Final = pa.field("flag", pa.int16(), nullable=False)


def answer(
    starts: NDArray[np.int64],
    values: NDArray[np.float64],
    flags: NDArray[np.int16],
    has_number: NDArray[np.bool_],
    *,
    unit: str | None,
    zone: str,
    interval: Interval,
    missing_as_null: bool = False,
) -> pa.Table:
    """The table `from, value, flag` of one result, with unit, zone and interval in its metadata.

    A point without number shows 0, or null if asked for. A number that is not finite is none: it
    shows as such a point with the flag `FAULTY`.

    Args:
        starts: UTC microseconds of the buckets' starts.
        values: numbers; whatever stands where there is none is not shown.
        flags: the flag of each bucket.
        has_number: where a number stands behind the value.
        unit: the unit of the values; None is not told.
        zone: the zone that the buckets follow.
        interval: the raster.
        missing_as_null: show null instead of 0 where there is no number.
    """
    finite = np.isfinite(values)
    number = has_number & finite
    shown = pa.array(
        np.where(number, values, 0.0), mask=~number if missing_as_null else None, from_pandas=False
    )
    marks = np.where(has_number & ~finite, np.int16(Flag.FAULTY), flags).astype(np.int16)
    metadata = {"zone": zone, "interval": str(interval)}
    if unit is not None:
        metadata["unit"] = unit
    schema = pa.schema([FROM, VALUE, FLAG], metadata=metadata)
    instants = pa.array(np.asarray(starts, dtype="datetime64[us]"), FROM.type)
    return pa.Table.from_arrays([instants, shown, pa.array(marks)], schema=schema)
