"""One engine a file: threads, handles, files that are none."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from tidegate.model.errors import NotFound, StoreBusy, StoreDamaged, StoreError, StoreTooNew
from tidegate.model.series import NewSeries
from tidegate.model.windows import Window
from tidegate.store.engine.duckdb import connect
from tidegate.store.files import DATABASE
from tidegate.store.local import LocalStore
from tidegate.store.schema import FORMAT

WINDOW = Window(0, 10**9)


def test_a_store_is_made_where_there_is_none(tmp_path):
    """Opening makes the folders and the file, and nothing half-made is left beside it."""
    folder = tmp_path / "deep" / "store"
    with pytest.raises(NotFound, match="no store"):
        LocalStore.open(folder, create=False)
    assert not folder.exists()
    with LocalStore.open(folder) as store:
        assert store.repositories() == ["main"]
    assert [path.name for path in folder.iterdir()] == [DATABASE]


def test_what_is_written_is_there_again(tmp_path, readings):
    """A closed store holds everything when it is opened again."""
    with LocalStore.open(tmp_path / "store") as store:
        (series,) = store.create_series([NewSeries(name="a")])
        store.merge_readings(readings([(series.key, 0, 1.0, 9)]))
        identity = store.status().id
    with LocalStore.open(tmp_path / "store", create=False) as store:
        assert store.find_series() == [series]
        assert store.read([series.key], WINDOW).read_all().num_rows == 1
        assert store.status().id == identity


def test_the_file_can_be_opened_by_the_1_5_line(store):
    """A new store has storage version 1.5, and no extension but those built in is loaded."""
    with store._engine.reading() as session:
        tags = session.value("SELECT tags FROM duckdb_databases() WHERE database_name = 'store'")
        loaded = session.rows(
            "SELECT extension_name FROM duckdb_extensions()"
            " WHERE loaded AND install_mode <> 'STATICALLY_LINKED'"
        )
    assert tags["storage_version"].startswith("v1.5")
    assert loaded == []


def test_two_handles_are_one_engine(tmp_path, readings):
    """A store opened twice in a process is shared, and lives until both handles are closed."""
    first = LocalStore.open(tmp_path / "store")
    second = LocalStore.open(tmp_path / "." / "store")
    (series,) = first.create_series([NewSeries(name="a")])
    assert second.find_series() == [series]
    first.close()
    first.close()
    second.merge_readings(readings([(series.key, 0, 1.0, 9)]))
    second.close()
    with pytest.raises(StoreError, match="closed"):
        second.repositories()


def test_a_forgotten_store_closes_itself(tmp_path):
    """A store that nobody holds any more gives its file back."""
    store = LocalStore.open(tmp_path / "store")
    engine = store._engine
    del store
    gc.collect()
    with pytest.raises(StoreError, match="closed"), engine.reading():
        pass


def test_a_reader_ends_with_its_store(store, keys, readings, monkeypatch):
    """Batches that were not taken before the store was closed are refused, not made up."""
    monkeypatch.setattr("tidegate.store.reading._PIECE", 1)
    store.merge_readings(readings([(key, 0, 1.0, 9) for key in keys]))
    reader = store.read(keys, WINDOW)
    reader.read_next_batch()
    store.close()
    with pytest.raises(StoreError):
        reader.read_all()


def test_threads_write_one_after_the_other(store, readings):
    """Writers in many threads each get all of their change in, readers see whole changes."""
    keys = [one.key for one in store.create_series([NewSeries(name=str(n)) for n in range(8)])]
    stop = threading.Event()

    def write(key: int) -> None:
        for value in range(5):
            store.merge_readings(readings([(key, ts, float(value), 9) for ts in range(10)]))

    def look() -> int:
        seen = 0
        while not stop.is_set():
            for key in keys:
                values = store.read([key], WINDOW).read_all()["value"].to_pylist()
                assert len(values) in {0, 10}
                assert len(set(values)) <= 1
                seen += 1
        return seen

    with ThreadPoolExecutor(10) as pool:
        looking = [pool.submit(look) for _ in range(2)]
        list(pool.map(write, keys))
        stop.set()
        assert all(one.result() > 0 for one in looking)
    status = store.status()
    assert (status.readings, status.superseded) == (80, 80 * 4)


def test_a_failed_change_leaves_nothing(store, keys, readings, monkeypatch):
    """An error half way through a change undoes what it wrote."""
    monkeypatch.setattr("tidegate.store.local._audit_readings", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.merge_readings(readings([(keys[0], 0, 1.0, 9)]))
    assert store.status().readings == 0
    monkeypatch.undo()
    assert store.merge_readings(readings([(keys[0], 0, 1.0, 9)])).revision == 1


def test_a_file_that_is_no_store_is_refused(tmp_path):
    """Neither rubbish nor a database of something else is taken for a store, or touched."""
    folder = tmp_path / "rubbish"
    folder.mkdir()
    (folder / DATABASE).write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreDamaged) as caught:
        LocalStore.open(folder)
    assert caught.value.hint
    assert (folder / DATABASE).read_bytes() == b"not a database" * 1000
    other = tmp_path / "other"
    other.mkdir()
    duckdb.connect(other / DATABASE).close()
    with pytest.raises(StoreDamaged, match="not a store"):
        LocalStore.open(other)


def test_a_truncated_file_is_damaged(tmp_path, empty_store):
    """A file that lost its end is reported, not repaired by guesswork."""
    folder = shutil.copytree(empty_store, tmp_path / "store")
    path = folder / DATABASE
    os.truncate(path, path.stat().st_size // 8)
    with pytest.raises(StoreDamaged):
        LocalStore.open(folder)


def test_a_store_of_a_later_release_is_refused(tmp_path, empty_store):
    """A newer format is named with what to do, and the file stays as it is."""
    folder = shutil.copytree(empty_store, tmp_path / "store")
    connection = connect(folder / DATABASE)
    connection.execute("UPDATE store SET format = 7")
    connection.close()
    with pytest.raises(StoreTooNew, match=f"format 7, this release knows up to {FORMAT}"):
        LocalStore.open(folder)
    with pytest.raises(StoreTooNew):
        LocalStore.open(folder)


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path):
    """A path through a file cannot hold a store, and says so."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        LocalStore.open(tmp_path / "file" / "store")


def test_another_process_is_told_that_the_store_is_open(store, tmp_path):
    """While one process has the file, another gets one clear error at once."""
    code = (
        "import pathlib, sys\n"
        "from tidegate.model.errors import StoreBusy\n"
        "from tidegate.store.local import LocalStore\n"
        "try: LocalStore.open(pathlib.Path(sys.argv[1]))\n"
        "except StoreBusy as error: print(error)\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store")], capture_output=True, text=True
    )
    assert (other.stderr, other.returncode) == ("", 0)
    assert "another process has" in other.stdout
    assert store.repositories() == ["main"]
    assert StoreBusy.retryable


def test_a_forked_child_may_not_use_the_store(store, tmp_path):
    """A child that was forked with an open store is refused and does the file no harm."""
    code = (
        "import os, pathlib, sys\n"
        "from tidegate.model.errors import StoreError\n"
        "from tidegate.store.local import LocalStore\n"
        "store = LocalStore.open(pathlib.Path(sys.argv[1]))\n"
        "child = os.fork()\n"
        "try: store.repositories()\n"
        "except StoreError as error: print(error, flush=True)\n"
        "if child == 0: os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "print(store.repositories())\n"
    )
    forked = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "mine")],
        capture_output=True,
        text=True,
    )
    refusal, answer = forked.stdout.splitlines()
    assert "before this process was forked" in refusal
    assert answer == "['main']"


def test_an_open_store_does_not_spoil_the_end_of_a_program(tmp_path):
    """A program that forgets to close ends without a word, with all it wrote on disk."""
    code = (
        "import pathlib, sys\n"
        "from tidegate.model.series import NewSeries\n"
        "from tidegate.store.local import LocalStore\n"
        "from tidegate.store.verbs import NO_READINGS\n"
        "store = LocalStore.open(pathlib.Path(sys.argv[1]))\n"
        "store.create_series([NewSeries(name='a')])\n"
        "store.merge_readings(NO_READINGS)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "mine")], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    with LocalStore.open(tmp_path / "mine") as store:
        assert [series.name for series in store.find_series()] == ["a"]


def test_many_may_make_a_store_at_once(tmp_path):
    """Threads that open a folder without store at one moment get the same one."""
    barrier = threading.Barrier(4)

    def opened() -> str:
        barrier.wait()
        with LocalStore.open(tmp_path / "store") as store:
            return store.status().id

    with ThreadPoolExecutor(4) as pool:
        found = {one.result() for one in [pool.submit(opened) for _ in range(4)]}
    assert len(found) == 1
