"""Series through views: sums of large groups only, in the time and of the series of the view."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tidegate.cli import run
from tidegate.gate.refusals import NotAllowed
from tidegate.model.attributes import AttributeType
from tidegate.model.instants import HOUR, to_text
from tidegate.model.intervals import parse_interval
from tidegate.model.series import NewSeries, Origin
from tidegate.model.views import GroupRule, Selection, View
from tidegate.services.opened import Store
from tidegate.store.messages import AssignmentChange
from tidegate.store.verbs import READINGS

START, END = to_text(0), to_text(2 * HOUR)
SPAN = {"start": START, "end": END}


@pytest.fixture
def opened(store, tmp_path):
    """Three EVSEs in Utrecht and one in Arnhem, an hour of 1, 2, 3 and 4 kWh and one of zeros."""
    for name in ("city", "operator", "evse_uid", "evse", "location"):
        store.create_attribute(name, AttributeType.TEXT)
    made = store.create_series(
        [
            NewSeries(
                name=f"E{number}",
                unit="kWh",
                interval=parse_interval("hour"),
                origin=Origin("cpo", f"E{number}", "energy") if number != 3 else None,
                attributes={
                    "city": {0: "Arnhem" if number == 4 else "Utrecht"},
                    "evse_uid": {0: f"E{number}"},
                    "evse": {0: f"NL*TST*{number}"},
                    "location": {0: "L1" if number < 3 else "L2"},
                },
            )
            for number in range(1, 5)
        ]
    )
    rows = [
        {"series": one.key, "ts": hour * HOUR, "value": float(number * (hour == 0)), "flag": 9}
        for number, one in enumerate(made, 1)
        for hour in range(2)
    ]
    store.merge_readings(pa.Table.from_pylist(rows, READINGS))
    return Store(store, tmp_path / "store")


def put(opened, **rules):
    view = View(name="city", **rules)
    opened.verbs.put_view(view)
    return view


GROUPED = GroupRule(size=3, by=("city",), interval="hour")


class TestSums:
    def ask(self, opened, *attributes, **options):
        found = opened.sum(attributes=attributes, view="city", **(SPAN | options))
        return found["value"].to_pylist()

    def test_only_groups_that_are_large_enough(self, opened):
        """Three in Utrecht may leave, one in Arnhem not, and an hour of zeros is nobody's."""
        put(opened, group=GROUPED, selection=Selection(attributes=("city",)))
        assert self.ask(opened, "city|Utrecht") == [6.0, None]
        assert self.ask(opened, "city|Arnhem") == [None, None]

    @pytest.mark.parametrize(
        ("attributes", "options"),
        [
            ((), {}),
            (("city",), {}),
            (("city|Utrecht", "city|Utrecht"), {}),
            (("operator|X",), {}),
            (("city|Utrecht",), {"series": ["E1"]}),
            (("city|Utrecht",), {"interval": "day"}),
            (("city|Utrecht",), {"as_of": "now-1d"}),
        ],
    )
    def test_no_sum_overlaps_another(self, opened, attributes, options):
        """Parts of groups, the whole, other rasters and other versions could be subtracted."""
        put(opened, group=GROUPED, selection=Selection(attributes=("city",)))
        with pytest.raises(NotAllowed):
            self.ask(opened, *attributes, **options)

    def test_zone_and_start_of_day_are_those_of_the_view(self, opened):
        """Days of another zone would overlap the days of the view."""
        put(
            opened,
            group=GroupRule(size=3, by=("city",)),
            selection=Selection(attributes=("city",)),
        )
        plain = self.ask(opened, "city|Utrecht")
        assert self.ask(opened, "city|Utrecht", zone="Asia/Tokyo", day_start="06:00") == plain

    def test_a_view_without_groups_sums_what_it_selects(self, opened):
        """Its own attributes hold beside those asked for, whatever is named."""
        put(opened, selection=Selection(attributes=("city|Utrecht",)))
        assert self.ask(opened, "city") == [6.0, 0.0]
        assert self.ask(opened, series=["E3", "E4"]) == [3.0, 0.0]

    def test_only_series_of_its_connection(self, opened):
        """The series that another source fills is not summed."""
        put(opened, connection="cpo")
        assert self.ask(opened, "city|Utrecht") == [3.0, 0.0]

    @pytest.mark.parametrize("connection", ["cpo", None])
    def test_charge_points_that_are_not_public(self, opened, connection):
        """A home is in no sum and is not read, unless the view says that it may."""
        first = opened.verbs.find_series()[0]
        opened.verbs.create_attribute("public", AttributeType.TEXT)
        change = AssignmentChange(series=first.key, attribute="public", values={0: "no"})
        opened.verbs.assign([change])
        chosen = Selection(attributes=("city|Utrecht",))
        rest = 2.0 if connection else 5.0
        put(opened, connection=connection, selection=chosen)
        assert self.ask(opened, "city")[0] == rest
        with pytest.raises(NotAllowed):
            opened.read("E1", view="city", **SPAN)
        put(opened, connection=connection, selection=chosen, exclude=())
        assert self.ask(opened, "city")[0] == rest + 1.0

    def test_only_the_time_of_the_view(self, opened):
        """What is older than the cut-off counts nowhere, not even in a longer bucket."""
        put(opened, selection=Selection(attributes=("city",)), since=to_text(HOUR))
        assert self.ask(opened, "city|Utrecht", interval="day") == [0.0]

    @pytest.mark.parametrize("chosen", [Selection(uids=("E1",)), Selection()])
    def test_a_view_that_selects_no_series(self, opened, chosen):
        """Without a connection or attributes, nothing selected is not everything."""
        put(opened, selection=chosen)
        with pytest.raises(NotAllowed):
            self.ask(opened, "city")

    @pytest.mark.parametrize(
        ("chosen", "total"),
        [
            (Selection(uids=("e2",)), 2.0),
            (Selection(evses=("nl-tst-4",)), 4.0),
            (Selection(locations=("L1",)), 3.0),
            (Selection(uids=("E1", "E2"), attributes=("city|Arnhem",)), 0.0),
        ],
    )
    def test_series_of_the_selected_evses(self, opened, chosen, total):
        """Attributes of derived series say which EVSE they are of; ids select by them."""
        put(opened, connection="cpo", selection=chosen)
        assert self.ask(opened, "city", interval="hour")[0] == total


class TestReadings:
    def test_single_series_of_the_view(self, opened):
        """A series that matches throughout is read as it is."""
        put(opened, selection=Selection(attributes=("city|Utrecht",)))
        assert opened.read("E1", view="city", **SPAN)["value"].to_pylist() == [1.0, 0.0]

    @pytest.mark.parametrize(
        ("rules", "name", "start"),
        [
            ({"selection": Selection(attributes=("city|Utrecht",))}, "E4", START),
            ({"connection": "cpo"}, "E3", START),
            ({"selection": Selection(attributes=("city",)), "group": GROUPED}, "E1", START),
            ({"selection": Selection(attributes=("city",)), "since": END}, "E1", START),
            ({"selection": Selection(attributes=("city|Utrecht",))}, "E1", to_text(-HOUR)),
        ],
    )
    def test_what_is_not_in_the_view(self, opened, rules, name, start):
        """Other series, other time, and single series where only groups leave."""
        put(opened, **rules)
        with pytest.raises(NotAllowed):
            opened.read(name, view="city", start=start, end=END)

    def test_a_reading_through_a_view_needs_both_ends(self, opened, capsys):
        """Without them the extent of the series would tell."""
        put(opened, selection=Selection(attributes=("city|Utrecht",)))
        assert run(["read", "E1", "--view", "city", "--store", str(opened.path)]) == 2
        assert "--from and --to" in capsys.readouterr().err

    def test_an_export_goes_through_the_view(self, opened, tmp_path, capsys):
        """The command line blanks what the view blanks."""
        put(opened, group=GROUPED, selection=Selection(attributes=("city",)))
        words = ["export", "--attribute", "city|Utrecht", "--from", START, "--to", END]
        words += ["--view", "city", "--format", "csv", "--out", str(tmp_path / "x.csv")]
        assert run([*words, "--store", str(opened.path)]) == 0
        first, second = (tmp_path / "x.csv").read_text().splitlines()[1:]
        assert (first.split(",")[1], second.split(",")[1]) == ("6", "")
