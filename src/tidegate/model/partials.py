"""What is asked of the engine for a sum: lanes of readings, and what one row of its answer holds.

A *partial* is one row a bucket. Partials of disjoint series, or of ranges split at bucket borders,
add up to the partial of the whole, so that one sum may be answered by several engines.

A *cell* is the smallest piece of time of a sum: a piece of one reading's covered time inside one
bucket. A *lane* is the set of series whose cells lie alike and count alike.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tidegate.model.instants import HOUR


class Measure(StrEnum):
    """What a value counts for in a cell, after scaling."""

    SHARE = "share"
    """The cell's share of the time that the reading covers: amounts."""
    HOURS = "hours"
    """The hours of the cell: rates that become amounts."""
    TIME = "time"
    """The time of the cell: levels, to be averaged."""
    RATE = "rate"
    """The time of the cell over the hours that the reading covers: amounts that become rates."""


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """Series that enter a sum alike.

    Attributes:
        number: what the rows of `factors` and `calendar` name the lane by.
        measure: how values of spontaneous series count; cyclic cells bring their weight along.
        spontaneous: a value holds until the next one; no calendar rows belong to the lane.
        given: the readings are in the table of calculated ones, not in the store.
        whole: every cell is the whole time of one reading, which decides on membership.
        weighted: cells bring weights other than 1.
        scaled: factors other than 1, or shifts, belong to the series.
        mean: the cells of one series in one bucket are averaged before series are added.
    """

    number: int
    measure: Measure
    spontaneous: bool = False
    given: bool = False
    whole: bool = False
    weighted: bool = True
    scaled: bool = True
    mean: bool = False


class PartialsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How partials are made.

    Attributes:
        lanes: the kinds of series; at least one.
        by_series: one row a bucket and series, not a bucket.
        covered: the length of the union of the time that has numbers is wanted.
        step_membership: membership is decided at the start of the bucket, not of the cell.
        quantum: microseconds that count as 1 in the measures `TIME` and `RATE`.
    """

    lanes: tuple[Lane, ...]
    by_series: bool = False
    covered: bool = False
    step_membership: bool = False
    quantum: int = HOUR
