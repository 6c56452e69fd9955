"""Tables leave as MATLAB files: a variable a column, instants as day numbers and as texts."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.io import loadmat

from tidegate.formats import matlab, write_table
from tidegate.model.errors import TooMuch
from tidegate.model.instants import HOUR, parse


def loaded(table: pa.Table) -> dict[str, Any]:
    stream = io.BytesIO()
    write_table(table, stream, "mat")
    stream.seek(0)
    return dict(loadmat(stream, chars_as_strings=True))


def answer(**columns: Any) -> pa.Table:
    start = parse("2020-01-01T12:00:00Z")
    table = pa.table(
        {
            "from": pa.array([start, start + HOUR], pa.timestamp("us", "UTC")),
            "value": pa.array([1.5, None], pa.float64()),
            "flag": pa.array([9, 19], pa.int16()),
            **columns,
        }
    )
    return table.replace_schema_metadata({"unit": "m³", "zone": "UTC", "interval": "hour"})


def test_columns_are_variables() -> None:
    """Numbers are columns, an absent one NaN; the facts of the answer are texts."""
    found = loaded(answer())

    assert found["value"].shape == (2, 1)
    assert found["value"][0, 0] == 1.5
    assert np.isnan(found["value"][1, 0])
    assert found["flag"].dtype == np.int16
    assert [found[name].item() for name in ("unit", "zone", "interval")] == ["m³", "UTC", "hour"]


def test_instants_are_day_numbers_and_texts() -> None:
    """Noon of 2020-01-01 is MATLAB's day 737791.5; its text is exact."""
    found = loaded(answer())

    assert found["time"].ravel().tolist() == [737791.5, 737791.5 + 1 / 24]
    assert found["time_text"].tolist() == ["2020-01-01T12:00:00Z", "2020-01-01T13:00:00Z"]


def test_texts_are_cells() -> None:
    """Names of several series are a cell array."""
    found = loaded(answer(name=["Hall A", "Hall B"]))

    assert [cell.item() for cell in found["name"].ravel()] == ["Hall A", "Hall B"]


def test_keywords_are_no_variables() -> None:
    """The end of an event is named so that MATLAB can load it."""
    instants = pa.array([0], pa.timestamp("us", "UTC"))
    found = loaded(pa.table({"start": instants, "end": instants, "peak": [1.0]}))

    assert {"start", "start_text", "end_time", "end_time_text", "peak"} < found.keys()


def test_an_empty_table_makes_a_file() -> None:
    """Without rows the variables are empty."""
    assert loaded(answer().slice(0, 0))["value"].size == 0


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file cannot hold is refused before anything is written."""
    monkeypatch.setattr(matlab, "MAX_ROWS", 1)

    with pytest.raises(TooMuch):
        loaded(answer())
