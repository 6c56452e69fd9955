"""The verb `partials`: what a sum is made of, one row a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tidegate.model.flags import RANK
from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.windows import Window
from tidegate.store import partials_sql as sql
from tidegate.store.expected import expected_cells
from tidegate.store.reading import believed
from tidegate.store.verbs import CURRENT, NO_READINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.model.partials import Lane, PartialsRequest
    from tidegate.store.engine.duckdb import Session
    from tidegate.store.messages import Version

_COUNTS: Final = ("covered", "numbers", "cells", "expected")


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
    spans = _spans_by_lane(members, factors)
    cells = {lane.number: _of_lane(calendar, lane) for lane in request.lanes}
    lanes = tuple(
        lane
        for lane in request.lanes
        if spans[lane.number].num_rows and (lane.spontaneous or cells[lane.number].num_rows)
    )
    if not lanes or not buckets.num_rows:
        return _table(request, _nothing())
    readings, bounds = _relation(session, version)
    text = sql.statement(
        request,
        lanes,
        readings=readings,
        windows={n: _read_window(table) for n, table in cells.items() if table.num_rows},
        bounds=Window(buckets["start"][0].as_py(), buckets["end"][-1].as_py()),
    )
    tables = {
        sql.MEMBERS: members,
        sql.FACTORS: factors,
        sql.CALENDAR: calendar,
        sql.BUCKETS: buckets,
        sql.GIVEN: given,
    }
    with session.bound(**tables):
        found = session.table(text, **bounds)
    counted = [
        _expected(spans[lane.number], cells[lane.number], request)
        for lane in lanes
        if not lane.spontaneous
    ]
    return _table(request, _added([_found(found, request), *counted]))


def _relation(session: Session, version: Version) -> tuple[str, dict[str, int]]:
    """The relation that holds the readings of a version, and what it binds."""
    if version == CURRENT:
        return "readings", {}
    chosen = f"series IN (SELECT series FROM {sql.FACTORS})"
    return f"({believed(session, chosen, version)})", {"start": BEGINNING, "end": FOREVER}


def _spans_by_lane(members: pa.Table, factors: pa.Table) -> dict[int, pa.Table]:
    joined = members.join(factors.select(["series", "lane"]), "series", join_type="inner")
    numbers = pc.unique(factors["lane"]).to_pylist()
    return {n: joined.filter(pc.equal(joined["lane"], n)) for n in numbers}


def _of_lane(calendar: pa.Table, lane: Lane) -> pa.Table:
    return calendar.filter(pc.equal(calendar["lane"], lane.number))


def _read_window(cells: pa.Table) -> Window:
    """The `ts` that a lane's readings can have."""
    return Window(cells["point"][0].as_py(), cells["point"][-1].as_py() + 1)


# ---- putting counts together ------------------------------------------------------------------

_Rows = dict[str, "NDArray[np.generic]"]


def _nothing() -> _Rows:
    whole: _Rows = {name: np.zeros(0, dtype=np.int64) for name in ("bucket", "series", *_COUNTS)}
    return whole | {"total": np.zeros(0), "flags": np.zeros(0, dtype=np.int64)}


def _found(found: pa.Table, request: PartialsRequest) -> _Rows:
    size = found.num_rows
    rows: _Rows = {
        name: found[name].to_numpy() for name in ("total", "covered", "numbers", "cells")
    }
    rows["bucket"] = found["bucket"].to_numpy().astype(np.int64)
    rows["series"] = np.zeros(size, dtype=np.int64)
    if request.by_series:
        rows["series"] = found["series"].to_numpy().astype(np.int64)
    rows["expected"] = found["open_cells"].to_numpy()
    rows["flags"] = _ranked(found["seen"].to_numpy().astype(np.int64))
    return rows


def _ranked(seen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Masks whose bit is the flag's number become masks whose bit is its rank."""
    mask = np.zeros_like(seen)
    for flag, rank in RANK.items():
        mask |= ((seen >> int(flag)) & 1) << rank
    return mask


def _expected(spans: pa.Table, cells: pa.Table, request: PartialsRequest) -> _Rows:
    bucket, series, count = expected_cells(spans, cells, by_series=request.by_series)
    rows = _nothing()
    kept = count > 0
    zeros: _Rows = {name: np.zeros(int(kept.sum()), dtype=rows[name].dtype) for name in rows}
    return zeros | {"bucket": bucket[kept], "series": series[kept], "expected": count[kept]}


def _added(parts: list[_Rows]) -> _Rows:
    """Rows of the same bucket (and series) become one: counts add up, masks join."""
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((rows["bucket"], rows["series"]))
    rows = {name: column[order] for name, column in rows.items()}
    apart = np.ones(len(order), dtype=bool)
    apart[1:] = (np.diff(rows["bucket"]) != 0) | (np.diff(rows["series"]) != 0)
    starts = np.flatnonzero(apart)
    if not len(starts):
        return _nothing()
    added: _Rows = {name: rows[name][starts] for name in ("bucket", "series")}
    for name in ("total", *_COUNTS):
        added[name] = np.add.reduceat(rows[name], starts)
    added["flags"] = np.bitwise_or.reduceat(rows["flags"], starts)
    return added


def _table(request: PartialsRequest, rows: _Rows) -> pa.Table:
    columns = {"series": pa.array(rows["series"], pa.int32())} if request.by_series else {}
    columns["bucket"] = pa.array(rows["bucket"], pa.int32())
    columns["total"] = pa.array(rows["total"], pa.float64())
    for name in _COUNTS:
        columns[name] = pa.array(rows[name], pa.int64())
    columns["flags"] = pa.array(rows["flags"], pa.int16())
    return pa.table(columns)
