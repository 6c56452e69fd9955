"""Energy of many spans over bins of one raster, by columns; what `energy` does record by record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tidegate.platforms.ocpi.energy import MOST_BINS, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

_MOST_PRODUCT: Final = 2**62
"""Units times time that a machine's number holds for sure."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Energy that flowed between instants.

    Attributes:
        rows: the record of each span, rising.
        starts: UTC microseconds, rising within a record.
        ends: UTC microseconds, not before the start nor after the start of the next.
        units: of energy in the span.
        back: whether the record takes energy back.
    """

    rows: Whole
    starts: Whole
    ends: Whole
    units: Whole
    back: NDArray[np.bool_]


def contributions(spans: Spans, step: int) -> tuple[Whole, Whole, Whole]:
    """Rows, starts of bins and units: what each record gives to each bin, in this order."""
    first = spans.starts // step * step
    reach = spans.ends - first
    counts = np.where((reach <= step) | (reach > MOST_BINS * step), 1, -(-reach // step))
    span = np.repeat(np.arange(len(first)), counts)
    begins = np.cumsum(counts) - counts
    place = np.arange(len(span)) - begins[span]
    ts = first[span] + place * step
    shares = _shares(spans, ts, span, counts, step)
    large = np.flatnonzero(_is_large(spans, step) & (counts > 1))
    for one in large:
        told = spread(int(spans.starts[one]), int(spans.ends[one]), int(spans.units[one]), step)
        shares[begins[one] : begins[one] + counts[one]] = [units for _, units in told]
    shares = np.where(spans.back[span], -np.abs(shares), shares)
    return _summed(spans.rows[span], ts, shares)


def _shares(spans: Spans, ts: Whole, span: Whole, counts: Whole, step: int) -> Whole:
    """The units of each bin of each span: what there was by its end less what there was before."""
    part = _unit_of_time(spans, step)
    start, end = spans.starts[span], spans.ends[span]
    passed = (np.minimum(ts + step, end) - start) // part
    whole = np.maximum((end - start) // part, 1)
    with np.errstate(over="ignore"):  # those are told one by one
        until = spans.units[span] * passed // whole
    until = np.where(counts[span] == 1, spans.units[span], until)
    before = np.where(np.diff(span, prepend=-1) == 0, np.roll(until, 1), 0)
    shares: Whole = until - before
    return shares


def _unit_of_time(spans: Spans, step: int) -> int:
    """Microseconds of which all lengths are multiples: the more, the smaller the products."""
    seconds = np.gcd.reduce(np.concatenate((spans.starts, spans.ends)), initial=0)
    return int(np.gcd(seconds, step)) or 1


def _is_large(spans: Spans, step: int) -> NDArray[np.bool_]:
    length = (spans.ends - spans.starts) // _unit_of_time(spans, step)
    large: NDArray[np.bool_] = np.abs(spans.units) > _MOST_PRODUCT // np.maximum(length, 1)
    return large


def _summed(rows: Whole, ts: Whole, units: Whole) -> tuple[Whole, Whole, Whole]:
    """One row for each bin of a record; spans that follow each other share one."""
    if not len(rows):
        return rows, ts, units
    news = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | (np.diff(ts, prepend=ts[0] - 1) != 0))
    return rows[news], ts[news], np.add.reduceat(units, news)
