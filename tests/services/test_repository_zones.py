"""The zone of a repository: that of every time without one, of sums, and of new series."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest

import tidegate
from tidegate.model.instants import to_text

MIDNIGHT = "2024-06-30T22:00:00Z"
"""The first of July in Vienna."""


@pytest.fixture
def store(tmp_path):
    """A store whose repository `plant` is in Vienna, with a series of hours."""
    with tidegate.open(tmp_path / "store") as opened:
        opened.create_repository("plant", zone="Europe/Vienna")
        opened.create_series("a", unit="kWh", interval="hour", repository="plant")
        yield opened


def test_readings_of_files_are_local(store):
    """Times of a file that name no zone are local; in UTC such a file is refused."""
    lines = b'{"series":"a","from":"2024-07-01T00:00:00","value":1}\n'
    assert store.write(io.BytesIO(lines), repository="plant").inserted == 1
    for start in ("2024-07-01", date(2024, 7, 1), datetime.fromisoformat("2024-07-01"), MIDNIGHT):
        (row,) = store.read(
            "a", start=start, end="2024-07-01T01:00", repository="plant"
        ).to_pylist()
        assert row["value"] == 1
        assert row["from"].isoformat() == "2024-06-30T22:00:00+00:00"
    with pytest.raises(tidegate.TidegateError, match="zone"):
        store.write(io.BytesIO(lines), create=True)


def test_sums_and_formulas_are_local(store):
    """Days of sums, of calculations and of the raster of new series begin at local midnight."""
    rows = b"".join(
        b'{"series":"a","from":"2024-07-01T%02d:00:00","value":1}\n' % hour for hour in range(24)
    )
    store.write(io.BytesIO(rows), repository="plant")
    asked = {"start": "2024-07-01", "end": "2024-07-02", "interval": "day", "repository": "plant"}
    for answer in (
        store.sum(series=["a"], **asked),
        store.calculate(
            "a", calculation_interval="hour", aggregation="Sum", aliases={"a": "a"}, **asked
        ),
        store.read("a", **asked),
    ):
        (row,) = answer.to_pylist()
        assert (row["from"].isoformat(), row["value"]) == ("2024-06-30T22:00:00+00:00", 24)
    (utc,) = store.sum(series=["a"], **asked | {"start": MIDNIGHT}, zone="UTC").to_pylist()[1:]
    assert utc["value"] == 22


def test_dated_values_are_local(store, tmp_path):
    """Instants of assignments, of a file of them, and of formulas."""
    store.create_attribute("Supplier", repository="plant")
    store.assign("Supplier", "AT1", series=["a"], at="2024-07-01", repository="plant")
    file = tmp_path / "dated.csv"
    file.write_text("series,attribute,from,value\na,Supplier,2024-08-01T00:00:00,AT2\n")
    store.import_attributes(file, repository="plant")
    assert [(row["from"], row["value"]) for row in store.assignments("a", repository="plant")] == [
        (MIDNIGHT, "AT1"),
        ("2024-07-31T22:00:00Z", "AT2"),
    ]
    at = store.assignments("a", at="2024-07-31T23:00", repository="plant")
    assert [row["value"] for row in at] == ["AT1"]
    new = store.create_series(
        "b", formula="1", interval="hour", formula_from="2024-07-01", repository="plant"
    )
    assert new.formula is not None
    assert [to_text(instant) for instant in new.formula.dated] == [MIDNIGHT]
    assert new.zone == "Europe/Vienna"
