"""Messages of WebTSM become entries and readings, and entries and readings become messages."""

from __future__ import annotations

import json

import msgspec
import pyarrow as pa
import pytest

from tidegate.model.aggregation import Aggregation
from tidegate.model.attributes import Attribute, AttributeId, AttributeType
from tidegate.model.errors import BadTime, MalformedAnswer, UnknownName
from tidegate.model.instants import BEGINNING, parse
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.series import Formula, Series, SeriesId, SeriesKey, SeriesType
from tidegate.model.units import STARTER_UNITS, Unit
from tidegate.model.windows import Window
from tidegate.platforms.tsm import bodies, mapping
from tidegate.platforms.tsm.wire import (
    AssignmentRecord,
    AttributeRecord,
    IntervalCode,
    SeriesData,
    UnitRecord,
)

DAY = Window(parse("2017-04-01"), parse("2017-04-02"))
SUPPLIER = Attribute(AttributeId(192), "Supplier", AttributeType.TEXT)


def read(points, window=DAY):
    """The rows of points, each instant, value and flag."""
    document = [{"From": start, "Value": value, "Flag": flag} for start, value, flag in points]
    data = msgspec.convert({"Data": document}, SeriesData)
    return [tuple(row.values()) for row in mapping.readings(data, window, subject="x").to_pylist()]


def entry(document, assigned=(), **more):
    return mapping.series_entry("market", document, list(assigned), {192: SUPPLIER}, **more)


class TestReadings:
    def test_values_and_flags(self):
        """Each value keeps its instant and flag."""
        rows = read([("2017-04-01T00:00:00Z", 75, 9), ("2017-04-01T01:00:00Z", 1.5, 21)])

        assert rows == [
            (parse("2017-04-01T00:00:00Z"), 75.0, 9),
            (parse("2017-04-01T01:00:00Z"), 1.5, 21),
        ]

    def test_missing_points_are_left_out(self):
        """A raster point with flag 19 is one that the server has nothing for, whatever it shows."""
        rows = read([("2017-04-01T00:00:00Z", 0, 19), ("2017-04-01T01:00:00Z", None, 19)])

        assert rows == []

    def test_no_value_keeps_its_flag(self):
        """A point that was set to have no value is one without a number, shown as 0 or null."""
        rows = read([("2017-04-01T00:00:00Z", 0, 0), ("2017-04-01T01:00:00Z", None, 0)])

        assert [row[1:] for row in rows] == [(None, 0), (None, 0)]

    def test_points_beyond_the_window_are_left_out(self):
        """The points that a raster has before and after the window belong to other tasks."""
        rows = read([("2017-03-31T23:00:00Z", 1, 9), ("2017-04-01", 2, 9), ("2017-04-02", 3, 9)])

        assert [row[1] for row in rows] == [2]

    def test_order_and_repeats(self):
        """Points come sorted; of two for one instant the last one sent holds."""
        rows = read(
            [
                ("2017-04-01T02:00:00Z", 3, 9),
                ("2017-04-01T01:00:00Z", 1, 9),
                ("2017-04-01T03:00:00+02:00", 2, 9),
            ]
        )

        assert [row[1] for row in rows] == [2, 3]

    def test_times_without_zone_are_utc(self):
        """A server that leaves the zone out means UTC."""
        assert read([("2017-04-01T00:00:00", 1, 9)])[0][0] == parse("2017-04-01T00:00:00Z")

    def test_unknown_flag(self):
        """A flag that does not exist makes the answer malformed, instead of passing as valid."""
        with pytest.raises(MalformedAnswer, match=r"\[8\]"):
            read([("2017-04-01", 1, 8)])

    def test_bad_time(self):
        """A time that is none makes the answer malformed."""
        with pytest.raises(MalformedAnswer, match="noon"):
            read([("noon", 1, 9)])

    def test_empty(self):
        """An answer without points gives no readings."""
        assert read([]) == []


class TestEntries:
    def test_series(self):
        """A definition gives a series with the same id, raster, unit, zone and method."""
        found = entry(
            {
                "ID": 1156,
                "Name": "Main meter",
                "Type": 2,
                "Interval": {"Value": 2, "Multiplier": 15},
                "Unit": "kWh",
                "TimeZone": "W. Europe Standard Time",
                "Aggregation": "SUM",
                "Description": "hall",
                "Audit": True,
            }
        )
        (series,) = found.series

        assert (found.subject, found.kind, series.id) == ("TS1156", "series", 1156)
        assert series.interval == Interval(IntervalUnit.MINUTE, 15)
        assert (series.unit, series.zone) == ("kWh", "Europe/Berlin")
        assert series.aggregation is Aggregation.SUM
        assert series.origin is not None
        assert series.origin.subject == "TS1156"

    @pytest.mark.parametrize(
        ("type", "interval", "expected"),
        [
            (None, {"Value": 3}, SeriesType.BEGIN),
            (None, {"Value": 0}, SeriesType.SPONTANEOUS),
            (2, {"Value": "No"}, SeriesType.SPONTANEOUS),
            ("E", {"Value": "hour"}, SeriesType.END),
            ("A", {"Value": "Hour"}, SeriesType.BEGIN),
            (3, {"Value": 8}, SeriesType.END),
            (None, None, SeriesType.SPONTANEOUS),
        ],
    )
    def test_types(self, type, interval, expected):
        """Types are letters or numbers; one that is left out follows from the raster."""
        found = entry({"ID": 1, "Name": "a", "Type": type, "Interval": interval})

        assert found.series[0].type is expected

    def test_unknown_zone_is_that_of_the_repository(self, caplog):
        """A zone that no database has is left to the repository, with a warning."""
        found = entry({"ID": 1, "Name": "a", "Interval": {"Value": 3}, "TimeZone": "Mars"})

        assert found.series[0].zone is None
        assert "Mars" in caplog.text

    def test_unknown_interval(self):
        """A raster that does not exist is an error, not another raster."""
        with pytest.raises(UnknownName, match="99"):
            entry({"ID": 1, "Name": "a", "Interval": {"Value": 99}})

    def test_attributes_with_dated_values(self):
        """Dated values keep their instants; numbers and truths are texts, null ends a value."""
        values = {
            "2001-01-01T00:00:00Z": None,
            "2000-01-01": "AT1",
            "2002-01-01": 7.0,
            "2003-01-01": True,
        }
        found = entry({"ID": 1, "Name": "a"}, [AssignmentRecord(attribute_id=192, values=values)])

        assert [one.attribute for one in found.assignments] == [SUPPLIER]
        assert list(found.assignments[0].values.values()) == ["AT1", None, "7", "true"]
        assert list(found.assignments[0].values) == sorted(found.assignments[0].values)

    def test_category_without_values(self):
        """An attribute that is assigned without values is one, with none."""
        found = entry({"ID": 1, "Name": "a"}, [AssignmentRecord(attribute_id=192)])

        assert found.assignments[0].values == {}

    def test_bad_instant(self):
        """A dated value whose instant is none is an error."""
        with pytest.raises(BadTime):
            entry({"ID": 1, "Name": "a"}, [AssignmentRecord(attribute_id=192, values={"x": "y"})])

    def test_a_change_of_attributes_changes_the_entry(self):
        """The document tells the dated values too, so that discovery sees that they changed."""
        plain = entry({"ID": 1, "Name": "a"})
        dated = entry({"ID": 1, "Name": "a"}, [AssignmentRecord(attribute_id=192)])

        assert plain.document != dated.document

    def test_formulas_only_when_asked_for(self):
        """A formula is taken over only if the connection says so; else the values are."""
        document = {"ID": 1, "Name": "a", "Formula": {"2020-01-01T00:00:00Z": "[A]+10"}}

        assert entry(document).series[0].formula is None
        assert entry(document, formulas=True).series[0].formula == Formula(
            dated={parse("2020-01-01"): "[A]+10"}
        )

    def test_formula_from_the_beginning(self):
        """The text of the first instant of all holds from the beginning."""
        first = "0001-01-01T00:00:00Z"

        assert mapping.formula_of({first: "1"}) == Formula(text="1") == mapping.formula_of("1")

    def test_attribute_of_an_unknown_type(self):
        """A type that we do not have is a text, as the service treats every type."""
        record = AttributeRecord(id=5, name="x", type=77)

        assert mapping.attribute_entry(record).attribute == Attribute(AttributeId(5), "x")

    def test_unit(self):
        """A unit keeps its factor, base, method and integral."""
        document = {
            "ID": 4, "Name": "MW", "Factor": 1e6, "Offset": 0.0, "BaseUnit": "W",
            "Aggregation": "AVG", "IntegralUnit": "MWh", "Description": None, "Category": None,
        }  # fmt: skip
        found = mapping.unit_entry(msgspec.convert(document, UnitRecord))

        assert found.unit == next(unit for unit in STARTER_UNITS if unit.name == "MW")

    def test_unknown_aggregation(self, caplog):
        """A method that we do not have is left to the unit, with a warning."""
        assert mapping.aggregation_of("Median") is None
        assert "Median" in caplog.text


class TestBodies:
    def test_data(self):
        """Readings travel under raster and unit; whole numbers have no fraction, none is null."""
        readings = pa.table(
            {
                "ts": pa.array([parse("2000-01-01"), parse("2001-01-01")]),
                "value": pa.array([75.0, None]),
                "flag": pa.array([9, 19], pa.int16()),
            }
        )
        body = bodies.data_body(readings, interval=Interval(IntervalUnit.YEAR), unit="none")

        assert json.loads(msgspec.json.encode(body)) == {
            "Interval": {"Value": 8, "Multiplier": 1},
            "Unit": "none",
            "Data": [
                {"From": "2000-01-01T00:00:00Z", "Value": 75, "Flag": 9},
                {"From": "2001-01-01T00:00:00Z", "Value": None, "Flag": 19},
            ],
        }
        assert b"75.0" not in msgspec.json.encode(body)

    def test_data_without_readings(self):
        """No readings are an empty list."""
        empty = mapping.readings(SeriesData([]), DAY, subject="x")
        body = bodies.data_body(empty, interval=Interval(IntervalUnit.HOUR), unit="kWh")

        assert json.loads(msgspec.json.encode(body))["Data"] == []

    def test_assignment(self):
        """Dated values travel under their instants; what holds from the beginning says so."""
        body = bodies.assignment_body(192, {parse("2000-01-01"): None, BEGINNING: "x"})

        assert body == {
            "AttributeID": 192,
            "Values": {"0001-01-01T00:00:00Z": "x", "2000-01-01T00:00:00Z": None},
        }

    def test_definition_and_back(self):
        """The body of a series gives the same series when it comes back."""
        series = Series(
            key=SeriesKey(1),
            id=SeriesId(7),
            repository="main",
            name="Main",
            unit="kWh",
            interval=Interval(IntervalUnit.DAY),
            type=SeriesType.END,
            zone="Europe/Vienna",
            aggregation=Aggregation.ABS_MAX,
            description="d",
            formula=Formula(text="[A]", dated={parse("2020-01-01"): "[B]"}),
        )
        (back,) = entry(bodies.series_body(series, id=7), formulas=True).series

        for field in ("id", "name", "unit", "interval", "type", "zone", "aggregation", "formula"):
            assert getattr(back, field) == getattr(series, field)

    def test_formulas_of_other_languages_do_not_travel(self):
        """A server is not sent expressions that it cannot read."""
        series = Series(
            key=SeriesKey(1),
            id=SeriesId(7),
            repository="main",
            name="VM",
            unit="kWh",
            interval=Interval(IntervalUnit.MINUTE, 30),
            type=SeriesType.BEGIN,
            formula=Formula(text="R1+R2", language="dcs"),
        )

        assert "Formula" not in bodies.series_body(series)

    @pytest.mark.parametrize("unit", STARTER_UNITS, ids=lambda unit: unit.name)
    def test_units_and_back(self, unit: Unit):
        """The body of a unit gives the same unit when it comes back."""
        record = msgspec.convert(bodies.unit_body(unit), UnitRecord)

        assert mapping.unit_entry(record).unit == unit

    def test_interval_by_name(self):
        """Rasters come as codes or names with a multiplier that is kept."""
        assert mapping.interval_of(IntervalCode("Minute", 15)) == mapping.interval_of(
            IntervalCode(2, 15)
        )
