"""What the description of pythondcs asks for that formulas and files answer."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pyarrow as pa

from tidegate.formats import write_table
from tidegate.model.instants import MINUTE, parse
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.series import Formula, NewSeries, Origin
from tidegate.model.windows import Window
from tidegate.services.calculations import evaluate
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.store.local import LocalStore

HALF_HOUR = Interval(IntervalUnit.MINUTE, 30)
START = parse("2019-01-01T00:00:00Z")


def test_d14_expression(store: LocalStore) -> None:
    """D14, D15: virtual meter 9, `R1+R2+R3` over 1156, 1164 and 1168, is their sum."""
    registers = store.create_series(
        [
            NewSeries(
                name=f"R{number}",
                unit="kWh",
                interval=HALF_HOUR,
                origin=Origin("campus", f"R{number}", "period"),
            )
            for number in (1156, 1164, 1168)
        ]
    )
    aliases = {f"R{place}": one.key for place, one in enumerate(registers, start=1)}
    formula = Formula(text="R1+R2+R3", language="dcs", aliases=aliases, decimal_places=0)
    (virtual,) = store.create_series(
        [NewSeries(name="Sample Virtual Meter", unit="kWh", interval=HALF_HOUR, formula=formula)]
    )
    readings = [(one.key, START, float(value), 9) for value, one in enumerate(registers, start=1)]
    columns = dict(zip(READINGS.names, zip(*readings, strict=True), strict=True))
    store.merge_readings(pa.table(columns, schema=READINGS))
    table = evaluate(store, virtual, Window(START, START + 30 * MINUTE))

    assert table.to_pylist() == [{"series": virtual.key, "ts": START, "value": 6.0, "flag": 9}]


def test_d3_dump(tmp_path: Path) -> None:
    """D3: readings go to a file that another system can take, times in ISO 8601."""
    table = pa.table(
        {
            "from": pa.array([START], pa.timestamp("us", "UTC")),
            "value": [1234.5],
            "flag": pa.array([9], pa.int16()),
        }
    )
    path = tmp_path / "dump.csv"
    write_table(table, path, "csv")
    with path.open(newline="") as stream:
        (row,) = csv.DictReader(stream)

    assert row == {"from": "2019-01-01T00:00:00Z", "value": "1234.5", "flag": "9"}
