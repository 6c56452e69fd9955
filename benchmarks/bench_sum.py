"""A sum by dated attribute beside plain SQL: `python benchmarks/bench_sum.py [--series 2000]`.

One year of half hours of each series, some of them flagged, missing or not stored at all, half of
the series supplied by one supplier, a third of those for part of the year. Asked for: the hourly
sum of that supplier's series with value, flag and empty results, and every series on the days of
Vienna. Beside each, in the same run on the same store, the statement that a DuckDB expert would
write for the same answer; both answers are compared.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tidegate.calc.sum_plans import plan_sum
from tidegate.calc.sums import SumRequest
from tidegate.calc.units import by_name
from tidegate.model.attributes import AttributeFilter
from tidegate.model.flags import WORST_LAST
from tidegate.model.instants import DAY, FOREVER, HOUR, parse
from tidegate.model.intervals import parse_interval
from tidegate.model.series import NewSeries
from tidegate.model.windows import Window
from tidegate.services.sums import sum_series
from tidegate.store.engine.duckdb import Engine, Session
from tidegate.store.files import database_of
from tidegate.store.local import LocalStore
from tidegate.store.messages import AssignmentChange, SeriesSelection
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Callable


TIMES_PLAIN = 1.5
"""Target of the sum, in times of the expert's statement."""
DAYS = 1.5
"""Target of all series on local days, in seconds, for 2,000 series."""

STEP = HOUR // 2
SLOTS = 365 * 48
START = parse("2024-01-01")
YEAR = Window(START, START + SLOTS * STEP)
RANKS = " ".join(f"WHEN {flag:d} THEN {rank}" for rank, flag in enumerate(WORST_LAST))
FLAGS = " ".join(f"WHEN {rank} THEN {flag:d}" for rank, flag in enumerate(WORST_LAST))

EXPERT_SUM = f"""
WITH members AS (
  SELECT series, start, "end" FROM (
    SELECT series, instant AS start, value,
      lead(instant, 1, {FOREVER}) OVER (PARTITION BY series ORDER BY instant) AS "end"
    FROM attribute_values WHERE known_to = {FOREVER})
  WHERE value = 'A'
),
found AS (
  SELECT (r.ts - {START}) // {HOUR} AS hour, sum(r.value) AS value, count(r.value) AS numbers,
    count(*) AS cells, max(CASE r.flag {RANKS} END) AS worst
  FROM readings AS r JOIN members AS m
    ON m.series = r.series AND r.ts >= m.start AND r.ts < m."end"
  WHERE r.ts >= {START} AND r.ts < {YEAR.end}
  GROUP BY hour
),
changes AS (
  SELECT moment, sum(sum(step)) OVER (ORDER BY moment) AS active FROM (
    SELECT start AS moment, 1 AS step FROM members UNION ALL SELECT "end", -1 FROM members)
  GROUP BY moment
),
expected AS (
  SELECT (s.ts - {START}) // {HOUR} AS hour, sum(c.active) AS cells
  FROM (SELECT unnest(range({START}, {YEAR.end}, {STEP})) AS ts) AS s
  ASOF LEFT JOIN changes AS c ON s.ts >= c.moment
  GROUP BY hour
)
SELECT hour, CASE WHEN f.numbers > 0 THEN f.value ELSE 0 END AS value,
  CASE WHEN coalesce(e.cells, 0) = 0 THEN 0 WHEN coalesce(f.cells, 0) < e.cells THEN 19
    ELSE CASE f.worst {FLAGS} END END AS flag
FROM expected AS e LEFT JOIN found AS f USING (hour)
ORDER BY hour
"""

EXPERT_DAYS = f"""
SELECT r.series, d.bucket, sum(r.value) AS value, count(r.value) AS numbers, count(*) AS cells,
  max(CASE r.flag {RANKS} END) AS worst
FROM readings AS r JOIN slots AS d ON d.ts = r.ts
WHERE r.ts >= {START} AND r.ts < {YEAR.end}
GROUP BY r.series, d.bucket
ORDER BY r.series, d.bucket
"""


def year_of(series: int) -> pa.Table:
    random = np.random.default_rng(series)
    values = random.gamma(2.0, 20.0, SLOTS).round(2)
    flags = np.full(SLOTS, 9, np.int16)
    flags[random.integers(0, SLOTS, 20)] = 21
    flags[random.integers(0, SLOTS, 5)] = 19
    kept = random.random(SLOTS) > 0.001
    columns = {
        "series": np.full(SLOTS, series, np.int32),
        "ts": START + np.arange(SLOTS, dtype=np.int64) * STEP,
        "value": pa.array(values, mask=flags == 19),
        "flag": flags,
    }
    return pa.table(columns, READINGS).filter(pa.array(kept))


def filled(store: LocalStore, count: int) -> None:
    interval = parse_interval("30m")
    made = store.create_series(
        [NewSeries(name=f"S{n}", unit="kWh", interval=interval) for n in range(count)]
    )
    store.create_attribute("Supplier")
    changes = []
    for place, one in enumerate(made):
        values: dict[int, str | None] = {int(START): "A" if place % 2 else "B"}
        if place % 3 == 0:
            values |= {START + 100 * DAY: "B", START + 200 * DAY: "A"}
        changes.append(AssignmentChange(series=one.key, attribute="Supplier", values=values))
    store.assign(changes)
    for first in range(0, count, 200):
        part = made[first : first + 200]
        store.merge_readings(pa.concat_tables([year_of(one.key) for one in part]))
    store.compact()


def best(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The shortest time of each call, taken in turns so that all meet the same machine."""
    times: dict[str, float] = dict.fromkeys(calls, float("inf"))
    for _ in range(repeats):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name] = min(times[name], time.perf_counter() - started)
    return times


def hourly_sum(store: LocalStore) -> pa.Table:
    request = SumRequest(
        window=YEAR,
        filters=(AttributeFilter("Supplier", "A"),),
        interval=parse_interval("hour"),
    )
    return sum_series(store, request)


def compare_sums(ours: pa.Table, theirs: pa.Table) -> None:
    np.testing.assert_allclose(ours["value"], theirs["value"], rtol=1e-9)
    np.testing.assert_array_equal(ours["flag"], theirs["flag"])


class Days:
    """Every series on the days of Vienna, by the verb and by the expert."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store
        series = store.find_series(SeriesSelection())
        keys = [one.key for one in series]
        request = SumRequest(
            window=YEAR,
            series=tuple(keys),
            interval=parse_interval("day"),
            zone="Europe/Vienna",
        )
        self.plan = plan_sum(request, series, by_name(store.units()))
        self.members = pa.table(
            {
                "series": pa.array(keys, pa.int32()),
                "start": np.full(len(keys), YEAR.start),
                "end": np.full(len(keys), YEAR.end),
            }
        )

    def ours(self) -> pa.Table:
        parts = [
            self.store.partials(
                query.request,
                members=self.members,
                factors=query.factors,
                calendar=query.calendar,
                buckets=query.buckets,
            )
            for query in self.plan.queries(by_series=True)
        ]
        return pa.concat_tables(parts)

    def slots(self) -> pa.Table:
        """The day of each half hour, as an expert would keep it in a calendar table."""
        ts = START + np.arange(SLOTS, dtype=np.int64) * STEP
        bucket = np.searchsorted(self.plan.buckets, ts, side="right") - 1
        return pa.table({"ts": ts, "bucket": bucket.astype(np.int32)})


def expert_days(session: Session, slots: pa.Table) -> pa.Table:
    with session.bound(slots=slots):
        return session.table(EXPERT_DAYS)


def measure(store: LocalStore, engine: Engine, repeats: int) -> None:
    days = Days(store)
    with engine.reading() as session:
        compare_sums(hourly_sum(store), session.table(EXPERT_SUM))
        ours, theirs = days.ours(), expert_days(session, days.slots())
        np.testing.assert_allclose(
            ours["total"].to_numpy()[ours["cells"].to_numpy() > 0], theirs["value"], rtol=1e-9
        )
        times = best(
            {
                "sum": lambda: hourly_sum(store),
                "expert sum": lambda: session.table(EXPERT_SUM),
                "days": days.ours,
                "expert days": lambda: expert_days(session, days.slots()),
            },
            repeats,
        )
    for name, target in (("sum", TIMES_PLAIN * times["expert sum"]), ("days", DAYS)):
        expert = times[f"expert {name}"]
        sys.stdout.write(
            f"{name:>5}: {times[name]:.3f} s, plain SQL {expert:.3f} s,"
            f" ratio {times[name] / expert:.2f};"
            f" target {target:.3f} s, ratio {times[name] / target:.2f} (at most 1)\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        with LocalStore.open(path) as store:
            filled(store, options.series)
            engine = Engine.open(database_of(path, create=False))
            try:
                measure(store, engine, options.repeats)
            finally:
                engine.close()


if __name__ == "__main__":
    main()
