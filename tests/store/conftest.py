"""Readings and series for tests of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tidegate.model.intervals import parse_interval
from tidegate.model.series import NewSeries, SeriesKey
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tidegate.store.local import LocalStore

Row = tuple[int, int, float | None, int]


@pytest.fixture(scope="session")
def readings() -> Callable[[Iterable[Row]], pa.Table]:
    """A function from (series, ts, value, flag) rows to a table of readings."""

    def table(rows: Iterable[Row]) -> pa.Table:
        columns = list(zip(*rows, strict=True)) or [()] * 4
        return pa.table(dict(zip(READINGS.names, columns, strict=True)), schema=READINGS)

    return table


@pytest.fixture
def keys(store: LocalStore) -> list[SeriesKey]:
    """The keys of three half-hourly series of the store."""
    new = [NewSeries(name=name, unit="kWh", interval=parse_interval("30m")) for name in "ABC"]
    return [series.key for series in store.create_series(new)]
