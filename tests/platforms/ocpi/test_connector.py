"""What a pull of an OCPI platform brings into a store."""

from __future__ import annotations

import stat
from collections import defaultdict
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.platforms.ocpi.pulled import by_evse, connect, pulled, sent, stored

from tidegate.model.coverage import CoverageState
from tidegate.model.errors import BadValue, Forbidden, StoreError
from tidegate.model.instants import DAY, SECOND, now, parse
from tidegate.platforms.ocpi.settings import read_settings
from tidegate.services.hash_keys import NoKeyOfHashes
from tidegate.services.opened import Store
from tidegate.standins.ocpi import Fault, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


MODULES = ("sessions", "cdrs", "locations", "tariffs", "tokens")
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


def superseded(store: Store) -> int:
    """Earlier versions of records that are kept."""
    verbs: Any = store.verbs
    with verbs._line().store._engine.reading() as session:
        return int(session.value("SELECT count(*) FROM superseded_records"))


class TestDiscovery:
    def test_modules_locations_and_evses(self, store: Store):
        """The catalogue has each module with its count, each location, and a series an EVSE."""
        with running(sessions=40, locations=3) as standin:
            connect(store, standin)
            found = store.discover()
            places = sent(standin, "locations")
        entries = [change.entry for change in found.changes]
        counts = {e.subject: e.document["records"] for e in entries if e.kind == "module"}
        assert counts == {"sessions": 40, "cdrs": 40, "locations": 3, "tariffs": 6, "tokens": 50}
        evses = {f"NL*TST*{one['id']}*{evse['uid']}" for one in places for evse in one["evses"]}
        assert {e.subject for e in entries if e.kind == "evse"} == evses
        assert {e.parent for e in entries if e.kind == "evse"} == {
            f"NL*TST*{one['id']}" for one in places
        }
        assert {one.unit for one in store.series()} == {"kWh"}

    def test_a_refused_module_does_not_hide_the_others(self, store: Store):
        """A token that may not see tokens still sees the rest, and is not told of them again."""
        with running(sessions=4) as standin:
            connect(store, standin)
            standin.faults.add(Fault("status", path="tokens", status=403))
            entries = [change.entry for change in store.discover().changes]
            assert store.pull().exit_code == 0
            standin.faults.add(Fault("status", path="cpo", status=403))
            with pytest.raises(Forbidden):
                store.discover()
        modules = {entry.subject for entry in entries if entry.kind == "module"}
        assert modules == set(MODULES) - {"tokens"}
        assert any(entry.kind == "evse" for entry in entries)

    def test_attributes_are_dated_where_they_change(self, store: Store):
        """What a location says holds for its past too, until it says something else."""
        with running(sessions=0, locations=1) as standin:
            (place,) = sent(standin, "locations")
        moved = place | {"city": "Delft", "last_updated": "2024-05-01T00:00:00Z"}
        for one in (place, moved):
            with running(records={"locations": [one]}, sessions=0) as standin:
                connect(store, standin)
                store.pull(subjects=["locations"], again=True)
        series = store.series()[0]
        at = parse("2024-05-01T00:00:00Z")
        city = [store.verbs.attribute_at(series.key, "city", when) for when in (0, at - 1, at)]
        assert city == [place["city"], place["city"], "Delft"]


class TestRecords:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_every_record_is_kept_once(self, tmp_path: Path, version: str):
        """All modules of all versions come whole, and a second pull writes nothing."""
        with pulled(tmp_path, version, sessions=60) as (store, standin):
            counts = {m: store.verbs.count_records("ocpi", m) for m in MODULES}
            assert counts == {m: len(sent(standin, m, version)) for m in MODULES}
            again = store.pull(again=True)
            assert again.records is not None
            assert (again.records.inserted, again.records.changed) == (0, 0)
            assert (again.counts.inserted, again.counts.changed, again.exit_code) == (0, 0, 3)
            assert superseded(store) == 0

    @pytest.mark.parametrize("version", VERSIONS)
    def test_nothing_personal_is_stored(self, tmp_path: Path, version: str):
        """No token, contract, record or meter is stored in clear, nor the EVSE of a session."""
        with pulled(tmp_path, version, sessions=40) as (store, standin):
            kept = {
                module: b"".join(
                    one.key.encode() + one.document + "".join(one.places).encode()
                    for one in store.verbs.records("ocpi", module)
                )
                for module in MODULES
            }
            secret: set[str] = set()
            for module in ("sessions", "cdrs", "tokens"):
                for one in sent(standin, module, version):
                    token = one.get("cdr_token", one)
                    names = ("uid", "contract_id", "auth_id", "visual_number")
                    secret |= {str(token[name]) for name in names if name in token}
                    ids = ("id", "session_id", "meter_id", "authorization_reference")
                    secret |= {str(one[name]) for name in ids if name in one}
            evses = {subject.rpartition("*")[2] for subject in stored(store)} - {"?"}
        assert len(secret) > 100
        assert [one for one in secret if one.encode() in b"".join(kept.values())] == []
        assert len(evses) > 10
        charging = kept["sessions"] + kept["cdrs"]
        assert [one for one in evses if one.encode() in charging] == []

    def test_joins_survive_as_keyed_hashes(self, tmp_path: Path):
        """A CDR still names its session, and one store's hashes tell another store nothing."""
        with pulled(tmp_path, sessions=20) as (store, standin):
            sessions = {decoded(one)["id"] for one in store.verbs.records("ocpi", "sessions")}
            cdrs = [decoded(one) for one in store.verbs.records("ocpi", "cdrs")]
            assert {one["session_id"] for one in cdrs} <= sessions
            (tmp_path / "other").mkdir()
            with Store.open(tmp_path / "other" / "store") as other:
                connect(other, standin)
                other.pull()
                theirs = {decoded(one)["id"] for one in other.verbs.records("ocpi", "sessions")}
        assert len(sessions) == 20
        assert not sessions & theirs

    def test_a_lost_key_doubles_nothing(self, tmp_path: Path):
        """Without the key of its hashes a store takes no more records, and says what to do."""
        with pulled(tmp_path, sessions=20) as (store, standin):
            (tmp_path / "secrets.json").unlink()
            connect(store, standin)
            with pytest.raises(NoKeyOfHashes):
                store.pull(again=True)
            assert store.verbs.count_records("ocpi", "sessions") == 20
            store.remove_connection("ocpi")
            connect(store, standin)
            assert store.pull().exit_code == 0
            assert store.verbs.count_records("ocpi", "sessions") == 20

    def test_whole_records_only_if_asked_for(self, store: Store):
        """With keep_full the documents are as sent, under their own ids."""
        with running(sessions=20) as standin:
            connect(store, standin, keep_full=True)
            store.pull()
            expected = sent(standin, "sessions")
        found = store.verbs.records("ocpi", "sessions")
        assert [decoded(one) for one in found] == expected
        assert found[0].key == f"NL*TST*{expected[0]['id']}".upper()

    def test_records_are_refused_where_others_can_read(self, tmp_path: Path):
        """A store folder that others may enter takes no records; the message says what to do."""
        (tmp_path / "store").mkdir(mode=0o755)
        with running(sessions=4) as standin, Store.open(tmp_path / "store") as store:
            connect(store, standin)
            with pytest.raises(StoreError, match="can be entered by others") as refused:
                store.pull()
        assert refused.value.hint == f"chmod 700 {tmp_path / 'store'}"

    def test_a_store_is_its_owners_alone(self, store: Store, tmp_path: Path):
        """Nobody else can enter a new store or read its database."""
        assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "store" / "store.duckdb").stat().st_mode) == 0o600

    def test_strange_pages_keep_their_records(self, store: Store):
        """Nulls, unknown fields and odd elements cost no record."""
        kinds = ("nulls", "extension", "null-records", "odd-records", "price-shape")
        with running(sessions=30) as standin:
            for kind in kinds:
                standin.faults.add(Fault(kind))
            connect(store, standin)
            assert store.pull().exit_code == 0
        assert store.verbs.count_records("ocpi", "sessions") == 30


class TestWindows:
    def test_the_servers_clock_ends_the_window(self, store: Store):
        """What a platform says it is now bounds what is confirmed, however far ours is."""
        clock = parse("2024-06-01T00:00:00Z")
        with running(sessions=20, clock=clock) as standin:
            connect(store, standin)
            store.pull(subjects=["sessions"])
        rows = store.verbs.coverage("ocpi", subjects=["sessions"])
        assert rows[0].window.start == 0
        assert clock <= rows[-1].window.end < clock + 60 * SECOND
        assert rows[0].window.end <= clock - 2 * DAY

    def test_a_first_pull_asks_for_everything(self, store: Store):
        """The first window begins with time itself, and `sessions` is told a start."""
        with running(sessions=20, require_date_from=True) as standin:
            connect(store, standin)
            assert store.pull().exit_code == 0
            standin.log.clear()
            store.pull(subjects=["cdrs"])
            asked = [entry.query for entry in standin.log if "cdrs" in entry.path]
        assert len(asked) == 1
        assert "date_from" in asked[0]
        assert "date_to" not in asked[0]

    def test_an_end_in_the_past_is_asked_for(self, store: Store):
        """A window that ended is bounded above; older and newer records stay away."""
        with running(sessions=200, spacing_s=86400) as standin:
            connect(store, standin)
            store.pull(subjects=["sessions"], start="2023-02-01", end="2023-03-01")
            expected = [
                one
                for one in sent(standin, "sessions")
                if "2023-02" <= one["last_updated"] < "2023-03"
            ]
        assert store.verbs.count_records("ocpi", "sessions") == len(expected) == 28

    def test_a_page_that_fails_leaves_the_window_due(self, store: Store):
        """Pages before a failure are kept; the next pull asks again and doubles nothing."""
        with running(sessions=60) as standin:
            connect(store, standin, page_size=20, energy_from="sessions")
            store.discover()
            fault = Fault("status", path="sessions", query="offset=40", status=404)
            standin.faults.add(fault)
            report = store.pull(subjects=["sessions"])
            assert report.exit_code != 0
            assert store.verbs.count_records("ocpi", "sessions") == 40
            (row,) = store.verbs.coverage("ocpi", subjects=["sessions"])
            assert row.state in {CoverageState.FAILED, CoverageState.REFUSED}
            standin.faults.clear()
            assert store.pull(subjects=["sessions"]).exit_code == 0
            assert store.verbs.count_records("ocpi", "sessions") == 60
            assert_energy(store, sent(standin, "sessions"))

    def test_coverage_shows_modules(self, store: Store):
        """What was asked of the platform is told by module, not by EVSE."""
        with running(sessions=4) as standin:
            connect(store, standin)
            store.pull()
        assert {row.subject for row in store.coverage()} == set(MODULES)


class TestEnergy:
    @pytest.mark.parametrize("source", ["cdrs", "sessions"])
    @pytest.mark.parametrize("version", VERSIONS)
    def test_series_are_the_sums_of_the_records(self, tmp_path: Path, version: str, source: str):
        """Each EVSE's quarters are what its records say, credits taken out, to 1e-9 a record."""
        with pulled(tmp_path, version, energy_from=source, sessions=120) as (store, standin):
            assert_energy(store, sent(standin, source, version))

    def test_sums_by_city_across_clock_changes(self, tmp_path: Path):
        """Local days, those of 23 and 25 hours included, add up to the energy of the records."""
        zone = ZoneInfo("Europe/Amsterdam")
        with pulled(tmp_path, sessions=340, spacing_s=86400) as (store, standin):
            records, places = sent(standin, "cdrs"), sent(standin, "locations")
            answer = store.sum(
                attributes=["city|Utrecht"],
                start="2023-01-01T00:00:00+01:00",
                end="2024-01-01T00:00:00+01:00",
                interval="day",
                zone="Europe/Amsterdam",
            )
        here = {one["id"] for one in places if one["city"] == "Utrecht"}
        expected: dict[Any, Fraction] = defaultdict(Fraction)
        for subject, quarters in by_evse(records).items():
            if subject.split("*")[2] in here:
                for ts, kwh in quarters.items():
                    expected[datetime.fromtimestamp(ts, zone).date()] += kwh
        found = dict(zip(answer["from"].to_pylist(), answer["value"].to_pylist(), strict=True))
        by_day = {moment.astimezone(zone).date(): kwh for moment, kwh in found.items()}
        assert len(by_day) == 365
        assert sum(kwh != 0 for kwh in expected.values()) > 30
        for day, kwh in by_day.items():
            assert kwh == pytest.approx(float(expected[day]), abs=1e-8)

    def test_a_changed_session_replaces_its_share(self, store: Store):
        """A session that goes on is counted as it is last told."""
        with running(sessions=1, examples=False) as standin:
            (session,) = sent(standin, "sessions")
        later = session | {"kwh": 99.5, "last_updated": "2024-01-01T00:00:00Z"}
        later["charging_periods"] = [
            {
                "start_date_time": session["start_date_time"],
                "dimensions": [{"type": "ENERGY", "volume": 99.5}],
            }
        ]
        for one in (session, later):
            with running(records={"sessions": [one]}) as standin:
                connect(store, standin, energy_from="sessions")
                store.pull(subjects=["sessions"], again=True)
        assert_energy(store, [later])
        assert superseded(store) == 1

    def test_evses_that_are_gone_keep_their_energy(self, tmp_path: Path):
        """Sessions at EVSEs that no location lists any more have a series too, with its city."""
        with pulled(tmp_path, sessions=600) as (store, standin):
            listed = {
                f"NL*TST*{one['id']}*{evse['uid']}"
                for one in sent(standin, "locations")
                for evse in one["evses"]
            }
            gone = set(stored(store)) - listed
            assert gone
            series = [one for one in store.series() if one.origin and one.origin.subject in gone]
            cities = [store.verbs.attribute_at(one.key, "city", now()) for one in series]
        assert all(cities)

    def test_an_interval_must_fit_into_a_day(self):
        """A raster that days cannot be cut into is refused, by name."""
        for interval in ("7h", "month", "2d"):
            with pytest.raises(BadValue, match="interval"):
                read_settings({"party": "NLABC", "interval": interval})

    def test_another_raster_takes_over(self, store: Store):
        """After a change of raster and source, asking again makes the series anew."""
        with running(sessions=60) as standin:
            connect(store, standin)
            store.pull()
            connect(store, standin, interval="1h", energy_from="sessions")
            store.discover()
            store.pull(again=True)
            hours = by_evse(sent(standin, "sessions"), step=3600)
        assert {str(one.interval) for one in store.series()} == {"hour"}
        assert_same(stored(store), hours, records=60)


def decoded(record: Any) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(record.document)
    return document


def assert_energy(store: Store, records: list[dict[str, Any]]) -> None:
    """The store holds exactly the quarters of the records."""
    assert_same(stored(store), by_evse(records), records=len(records))


def assert_same(
    found: dict[str, dict[int, float]], expected: dict[str, dict[int, Fraction]], *, records: int
) -> None:
    """Bins of EVSEs are equal to within what rounding to whole units can do."""
    assert found.keys() == expected.keys()
    for subject, quarters in expected.items():
        assert found[subject].keys() == quarters.keys()
        for ts, kwh in quarters.items():
            assert found[subject][ts] == pytest.approx(float(kwh), abs=1e-8)
        assert sum(found[subject].values()) == pytest.approx(
            float(sum(quarters.values())), abs=1e-9 * records
        )
