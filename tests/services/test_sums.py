"""Sums on a real store: selection, units, rasters, formulas, versions and refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from tests.calc.world import Points, World, hourly

from tidegate.calc.sums import SumRequest
from tidegate.model.aggregation import Aggregation
from tidegate.model.attributes import AttributeFilter
from tidegate.model.errors import BadValue, NotFound, UnitNotConvertible, UsageError
from tidegate.model.instants import HOUR, now, parse
from tidegate.model.intervals import Interval, IntervalUnit, parse_interval
from tidegate.model.series import Formula
from tidegate.model.windows import Window
from tidegate.services.recursion import Link, Recursion
from tidegate.services.sums import sum_each, sum_series
from tidegate.store.messages import AssignmentChange, Version

if TYPE_CHECKING:
    import pyarrow as pa

    from tidegate.store.local import LocalStore
    from tidegate.store.verbs import Verbs

HOURS = ("2021-01-01", "2021-01-01T02:00Z", "hour")
DAY = ("2021-01-01", "2021-01-02", "day")


@pytest.fixture
def world(store: LocalStore) -> World:
    return World(store)


class TestSelection:
    def test_named_series_are_members_always(self, world: World) -> None:
        """Without filters the named series count all the time, others never."""
        world.add("a", hourly("2021-01-01", 2, 1))
        world.add("b", hourly("2021-01-01", 2, 2))
        world.add("c", hourly("2021-01-01", 2, 4))

        assert world.sum(*HOURS, series=["a", "b"]) == [(3, 9), (3, 9)]

    def test_named_series_are_filtered_in_time(self, world: World) -> None:
        """Names restrict the candidates, filters then apply to those."""
        world.add("a", hourly("2021-01-01", 2, 1), A={"2021-01-01T01:00Z": "X"})
        world.add("b", hourly("2021-01-01", 2, 2), A={"2021-01-01": "X"})

        assert world.sum(*HOURS, "A|X", series=["a"]) == [(0, 0), (1, 9)]

    def test_nothing_selected_is_refused(self, world: World) -> None:
        """A sum over everything is never what was meant."""
        with pytest.raises(UsageError, match="which series"):
            world.sum(*HOURS)

    def test_an_unknown_attribute_is_refused(self, world: World) -> None:
        """A filter on an attribute that does not exist is an error, not an empty sum."""
        with pytest.raises(NotFound):
            world.sum(*HOURS, "Suplier|X")

    def test_a_known_attribute_without_matches_has_no_members(self, world: World) -> None:
        """A value used nowhere gives nobody's sum in every bucket."""
        world.attribute("A")

        assert world.sum(*HOURS, "A|X") == [(0, 0), (0, 0)]
        assert world.sum(*HOURS, "A|X", missing_as_null=True) == [(None, 0), (None, 0)]

    def test_a_removed_series_is_no_candidate(self, world: World) -> None:
        """A series that is gone does not count, not even as missing."""
        world.add("a", hourly("2021-01-01", 2, 1), A={"2021-01-01": "X"})
        world.add("b", hourly("2021-01-01", 2, 2), A={"2021-01-01": "X"})
        world.store.remove_series([world.keys["b"]])

        assert world.sum(*HOURS, "A|X") == [(1, 9), (1, 9)]

    def test_an_empty_window_has_no_buckets(self, world: World) -> None:
        """From equal to to gives no rows, whatever the method."""
        world.add("a", hourly("2021-01-01", 2, 1), A={"2021-01-01": "X"})
        nothing = ("2021-01-01", "2021-01-01", "hour", "A|X")

        assert world.sum(*nothing) == []
        assert world.sum(*nothing, aggregation=Aggregation.MAX) == []


class TestRunningTotals:
    @pytest.mark.parametrize("own", [Aggregation.AT_THE_MOMENT, Aggregation.LAST_VALUE])
    def test_a_total_among_amounts_is_named(
        self, world: World, caplog: pytest.LogCaptureFixture, own: Aggregation
    ) -> None:
        """A sum that adds a running total to consumption answers, and warns of the total."""
        world.add("use", hourly("2021-01-01", 2, 1), unit="kWh", A={"2021-01-01": "X"})
        world.add(
            "stand", hourly("2021-01-01", 2, 90), unit="kWh", aggregation=own, A={"2021-01-01": "X"}
        )

        assert world.sum(*HOURS, "A|X") == [(91, 9), (91, 9)]
        (warned,) = [one for one in caplog.records if one.name == "tidegate.sums"]
        assert warned.levelname == "WARNING"
        assert "'stand'" in warned.getMessage()
        assert "'use'" not in warned.getMessage()

    @pytest.mark.parametrize("until", ["2020-12-31", "2021-01-01"])
    def test_a_total_that_does_not_count_is_not_named(
        self, world: World, caplog: pytest.LogCaptureFixture, until: str
    ) -> None:
        """A total that belonged only before the window raises no warning."""
        moment = Aggregation.AT_THE_MOMENT
        world.add("use", hourly("2021-01-01", 2, 1), A={"2021-01-01": "X"})
        world.add("stand", aggregation=moment, A={"2020-01-01": "X", until: None})

        world.sum(*HOURS, "A|X")
        assert not caplog.records

    def test_totals_alone_and_an_aggregation_raise_no_warning(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Totals among themselves are alike; who names an aggregation has decided."""
        moment = Aggregation.AT_THE_MOMENT
        world.add("use", hourly("2021-01-01", 2, 1))
        world.add("one", hourly("2021-01-01", 2, 5), aggregation=moment)
        world.add("two", hourly("2021-01-01", 2, 6), aggregation=moment)

        world.sum(*HOURS, series=["one", "two"])
        world.sum(*HOURS, series=["use", "one"], aggregation=Aggregation.SUM)
        assert not caplog.records


class TestUnitsAndRasters:
    def test_a_unit_that_cannot_be_reached_is_refused(self, world: World) -> None:
        """Degrees do not become kilowatts."""
        world.add("a", hourly("2021-01-01", 2), unit="°C", A={"2021-01-01": "X"})

        with pytest.raises(UnitNotConvertible):
            world.sum(*HOURS, "A|X", unit="kW")

    def test_the_unit_asked_for_is_told(self, world: World) -> None:
        """The answer names the unit of the request by its own record."""
        world.add("a", hourly("2021-01-01", 2), unit="MW", A={"2021-01-01": "X"})

        assert world.answer(*HOURS, "A|X", unit="kw").schema.metadata[b"unit"] == b"kW"

    def test_without_interval_the_coarsest_raster_is_taken(self, world: World) -> None:
        """A quarter-hourly and an hourly series give hours."""
        world.add("a", {"2021-01-01": 1}, unit="kWh", interval="15m", A={"2021-01-01": "X"})
        world.add("b", hourly("2021-01-01", 2), unit="kWh", A={"2021-01-01": "X"})

        answer = world.answer("2021-01-01", "2021-01-01T02:00Z", None, "A|X")

        assert answer.num_rows == 2
        assert answer.schema.metadata[b"interval"] == b"hour"

    def test_without_any_raster_the_interval_must_be_named(self, world: World) -> None:
        """Spontaneous series alone do not say how to lay out an answer."""
        world.add("a", {"2021-01-01": 1}, interval="no", A={"2021-01-01": "X"})

        with pytest.raises(BadValue, match="interval"):
            world.sum("2021-01-01", "2021-01-02", None, "A|X")

    def test_mixed_methods_follow_the_target_unit(self, world: World) -> None:
        """Amounts and rates as kWh are added up, not averaged."""
        world.add("a", hourly("2021-01-01", 24, 1), unit="kWh", A={"2021-01-01": "X"})
        world.add("b", hourly("2021-01-01", 24, 2), unit="kW", A={"2021-01-01": "X"})

        assert world.sum(*DAY, "A|X", unit="kWh") == [(72, 9)]

    def test_mixed_methods_follow_the_first_series_otherwise(self, world: World) -> None:
        """Of series of one unit with different methods, the one with the lowest id decides."""
        for name, method in (("a", Aggregation.SUM), ("b", Aggregation.AVERAGE)):
            points = hourly("2021-01-01", 24, 1)
            world.add(name, points, unit="none", aggregation=method, A={"2021-01-01": "X"})

        assert world.sum(*DAY, "A|X") == [(48, 9)]

    def test_local_days_are_23_and_25_hours_long(self, world: World) -> None:
        """Amounts of a day follow its local midnights over both changes of clocks."""
        world.add("a", hourly("2021-01-01", 24 * 365), unit="kWh", A={"2021-01-01": "X"})
        spring = ("2021-03-26T23:00Z", "2021-03-29T22:00Z", "day", "A|X")
        autumn = ("2021-10-29T22:00Z", "2021-11-01T23:00Z", "day", "A|X")

        assert world.sum(*spring, zone="Europe/Vienna") == [(24, 9), (23, 9), (24, 9)]
        assert world.sum(*autumn, zone="Europe/Vienna") == [(24, 9), (25, 9), (24, 9)]

    def test_edge_buckets_are_computed_in_full(self, world: World) -> None:
        """A window that cuts hours gives the whole hours."""
        world.add("a", hourly("2021-01-01", 3), unit="kWh", A={"2021-01-01": "X"})

        rows = world.sum("2021-01-01T00:30Z", "2021-01-01T01:30Z", "hour", "A|X")

        assert rows == [(1, 9), (1, 9)]


class TestEmptyAndMissing:
    def test_no_value_alone_is_no_number_and_flag_0(self, world: World) -> None:
        """Members with NoValue only give 0 with flag 0, null where that is wanted."""
        points = {"2021-01-01": (0, 0), "2021-01-01T01:00Z": (0, 0)}
        world.add("a", points, A={"2021-01-01": "X"})

        assert world.sum(*HOURS, "A|X") == [(0, 0), (0, 0)]
        assert world.sum(*HOURS, "A|X", missing_as_null=True) == [(None, 0), (None, 0)]

    def test_a_spontaneous_member_before_its_first_value_is_missing(self, world: World) -> None:
        """Nothing holds on before the first reading."""
        world.add("a", {"2021-01-01T01:00Z": 5}, interval="no", A={"2020-01-01": "X"})

        assert world.sum(*HOURS, "A|X") == [(0, 19), (5, 9)]

    def test_a_spontaneous_value_from_long_before_holds_on(self, world: World) -> None:
        """The last reading before the range counts, however old."""
        world.add("a", {"1999-01-01": 5}, interval="no", A={"1990-01-01": "X"})

        assert world.sum(*HOURS, "A|X") == [(5, 9), (5, 9)]

    def test_readings_off_the_raster_are_no_cells(self, world: World) -> None:
        """A stray reading between raster points neither counts nor hides a missing one."""
        points = {"2021-01-01T00:10Z": 7, "2021-01-01T01:00Z": 1}
        world.add("a", points, unit="kWh", A={"2021-01-01": "X"})

        assert world.sum(*HOURS, "A|X") == [(0, 19), (1, 9)]


class TestOtherMethods:
    def test_the_maximum_is_that_of_the_total_curve(self, world: World) -> None:
        """Series are added hour by hour before the highest hour of the day is taken."""
        world.add("a", {"2021-01-01": 10, "2021-01-01T01:00Z": 1}, A={"2021-01-01": "X"})
        world.add("b", {"2021-01-01": 1, "2021-01-01T01:00Z": 5}, A={"2021-01-01": "X"})

        assert world.sum(*DAY, "A|X", aggregation=Aggregation.MAX) == [(11, 19)]

    def test_the_calculation_interval_says_where_totals_are_taken(self, world: World) -> None:
        """Two-hour means of one series: the highest is 6, while the highest hour is 10."""
        world.add("a", {"2021-01-01": 10, "2021-01-01T01:00Z": 2}, A={"2021-01-01": "X"})
        two_hours = Interval(IntervalUnit.HOUR, 2)

        rows = world.sum(*DAY, "A|X", aggregation=Aggregation.MAX, calculation_interval=two_hours)

        assert rows == [(6, 19)]

    def test_each_series_comes_to_the_steps_by_its_own_method(self, world: World) -> None:
        """A quarter-hourly series defined by its maximum joins hours with that."""
        quarters = {f"2021-01-01T00:{minute}Z": value for minute, value in (("00", 3), ("15", 8))}
        world.add("a", quarters, interval="15m", aggregation=Aggregation.MAX, A={"2021-01-01": "X"})
        world.add("b", hourly("2021-01-01", 2, 1), A={"2021-01-01": "X"})

        rows = world.sum(*HOURS, "A|X", aggregation=Aggregation.LAST_VALUE)

        assert rows == [(9, 19), (1, 19)]


class TestFormulas:
    def test_a_formula_series_is_summed_like_a_stored_one(self, world: World) -> None:
        """Calculated and stored readings add up, each while it is a member."""
        one = world.add("one", hourly("2021-01-01", 2, 3), unit="kWh")
        two = world.add("two", hourly("2021-01-01", 2, 4), unit="kWh", A={"2021-01-01": "X"})
        formula = Formula(text="R1+2*R2", language="dcs", aliases={"R1": one, "R2": two})
        world.add("virtual", unit="kWh", formula=formula, A={"2021-01-01T01:00Z": "X"})

        assert world.sum(*HOURS, "A|X") == [(4, 9), (15, 9)]

    def test_a_formula_with_a_missing_input_is_missing(self, world: World) -> None:
        """What cannot be calculated spoils the flag like what is not stored."""
        one = world.add("one", {"2021-01-01": 3}, unit="kWh")
        two = world.add("two", hourly("2021-01-01", 2, 4), unit="kWh", A={"2021-01-01": "X"})
        formula = Formula(text="R1+R2", language="dcs", aliases={"R1": one, "R2": two})
        world.add("virtual", unit="kWh", formula=formula, A={"2021-01-01": "X"})

        assert world.sum(*HOURS, "A|X") == [(11, 9), (4, 19)]


class TestVersions:
    def test_a_sum_as_of_an_instant_knows_nothing_later(self, world: World) -> None:
        """Corrected readings and changed attributes do not reach back before they were known."""
        a = world.add("a", hourly("2021-01-01", 2, 1), A={"2021-01-01": "X"})
        then = now()
        world.write("a", hourly("2021-01-01", 2, 5))
        world.store.assign(
            [AssignmentChange(series=a, attribute="A", values={parse("2021-01-01T01:00Z"): "Y"})]
        )
        request = SumRequest(
            window=Window(parse("2021-01-01"), parse("2021-01-01") + 2 * HOUR),
            series=(a,),
            interval=Interval(IntervalUnit.HOUR),
        )

        past = sum_series(world.store, request, version=Version(as_of=then))

        assert past["value"].to_pylist() == [1, 1]
        assert sum_series(world.store, request)["value"].to_pylist() == [5, 5]
        assert world.sum(*HOURS, "A|X") == [(5, 9), (0, 0)]


class TestSeveral:
    """Sums that are asked for together are those that are asked for one by one."""

    @pytest.fixture
    def mixed(self, world: World) -> World:
        """Series of many rasters that go from group to group and may be in two at once."""
        dated: list[dict[str, str | None]] = [
            {"2021-01-01": "X"},
            {"2021-01-01": "Y", "2021-01-01T09:30Z": "X"},
        ]
        dated.append({"2021-01-01T02:20Z": "X", "2021-01-01T05:00Z": None})
        for place, raster in enumerate(("hour", "no", "day", "20m")):
            points: Points = {
                f"2021-01-01T0{hour}:00Z": 1.3 * hour + place for hour in range(0, 9, 2)
            }
            if raster == "day":
                points = {"2020-12-31": 3.0, "2021-01-01": (4.0, 7)}
            for turn, groups in enumerate(dated):
                unit = ("kW", "kWh", "MW")[(place + turn) % 3]
                name, always = f"{raster} {turn}", {"2021-01-01": "Z"}
                world.add(name, points, unit=unit, interval=raster, G=groups, H=always)
        return world

    def requests(self, *filters: str, **options: Any) -> list[SumRequest]:
        window = Window(parse("2021-01-01"), parse("2021-01-02"))
        return [
            SumRequest(window=window, filters=(AttributeFilter.parse(text),), **options)
            for text in filters
        ]

    def asked(self, world: World, requests: list[SumRequest]) -> int:
        """How many questions the engine got; each answer must be that of its sum alone."""
        counted = Counting(world.store)
        waiting = [Recursion((Link(None, "a sum", 0),))] * len(requests)
        found = sum_each(counted, requests, waiting)
        for request, several in zip(requests, found, strict=True):
            alone = sum_series(world.store, request)
            assert several.schema.equals(alone.schema, check_metadata=True)
            assert several.drop_columns("value") == alone.drop_columns("value")
            values, expected = (one["value"].combine_chunks() for one in (several, alone))
            assert values.is_null() == expected.is_null()
            assert values.drop_null().to_pylist() == pytest.approx(
                expected.drop_null().to_pylist(), rel=1e-12
            )
        assert any(any(table["value"].to_pylist()) for table in found)
        return counted.questions

    def test_they_share_one_question(self, mixed: World) -> None:
        methods = (None, Aggregation.AVERAGE)
        for interval, unit, aggregation in product(("15m", "day"), ("kW", "kWh"), methods):
            asked = self.requests(
                *("G|X", "G|Y", "H|Z", "H|nobody"),
                interval=parse_interval(interval),
                unit=unit,
                aggregation=aggregation,
                zone="Asia/Kolkata",
                missing_as_null=True,
            )
            assert self.asked(mixed, [*asked, replace(asked[0], valid_if_any=True)]) == 1

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tidegate.services.sums.MOST_CELLS", 100)
            asked = self.requests("G|X", "G|Y", "H|Z", interval=parse_interval("20m"), unit="kW")
            assert self.asked(mixed, asked) > 3

    def test_those_that_differ_in_more_than_members_stay_alone(self, mixed: World) -> None:
        hours, days = (
            self.requests("G|X", "G|Y", interval=parse_interval(interval), unit="kW")
            for interval in ("hour", "day")
        )
        highest = [replace(one, aggregation=Aggregation.MAX) for one in hours]
        assert self.asked(mixed, [*hours, *days]) == 2
        assert self.asked(mixed, highest) == 2

        formula = Formula(text="[hour 0]*2")
        mixed.add("calculated", interval="hour", formula=formula, G={"2021-01-01": "X"})
        asked = self.requests("G|X", "G|Y", "H|Z", interval=parse_interval("hour"), unit="kW")
        assert self.asked(mixed, asked) == 2


class Counting:
    """A store that counts what is asked of the engine for sums."""

    def __init__(self, store: Verbs) -> None:
        self.store = store
        self.questions = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def partials(self, *given: Any, **named: Any) -> pa.Table:
        self.questions += 1
        return self.store.partials(*given, **named)
