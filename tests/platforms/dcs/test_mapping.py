"""What DCS sends becomes catalogue entries and points with flags."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa
import pytest

from tidegate.model.aggregation import Aggregation
from tidegate.model.flags import Flag
from tidegate.model.instants import parse
from tidegate.model.series import Origin
from tidegate.model.windows import Window
from tidegate.platforms.dcs import mapping
from tidegate.platforms.dcs.columns import APP_COLUMNS, COMPLETE_COLUMNS, STANDARD_COLUMNS
from tidegate.platforms.dcs.facts import HALF_HOUR

START = parse("2023-03-01")

REGISTER = {"id": 733, "name": "Import", "address": "130", "isInstantaneous": False, "unit": "kWh"}
POWER = {"id": 734, "name": "Power", "address": "131", "isInstantaneous": True, "unit": "kW"}
METER = {"id": 405, "name": "Hall", "status": "online", "registers": [REGISTER, POWER]}
VIRTUAL = {
    "id": 9,
    "name": "Both",
    "expression": "A+B",
    "decimalPlaces": 2,
    "isInstantaneous": False,
    "unit": "kWh",
    "registerAliases": [
        {"alias": "A", "registerId": 733, "registerName": ""},
        {"alias": "B", "registerId": 734, "registerName": ""},
    ],
}


def entries(meters: list[Any], virtual: list[Any]) -> dict[str, Any]:
    return {entry.subject: entry for entry in mapping.entries("campus", meters, virtual)}


def at(place: int) -> int:
    return START + place * HALF_HOUR


def rows(table: pa.Table) -> list[tuple[int, float | None, int]]:
    return [
        ((row["ts"] - START) // HALF_HOUR, row["value"], row["flag"]) for row in table.to_pylist()
    ]


def app(*readings: tuple[int, float | None, float | None, bool, bool]) -> pa.Table:
    return pa.table(
        {
            "startTime": [at(one[0]) for one in readings],
            "totalValue": pa.array([one[1] for one in readings], pa.float64()),
            "periodValue": pa.array([one[2] for one in readings], pa.float64()),
            "isGenerated": pa.array([one[3] for one in readings], pa.bool_()),
            "isInterpolated": pa.array([one[4] for one in readings], pa.bool_()),
        }
    ).cast(APP_COLUMNS)


def standard(*readings: tuple[int, float | None, int]) -> pa.Table:
    return pa.table(
        {
            "timestamp": [at(one[0]) for one in readings],
            "value": pa.array([one[1] for one in readings], pa.float64()),
            "status": [one[2] for one in readings],
        }
    ).cast(STANDARD_COLUMNS)


class TestEntries:
    def test_meter(self):
        """A meter is an entry without series; whether it is online now is no part of it."""
        meter = entries([METER], [])["M405"]

        assert (meter.kind, meter.name, meter.series) == ("meter", "Hall", ())
        assert meter.document == {"id": 405, "name": "Hall"}

    def test_cumulative_register(self):
        """A cumulative register fills two series: period values to add up, and running totals."""
        register = entries([METER], [])["R733"]
        period, total = register.series

        assert (register.kind, register.parent, register.document) == ("register", "M405", REGISTER)
        assert (period.name, total.name) == ("Hall: Import", "Hall: Import total")
        assert (
            period.aggregation,
            total.aggregation,
        ) == (Aggregation.SUM, Aggregation.AT_THE_MOMENT)
        assert Origin("campus", "R733", "period") == period.origin
        assert Origin("campus", "R733", "total") == total.origin
        assert {("kWh", "30 minutes")} == {(one.unit, str(one.interval)) for one in register.series}

    def test_instantaneous_register(self):
        """An instantaneous register fills one series of momentary values."""
        [value] = entries([METER], [])["R734"].series

        assert (value.name, value.aggregation) == ("Hall: Power", Aggregation.AVERAGE)
        assert Origin("campus", "R734", "value") == value.origin

    def test_virtual_meter(self):
        """A virtual meter is a formula over what its registers fill: consumption or values."""
        [series] = entries([METER], [VIRTUAL])["VM9"].series

        assert (
            series.formula.text,
            series.formula.language,
            series.formula.decimal_places,
        ) == ("A+B", "dcs", 2)
        assert {
            "A": Origin("campus", "R733", "period"),
            "B": Origin("campus", "R734", "value"),
        } == series.formula.alias_origins

    def test_instantaneous_virtual_meter(self):
        """An instantaneous virtual meter takes momentary values, which totals are too."""
        [series] = entries([METER], [{**VIRTUAL, "isInstantaneous": True}])["VM9"].series

        assert {"total", "value"} == {
            origin.quantity for origin in series.formula.alias_origins.values()
        }
        assert Aggregation.AVERAGE is series.aggregation

    def test_shared_names(self):
        """Things that share a name on the server give series with names of their own."""
        twin = {**METER, "id": 406, "registers": [{**REGISTER, "id": 735}]}
        found = entries([METER, twin], [{**VIRTUAL, "name": "Hall: Power"}])
        names = [series.name for entry in found.values() for series in entry.series]

        assert len(names) == len(set(names))
        assert "Hall: Import (R735)" in names

    def test_unknown_properties_and_absent_ones(self):
        """Properties that are new or absent, and a missing unit, are no obstacle."""
        meter = {
            "id": 1,
            "name": "M",
            "new": {},
            "registers": [{"id": 2, "name": "r", "unit": None}],
        }

        assert entries([meter], [])["R2"].series[0].unit == "none"
        assert list(mapping.entries("campus", [{"id": 1}], []))[1:] == []

    def test_another_form(self):
        """A description of another form is told, not guessed."""
        with pytest.raises(msgspec.ValidationError):
            entries([{"name": "without id"}], [])


class TestAppReadings:
    def test_flags(self):
        """Interpolated and generated readings are flagged; a generated one has no number."""
        points = mapping.register_points_of_app(
            app(
                (0, 10.0, 1.0, False, False),
                (1, 11.0, 1.0, False, True),
                (2, 0.0, 0.0, True, False),
                (3, 12.0, 2.0, True, True),
            )
        )

        assert rows(points["period"]) == [
            (0, 1.0, Flag.VALID),
            (1, 1.0, Flag.INTERPOLATED),
            (2, None, Flag.MISSING),
            (3, 2.0, Flag.INTERPOLATED),
        ]
        assert points["total"]["value"].to_pylist() == [10.0, 11.0, None, 12.0]

    def test_values_that_are_no_numbers(self):
        """Null, NaN and infinity have no number and the flag Missing."""
        points = mapping.register_points_of_app(
            app(
                (0, float("nan"), 1.0, False, False),
                (1, float("inf"), 1.0, False, False),
                (2, None, 1.0, False, True),
            )
        )

        assert [(place, None, Flag.MISSING) for place in range(3)] == rows(points["total"])
        assert points["period"]["value"].null_count == 0

    def test_order_and_repeats(self):
        """Points are sorted by time; of two of one instant the last that was sent stays."""
        points = mapping.register_points_of_app(
            app(
                (2, 3.0, 3.0, False, False),
                (0, 1.0, 1.0, False, False),
                (2, 4.0, 4.0, False, False),
            )
        )

        assert rows(points["total"]) == [(0, 1.0, 9), (2, 4.0, 9)]

    def test_virtual_meter(self):
        """A virtual meter has its values in the period; its totals say nothing."""
        points = mapping.virtual_points_of_app(app((0, 0.0, 7.0, False, False)))

        assert rows(points["value"]) == [(0, 7.0, 9)]

    def test_nothing(self):
        """No readings give empty tables of every quantity."""
        points = mapping.register_points_of_app(app())

        assert {quantity: table.num_rows for quantity, table in points.items()} == {
            "total": 0,
            "value": 0,
            "period": 0,
        }
        assert not mapping.has_numbers(points)


class TestWebReadings:
    def test_complete(self):
        """Status bits become flags: interpolated readings are marked, a reset leaves no mark."""
        table = pa.table(
            {
                "timestamp": [at(0), at(1), at(2)],
                "totalValue": [1.0, 2.0, 0.5],
                "periodValue": [1.0, 3.0, 2.0],
                "status": [0, 1, 2],
            }
        ).cast(COMPLETE_COLUMNS)
        points = mapping.points_of_complete(table)

        assert rows(points["period"]) == [(0, 1.0, 9), (1, 3.0, 22), (2, 2.0, 9)]
        assert rows(points["total"]) == [(0, 1.0, 9), (1, 2.0, 22), (2, 0.5, 9)]

    def test_differences(self):
        """Period values from totals are differences to the next half hour."""
        table = standard((0, 5000.0, 0), (1, 5004.0, 0), (2, 5010.0, 1), (3, 5016.0, 0))
        points = mapping.points_of_standard(table, table)

        assert rows(points["period"]) == [(0, 4.0, 9), (1, 6.0, 9), (2, 6.0, 22), (3, None, 19)]

    def test_no_difference_over_a_gap(self):
        """Where the next half hour is missing there is no period value."""
        table = standard((0, 1.0, 0), (2, 5.0, 0), (3, 6.0, 0))
        points = mapping.points_of_standard(table, table)

        assert rows(points["period"]) == [(0, None, 19), (2, 1.0, 9), (3, None, 19)]

    def test_no_difference_over_a_reset(self):
        """A marked reset, and a total that falls, take the period value before them."""
        table = standard((0, 1.0, 0), (1, 9.0, 2), (2, 10.0, 0), (3, 2.0, 0), (4, 3.0, 0))
        points = mapping.points_of_standard(table, table)

        assert points["period"]["value"].to_pylist() == [None, 1.0, None, 1.0, None]

    def test_calibration_is_no_consumption(self):
        """Totals are calibrated ones, period values come from uncalibrated ones."""
        plain = standard((0, 1.0, 0), (1, 2.0, 0), (2, 3.0, 0))
        calibrated = standard((0, 1.0, 0), (1, 1002.0, 0), (2, 1003.0, 0))
        points = mapping.points_of_standard(calibrated, plain)

        assert points["period"]["value"].to_pylist() == [1.0, 1.0, None]
        assert points["total"]["value"].to_pylist() == [1.0, 1002.0, 1003.0]

    def test_no_totals(self):
        """No totals give no period values, without complaint."""
        points = mapping.points_of_standard(standard(), standard())

        assert not mapping.has_numbers(points)


def test_windows():
    """Points of windows are cut to them and joined in order."""
    table = standard((0, 1.0, 0), (1, 2.0, 0), (2, 3.0, 0), (3, 4.0, 0))
    points = mapping.virtual_points_of_web(table)
    parts = [
        mapping.within(points, Window(at(0), at(1))),
        mapping.within(points, Window(at(1), at(3))),
    ]

    assert [place for place, *_ in rows(mapping.joined(parts)["value"])] == [0, 1, 2]
