"""The verb `partials`: what a sum is made of, one row a bucket."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import structs
from numpy.typing import NDArray

from tidegate.model.flags import RANK
from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.windows import Window
from tidegate.store import partials_sql as sql
from tidegate.store.expected import Expected, expected_cells
from tidegate.store.reading import believed
from tidegate.store.verbs import CURRENT, NO_READINGS, PARTIALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.model.partials import Lane, PartialsRequest
    from tidegate.store.engine.duckdb import Session
    from tidegate.store.messages import Version

_FOUND: Final = ("total", "covered", "numbers", "cells")


def partials(
    session: Session,
    request: PartialsRequest,
    *,
    members: pa.Table,
    factors: pa.Table,
    calendar: pa.Table,
    buckets: pa.Table,
    given: pa.Table = NO_READINGS,
    version: Version = CURRENT,
) -> pa.Table:
    """The partials of a request, as `Verbs.partials` says.

    Args:
        session: one state of the store.
        request: the lanes and what is wanted of them.
        members: the spans in which each series is a member.
        factors: the lane, scale and shift of each series.
        calendar: the cells of cyclic lanes.
        buckets: the buckets, numbered by time.
        given: calculated readings.
        version: which belief to read.
    """
    tables = _tables(request, members, factors, calendar)
    if not tables or not buckets.num_rows:
        names = [name for name in PARTIALS.names if name != "series" or request.by_series]
        return PARTIALS.empty_table().select(names)
    readings, bounds = _relation(session, version, factors)
    text = sql.statement(
        request,
        [one.lane for one in tables],
        readings=readings,
        windows={one.lane.number: one.reach for one in tables if one.reach},
        bounds=Window(buckets["start"][0].as_py(), buckets["end"][-1].as_py()),
    )
    with _loaded(session, tables, buckets, given):
        found = session.table(text, **bounds)
    expected = [one for lane in tables if lane.reach for one in _expected(lane, request)]
    further = pc.max(members["offset"]).as_py() if request.several else 0
    return _counted(found, expected, request, buckets, further)


@dataclass(frozen=True, slots=True)
class _LaneTables:
    """What the engine joins to the readings of one lane."""

    lane: Lane
    members: pa.Table
    calendar: pa.Table

    @property
    def reach(self) -> Window | None:
        """The `ts` that readings of a cyclic lane can have."""
        if self.lane.spontaneous:
            return None
        points = self.calendar["point"]
        return Window(points[0].as_py(), points[-1].as_py() + 1)


def _tables(
    request: PartialsRequest, members: pa.Table, factors: pa.Table, calendar: pa.Table
) -> list[_LaneTables]:
    """The tables of each lane that has members and cells."""
    joined = members.join(factors, "series", join_type="inner")
    joined = joined.sort_by([("series", "ascending"), ("start", "ascending")])
    found = []
    for lane in request.lanes:
        chosen = joined.filter(pc.equal(joined["lane"], lane.number)).drop_columns("lane")
        cells = calendar.filter(pc.equal(calendar["lane"], lane.number)).drop_columns("lane")
        if chosen.num_rows and (lane.spontaneous or cells.num_rows):
            always = not lane.spontaneous and _is_always(chosen, cells)
            found.append(_LaneTables(structs.replace(lane, always=always), chosen, cells))
    return found


def _is_always(members: pa.Table, cells: pa.Table) -> bool:
    """True when every span holds the instants at which membership of all cells is decided."""
    decided = pc.min_max(cells["decided"]).as_py()
    begun, ended = pc.max(members["start"]).as_py(), pc.min(members["end"]).as_py()
    return bool(begun <= decided["min"] and decided["max"] < ended)


def _expected(lane: _LaneTables, request: PartialsRequest) -> Iterator[Expected]:
    """The member cells of a lane, of each sum for itself."""
    if not request.several:
        yield expected_cells(lane.members, lane.calendar, by_series=request.by_series)
        return
    for offset in pc.unique(lane.members["offset"]).to_pylist():
        members = lane.members.filter(pc.equal(lane.members["offset"], offset))
        found = expected_cells(members, lane.calendar, by_series=request.by_series)
        yield found._replace(bucket=found.bucket + offset)


@contextmanager
def _loaded(
    session: Session, lanes: Sequence[_LaneTables], buckets: pa.Table, given: pa.Table
) -> Iterator[None]:
    """Let the statement name its tables.

    They are copied into the session, since the engine plans far better for tables it knows.
    """
    tables = {sql.BUCKETS: buckets, sql.GIVEN: given}
    for one in lanes:
        tables[sql.members(one.lane)] = one.members
        tables[sql.calendar(one.lane)] = one.calendar
    with session.bound(**{f"arrow_{name}": table for name, table in tables.items()}):
        for name in tables:
            session.run(f"CREATE TEMP TABLE {name} AS SELECT * FROM arrow_{name}")
    try:
        yield
    finally:
        for name in tables:
            session.run(f"DROP TABLE {name}")


def _relation(session: Session, version: Version, factors: pa.Table) -> tuple[str, dict[str, int]]:
    """The relation that holds the readings of a version, and what it binds."""
    if version == CURRENT:
        return "readings", {}
    keys = ", ".join(str(key) for key in factors["series"].to_pylist())
    chosen = f"series IN ({keys})"
    return f"({believed(session, chosen, version)})", {"start": BEGINNING, "end": FOREVER}


# ---- putting counts together ------------------------------------------------------------------

_Column = NDArray[Any]
_NONE: Final = np.zeros(0, dtype=np.int64)


def _counted(
    found: pa.Table,
    expected: Sequence[Expected],
    request: PartialsRequest,
    buckets: pa.Table,
    further: int,
) -> pa.Table:
    """One row wherever a cell is found or expected; offsets go up to `further`."""
    first = buckets["bucket"][0].as_py()
    width = buckets.num_rows + further
    found_keys = found["bucket"].to_numpy().astype(np.int64) - first
    if request.by_series:
        found_keys += found["series"].to_numpy().astype(np.int64) * width
    expected_keys = np.concatenate(
        [
            np.zeros(0, dtype=np.int64),
            *(one.series * width + one.bucket - first for one in expected),
        ]
    )
    keys = _either(expected_keys, found_keys)
    place = np.searchsorted(keys, found_keys)
    columns = {name: _spread(found[name].to_numpy(), place, len(keys)) for name in _FOUND}
    columns["total"] = np.nan_to_num(columns["total"], nan=0.0)
    columns["expected"] = _spread(found["open_cells"].to_numpy(), place, len(keys))
    cells = np.concatenate([_NONE, *(e.cells for e in expected)])
    np.add.at(columns["expected"], np.searchsorted(keys, expected_keys), cells)
    columns["flags"] = _spread(_ranked(found["seen"].to_numpy()), place, len(keys))
    columns["bucket"] = keys % width + first
    columns["series"] = keys // width
    return _table(columns, request)


def _either(some: _Column, others: _Column) -> _Column:
    """The keys of both, each once, sorted; mostly they are the same and sorted already."""
    if np.array_equal(some, others) and (some[1:] > some[:-1]).all():
        return some
    return np.union1d(some, others)


def _spread(column: _Column, place: _Column, size: int) -> _Column:
    whole = np.zeros(size, dtype=column.dtype)
    whole[place] = column
    return whole


def _ranked(seen: _Column) -> _Column:
    """Masks whose bit is the flag's number become masks whose bit is its rank."""
    mask = np.zeros_like(seen)
    for flag, rank in RANK.items():
        mask |= ((seen >> int(flag)) & 1) << rank
    return mask


def _table(columns: dict[str, _Column], request: PartialsRequest) -> pa.Table:
    names = [name for name in PARTIALS.names if name != "series" or request.by_series]
    return pa.table({name: pa.array(columns[name], PARTIALS.field(name).type) for name in names})
