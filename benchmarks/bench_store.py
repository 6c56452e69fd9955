"""What the store adds to a bare insert: `python benchmarks/bench_store.py [--series 2000]`.

One year of half hours of each series goes into an empty store, is fetched again unchanged, and
again with one value in a hundred changed; then one year of one series is read. Beside it, in the
same run, the same Arrow table goes through a plain DuckDB INSERT and into a bare Parquet file.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tidegate.model.instants import DAY, parse
from tidegate.model.intervals import parse_interval
from tidegate.model.series import NewSeries, SeriesKey
from tidegate.model.windows import Window
from tidegate.store.local import LocalStore
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.store.messages import Counts

INTO_EMPTY = 4.0
"""Target in millions of readings a second, where no reading is."""
INTO_FULL = 1.5
"""The same where readings exist."""
SERIES_YEAR = 10
"""Target in milliseconds of reading one series-year."""

SLOTS = 365 * 48
START = parse("2024-01-01")
YEAR = Window(START, START + 365 * DAY)


def year_of(series: int) -> pa.Table:
    ts = START + np.arange(SLOTS, dtype=np.int64) * 1_800_000_000
    values = np.random.default_rng(1).gamma(2.0, 20.0, SLOTS * series).round(2)
    columns = [
        np.repeat(np.arange(1, series + 1, dtype=np.int32), SLOTS),
        np.tile(ts, series),
        values,
        np.full(SLOTS * series, 9, np.int16),
    ]
    return pa.table(columns, schema=READINGS)


def with_one_in_a_hundred_changed(readings: pa.Table) -> pa.Table:
    values = readings["value"].to_numpy().copy()
    values[::100] += 1.0
    return readings.set_column(2, "value", pa.array(values))


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def plain_insert(readings: pa.Table, folder: Path) -> None:
    connection = duckdb.connect(folder / "plain.duckdb")
    connection.execute(
        "CREATE TABLE readings (series INTEGER, ts BIGINT, value DOUBLE, flag SMALLINT)"
    )
    connection.register("incoming", readings)
    connection.execute("INSERT INTO readings FROM incoming").fetchall()
    connection.close()


def report(what: str, rows: int, took: float, plain: float, target: float | None = None) -> None:
    """Print a figure; `target` is the least rate, in millions of readings a second."""
    rate = rows / took / 1e6
    wanted = f"   target {target:g} M/s, ratio {rate / target:.2f} (at least 1)" if target else ""
    print(f"{what:32} {took:7.2f} s {rate:7.2f} M/s   {took / plain:5.2f} × plain insert{wanted}")


def series_year(store: LocalStore, key: int) -> float:
    def read() -> None:
        assert store.read([SeriesKey(key)], YEAR).read_all().num_rows == SLOTS

    return statistics.median(seconds(read) for _ in range(9)) * 1000


def measured(store: LocalStore, readings: pa.Table, plain: float) -> None:
    rows = readings.num_rows

    def merge(what: str, batch: pa.Table, target: float, **expected: int) -> None:
        found: list[Counts] = []
        took = seconds(lambda: found.append(store.merge_readings(batch)))
        assert all(getattr(found[0], name) == count for name, count in expected.items())
        report(what, rows, took, plain, target)

    changed = with_one_in_a_hundred_changed(readings)
    merge("into empty windows", readings, INTO_EMPTY, inserted=rows)
    merge("again, all equal", readings, INTO_FULL, equal=rows)
    merge("again, one in 100 changed", changed, INTO_FULL, changed=rows // 100)
    report("compaction", rows, seconds(store.compact), plain)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=2000)
    series = parser.parse_args().series
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        readings = year_of(series)
        rows = readings.num_rows
        plain = seconds(lambda: plain_insert(readings, folder))
        report("plain DuckDB insert", rows, plain, plain)
        parquet = seconds(lambda: pq.write_table(readings, folder / "bare.parquet"))
        report("bare Parquet file", rows, parquet, plain)
        with LocalStore.open(folder / "store") as store:
            half_hour = parse_interval("30m")
            store.create_series(
                [
                    NewSeries(name=f"meter {n}", unit="kWh", interval=half_hour)
                    for n in range(series)
                ]
            )
            measured(store, readings, plain)
            took = series_year(store, series // 2 + 1)
            print(
                f"one series-year of {SLOTS:,} readings: {took:.1f} ms"
                f"   target {SERIES_YEAR} ms, ratio {took / SERIES_YEAR:.2f} (at most 1)"
            )
            print(f"{store.status().bytes / rows:.1f} bytes a reading, both beliefs included")
    return 0


if __name__ == "__main__":
    sys.exit(main())
