"""What is asked of the engine for a sum: lanes of readings, and what one row of its answer holds.

A *partial* is one row a bucket. Partials of disjoint series, or of ranges split at bucket borders,
add up to the partial of the whole, so that one sum may be answered by several engines.

A *cell* is the smallest piece of time of a sum: a piece of one reading's covered time inside one
bucket. A *lane* is the set of series whose cells lie alike and count alike.
"""

from __future__ import annotations

import msgspec

from tidegate.model.instants import HOUR


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """Series that enter a sum alike.

    `levels` and `hours` say how a spontaneous value counts in a cell; cells of cyclic lanes bring
    their weight along in the calendar.

    Attributes:
        number: what the rows of `factors` and `calendar` name the lane by.
        given: the readings are in the table of calculated ones, not in the store.
        whole: every cell is the whole time of one reading, which decides on membership.
        always: every series is a member in every cell, so that membership need not be looked at.
        weighted: cells bring weights other than 1.
        scaled: factors other than 1, or shifts, belong to the series.
        mean: the cells of one series in one bucket are averaged before series are added.
        spontaneous: a value holds until the next one; no calendar rows belong to the lane.
        levels: a value counts with the time of the cell, else with the cell's share of the time
            that the reading covers.
        hours: the power (-1, 0 or 1) of the hours covered that the value is multiplied by.
    """

    number: int
    given: bool = False
    whole: bool = False
    always: bool = False
    weighted: bool = True
    scaled: bool = True
    mean: bool = False
    spontaneous: bool = False
    levels: bool = False
    hours: int = 0


class PartialsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How partials are made.

    Attributes:
        lanes: the kinds of series; at least one.
        by_series: one row a bucket and series, not a bucket.
        covered: the length of the union of the time that has numbers is wanted.
        step_membership: membership is decided at the start of the bucket, not of the cell.
        quantum: microseconds that count as 1 where values count with time.
        several: members have an `offset`, which is added to the number of each bucket, so that
            several sums with the same buckets are asked for at once.
    """

    lanes: tuple[Lane, ...]
    by_series: bool = False
    covered: bool = False
    step_membership: bool = False
    quantum: int = HOUR
    several: bool = False
