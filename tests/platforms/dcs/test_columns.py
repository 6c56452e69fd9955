"""Readings become Arrow columns that hold what the server sent."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.errors import MalformedAnswer
from tidegate.platforms.dcs.columns import (
    APP_COLUMNS,
    COMPLETE_COLUMNS,
    STANDARD_COLUMNS,
    app_batches,
    instants,
    numbers,
    web_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def body(document: Any) -> Iterator[bytes]:
    return iter([json.dumps(document).encode()])


def app_table(rows: list[dict[str, Any]], zone: ZoneInfo | None = None) -> pa.Table:
    return pa.Table.from_batches(app_batches(body(rows), zone=zone), APP_COLUMNS)


class TestAppApi:
    def test_every_column(self):
        """Times, numbers and marks of a reading stand in its row; other properties are left."""
        table = app_table(
            [
                {
                    "id": 1,
                    "startTime": "2024-01-01T00:00:00Z",
                    "duration": 30,
                    "totalValue": 10,
                    "periodValue": 1.5,
                    "isGenerated": False,
                    "isInterpolated": True,
                    "quality": {"new": "property"},
                }
            ]
        )

        assert table.schema == APP_COLUMNS
        assert table.to_pylist() == [
            {
                "startTime": NEW_YEAR,
                "totalValue": 10.0,
                "periodValue": 1.5,
                "isGenerated": False,
                "isInterpolated": True,
            }
        ]

    def test_missing_properties(self):
        """A property that is not sent is null or false."""
        [row] = app_table([{"startTime": "2024-01-01T00:00:00Z"}]).to_pylist()

        assert row == {
            "startTime": NEW_YEAR,
            "totalValue": None,
            "periodValue": None,
            "isGenerated": False,
            "isInterpolated": False,
        }

    def test_no_readings(self):
        """An empty list is a table without rows, with all columns."""
        table = app_table([])

        assert (table.num_rows, table.schema) == (0, APP_COLUMNS)

    @pytest.mark.parametrize(
        "row",
        [
            {},
            {"startTime": "yesterday"},
            {"startTime": None},
            {"startTime": "2024-01-01T00:00:00Z", "totalValue": "many"},
            {"startTime": "2024-01-01T00:00:00Z", "isGenerated": "no"},
        ],
    )
    def test_readings_of_another_form(self, row: dict[str, Any]):
        """A reading that cannot be read as one is an error, not a gap."""
        with pytest.raises(MalformedAnswer):
            app_table([row])


class TestWebApi:
    def test_standard(self):
        """The columns of `standard`, with the description as metadata wherever it stands."""
        document = {
            "name": "Plant room: Import",
            "unit": "kWh",
            "readings": [{"status": 3, "timestamp": "2024-01-01T00:00:00Z", "value": 1}],
            "duration": 0,
        }
        table = web_table(body(document), is_complete=False)

        assert STANDARD_COLUMNS.names == table.schema.names
        assert table.to_pylist() == [{"timestamp": NEW_YEAR, "value": 1.0, "status": 3}]
        assert table.schema.metadata == {
            b"name": b"Plant room: Import",
            b"unit": b"kWh",
            b"duration": b"0",
        }

    def test_complete(self):
        """The columns of `complete`."""
        reading = {"timestamp": "2024-01-01T00:00:00Z", "totalValue": 5, "periodValue": "NaN"}
        table = web_table(body({"readings": [reading]}), is_complete=True)
        [row] = table.to_pylist()

        assert COMPLETE_COLUMNS.names == table.schema.names
        assert row["totalValue"] == 5.0
        assert row["periodValue"] != row["periodValue"]


class TestNumbers:
    def test_texts_and_null(self):
        """Texts of NaN and infinity are these floats, null stays null, all in one column."""
        column = numbers([1.5, None, "NaN", "Infinity", "-Infinity", 2.0])

        assert math.isnan(column[2].as_py())
        assert [1.5, None, float("inf"), float("-inf"), 2.0] == [
            value.as_py() for place, value in enumerate(column) if place != 2
        ]


class TestInstants:
    def test_forms_of_time(self):
        """Offsets, fractions of any length and missing zones are read, mixed in one column."""
        texts = [
            "2024-07-01T00:00:00Z",
            "2024-07-01T01:00:00+01:00",
            "2024-07-01T00:00:00.1234567Z",
            "2024-07-01T01:00:00",
        ]
        found = instants(texts, ZoneInfo("Europe/London"), None)
        july = datetime(2024, 7, 1, tzinfo=UTC)

        assert [july, july, july.replace(microsecond=123456), july] == found.to_pylist()

    def test_without_zone(self):
        """A time without zone is UTC unless told otherwise."""
        assert instants(["2024-01-01T00:00:00"], None, None).to_pylist() == [NEW_YEAR]

    @given(
        st.lists(
            st.sampled_from(
                [
                    "2024-01-01T00:00Z",
                    "2024-01-01T00:00:00Z",
                    "2024-01-01T00:00:00+0000",
                    "2024-01-01T00:00:00.000000Z",
                    "2024-01-01 00:00+00:00",
                    "2024-01-01T00:00:00",
                ]
            ),
            min_size=1,
            max_size=12,
        )
    )
    def test_widths_that_add_up(self, texts: list[str]):
        """Texts of several widths are never cut at wrong places, whatever their lengths sum to."""
        assert [NEW_YEAR] * len(texts) == instants(texts, None, None).to_pylist()

    def test_no_time(self):
        """A text that is no time is an error that shows it."""
        with pytest.raises(MalformedAnswer, match="31 April"):
            instants(["31 April"], None, None)
