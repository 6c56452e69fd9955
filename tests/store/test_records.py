"""Records in the store, their earlier versions, and the series that are derived from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tidegate.model.catalogue import Entry
from tidegate.model.coverage import Coverage, CoverageState
from tidegate.model.errors import NotFound
from tidegate.model.instants import HOUR, MINUTE, parse
from tidegate.model.intervals import parse_interval
from tidegate.model.records import ENERGY, UNITS_PER_KWH
from tidegate.model.series import NewSeries, Origin
from tidegate.model.windows import Window
from tidegate.store.messages import Confirmation, ConnectionRecord, Counts, SeriesSelection
from tidegate.store.records_energy import CONTRIBUTIONS
from tidegate.store.records_writing import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.store.local import LocalStore
    from tidegate.store.messages import RecordCounts

T0 = parse("2024-03-01T08:00:00Z")
QUARTER = 15 * MINUTE
EVER = Window(0, T0 + 10_000 * HOUR)


def record(key: str, at: int = 1, text: str = "{}", **more: Any) -> dict[str, Any]:
    row = {"module": "sessions", "key": key, "updated_at": T0 + at * MINUTE, "document": text}
    return row | {"places": [], "credits": None} | more


def entry(subject: str) -> Entry:
    new = NewSeries(
        name=subject,
        unit="kWh",
        interval=parse_interval("15m"),
        origin=Origin("cpo", subject, ENERGY),
    )
    return Entry(subject=subject, kind="evse", name=subject, series=(new,))


@pytest.fixture
def cpo(store: LocalStore) -> LocalStore:
    """A store with a connection, the series of two EVSEs, and a run."""
    store.put_connection(ConnectionRecord(name="cpo", platform="ocpi", url="https://x.example"))
    store.record_catalogue("cpo", [entry("A"), entry("B")])
    store.start_run("cpo", "test")
    return store


def keep(
    store: LocalStore,
    records: Iterable[dict[str, Any]],
    bins: Iterable[tuple[int, str, int, float]] = (),
    confirmations: Iterable[Confirmation] = (),
) -> RecordCounts:
    """Write records; `bins` are (row, subject, quarter, kWh)."""
    rows = [
        (row, subject, T0 + quarter * QUARTER, round(kwh * UNITS_PER_KWH))
        for row, subject, quarter, kwh in bins
    ]
    columns = list(zip(*rows, strict=True)) or [()] * 4
    given = pa.table(dict(zip(CONTRIBUTIONS.names, columns, strict=True)), schema=CONTRIBUTIONS)
    arriving = pa.Table.from_pylist(list(records), schema=RECORDS)
    return store.confirm_records("cpo", 1, list(confirmations), arriving, given)


def energy(store: LocalStore, subject: str = "A") -> dict[int, float]:
    """kWh by quarter of one EVSE."""
    (series,) = store.find_series(SeriesSelection(connection="cpo", subjects=(subject,)))
    table = store.read([series.key], EVER).read_all()
    quarters = [(ts - T0) // QUARTER for ts in table["ts"].to_pylist()]
    return dict(zip(quarters, table["value"].to_pylist(), strict=True))


class TestRecords:
    def test_first_seen_order_is_kept(self, cpo: LocalStore):
        """A changed record keeps its place; within a batch the latest version wins."""
        keep(cpo, [record("a"), record("b", 5, '"late"'), record("b", 2, '"early"'), record("c")])
        keep(cpo, [record("c", 9, '"new"'), record("d")])
        found = cpo.records("cpo", "sessions")
        assert [(one.key, one.document) for one in found] == [
            ("a", b"{}"),
            ("b", b'"late"'),
            ("c", b'"new"'),
            ("d", b"{}"),
        ]

    def test_an_equal_record_writes_nothing(self, cpo: LocalStore):
        """The same again changes no row; only what differs is superseded."""
        assert keep(cpo, [record("a"), record("b")]).records == Counts(inserted=2)
        assert keep(cpo, [record("a"), record("b", 2)]).records == Counts(changed=1, equal=1)
        with cpo._engine.reading() as session:
            assert session.value("SELECT count(*) FROM superseded_records") == 1

    def test_an_older_version_is_left_out(self, cpo: LocalStore):
        """A page that was sent before an update does not undo it, nor its energy."""
        keep(cpo, [record("a", 9, '"new"')], [(0, "A", 0, 2.0)])
        keep(cpo, [record("a", 1, '"old"')], [(0, "A", 0, 1.0)])
        assert cpo.records("cpo", "sessions")[0].document == b'"new"'
        assert energy(cpo) == {0: 2.0}

    def test_as_of_reads_what_was_believed(self, cpo: LocalStore):
        """An instant between two versions shows the first, one before both shows none."""
        keep(cpo, [record("a", 1, '"one"')])
        keep(cpo, [record("a", 2, '"two"'), record("b")])
        with cpo._engine.reading() as session:
            ((first, second),) = session.rows("SELECT known_from, known_to FROM superseded_records")

        def then(at: int) -> list[bytes]:
            found = cpo.records("cpo", "sessions", as_of=at)
            assert cpo.count_records("cpo", "sessions", as_of=at) == len(found)
            return [one.document for one in found]

        assert then(first - 1) == []
        assert then(first) == then(second - 1) == [b'"one"']
        assert then(second) == [b'"two"', b"{}"]

    def test_filters_and_pages(self, cpo: LocalStore):
        """Bounds are half-open, places match any, pages cut the order of first sight."""
        rows = [
            record(str(n), n, places=["even" if n % 2 == 0 else "odd", "all"]) for n in range(9)
        ]
        keep(cpo, rows)

        def found(**filters: Any) -> list[int]:
            keys = [int(one.key) for one in cpo.records("cpo", "sessions", **filters)]
            wanted = {k: v for k, v in filters.items() if k not in {"offset", "limit"}}
            if not filters.keys() & {"offset", "limit"}:
                assert cpo.count_records("cpo", "sessions", **wanted) == len(keys)
            return keys

        assert found(updated_from=T0 + 2 * MINUTE, updated_to=T0 + 4 * MINUTE) == [2, 3]
        assert found(places=["even"]) == [0, 2, 4, 6, 8]
        assert found(places=["even", "odd"]) == list(range(9))
        assert found(places=[]) == []
        assert found(without=["even"]) == [1, 3, 5, 7]
        assert found(places=["all"], without=["odd", "none"]) == [0, 2, 4, 6, 8]
        assert found(without=["all"]) == []
        assert cpo.count_records("cpo", "sessions", without=["even"]) == 4
        assert found(offset=7) == [7, 8]
        assert found(offset=2, limit=3) == [2, 3, 4]
        assert found(places=["odd"], offset=1, limit=2) == [3, 5]
        assert cpo.records("cpo", "sessions")[1].places == ("odd", "all")
        assert cpo.records("cpo", "cdrs") == []

    def test_pages_tell_of_what_is_written_between_them(self, cpo: LocalStore):
        """What a selection names is asked for once, and anew as soon as records are written."""
        asked: dict[str, Any] = {"without": ["home"]}
        keep(cpo, [record("A"), record("B", places=["home"]), record("C"), record("D")])

        def keys(offset: int, limit: int | None) -> list[str]:
            found = cpo.records("cpo", "sessions", offset=offset, limit=limit, **asked)
            return [one.key for one in found]

        assert keys(0, 2) == ["A", "C"]
        assert cpo.count_records("cpo", "sessions", **asked) == 3
        keep(cpo, [record("A", 2, places=["home"]), record("E")])
        assert cpo.count_records("cpo", "sessions", **asked) == 3
        assert keys(0, 2) == ["C", "D"]
        assert keys(2, None) == ["E"]
        assert keys(3, 2) == []
        cpo.remove_connection("cpo")
        cpo.put_connection(ConnectionRecord(name="cpo", platform="ocpi", url="https://x.example"))
        assert cpo.count_records("cpo", "sessions", **asked) == 0

    def test_modules_and_connections_are_apart(self, cpo: LocalStore):
        """One key in two modules is two records, each module counted for itself."""
        keep(cpo, [record("a"), record("a", module="cdrs"), record("b", module="cdrs")])
        assert [one.key for one in cpo.records("cpo", "cdrs", offset=1)] == ["b"]
        with pytest.raises(NotFound, match="connection"):
            cpo.records("other", "cdrs")

    def test_a_removed_connection_leaves_no_record(self, cpo: LocalStore):
        """Records go with their connection, earlier versions too; what was derived stays."""
        keep(cpo, [record("a")], [(0, "A", 0, 1.0)])
        keep(cpo, [record("a", 2)], [(0, "A", 0, 1.0)])
        cpo.remove_connection("cpo")
        with cpo._engine.reading() as session:
            for table in ("records", "superseded_records", "contributions", "credits"):
                assert session.value(f"SELECT count(*) FROM {table}") == 0
        assert energy(cpo) == {0: 1.0}

    def test_coverage_is_kept_with_the_records(self, cpo: LocalStore):
        """The confirmation of a module lands with its last records, or not at all."""
        window = Window(0, T0)
        done = Coverage(subject="sessions", window=window, state=CoverageState.DONE, asked_at=T0)
        keep(cpo, [record("a")], confirmations=[Confirmation(coverage=done)])
        (row,) = cpo.coverage("cpo")
        assert (row.subject, row.window) == ("sessions", window)


class TestDerivedSeries:
    def test_bins_are_sums_over_records(self, cpo: LocalStore):
        """Two records in one bin add up, exactly and in any order."""
        keep(cpo, [record("a")], [(0, "A", 0, 0.1), (0, "A", 1, 0.2)])
        counts = keep(cpo, [record("b")], [(0, "A", 1, 0.7), (0, "B", 1, 5.0)])
        assert energy(cpo) == {0: 0.1, 1: 0.9}
        assert energy(cpo, "B") == {1: 5.0}
        assert counts.readings == Counts(inserted=1, changed=1)

    def test_a_changed_record_replaces_its_own_share(self, cpo: LocalStore):
        """What it gave before is taken back, also from other bins and EVSEs; others stay."""
        keep(
            cpo, [record("a"), record("b")], [(0, "A", 0, 1.0), (0, "A", 1, 2.0), (1, "A", 1, 4.0)]
        )
        keep(cpo, [record("a", 2)], [(0, "B", 5, 3.0)])
        assert energy(cpo) == {1: 4.0}
        assert energy(cpo, "B") == {5: 3.0}

    def test_the_same_again_changes_no_reading(self, cpo: LocalStore):
        """A record that comes again leaves readings and their history alone."""
        rows, bins = [record("a"), record("b")], [(0, "A", 0, 0.3), (1, "A", 0, 0.6)]
        keep(cpo, rows, bins)
        assert keep(cpo, rows, bins).readings == Counts()
        assert cpo.status().superseded == 0

    def test_of_two_versions_in_a_batch_one_counts(self, cpo: LocalStore):
        """A record that moved between pages counts once, with its latest energy."""
        keep(cpo, [record("a", 1), record("a", 2)], [(0, "A", 0, 1.0), (1, "A", 0, 1.5)])
        assert energy(cpo) == {0: 1.5}

    def test_earlier_sums_stay_readable(self, cpo: LocalStore):
        """A correction supersedes the sum; the reading before it is kept."""
        keep(cpo, [record("a")], [(0, "A", 0, 1.0)])
        keep(cpo, [record("a", 2)], [(0, "A", 0, 2.0)])
        assert cpo.status().superseded == 1

    @pytest.mark.parametrize("order", [("original", "credit"), ("credit", "original"), ("both",)])
    def test_a_credit_takes_out_what_it_credits(self, cpo: LocalStore, order: tuple[str, ...]):
        """The credited record counts for nothing, whichever of the two comes first."""
        rows = {
            "original": record("o", module="cdrs"),
            "credit": record("c", module="cdrs", credits="o"),
        }
        share = [(0, "A", 0, 9.0), (0, "A", 1, 9.0)]
        keep(cpo, [record("n", module="cdrs")], [(0, "A", 1, 4.0)])
        for one in order:
            if one == "both":
                keep(cpo, [rows["original"], rows["credit"]], share)
            else:
                keep(cpo, [rows[one]], share if one == "original" else [])
        assert energy(cpo) == {1: 4.0}
        keep(cpo, [rows["original"] | {"updated_at": T0 + HOUR}], share)
        assert energy(cpo) == {1: 4.0}

    def test_another_source_takes_over(self, cpo: LocalStore):
        """Once records of another module contribute, those of the first count no more."""
        keep(cpo, [record("s")], [(0, "A", 0, 9.0), (0, "A", 1, 9.0)])
        keep(cpo, [record("c", module="cdrs")], [(0, "A", 0, 8.0)])
        assert energy(cpo) == {0: 8.0}

    def test_a_series_that_was_removed_stays_away(self, cpo: LocalStore):
        """Energy of an EVSE whose series its owner removed is not kept."""
        (series,) = cpo.find_series(SeriesSelection(subjects=("A",)))
        cpo.remove_series([series.key])
        keep(cpo, [record("a")], [(0, "A", 0, 1.0), (0, "B", 0, 2.0)])
        assert energy(cpo, "B") == {0: 2.0}
        assert cpo.status().readings == 1


class TestObservedAttributes:
    def test_first_sight_holds_from_the_beginning(self, cpo: LocalStore):
        """What was never seen before is believed of the past too, later changes from their time."""

        def seen(city: str, at: int) -> None:
            told = entry("A")
            cpo.record_catalogue(
                "cpo",
                [
                    Entry(
                        subject="A",
                        kind="evse",
                        name="A",
                        series=told.series,
                        document={"city": city},
                        observed={"city": city},
                        observed_at=at,
                    )
                ],
                partial=True,
            )

        seen("Arnhem", T0)
        seen("Utrecht", T0 + HOUR)
        seen("Utrecht", T0 + 2 * HOUR)
        key = cpo.find_series(SeriesSelection(subjects=("A",)))[0].key
        assert cpo.attribute_at(key, "city", 0) == "Arnhem"
        assert cpo.attribute_at(key, "city", T0 + HOUR - 1) == "Arnhem"
        assert cpo.attribute_at(key, "city", T0 + HOUR) == "Utrecht"
        assert len(cpo.assignments([key])[key][0].values) == 2

    def test_part_of_a_catalogue_leaves_the_rest(self, cpo: LocalStore):
        """Entries that a part does not name are not gone; those of a whole one are."""
        cpo.record_catalogue("cpo", [entry("C")], partial=True)
        assert [one.subject for one in cpo.catalogue("cpo")] == ["A", "B", "C"]
        cpo.record_catalogue("cpo", [entry("C")])
        assert [one.subject for one in cpo.catalogue("cpo")] == ["C"]
