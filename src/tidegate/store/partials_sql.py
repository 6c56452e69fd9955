"""The statement that answers `partials`, in the canonical subset of decision record 13.

Instants are plain integers, calendars and memberships are joined tables, and no engine function
knows about zones. Each lane gives rows of the same columns, which are then added up.
"""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Final

from tidegate.model.flags import WITHOUT_NUMBER, Flag
from tidegate.model.instants import BEGINNING, FOREVER, HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.partials import Lane, PartialsRequest
    from tidegate.model.windows import Window

BUCKETS: Final = "sum_buckets"
GIVEN: Final = "sum_given"

_SILENT: Final = ", ".join(str(int(flag)) for flag in sorted(WITHOUT_NUMBER))
_NUMBER: Final = f"CASE WHEN flag NOT IN ({_SILENT}) THEN value END"
_SEEN: Final = "bit_or(CAST(1 AS INTEGER) << r.flag)"
_COVERED_ALONE: Final = (
    'CAST(sum(CASE WHEN r.value IS NULL THEN 0 ELSE c."end" - c.start END) AS BIGINT)'
)


def members(lane: Lane) -> str:
    """The table of a lane's memberships: `series, start, end, scale, shift`."""
    return f"sum_members_{lane.number}"


def calendar(lane: Lane) -> str:
    """The table of a lane's cells."""
    return f"sum_calendar_{lane.number}"


def statement(
    request: PartialsRequest,
    lanes: Sequence[Lane],
    *,
    readings: str,
    windows: dict[int, Window],
    bounds: Window,
) -> str:
    """The SQL text of a request.

    Args:
        request: what is wanted.
        lanes: those of its lanes that have members and cells.
        readings: the relation that holds stored readings.
        windows: per cyclic lane, the `ts` that its calendar names.
        bounds: the span of all buckets.
    """
    tables: list[str] = []
    bodies: list[str] = []
    for lane in lanes:
        if lane.spontaneous:
            tables += _spontaneous_tables(lane, request, readings, bounds)
            bodies.append(_spontaneous(lane, request))
        else:
            source = GIVEN if lane.given else _numbered(readings)
            bodies.append(_cyclic(lane, request, source, windows[lane.number]))
    rows = "\n  UNION ALL\n".join(bodies)
    if request.by_series:
        return _with(tables) + rows + "\nORDER BY series, bucket"
    tables.append(f"cells AS (\n{rows}\n)")
    if request.covered:
        tables += [_REACHED, _COVERED]
    return _with(tables) + _totals(request)


def _with(tables: list[str]) -> str:
    return "WITH " + ",\n".join(tables) + "\n" if tables else ""


def _numbered(source: str) -> str:
    """Readings whose number, if under a flag of none, does not count."""
    return f"""(
    SELECT series, ts, {_NUMBER} AS value, flag
    FROM {source}
  )"""


def _value(lane: Lane, alias: str) -> str:
    """A reading's number in the unit of the answer."""
    return f"({alias}.value * m.scale + m.shift)" if lane.scaled else f"{alias}.value"


def _bucket(alias: str, request: PartialsRequest) -> str:
    """The number of a bucket for a member."""
    return f"{alias}.bucket + m.offset AS bucket" if request.several else f"{alias}.bucket"


# ---- cyclic lanes -----------------------------------------------------------------------------


def _cyclic(lane: Lane, request: PartialsRequest, source: str, window: Window) -> str:
    if request.by_series:
        return _by_series(lane, request, source)
    if lane.mean:
        return _means(_by_series(lane, request, source), request.quantum)
    return _by_cell(lane, request, source, window)


def _by_cell(lane: Lane, request: PartialsRequest, source: str, window: Window) -> str:
    """Series are added cell by cell, so that weights apply to few rows."""
    placed = ', c.start, c."end"' if request.covered else ""
    weight = " * c.multiply / c.divide" if lane.weighted else ""
    bucket = "c.bucket + s.offset AS bucket" if request.several else "c.bucket"
    return f"""  SELECT {bucket}{placed}, s.total{weight} AS total, 0 AS covered,
    s.numbers, s.cells, 0 AS open_cells, s.seen
  FROM (
{indent(_added(lane, request, source, window), "  ")}
  ) AS s
  JOIN {calendar(lane)} AS c ON c.start = s.start"""


def _added(lane: Lane, request: PartialsRequest, source: str, window: Window) -> str:
    # a join with the calendar bounds the time by itself; bounds beside it make DuckDB slower
    start, joined = "c.start", f"\n  JOIN {calendar(lane)} AS c ON c.point = r.ts"
    bounds = ""
    if lane.whole:
        start, joined = "r.ts", ""
        bounds = f"\n  WHERE r.ts >= {window.start} AND r.ts < {window.end}"
    offset = ", m.offset" if request.several else ""
    return f"""  SELECT {start} AS start{offset}, fsum({_value(lane, "r")}) AS total,
    count(r.value) AS numbers, count(*) AS cells, {_SEEN} AS seen
  FROM {source} AS r{joined}
  JOIN {members(lane)} AS m ON {_membership(lane)}{bounds}
  GROUP BY {start}{offset}"""


def _membership(lane: Lane) -> str:
    if lane.always:
        return "m.series = r.series"
    # the detour over r.ts keeps planners from joining the whole calendar to all members first
    decided = "r.ts" if lane.whole else "r.ts + (c.decided - c.point)"
    return f"""m.series = r.series
    AND {decided} >= m.start AND {decided} < m."end\""""


def _by_series(lane: Lane, request: PartialsRequest, source: str) -> str:
    weight = " * c.multiply / c.divide" if lane.weighted else ""
    covered = _COVERED_ALONE if request.covered or lane.mean else "0"
    bucket, offset = _bucket("c", request), ", m.offset" if request.several else ""
    return f"""  SELECT r.series, {bucket}, fsum({_value(lane, "r")}{weight}) AS total,
    {covered} AS covered,
    count(r.value) AS numbers, count(*) AS cells, 0 AS open_cells,
    {_SEEN} AS seen
  FROM {source} AS r
  JOIN {calendar(lane)} AS c ON c.point = r.ts
  JOIN {members(lane)} AS m ON {_membership(lane)}
  GROUP BY r.series, c.bucket{offset}"""


def _means(by_series: str, quantum: int) -> str:
    """The mean of each series over its own time, added over the series of a bucket."""
    return f"""  SELECT bucket, fsum(total / (NULLIF(covered, 0) / {quantum})) AS total,
    0 AS covered, CAST(sum(numbers) AS BIGINT) AS numbers,
    CAST(sum(cells) AS BIGINT) AS cells, CAST(sum(open_cells) AS BIGINT) AS open_cells,
    bit_or(seen) AS seen
  FROM (
{indent(by_series, "  ")}
  ) AS s
  GROUP BY bucket"""


# ---- spontaneous lanes ------------------------------------------------------------------------


def _spontaneous(lane: Lane, request: PartialsRequest) -> str:
    by_series = _held(lane, request, "series, bucket", timed=request.covered or lane.mean)
    if request.by_series:
        return by_series
    if lane.mean:
        return _means(by_series, request.quantum)
    return _held(lane, request, 'bucket, start, "end"' if request.covered else "bucket")


def _spontaneous_tables(
    lane: Lane, request: PartialsRequest, readings: str, bounds: Window
) -> list[str]:
    """Values hold from their own instant to the next; nothing stored yet is one missing value."""
    n = lane.number
    source, number = (GIVEN, "value") if lane.given else (readings, _NUMBER)
    held = f"""lane_{n}_held AS (
  SELECT series, ts AS start, coalesce(until, {FOREVER}) AS "end", until - ts AS length,
    {number} AS value, flag
  FROM (
    SELECT series, ts, value, flag, lead(ts) OVER (PARTITION BY series ORDER BY ts) AS until
    FROM lane_{n}_points
  ) AS p
)"""
    return [_lane_series(lane), _points(n, source, bounds), held, _pieces(lane, request)]


def _lane_series(lane: Lane) -> str:
    return f"""lane_{lane.number}_series AS (
  SELECT DISTINCT series FROM {members(lane)}
)"""


def _points(n: int, source: str, bounds: Window) -> str:
    """The readings in the bounds, the nearest on either side, and a missing one before all."""
    chosen = f"FROM {source} AS r JOIN lane_{n}_series AS s ON s.series = r.series"
    return f"""lane_{n}_points AS (
  SELECT r.series, r.ts, r.value, r.flag
  {chosen}
  WHERE r.ts >= {bounds.start} AND r.ts < {bounds.end}
  UNION ALL
  SELECT r.series, r.ts, r.value, r.flag FROM {source} AS r
  JOIN (
    SELECT r.series, max(r.ts) AS ts
    {chosen}
    WHERE r.ts < {bounds.start} GROUP BY r.series
  ) AS b ON b.series = r.series AND b.ts = r.ts
  UNION ALL
  SELECT r.series, min(r.ts) AS ts, NULL AS value, {Flag.MISSING:d} AS flag
  {chosen}
  WHERE r.ts >= {bounds.end} GROUP BY r.series
  UNION ALL
  SELECT series, {BEGINNING} AS ts, NULL AS value, {Flag.MISSING:d} AS flag
  FROM lane_{n}_series
)"""


def _pieces(lane: Lane, request: PartialsRequest) -> str:
    """The time of held values cut at bucket borders and, unless the bucket decides, membership."""
    n = lane.number
    if request.step_membership:
        since, until = "h.start", 'h."end"'
        member = 'ON m.series = h.series AND b.start >= m.start AND b.start < m."end"'
        return f"""lane_{n}_pieces AS (
  SELECT h.series, {_bucket("b", request)},
    {_overlap(since, until)},
    h.length, {_value(lane, "h")} AS value, h.flag
  FROM lane_{n}_held AS h
  JOIN {BUCKETS} AS b ON b.start < {until} AND b."end" > {since}
  JOIN {members(lane)} AS m {member}
)"""
    bucket, offset = "b.bucket", ""
    if request.several:
        bucket, offset = "b.bucket + h.offset AS bucket", ", m.offset"
    return f"""lane_{n}_pieces AS (
  SELECT h.series, {bucket},
    {_overlap("h.start", 'h."end"')},
    h.length, h.value, h.flag
  FROM (
    SELECT h.series, greatest(h.start, m.start) AS start, least(h."end", m."end") AS "end",
      h.length, {_value(lane, "h")} AS value, h.flag{offset}
    FROM lane_{n}_held AS h
    JOIN {members(lane)} AS m ON m.series = h.series
      AND m.start < h."end" AND m."end" > h.start
  ) AS h
  JOIN {BUCKETS} AS b ON b.start < h."end" AND b."end" > h.start
)"""


def _overlap(start: str, end: str) -> str:
    return f'greatest({start}, b.start) AS start, least({end}, b."end") AS "end"'


def _held(lane: Lane, request: PartialsRequest, group: str, *, timed: bool = False) -> str:
    time = "0"
    if timed:
        time = 'CAST(sum(CASE WHEN value IS NULL THEN 0 ELSE "end" - start END) AS BIGINT)'
    return f"""  SELECT {group}, fsum({_counted(lane, request.quantum)}) AS total,
    {time} AS covered,
    count(value) AS numbers, count(*) AS cells, count(*) AS open_cells,
    bit_or(CAST(1 AS INTEGER) << flag) AS seen
  FROM lane_{lane.number}_pieces
  GROUP BY {group}"""


def _counted(lane: Lane, quantum: int) -> str:
    """A held value times its weight; a share of endless time is nothing (NULL)."""
    time = '("end" - start)'
    if lane.hours == 1 and not lane.levels:
        return f"value * {time} / {HOUR}"
    value = {1: f"value * length / {HOUR}", 0: "value", -1: f"value * {HOUR} / length"}[lane.hours]
    return f"{value} * {time} / {quantum if lane.levels else 'length'}"


# ---- all lanes --------------------------------------------------------------------------------

_REACHED: Final = """reached AS (
  SELECT bucket, start, "end", max("end") OVER (
    PARTITION BY bucket ORDER BY start, "end" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS reach
  FROM cells WHERE numbers > 0
)"""

_COVERED: Final = """united AS (
  SELECT bucket,
    CAST(sum(greatest("end" - greatest(start, coalesce(reach, start)), 0)) AS BIGINT) AS covered
  FROM reached GROUP BY bucket
)"""


def _totals(request: PartialsRequest) -> str:
    if request.by_series:
        return "SELECT * FROM cells ORDER BY series, bucket"
    time, joined = "0", ""
    if request.covered:
        time = "coalesce(max(u.covered), 0)"
        joined = " LEFT JOIN united AS u ON u.bucket = t.bucket"
    return f"""SELECT t.bucket, fsum(t.total) AS total, {time} AS covered,
  CAST(sum(t.numbers) AS BIGINT) AS numbers, CAST(sum(t.cells) AS BIGINT) AS cells,
  CAST(sum(t.open_cells) AS BIGINT) AS open_cells, bit_or(t.seen) AS seen
FROM cells AS t{joined}
GROUP BY t.bucket
ORDER BY t.bucket"""
