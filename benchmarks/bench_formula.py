"""Formulas beside the sums in them: `python benchmarks/bench_formula.py [--series 400]`.

One year of half hours of each series, which change between ten groups in summer. Asked for: the
hours of the year of one group, as a sum and as the formula `TSAA(…)` of it; of all ten groups, as
ten sums and as one formula that adds ten `TSAA(…)`; and a formula over ten series. Both ways take
turns on one store, and both answers are compared. The sums of one formula share a pass over the
readings, so that it is to be faster than its sums.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tidegate.calc.sums import SumRequest
from tidegate.model.attributes import AttributeFilter
from tidegate.model.instants import HOUR, parse
from tidegate.model.intervals import parse_interval
from tidegate.model.series import NewSeries
from tidegate.model.windows import Window
from tidegate.services.calculating import CalculationRequest, calculate
from tidegate.services.sums import sum_series
from tidegate.store.local import LocalStore
from tidegate.store.messages import AssignmentChange
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = HOUR // 2
SLOTS = 365 * 48
START = parse("2023-01-01")
YEAR = Window(START, START + SLOTS * STEP)
BY_HOUR = parse_interval("hour")
GROUPS = 10


def filled(store: LocalStore, count: int) -> None:
    """Series of one year, each in one group until summer and in the next one from then on."""
    new = [
        NewSeries(name=f"S{place}", unit="kW", interval=parse_interval("30m"))
        for place in range(count)
    ]
    series = store.create_series(new)
    store.create_attribute("Group")
    summer = int(parse("2023-06-01"))
    changes = [
        AssignmentChange(
            series=one.key,
            attribute="Group",
            values={0: f"g{place % GROUPS}", summer: f"g{(place + 1) % GROUPS}"},
        )
        for place, one in enumerate(series)
    ]
    store.assign(changes)
    ts = START + np.arange(SLOTS, dtype=np.int64) * STEP
    random = np.random.default_rng(1)
    for one in series:
        columns = {
            "series": np.full(SLOTS, one.key, np.int32),
            "ts": ts,
            "value": random.random(SLOTS),
            "flag": np.full(SLOTS, 9, np.int16),
        }
        store.merge_readings(pa.table(columns, schema=READINGS))
    store.compact()


def summed(store: LocalStore, group: int) -> pa.Table:
    request = SumRequest(
        window=YEAR,
        filters=(AttributeFilter("Group", f"g{group}"),),
        interval=BY_HOUR,
        unit="kW",
        valid_if_any=True,
    )
    return sum_series(store, request)


def calculated(store: LocalStore, formula: str) -> pa.Table:
    request = CalculationRequest(formula=formula, window=YEAR, calculation_interval=BY_HOUR)
    return calculate(store, request)


def tsaa(group: int) -> str:
    return f'TSAA("kW","TRUE","Group|g{group}")'


def medians(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Seconds of each call, which take turns."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds + 1):
        for times, call in zip(taken, calls, strict=True):
            begun = time.perf_counter()
            call()
            times.append(time.perf_counter() - begun)
    return [statistics.median(times[1:]) for times in taken]


def main() -> int:
    """Print the table of ratios."""
    options = argparse.ArgumentParser()
    options.add_argument("--series", type=int, default=400)
    count = options.parse_args().series
    with tempfile.TemporaryDirectory() as folder, LocalStore.open(Path(folder) / "s") as store:
        filled(store, count)
        every = "+".join(tsaa(group) for group in range(GROUPS))
        ten = [summed(store, group)["value"].to_numpy() for group in range(GROUPS)]
        assert np.allclose(calculated(store, tsaa(1))["value"].to_numpy(), ten[1], rtol=1e-12)
        assert np.allclose(calculated(store, every)["value"].to_numpy(), sum(ten), rtol=1e-12)
        sum_s, tsaa_s = medians(9, lambda: summed(store, 1), lambda: calculated(store, tsaa(1)))
        ten_s, every_s = medians(
            3,
            lambda: [summed(store, group) for group in range(GROUPS)],
            lambda: calculated(store, every),
        )
        names = "+".join(f"[S{place}]" for place in range(10))
        (series_s,) = medians(5, lambda: calculated(store, names))
    print(f"{count} series, half hours to the hours of a year")
    print(f"{'':28}{'sums':>10}{'formula':>10}{'ratio':>8}{'wanted':>8}")
    for name, one, other, wanted in (
        ("one group", sum_s, tsaa_s, "≤ 1.2"),
        ("ten groups", ten_s, every_s, "≤ 1.0"),
    ):
        print(f"{name:28}{one * 1e3:8.0f} ms{other * 1e3:7.0f} ms{other / one:8.2f}{wanted:>8}")
    print(f"{'ten series added':28}{'':10}{series_s * 1e3:7.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
