"""What a connection to Ocean Networks Canada brings into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.platforms.onc.conftest import NOW, span

from tidegate.model.coverage import CoverageState
from tidegate.model.errors import BadValue, NotSignedIn, UnknownName, UnknownToPlatform
from tidegate.model.flags import Flag
from tidegate.model.instants import parse
from tidegate.model.secret import Secret
from tidegate.platforms.onc.settings import read_settings
from tidegate.services.opened import Store
from tidegate.standins.onc import Fault, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.standins.onc import Standin

SWAP = ("2017-05-13T16:00:00Z", "2017-05-13T21:10:00Z")
"""The CTD of USDDL leaves at 16:20 and another one comes at 21:05."""


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def standin() -> Iterator[Standin]:
    with running(clock=NOW, clock_rate=0) as running_standin:
        yield running_standin


def connect(store: Store, standin: Standin, *locations: str, **settings: Any) -> None:
    """A connection named `onc` to some locations; the log of requests begins after it."""
    store.connect_onc(
        "onc", standin.base_url, token=Secret(standin.token), locations=locations, **settings
    )
    standin.log.clear()


def column(store: Store, name: str, start: str, end: str) -> list[tuple[int, float | None, int]]:
    """Instants, values and flags of a series as stored."""
    (series,) = [one for one in store.series() if one.name == name]
    table = store.verbs.read([series.key], span(start, end)).read_all()
    return list(
        zip(
            table["ts"].to_pylist(),
            table["value"].to_pylist(),
            table["flag"].to_pylist(),
            strict=True,
        )
    )


class TestConnect:
    """Making a connection."""

    def test_it_is_kept_without_the_token(self, store: Store, standin: Standin, tmp_path: Path):
        """How the server is addressed is found; the token is in no file but that of secrets."""
        connect(store, standin, "USDDL")
        (record,) = store.connections()
        assert record.settings["scheme"] == "path"
        assert store.test_connection("onc")["scheme"] == "path"
        assert standin.token not in (tmp_path / "store" / "connections.json").read_text()

    def test_refusals(self, store: Store, standin: Standin):
        """A wrong token and a location that there is not make no connection."""
        with pytest.raises(NotSignedIn):
            store.connect_onc("onc", standin.base_url, token=Secret("wrong"))
        with pytest.raises(UnknownToPlatform, match="NOWHERE"):
            connect(store, standin, "NOWHERE")
        assert store.connections() == []

    def test_settings(self):
        """Names and values are checked."""
        assert read_settings({"lag": "0", "parallel": 0}).requests_at_once == 1
        for wrong in ({"quality": "dirty"}, {"lag": "-1d"}, {"max_window": "0"}):
            with pytest.raises((BadValue, UnknownName)):
                read_settings(wrong)
        with pytest.raises(UnknownName):
            read_settings({"user": "x"})


class TestDiscover:
    """The catalogue."""

    def test_places_instruments_and_sensors(self, store: Store, standin: Standin):
        """Sensors lie below instruments, these below places; the tree is as the server has it."""
        connect(store, standin, "LSDDL", "USDDL")
        entries = {c.entry.subject: c.entry for c in store.discover().changes}
        assert {s for s, e in entries.items() if e.kind == "location"} == {
            "LSDDL",
            "LSDDL.E1",
            "USDDL",
        }
        assert entries["LSDDL.E1"].parent == "LSDDL"
        assert entries["USDDL/CTD"].parent == "USDDL"
        sensor = entries["USDDL/CTD/temperature"]
        assert (sensor.kind, sensor.parent) == ("sensor", "USDDL/CTD")
        assert sensor.series[0].unit == "C"
        assert not [s for s in entries if s.startswith("LSDDL.E1/HYDROPHONE/")]

    def test_series_know_place_type_property_and_device(self, store: Store, standin: Standin):
        """The device is an attribute that changes with time; its gap is one without value."""
        connect(store, standin, "USDDL")
        store.discover()
        (series,) = [one for one in store.series() if one.name == "USDDL CTD temperature"]
        (held,) = store.verbs.assignments([series.key]).values()
        values = {one.attribute.name: one.values for one in held}
        assert list(values["property"].values()) == ["seawatertemperature"]
        assert list(values["location"].values()) == ["USDDL"]
        assert list(values["deviceCategory"].values()) == ["CTD"]
        assert values["device"] == {
            parse("2011-11-08T19:55:00Z"): "SBECTD19p4686",
            parse("2017-05-13T16:20:00Z"): None,
            parse("2017-05-13T21:05:00Z"): "SBECTD37sm9931",
        }

    def test_the_raster_is_that_of_the_devices(self, store: Store, standin: Standin):
        """One second or ten where all devices agree; none where they do not."""
        connect(store, standin, "USDDL", "BACAX")
        store.discover()
        rasters = {one.name: str(one.interval) for one in store.series()}
        assert rasters["USDDL TURBIDITYMETER turbidity"] == "10 seconds"
        assert rasters["BACAX CTD temperature"] == "second"
        (mixed,) = [one for one in store.series() if one.name == "USDDL CTD temperature"]
        assert mixed.interval.is_spontaneous

    def test_a_new_deployment_is_followed(self, store: Store, standin: Standin):
        """Another device at the same place goes on with the same series; nothing is edited."""
        connect(store, standin, "BACAX")
        store.discover()
        count = len(store.series())
        assert not store.discover().narrowed(changes=True).changes
        standin.service.recover("SBECTD16p7036", "2017-12-01T00:00:00Z")
        standin.service.deploy(
            device="SBECTD16p6002", location="BACAX", begin="2017-12-01T00:00:00Z", end=None
        )
        changed = store.discover().narrowed(changes=True)
        assert {c.entry.subject for c in changed.changes} >= {"BACAX/CTD", "BACAX/CTD/temperature"}
        assert len(store.series()) == count
        (series,) = [one for one in store.series() if one.name == "BACAX CTD temperature"]
        (held,) = store.verbs.assignments([series.key]).values()
        devices = {one.attribute.name: one.values for one in held}["device"]
        assert devices[parse("2017-12-01T00:00:00Z")] == "SBECTD16p6002"

    def test_what_is_kept_back_does_not_hide_the_rest(self, store: Store, standin: Standin):
        """An instrument whose sensors are refused has no series; the others have."""
        connect(store, standin, "BACAX")
        standin.faults.add(Fault("status", path="scalar", query="Code=CTD", status=403))
        subjects = {c.entry.subject for c in store.discover().changes}
        assert "BACAX/CTD" in subjects
        assert "BACAX/CTD/temperature" not in subjects
        assert "BACAX/BPR/pressure" in subjects

    def test_categories_narrow(self, store: Store, standin: Standin):
        """Only the types of instruments that were asked for."""
        connect(store, standin, "LSDDL", categories=("SONAR",))
        kinds = {c.entry.subject for c in store.discover().changes if c.entry.kind == "instrument"}
        assert kinds == {"LSDDL/SONAR"}


class TestPull:
    """Samples into series."""

    def test_across_a_change_of_devices(self, store: Store, standin: Standin):
        """One series has both devices' samples, in order, each once, and nothing in between."""
        connect(store, standin, "USDDL")
        report = store.pull(subjects=["USDDL/CTD"], start=SWAP[0], end=SWAP[1])
        assert report.exit_code == 0
        rows = column(store, "USDDL CTD temperature", *SWAP)
        instants = np.array([ts for ts, _, _ in rows])
        assert (np.diff(instants) > 0).all()
        gone, back = parse("2017-05-13T16:20:00Z"), parse("2017-05-13T21:05:00Z")
        assert not ((instants >= gone) & (instants < back)).any()
        assert len(instants[instants < gone]) == 1200
        assert len(instants[instants >= back]) == 30

    def test_run_again_it_asks_for_nothing(self, store: Store, standin: Standin):
        """What is confirmed is not asked for again; later time is, without a double sample."""
        connect(store, standin, "BACAX", categories=("CTD",))
        store.pull(start="2017-01-01", end="2017-01-01T01:00:00Z")
        standin.log.clear()
        again = store.pull(start="2017-01-01", end="2017-01-01T01:00:00Z")
        assert again.planned == 0
        more = store.pull(start="2017-01-01", end="2017-01-01T02:00:00Z")
        assert [entry.parameters["dateFrom"] for entry in standin.log] == [
            "2017-01-01T01:00:00.000Z"
        ]
        assert more.counts.inserted == 6 * 3600
        assert len(column(store, "BACAX CTD pressure", "2017-01-01", "2017-01-02")) == 7200

    def test_pages(self, store: Store, standin: Standin):
        """More samples than a page holds come whole."""
        connect(store, standin, "BACAX", categories=("BPR",))
        report = store.pull(start="2017-01-01", end="2017-01-03")
        outage = 20 * 60
        assert report.counts.inserted == 2 * (2 * 86_400 - outage)
        assert len([entry for entry in standin.log if "scalar" in entry.path]) == 1 + 2

    @pytest.mark.parametrize("quality", ["clean", "raw"])
    def test_flags(self, store: Store, standin: Standin, quality: Any):
        """What fails the platform's checks has no number, or is faulty where raw is wanted."""
        connect(store, standin, "BACAX", categories=("CTD",), quality=quality)
        store.pull(start="2017-01-01", end="2017-01-01T01:00:00Z")
        rows = column(store, "BACAX CTD temperature", "2017-01-01", "2017-01-02")
        assert len(rows) == 3600
        flags = {flag for _, _, flag in rows}
        failing = [(value, flag) for _, value, flag in rows if flag != Flag.VALID]
        assert 15 <= len(failing) <= 40
        if quality == "clean":
            assert flags == {Flag.VALID, Flag.NO_VALUE}
            assert all(value is None for value, _ in failing)
        else:
            assert flags == {Flag.VALID, Flag.FAULTY}
            assert all(value is not None for value, _ in failing)

    def test_outages_are_gaps(self, store: Store, standin: Standin):
        """Where the platform has no samples the store knows a gap."""
        connect(store, standin, "BACAX", categories=("BPR",))
        store.discover()
        store.pull(start="2017-01-02", end="2017-01-03")
        gaps = [one for one in store.gaps("BACAX BPR pressure") if one.points > 100]
        assert [one.points for one in gaps] == [1200]
        assert gaps[0].window == span("2017-01-02T03:00:00Z", "2017-01-02T03:20:00Z")

    def test_a_time_without_instrument_is_empty(self, store: Store, standin: Standin):
        """Nothing there is recorded as such, not as a failure."""
        connect(store, standin, "LSDDL", categories=("TURBIDITYMETER",))
        store.pull(start="2014-01-01", end="2014-01-02")
        states = {row.state for row in store.verbs.coverage("onc")}
        assert states == {CoverageState.EMPTY}

    def test_restricted_data_are_refused(self, store: Store, standin: Standin):
        """They are asked for again later, and the others come."""
        connect(store, standin, "BACAX", categories=("CTD", "BPR"))
        store.discover()
        standin.faults.add(Fault("restricted", query="deviceCategoryCode=CTD"))
        report = store.pull(start="2017-01-01", end="2017-01-01T01:00:00Z")
        states = {row.subject: row.state for row in store.verbs.coverage("onc")}
        assert states == {"BACAX/CTD": CoverageState.REFUSED, "BACAX/BPR": CoverageState.DONE}
        assert report.exit_code == 1

    def test_a_broken_answer_fails_that_window_only(self, store: Store, standin: Standin):
        """The next pull asks for what failed, and for nothing else."""
        connect(store, standin, "BACAX", categories=("CTD", "BPR"))
        store.discover()
        standin.faults.add(Fault("malformed", query="deviceCategoryCode=CTD"))
        store.pull(start="2017-01-01", end="2017-01-01T01:00:00Z")
        standin.faults.clear()
        standin.log.clear()
        assert store.pull(start="2017-01-01", end="2017-01-01T01:00:00Z").exit_code == 0
        assert [entry.parameters["deviceCategoryCode"] for entry in standin.log] == ["CTD"]

    def test_sums_by_place_property_and_device(self, store: Store, standin: Standin):
        """Means of what is stored, by the attributes that the platform tells."""
        connect(store, standin, "BACAX", categories=("BPR",))
        store.pull(start="2017-01-01", end="2017-01-01T02:00:00Z")
        rows = column(store, "BACAX BPR pressure", "2017-01-01", "2017-01-01T01:00:00Z")
        numbers = [value for _, value, _ in rows if value is not None]
        total = store.sum(
            attributes=["property|pressure", "device|BPR_BC"],
            start="2017-01-01",
            end="2017-01-01T01:00:00Z",
            interval="hour",
        )
        (value,) = total["value"].to_pylist()
        assert value == pytest.approx(float(np.mean(numbers)), rel=1e-9)
