"""Reading, writing and removing data of series over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tidegate.model.instants import parse, to_text
from tidegate.model.intervals import parse_interval
from tidegate.model.series import Formula, NewSeries

if TYPE_CHECKING:
    from tidegate.store.verbs import Verbs

HOURLY = "from=2017-04-01T00:00:00Z&to=2017-04-01T04:00:00Z"


@pytest.fixture(autouse=True)
def series(store: Verbs) -> None:
    """An hourly one, one of quarter hours, a spontaneous one, and a yearly one."""
    store.create_series(
        [
            NewSeries(name="hourly", unit="kW", interval=parse_interval("hour")),
            NewSeries(name="fine", unit="kWh", interval=parse_interval("15m")),
            NewSeries(name="held", unit="kW"),
            NewSeries(name="yearly", interval=parse_interval("year")),
            NewSeries(name="lokal", interval=parse_interval("day"), zone="Europe/Vienna"),
        ]
    )


def points(
    *values: object, start: str = "2017-04-01T00:00:00Z", step: str = "hour"
) -> list[dict[str, object]]:
    first, length = parse(start), parse_interval(step).elapsed
    assert length is not None
    return [
        {"From": to_text(first + place * length), "Value": value}
        for place, value in enumerate(values)
    ]


def shown(answer) -> list[tuple[object, int]]:
    return [(point["Value"], point["Flag"]) for point in answer.json()["Data"]]


class TestReading:
    """`GET …/data`."""

    def test_every_raster_point_is_there(self, max_):
        """Where nothing is stored the point is 0 with flag 19, or null if asked for."""
        max_.post("timeseries/hourly/data", {"Data": points(1, None, 3)})
        answer = max_.get(f"timeseries/hourly/data?{HOURLY}")
        assert answer.json()["Interval"] == {"Value": 3, "Multiplier": 1}
        assert answer.json()["Unit"] == "kW"
        assert shown(answer) == [(1, 9), (0, 19), (3, 9), (0, 19)]
        answer = max_.get(f"timeseries/hourly/data?{HOURLY}&missingAsNull=true")
        assert shown(answer) == [(1, 9), (None, 19), (3, 9), (None, 19)]

    def test_everything_stored_without_borders(self, max_):
        """Without from and to it is from the first reading to the last."""
        assert max_.get("timeseries/hourly/data").json()["Data"] == []
        max_.post("timeseries/hourly/data", {"Data": points(1, 2, 3)})
        assert shown(max_.get("timeseries/hourly/data")) == [(1, 9), (2, 9), (3, 9)]
        late = max_.get("timeseries/hourly/data?from=2017-04-01T01:00:00Z")
        assert shown(late) == [(2, 9), (3, 9)]

    def test_descending(self, max_):
        """The latest point may come first."""
        max_.post("timeseries/hourly/data", {"Data": points(1, 2, 3)})
        found = max_.get("timeseries/hourly/data?descending=true").json()["Data"]
        assert [point["Value"] for point in found] == [3, 2, 1]
        assert found[0]["From"] == "2017-04-01T02:00:00Z"

    def test_another_raster_and_unit(self, max_):
        """Values are condensed to the interval and converted to the unit asked for."""
        max_.post("timeseries/hourly/data", {"Data": points(*range(24))})
        day = max_.get("timeseries/hourly/data?from=2017-04-01&to=2017-04-02&interval=day&unit=kWh")
        assert (day.json()["Unit"], shown(day)) == ("kWh", [(276, 9)])
        top = max_.get(
            "timeseries/hourly/data?from=2017-04-01&to=2017-04-02&interval=total&aggregation=max"
        )
        assert (top.json()["Interval"], shown(top)) == ({"Value": 10, "Multiplier": 1}, [(23, 9)])

    def test_local_days(self, max_):
        """Days follow the midnights of the zone, and gas days their own start."""
        max_.post(
            "timeseries/fine/data",
            {"Data": points(*[1] * 400, start="2021-03-27T00:00:00Z", step="15m")},
        )
        asked = "timeseries/fine/data?from=2021-03-28&to=2021-03-29&interval=day&timeZone="
        (day,) = max_.get(asked + "Europe/Vienna").json()["Data"]
        assert day == {"From": "2021-03-27T23:00:00Z", "Value": 92, "Flag": 9}
        gas = "from=2021-03-28T06:00&to=2021-03-29T06:00"
        (day,) = max_.get(
            f"timeseries/fine/data?{gas}&interval=day&timeZone=Europe/Vienna&dayStart=06:00"
        ).json()["Data"]
        assert day == {"From": "2021-03-28T04:00:00Z", "Value": 96, "Flag": 9}

    def test_names_with_slashes_and_digits(self, max_):
        """A slash in a name travels as %2F; digits mean an ID first, then a name."""
        for name in ("a/b c", "77"):
            max_.post("timeseries", {"Name": name, "Interval": {"Value": 3}})
            path = f"timeseries/{quote(name, safe='')}/data"
            assert max_.post(path, {"Data": points(4)}).status == 200
            assert shown(max_.get(path)) == [(4, 9)]
        assert max_.get("timeseries/1/data").json()["Unit"] == "kW"

    def test_large_and_small_numbers(self, max_):
        """Whole numbers show no fraction, others the shortest decimal that gives them back."""
        values = [75, 0.1, 1e15, -9007199254740991, 1e300, 5e-324, 1 / 3, -0.0]
        max_.post("timeseries/hourly/data", {"Data": points(*values)})
        answer = max_.get("timeseries/hourly/data")
        assert [value for value, _ in shown(answer)] == values
        assert b'"Value":75,' in answer.body
        assert b'"Value":1000000000000000,' in answer.body
        assert b'"Value":0,' in answer.body

    def test_unknown_things_are_named(self, max_):
        """An unknown series is 404; a time, zone, unit or interval that is none is 400."""
        assert max_.get("timeseries/nothing/data").json()["Code"] == "UnknownSeries"
        for query, code in (
            ("from=yesterday", "BadTime"),
            ("from=2018-01-01&to=2017-01-01", "BadWindow"),
            ("interval=fortnight", "UnknownName"),
            ("interval=3&intervalMultiplier=0", "BadValue"),
            ("interval=3&intervalMultiplier=x", "BadValue"),
            ("interval=0", "BadValue"),
            ("timeZone=Mars/Olympus", "UnknownZone"),
            ("dayStart=25:00", "BadValue"),
            ("unit=EUR", "UnitNotConvertible"),
            ("aggregation=guess", "UnknownName"),
            ("missingAsNull=perhaps", "BadValue"),
            ("exactAudit=true", "BadValue"),
            ("exactQuotation=true", "BadValue"),
        ):
            answer = max_.get(f"timeseries/hourly/data?{query}")
            assert (answer.status, answer.json()["Code"]) == (400, code), query
        assert max_.get("timeseries/1/data", headers={}).status == 200
        other = max_.ask("GET", "/api/repositories/other/timeseries/1/data")
        assert (other.status, other.json()["Code"]) == (404, "UnknownRepository")


class TestWriting:
    """`POST …/data`."""

    def test_count_first_and_last(self, max_):
        """The answer counts the points and names the first and last `From`."""
        answer = max_.post("timeseries/hourly/data", {"Data": points(1, 2, 3)})
        assert answer.json() == {
            "Count": 3,
            "From": "2017-04-01T00:00:00Z",
            "To": "2017-04-01T02:00:00Z",
        }
        assert max_.post("timeseries/hourly/data", {"Data": []}).json()["Count"] == 0

    def test_other_points_stay(self, max_):
        """Points are put in place of those with their `From`; all others stay."""
        max_.post("timeseries/hourly/data", {"Data": points(1, 2, 3)})
        max_.post("timeseries/hourly/data", {"Data": [points(1, 7)[1]]})
        assert shown(max_.get("timeseries/hourly/data")) == [(1, 9), (7, 9), (3, 9)]

    def test_the_last_of_equal_stamps_wins(self, max_):
        """The same `From` twice, also in two notations, keeps the last."""
        twice = [
            {"From": "2017-04-01T00:00:00Z", "Value": 1},
            {"From": "2017-04-01T02:00:00+02:00", "Value": 2},
            {"From": "2017-04-01", "Value": 3},
        ]
        max_.post("timeseries/hourly/data", {"Data": twice})
        assert shown(max_.get("timeseries/hourly/data")) == [(3, 9)]

    def test_nulls_and_flags(self, max_):
        """A null is missing, or NoValue with flag 0; a number under flag 19 is none."""
        sent = points(None, None, 5, 6, 7)
        sent[1]["Flag"], sent[2]["Flag"], sent[3]["Flag"] = 0, 19, 21
        max_.post("timeseries/hourly/data", {"Data": sent})
        found = shown(max_.get("timeseries/hourly/data?missingAsNull=true"))
        assert found == [(None, 19), (None, 0), (None, 19), (6, 21), (7, 9)]

    @pytest.mark.parametrize(
        ("change", "code", "index"),
        [
            ({"From": "2017-04-01T00:30:00Z"}, "OffRaster", 1),
            ({"From": "2017-13-01"}, "BadTime", None),
            ({"Flag": 3}, "BadValue", None),
            ({"Value": "much"}, "BadRequest", None),
            ({"Value": True}, "BadRequest", None),
            ({"Flag": 10**30}, "BadRequest", None),
            ({"From": None}, "BadRequest", None),
        ],
    )
    def test_one_bad_point_refuses_all(self, max_, change, code, index):
        """The message names the index of the point, and nothing is written."""
        sent = points(1, 2)
        sent[1] |= change
        answer = max_.post("timeseries/hourly/data", {"Data": sent})
        assert (answer.status, answer.json()["Code"]) == (400, code)
        assert "1" in answer.json()["Message"]
        assert answer.json()["Details"].get("Index") == index
        assert max_.get("timeseries/hourly/data").json()["Data"] == []

    def test_condensed_to_the_series_raster(self, max_):
        """Quarter hours for an hourly series of power are averaged."""
        quarter = {"Value": "Minute", "Multiplier": 15}
        body = {"Interval": quarter, "Data": points(1, 2, 3, 6, step="15m")}
        assert max_.post("timeseries/hourly/data", body).json()["Count"] == 4
        assert shown(max_.get("timeseries/hourly/data")) == [(3, 9)]

    def test_spread_to_the_series_raster(self, max_):
        """Amounts of hours for quarter hours are divided by time; power is converted first."""
        body = {"Interval": {"Value": 3}, "Unit": "kW", "Data": points(8)}
        max_.post("timeseries/fine/data", body)
        assert shown(max_.get("timeseries/fine/data")) == [(2, 9)] * 4

    def test_converted_to_the_series_unit(self, max_):
        """Numbers of another unit are converted; what cannot be is refused."""
        body = {"Unit": "MW", "Data": points(1.5)}
        max_.post("timeseries/hourly/data", body)
        assert shown(max_.get("timeseries/hourly/data")) == [(1500, 9)]
        answer = max_.post("timeseries/hourly/data", body | {"Unit": "EUR"})
        assert (answer.status, answer.json()["Code"]) == (400, "UnitNotConvertible")

    def test_a_spontaneous_series_takes_any_instant(self, max_):
        """A value stays where it is written and holds until the next."""
        body = {
            "Interval": {"Value": 8},
            "Data": [{"From": "2017-01-01T00:00:00Z", "Value": 4}],
        }
        max_.post("timeseries/held/data", body)
        odd = [{"From": "2017-03-01T00:00:00.5Z", "Value": 6}]
        max_.post("timeseries/held/data", {"Data": odd})
        found = max_.get("timeseries/held/data").json()["Data"]
        assert [point["From"] for point in found] == [
            "2017-01-01T00:00:00Z",
            "2017-03-01T00:00:00.5Z",
        ]
        year = max_.get("timeseries/held/data?from=2019-01-01&to=2020-01-01&interval=year")
        assert shown(year) == [(6, 9)]

    def test_local_days_are_checked_in_the_series_zone(self, max_):
        """A daily series of Vienna takes local midnights, also around a clock change."""
        good = [
            {"From": "2021-03-27T23:00:00Z", "Value": 1},
            {"From": "2021-03-28T22:00:00Z", "Value": 2},
        ]
        assert max_.post("timeseries/lokal/data", {"Data": good}).status == 200
        bad = [{"From": "2021-03-28T23:00:00Z", "Value": 1}]
        assert max_.post("timeseries/lokal/data", {"Data": bad}).json()["Code"] == "OffRaster"

    def test_a_formula_takes_no_data(self, max_, store):
        """A calculated series refuses writes and removals with 409."""
        store.create_series([NewSeries(name="sum", formula=Formula(text="1", language="dcs"))])
        answer = max_.post("timeseries/sum/data", {"Data": points(1)})
        assert (answer.status, answer.json()["Code"]) == (409, "TakesNoReadings")
        assert max_.delete(f"timeseries/sum/data?{HOURLY}").status == 409


class TestRemoving:
    """`DELETE …/data`."""

    def test_a_range_goes(self, max_):
        """Points in the half-open range go, others stay."""
        max_.post("timeseries/hourly/data", {"Data": points(1, 2, 3)})
        gone = "from=2017-04-01T01:00:00Z&to=2017-04-01T02:00:00Z"
        assert max_.delete(f"timeseries/hourly/data?{gone}").status == 204
        assert shown(max_.get("timeseries/hourly/data")) == [(1, 9), (0, 19), (3, 9)]

    def test_both_borders_are_needed(self, max_):
        """Without a border it is 400: never everything by accident."""
        answer = max_.delete("timeseries/hourly/data?from=2017-04-01")
        assert (answer.status, answer.json()["Details"]["Name"]) == (400, "to")


class TestVersions:
    """`audit`, `exactAudit`, `quotation`, `exactQuotation`, modifications (section 11)."""

    def test_audit(self, max_):
        """What was believed at each change can be read again, also what was removed later."""
        path = "timeseries/hourly/data"
        max_.post(path, {"Data": points(1, 2)})
        max_.post(path, {"Data": points(1, 5)})
        max_.delete(f"{path}?{HOURLY}")
        first, second, third = max_.get(f"{path}/modifications").json()
        values = {
            at: shown(max_.get(f"{path}?{HOURLY}&audit={quote(at)}"))[:2]
            for at in (first, second, third)
        }
        assert values[first] == [(1, 9), (2, 9)]
        assert values[second] == [(1, 9), (5, 9)]
        assert values[third] == [(0, 19), (0, 19)]
        exact = max_.get(f"{path}?{HOURLY}&audit={second}&exactAudit=true")
        assert shown(exact)[:2] == [(0, 19), (5, 9)]
        late = max_.get(f"{path}/modifications?from=2017-04-01T02:00:00Z&to=2017-04-02")
        assert late.json() == []

    def test_quotations(self, max_):
        """Versions are written and read by their instant: the latest until then, or exactly it."""
        path = "timeseries/hourly/data"
        max_.post(f"{path}?quotation=2017-03-01", {"Data": points(1, 2)})
        max_.post(f"{path}?quotation=2017-03-02", {"Data": points(5)})
        asked = f"{path}?{HOURLY}&quotation="
        assert shown(max_.get(f"{asked}2017-03-03"))[:2] == [(5, 9), (2, 9)]
        assert shown(max_.get(f"{asked}2017-03-01"))[:2] == [(1, 9), (2, 9)]
        exact = max_.get(f"{asked}2017-03-02&exactQuotation=true")
        assert shown(exact)[:2] == [(5, 9), (0, 19)]
        assert shown(max_.get(f"{path}?{HOURLY}"))[:1] == [(0, 19)]
        assert len(max_.get(f"{path}/modifications?quoted=true").json()) == 2

    def test_a_sum_as_known_then(self, max_):
        """A sum reads readings as they were known, too."""
        max_.post("timeseries/hourly/data", {"Data": points(1)})
        (then,) = max_.get("timeseries/hourly/data/modifications").json()
        max_.post("timeseries/hourly/data", {"Data": points(8)})
        asked = f"timeseriescollections/data/sum?{HOURLY}&interval=3&name=hourly"
        assert shown(max_.get(asked))[0] == (8, 9)
        assert shown(max_.get(f"{asked}&audit={then}"))[0] == (1, 9)

    def test_the_audit_trail_names_who_wrote(self, max_, wanda, store):
        """Writes carry the name of the user who made them."""
        wanda.post("timeseries/hourly/data", {"Data": points(1)})
        max_.delete(f"timeseries/hourly/data?{HOURLY}")
        written = [one.actor for one in store.audit_trail() if one.resource.startswith("series 1")]
        assert written[-2:] == ["Wanda", "Max"]


class TestCollections:
    """`/timeseriescollections/data`."""

    @pytest.fixture(autouse=True)
    def data(self, max_, series):
        del series
        max_.post("timeseries/hourly/data", {"Data": points(1, 2)})
        max_.post("timeseries/held/data", {"Data": points(7)})
        max_.post("attributes", {"ID": 192, "Name": "Supplier", "Type": 2})
        values = {"2017-04-01T01:00:00Z": "X"}
        max_.post("timeseries/hourly/attributes", [{"AttributeID": 192, "Values": values}])

    def test_several_by_name_and_id(self, max_):
        """Each has its ID, name and own data, in the order asked for, once."""
        found = max_.get("timeseriescollections/data?name=held&ID=1&ID=1&name=h%25").json()
        assert [(one["ID"], one["Name"]) for one in found] == [(3, "held"), (1, "hourly")]
        assert found[1]["Data"]["Unit"] == "kW"
        assert [point["Value"] for point in found[1]["Data"]["Data"]] == [1, 2]

    def test_by_attribute_at_any_instant(self, max_):
        """Series that match at any instant of the range come whole."""
        asked = "timeseriescollections/data?attribute=Supplier|X"
        (found,) = max_.get(f"{asked}&{HOURLY}").json()
        assert [point["Value"] for point in found["Data"]["Data"]] == [1, 2, 0, 0]
        before = max_.get(f"{asked}&from=2017-03-01&to=2017-03-02")
        assert (before.status, before.body) == (200, b"[]")
        (found,) = max_.get(asked).json()
        assert found["Name"] == "hourly"

    def test_selectors(self, max_):
        """No selector is 400, an unknown attribute 400, an unknown name or ID 404."""
        for query, status, code in (
            ("", 400, "UsageError"),
            ("attribute=Suplier|X", 400, "UnknownAttribute"),
            ("name=nothing", 404, "UnknownSeries"),
            ("ID=4711", 404, "UnknownSeries"),
            ("ID=99999999999999999999999", 404, "UnknownSeries"),
            ("ID=x", 400, "BadValue"),
        ):
            for path in ("data", "data/sum"):
                answer = max_.get(f"timeseriescollections/{path}?{HOURLY}&interval=3&{query}")
                assert (answer.status, answer.json()["Code"]) == (status, code), (path, query)

    def test_sum_needs_both_borders(self, max_):
        """A sum without from or to is 400."""
        answer = max_.get("timeseriescollections/data/sum?name=held&interval=3&from=2017-04-01")
        assert (answer.status, answer.json()["Details"]["Name"]) == (400, "to")

    def test_sum_by_attribute_and_candidates(self, max_):
        """Names restrict the candidates, attributes decide instant by instant."""
        asked = f"timeseriescollections/data/sum?{HOURLY}&interval=3"
        assert shown(max_.get(f"{asked}&attribute=Supplier|X")) == [
            (0, 0),
            (2, 9),
            (0, 19),
            (0, 19),
        ]
        nobody = max_.get(f"{asked}&attribute=Supplier|X&name=held")
        assert shown(nobody) == [(0, 0)] * 4
        nobody = max_.get(f"{asked}&attribute=Supplier|X&name=held&missingAsNull=true")
        assert shown(nobody)[0] == (None, 0)

    def test_sum_flags_and_units(self, max_):
        """One missing value shows in the flag unless any valid one is enough."""
        max_.post("timeseries/fine/data", {"Data": points(1, 2, 3, 4, step="15m")})
        asked = f"timeseriescollections/data/sum?{HOURLY}&interval=3&name=hourly&name=held"
        assert shown(max_.get(asked)) == [(8, 9), (9, 9), (7, 19), (7, 19)]
        assert shown(max_.get(f"{asked}&validIfAny=true"))[2:] == [(7, 9), (7, 9)]
        differ = max_.get(f"{asked}&name=fine")
        assert (differ.status, differ.json()["Code"]) == (400, "UnitsDiffer")
        assert differ.json()["Details"]["Units"] == ["kW", "kWh"]
        assert "unit=" in differ.json()["Details"]["Hint"]
        energy = max_.get(f"{asked}&name=fine&unit=kWh")
        assert (energy.json()["Unit"], shown(energy)[0]) == ("kWh", (18, 9))
