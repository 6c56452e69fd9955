"""From one service through a connection and a second store into a second service: nothing is lost.

Both services are real and listen on sockets.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.tsm.servers import PASSWORD, Server, named, serving

from tidegate.model.coverage import CoverageState
from tidegate.model.errors import NotFound, UsageError
from tidegate.model.instants import parse, to_text
from tidegate.model.secret import Secret
from tidegate.platforms.tsm.client import TsmClient
from tidegate.services.opened import Store
from tidegate.services.quotations import QuotationsNotListed
from tidegate.web.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.model.windows import Window
    from tidegate.plans.report import RunReport
    from tidegate.platforms.tsm.wire import QuotationRecord

APRIL = "from=2017-04-01T00:00:00Z&to=2017-04-03T00:00:00Z"
YEARS = "from=2000-01-01T00:00:00Z&to=2004-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def own_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets of a test lie in its folder."""
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Server]:
    """A service with series of several rasters, dated attributes, a unit and a correction."""
    with serving(tmp_path / "first") as server:
        fill(server)
        yield server


@pytest.fixture
def second(tmp_path: Path, first: Server) -> Iterator[Store]:
    """A second store that is connected to the first service."""
    with Store.open(tmp_path / "second") as store:
        store.connect_tsm(
            "market", first.url, user="Max", secret=Secret(PASSWORD), lag="1s", max_window="25y"
        )
        yield store


def fill(server: Server) -> None:
    server.ask(
        "POST",
        "units",
        {
            "Name": "Gcal",
            "Factor": 1163000,
            "BaseUnit": "Wh",
            "Aggregation": "SUM",
            "Category": "Heat",
        },
    )
    server.ask("POST", "attributes", {"ID": 192, "Name": "Supplier", "Type": 2})
    server.ask("POST", "attributes", {"ID": 7, "Name": "Heat", "Type": 1})
    define(server, 1156, "Main meter", {"Value": "Minute", "Multiplier": 15}, "kWh")
    define(
        server, 15, "Heat / hall A", {"Value": 8, "Multiplier": 1}, "Gcal", TimeZone="Europe/Vienna"
    )
    define(
        server,
        16,
        "100% green_ä",
        {"Value": 0, "Multiplier": 1},
        "none",
        Aggregation="Max",
        Quotation=False,
        Audit=False,
    )
    server.ask(
        "POST",
        "timeseries/1156/attributes",
        [
            {
                "AttributeID": 192,
                "Values": {"2000-01-01T00:00:00Z": "AT1", "2001-01-01T00:00:00Z": None},
            },
            {"AttributeID": 7, "Values": {}},
        ],
    )
    write(server, 1156, [("2017-04-01T00:00:00Z", 75, 9), ("2017-04-01T00:15:00Z", 1.25, 21)])
    write(server, 1156, [("2017-04-01T00:45:00Z", None, 0), ("2017-04-02T23:45:00Z", -3, 5)])
    write(server, 15, [("1999-12-31T23:00:00Z", 71.3, 9), ("2000-12-31T23:00:00Z", 3.7, 9)])
    write(server, 16, [("2000-01-01T00:00:00.5Z", 0.1, 12), ("2003-05-01T00:00:01Z", 1e300, 9)])


def pulled(store: Store, **more) -> RunReport:
    """Pull everything that `fill` writes."""
    return store.pull("market", start="1999-01-01", end="2018-01-01", **more)


def define(server: Server, id: int, name: str, interval, unit: str, **more) -> None:
    server.ask(
        "POST", "timeseries", {"ID": id, "Name": name, "Interval": interval, "Unit": unit, **more}
    )


def write(server: Server, id: int, points) -> None:
    data = [{"From": start, "Value": value, "Flag": flag} for start, value, flag in points]
    server.ask("POST", f"timeseries/{id}/data", {"Data": data})


def bodies(server: Server) -> dict[str, object]:
    """Everything that a caller sees of the series that `fill` makes."""
    paths = [
        "attributes",
        "timeseries",
        *(f"timeseries/{number}" for number in (1156, 15, 16)),
        *(f"timeseries/{number}/attributes" for number in (1156, 15, 16)),
        f"timeseries/{named('100% green_ä')}",
        f"timeseries/1156/data?{APRIL}",
        f"timeseries/1156/data?{APRIL}&interval=hour&missingAsNull=true",
        f"timeseries/15/data?{YEARS}",
        f"timeseries/16/data?{YEARS}",
        f"timeseriescollections/data?ID=15&ID=16&{YEARS}",
        f"timeseriescollections/data/sum?{YEARS}&interval=8&attribute=Supplier",
    ]
    units = [{**unit, "ID": 0} for unit in server.get("units")]
    return {path: server.get(path) for path in paths} | {"units": units}


class TestRoundTrip:
    def test_equal_bodies(self, tmp_path: Path, first: Server, second: Store):
        """A second service answers with equal bodies: definitions, attributes, data and sums."""
        report = pulled(second)
        second.close()

        assert report.exit_code == 0
        with serving(tmp_path / "second") as server:
            assert bodies(server) == bodies(first)

    def test_pushed_into_an_empty_service(self, tmp_path: Path, first: Server, second: Store):
        """What was pulled can be pushed into an empty service, which answers alike then."""
        pulled(second)
        with serving(tmp_path / "third") as third:
            second.connect_tsm("other", third.url, user="Max", secret=Secret(PASSWORD))
            names = [series.name for series in second.series()]
            sent = second.push_tsm("other", *names, attributes=True, create=True, keep_ids=True)

            assert [one.created for one in sent] == [True] * 3
            assert sum(one.new for one in sent) == 8
            assert bodies(third) == bodies(first)

    def test_below_a_prefix(self, tmp_path: Path):
        """A service below any path is found by its address, with or without /api."""
        with (
            serving(tmp_path / "deep", prefix="/a/b") as server,
            Store.open(tmp_path / "s") as store,
        ):
            for url in (server.url, f"{server.url}/", f"{server.url}/api"):
                made = store.connect_tsm("x", url, user="Max", secret=Secret(PASSWORD))
                assert made.settings["root"] == f"{server.url}/api"
            assert made.settings["server"]


class TestPulling:
    def test_a_second_pull_asks_only_for_what_is_due(self, first: Server, second: Store):
        """What was answered is not asked for again."""
        pulled(second)

        assert second.plan_pull("market", start="2000-01-01", end="2017-01-01") == []

    def test_corrections_and_removals_are_taken_over(self, first: Server, second: Store):
        """A window that is pulled again becomes what the server has; the old values stay known."""
        pulled(second)
        write(first, 1156, [("2017-04-01T00:00:00Z", 80, 9)])
        gone = "from=2017-04-01T00:15:00Z&to=2017-04-01T00:30:00Z"
        first.ask("DELETE", f"timeseries/1156/data?{gone}")
        report = pulled(second, again=True, subjects=["TS1156"])

        assert (report.counts.changed, report.counts.removed) == (1, 1)
        table = second.read("Main meter", start="2017-04-01", end="2017-04-01T00:30Z")
        assert list(zip(table["value"].to_pylist(), table["flag"].to_pylist(), strict=True)) == [
            (80, 9),
            (0, 19),
        ]

    def test_attributes_follow_the_server(self, first: Server, second: Store):
        """Dated values that change, attributes that are taken off and new ones follow; own stay."""
        second.discover("market")
        second.create_attribute("Mine")
        second.assign("Mine", "x", series=["Main meter"])
        first.ask(
            "POST",
            "timeseries/1156/attributes",
            [{"AttributeID": 192, "Values": {"2005-01-01T00:00:00Z": "AT2"}}],
        )
        found = second.discover("market").narrowed(changes=True)

        assert [change.entry.subject for change in found.changes] == ["TS1156"]
        assert [
            (row["attribute"], row["from"], row["value"])
            for row in second.assignments("Main meter")
        ] == [("Supplier", "2005-01-01T00:00:00Z", "AT2"), ("Mine", None, "x")]

    def test_an_attribute_that_the_server_removed_leaves_its_series(self, first, second):
        """An attribute that is gone there is taken off the series here; it stays defined."""
        second.discover("market")
        first.ask("DELETE", "timeseries/1156/attributes/7")
        first.ask("DELETE", "attributes/7")
        second.discover("market")

        assert {row["attribute"] for row in second.assignments("Main meter")} == {"Supplier"}
        assert "Heat" in {attribute.name for attribute in second.attributes()}

    def test_discovering_again_changes_nothing(self, first: Server, second: Store):
        """A catalogue that stayed the same leaves no trace in the audit trail."""
        second.discover("market")
        before = len(second.audit_trail())
        found = second.discover("market")

        assert {change.change.value for change in found.changes} == {"same"}
        assert len(second.audit_trail()) == before

    def test_ids_that_are_taken(self, tmp_path: Path, first: Server):
        """An id that another series or attribute has here is not fought for; names tell apart."""
        with Store.open(tmp_path / "busy") as store:
            store.create_series("Main meter", id=1156)
            store.create_attribute("Other", id=192)
            store.connect_tsm("market", first.url, user="Max", secret=Secret(PASSWORD))
            store.discover("market")
            store.discover("market")
            found = {series.name: series.id for series in store.series()}

            assert found["Main meter"] == 1156
            assert found["Main meter (TS1156)"] not in {1156, 15, 16}
            assert {found["Heat / hall A"], found["100% green_ä"]} == {15, 16}
            attributes = {one.name: one.id for one in store.attributes()}
            assert attributes["Other"] == 192 != attributes["Supplier"]
            assert store.assignments("Main meter (TS1156)")

    def test_formulas(self, tmp_path: Path, first: Server):
        """A formula series gives the server's values, or its formula if the connection says so."""
        text = {"0001-01-01T00:00:00Z": "[Heat / hall A]+R1"}
        more = {"TimeZone": "Europe/Vienna", "Formula": text, "Aliases": {"R1": 15}}
        define(first, 20, "Twice", {"Value": 8, "Multiplier": 1}, "Gcal", **more)
        path = "timeseries/20/data?from=1999-12-31T23:00:00Z&to=2001-12-31T23:00:00Z"
        expected = first.get(path)
        for name, formulas in (("values", False), ("formulas", True)):
            with Store.open(tmp_path / name) as store:
                store.connect_tsm(
                    "market", first.url, user="Max", secret=Secret(PASSWORD), formulas=formulas
                )
                pulled(store)
                (series,) = store.series("Twice")
                assert (series.formula is not None) == formulas
                if formulas:
                    with serving(tmp_path / "third") as third:
                        store.connect_tsm("other", third.url, user="Max", secret=Secret(PASSWORD))
                        names = ["Heat / hall A", "Twice"]
                        store.push_tsm("other", *names, create=True)
                        twice = third.get("timeseries/Twice")
                        assert set(twice["Aliases"]) == {"R1"}
                        assert third.get(f"timeseries/{twice['ID']}/data?{YEARS}") == first.get(
                            f"timeseries/20/data?{YEARS}"
                        )
            with serving(tmp_path / name) as server:
                assert server.get(path) == expected

    def test_a_server_that_gives_little_at_once(self, tmp_path: Path):
        """Where a server refuses so many points, shorter windows are asked for, to the end."""
        with serving(tmp_path / "small", limits=Limits(points=100)) as server:
            define(server, 1, "a", {"Value": "hour"}, "kWh")
            hours = [
                (to_text(parse("2017-01-01") + n * 3_600_000_000), n, 9) for n in range(0, 700, 7)
            ]
            for start in range(0, len(hours), 50):
                write(server, 1, hours[start : start + 50])
            with Store.open(tmp_path / "s") as store:
                store.connect_tsm("x", server.url, user="Max", secret=Secret(PASSWORD))
                report = store.pull("x", start="2017-01-01", end="2017-02-01")

                assert report.counts.inserted == len(hours)
                rows = store.coverage("x", subjects=["TS1"])
                assert rows
                states = {row.state for row in store.verbs.coverage("x")}
                assert states == {CoverageState.DONE}


class TestRevisions:
    def test_as_known_before_the_pull(self, tmp_path: Path, first: Server, second: Store):
        """After `revisions` the second store answers `audit=` as the first service does."""
        write(first, 1156, [("2017-04-01T00:00:00Z", 80, 9), ("2017-04-01T00:30:00Z", 5, 9)])
        first.ask(
            "DELETE", "timeseries/1156/data?from=2017-04-01T00:15:00Z&to=2017-04-01T00:30:00Z"
        )
        stamps = first.get(f"timeseries/1156/data/modifications?{APRIL}")
        pulled(second)
        learned = second.take_tsm_revisions("market", "Main meter")
        again = second.take_tsm_revisions("market")
        second.close()

        assert len(stamps) == 4
        assert (learned[0].instants, learned[0].earlier) == (4, 6)
        assert [one.earlier for one in again] == [0, 2, 2]
        with serving(tmp_path / "second") as server:
            for stamp in stamps:
                path = f"timeseries/1156/data?{APRIL}&audit={stamp}"
                assert server.get(path) == first.get(path)
            assert server.get(f"timeseries/1156/data/modifications?{APRIL}")[:4] == stamps

    def test_only_of_series_that_were_pulled(self, second: Store):
        """A series of one's own has no revisions elsewhere, and is named."""
        second.create_series("Own")
        with pytest.raises(NotFound, match="Own"):
            second.take_tsm_revisions("market", "Own")


@pytest.fixture
def forecasts(first: Server) -> Server:
    """The first service with two forecast runs, one of them corrected, beside what was measured."""
    quote(first, "2017-03-30T06:00:00Z", [("2017-04-01T00:00:00Z", 70, 9), QUARTER_PAST])
    quote(first, "2017-03-31T06:00:00.25Z", [("2017-04-02T23:45:00Z", 4, 20)])
    quote(first, "2017-03-30T06:00:00Z", [("2017-04-01T00:00:00Z", 72, 9)])
    return first


QUARTER_PAST = ("2017-04-01T00:15:00Z", None, 0)


def quote(server: Server, quotation: str, points) -> None:
    data = [{"From": start, "Value": value, "Flag": flag} for start, value, flag in points]
    server.ask("POST", f"timeseries/1156/data?quotation={quotation}", {"Data": data})


def versions(server: Server) -> dict[str, Any]:
    """Everything that a caller sees of the named versions."""
    listed = server.get("timeseries/1156/data/quotations")
    paths = [
        f"timeseries/1156/data?{APRIL}&quotation={one['Quotation']}&exactQuotation={exact}"
        for one in listed
        for exact in ("true", "false")
    ]
    return {"": listed, "unnamed": server.get(f"timeseries/1156/data?{APRIL}")} | {
        path: server.get(path) for path in paths
    }


class TestQuotations:
    def test_equal_bodies(self, tmp_path: Path, forecasts: Server, second: Store):
        """Versions are taken as the server lists them, and pushed into a third service."""
        pulled(second)
        (taken,) = [one for one in second.take_tsm_quotations("market") if one.quotations]
        again = second.take_tsm_quotations("market", "Main meter")
        with serving(tmp_path / "third") as third:
            second.connect_tsm("other", third.url, user="Max", secret=Secret(PASSWORD))
            push = partial(
                second.push_tsm, "other", "Main meter", create=True, keep_ids=True, quotations=True
            )
            planned, sent, resent = push(dry_run=True), push(), push()
            assert versions(third) == versions(forecasts)
        second.close()

        assert (taken.series, taken.quotations, taken.new, taken.changed) == ("Main meter", 2, 3, 0)
        assert [(one.new, one.changed, one.equal) for one in again] == [(0, 0, 3)]
        assert [(one.new, one.changed) for one in planned] == [(7, 0)]
        assert [(one.new, one.changed) for one in sent] == [(7, 0)]
        assert [(one.new, one.changed, one.equal) for one in resent] == [(0, 0, 7)]
        with serving(tmp_path / "second") as server:
            assert versions(server) == versions(forecasts)
        (listed, last) = versions(forecasts)[""]
        assert listed == {
            "Quotation": "2017-03-30T06:00:00Z",
            "From": "2017-04-01T00:00:00Z",
            "To": "2017-04-01T00:15:00Z",
            "Count": 2,
        }
        assert last["Quotation"] == "2017-03-31T06:00:00.25Z"

    def test_a_window(self, forecasts: Server, second: Store):
        """Only versions with readings in the window are taken; both its ends are needed."""
        pulled(second)
        (taken,) = second.take_tsm_quotations(
            "market", "Main meter", start="2017-04-02", end="2017-04-03"
        )
        assert (taken.quotations, taken.new) == (1, 1)
        with pytest.raises(UsageError, match="both ends"):
            second.take_tsm_quotations("market", start="2017-04-02")

    def test_a_server_that_does_not_list_them(self, forecasts: Server, second: Store, monkeypatch):
        """Versions that the user names are taken; without names the user hears what to do."""
        pulled(second)

        def unknown(client: TsmClient, id: int, window: Window | None) -> list[QuotationRecord]:
            client._get(client._series(id) + "/data/nothing", "quotations")
            return []

        monkeypatch.setattr(TsmClient, "quotations", unknown)
        with pytest.raises(QuotationsNotListed) as refused:
            second.take_tsm_quotations("market", "Main meter")
        assert "--quotation" in (refused.value.hint or "")
        (taken,) = second.take_tsm_quotations(
            "market",
            "Main meter",
            quotations=["2017-03-30T06:00:00"],
            start="2017-04-01",
            end="2017-04-03",
        )
        assert (taken.quotations, taken.new) == (1, 2)
