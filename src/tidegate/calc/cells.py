"""Cells: the covered time of a raster's readings, cut at bucket borders, and what values count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tidegate.model.instants import HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one raster, by time; all arrays are instants or microseconds of one length.

    Attributes:
        point: the `ts` of the reading that covers the cell.
        covered: the whole time that this reading covers.
        start: where the cell begins.
        end: where it ends.
        bucket: the place of its bucket, from 0.
    """

    point: NDArray[np.int64]
    covered: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    bucket: NDArray[np.int64]

    @classmethod
    def cut(cls, raster: NDArray[np.int64], buckets: NDArray[np.int64]) -> Cells:
        """The cells of a raster within buckets.

        Args:
            raster: the borders of the readings' covered times; they reach over all buckets.
            buckets: the borders of the buckets.
        """
        first, last = np.searchsorted(raster, buckets[[0, -1]], side="right")
        cuts = np.union1d(raster[first:last], buckets)
        start, end = cuts[:-1], cuts[1:]
        place = np.searchsorted(raster, start, side="right") - 1
        bucket = np.searchsorted(buckets, start, side="right") - 1
        return cls(raster[place], raster[place + 1] - raster[place], start, end, bucket)

    @property
    def length(self) -> NDArray[np.int64]:
        """Microseconds of each cell."""
        return self.end - self.start

    @property
    def are_points(self) -> bool:
        """True when no reading is cut."""
        return bool(np.array_equal(self.start, self.point) and (self.length == self.covered).all())

    @property
    def fill_buckets(self) -> bool:
        """True when every bucket is one cell."""
        return len(self.bucket) == 0 or len(self.bucket) == int(self.bucket[-1]) + 1

    def weights(
        self, per: NDArray[np.int64] | int, *, hours: int = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What to multiply a reading's value by, and then to divide it by, in each cell.

        Args:
            per: microseconds of a cell that count as 1: `covered` gives each cell its share of a
                reading, `length` the reading as it is, a number counts with time.
            hours: the power of the hours covered that the value is multiplied by besides.
        """
        multiply, divide = _fraction(self.length, per)
        if not hours:
            return multiply, divide
        over, under = _fraction(self.covered, HOUR)
        if hours < 0:
            over, under = under, over
        return multiply * over, divide * under

    def table(self, lane: int, bucket: int, columns: dict[str, NDArray[Any]]) -> pa.Table:
        """The calendar rows of a lane, buckets numbered from `bucket`."""
        rows = {
            "lane": pa.array(np.full(len(self.start), lane, dtype=np.int32)),
            "point": pa.array(self.point),
            "start": pa.array(self.start),
            "end": pa.array(self.end),
            "bucket": pa.array((self.bucket + bucket).astype(np.int32)),
        }
        return pa.table(rows | {name: pa.array(column) for name, column in columns.items()})


def _fraction(
    over: NDArray[np.int64], under: NDArray[np.int64] | int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A fraction in lowest terms, so that a whole cell counts exactly once."""
    common = np.gcd(over, under)
    return (over // common).astype(np.float64), (under // common).astype(np.float64)
