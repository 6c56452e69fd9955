"""Stores of earlier formats open in this release."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tidegate.model.attributes import AttributeFilter
from tidegate.model.coverage import CoverageState
from tidegate.model.errors import StoreError
from tidegate.model.series import Origin
from tidegate.model.windows import Window
from tidegate.store.engine.duckdb import Engine
from tidegate.store.files import DATABASE
from tidegate.store.local import LocalStore
from tidegate.store.messages import Counts, RunState, Version
from tidegate.store.migrations import STEPS, upgrade
from tidegate.store.records_energy import CONTRIBUTIONS
from tidegate.store.records_writing import RECORDS
from tidegate.store.schema import FORMAT, TABLES

FORMAT_1 = Path(__file__).parent / "data" / "format_1.sql"
FORMAT_2 = FORMAT_1.with_name("format_2.sql")


@pytest.fixture
def of_format_1(tmp_path: Path) -> Path:
    """A store folder as the first release wrote it."""
    folder = tmp_path / "store"
    folder.mkdir()
    connection = duckdb.connect(folder / DATABASE)
    connection.execute(FORMAT_1.read_text())
    connection.close()
    return folder


def test_a_store_of_format_1_opens_with_all_it_holds(of_format_1, readings):
    """Series, readings, beliefs, attributes, coverage and runs of format 1 are read as written."""
    with LocalStore.open(of_format_1, create=False) as store:
        assert store.status().format == FORMAT
        a, b = store.find_series()
        assert (a.name, a.unit, a.interval.elapsed) == ("Sample", "kWh", 1_800_000_000)
        assert a.origin == Origin("campus", "R733", "periodValue")
        assert (a.audit, a.quotation) == (True, True)
        assert {unit.category for unit in store.units()} == {""}
        assert store.repository_zone() == "UTC"
        assert b.formula is not None
        assert b.formula.aliases == {"R1": a.key}
        window = Window(0, 10**16)
        now = store.read([a.key], window).read_all()
        assert now == readings([(1, 0, 2.0, 9), (1, 1_800_000_000, None, 19)])
        then = store.read([a.key], window, version=Version(as_of=1_000)).read_all()
        assert then["value"].to_pylist() == [1.0]
        quoted = store.read([a.key], window, version=Version(quotation=5)).read_all()
        assert quoted["value"].to_pylist() == [7.0]
        spans = store.membership([AttributeFilter("Supplier", "AT1")], window)
        assert spans.to_pylist() == [{"series": 1, "start": 100, "end": 200}]
        (covered,) = store.coverage("campus")
        assert (covered.state, covered.window) == (CoverageState.DONE, Window(0, 3_600_000_000))
        assert [run.state for run in store.runs()] == [RunState.COMPLETE]
        assert [entry.subject for entry in store.catalogue("campus")] == ["R733"]
        assert store.merge_readings(now) == Counts(equal=2)


def test_a_store_of_format_2_opens_and_takes_records(of_format_1):
    """Users and keys of format 2 are there, and records and views have their place."""
    connection = duckdb.connect(of_format_1 / DATABASE)
    connection.execute(FORMAT_2.read_text())
    connection.close()
    of_format_1.chmod(0o700)
    with LocalStore.open(of_format_1, create=False) as store:
        assert store.status().format == FORMAT
        assert [user.name for user in store.users()] == ["anna"]
        (key,) = store.api_keys()
        assert (key.id, key.repositories, key.view) == ("k1", ("main",), None)
        assert store.views() == []
        (entry,) = store.catalogue("campus")
        assert entry.asked == ()
        run = store.start_run("campus", "test")
        row = {"module": "m", "key": "a", "updated_at": 1, "document": "{}", "places": []}
        records = pa.Table.from_pylist([row], schema=RECORDS)
        store.confirm_records("campus", run, [], records, CONTRIBUTIONS.empty_table())
        assert store.count_records("campus", "m") == 1


def test_an_upgraded_store_has_the_tables_of_a_new_one(of_format_1, tmp_path):
    """The frozen file of the first format, brought up to date, is as this release makes stores."""
    with LocalStore.open(tmp_path / "new") as store, LocalStore.open(of_format_1) as old:
        made, frozen = (columns(one._engine) for one in (store, old))
    assert made == frozen
    assert len({table for table, *_ in made}) == len(TABLES)


def columns(engine: Engine) -> list[tuple[str, ...]]:
    with engine.reading() as session:
        return session.rows(
            "SELECT table_name, column_name, data_type FROM duckdb_columns()"
            " WHERE NOT internal ORDER BY table_name, column_index"
        )


def test_every_earlier_format_has_a_step():
    """There is one step from each format to the next, and none beyond the present one."""
    assert sorted(STEPS) == list(range(1, FORMAT))


def test_steps_run_in_order_and_each_is_kept(tmp_path, empty_store):
    """An upgrade that fails keeps the formats it reached, and goes on from there."""
    folder = shutil.copytree(empty_store, tmp_path / "store")
    engine = Engine.open(folder / DATABASE)
    done = []
    steps = {
        FORMAT: lambda session: done.append(session.run("CREATE TABLE two (x INTEGER)")),
        FORMAT + 1: lambda session: session.run("CREATE TABLE two (x INTEGER)"),
    }
    with pytest.raises(StoreError):
        upgrade(engine, steps=steps, known=FORMAT + 2)
    upgrade(engine, steps={FORMAT + 1: done.append}, known=FORMAT + 2)
    with engine.reading() as session:
        assert session.value("SELECT format FROM store") == FORMAT + 2
    assert len(done) == 2
    engine.close()
