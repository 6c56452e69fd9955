"""Tests of one store shared between real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pytest
from tests.store.another_process import AnotherProcess, numbered

from tidegate.model.errors import Duplicate, StoreBusy, StoreError
from tidegate.model.records import Record
from tidegate.model.series import NewSeries, SeriesKey
from tidegate.model.windows import Window
from tidegate.store import open_store
from tidegate.store.messages import ConnectionRecord, Counts
from tidegate.store.records_energy import CONTRIBUTIONS
from tidegate.store.records_writing import RECORDS
from tidegate.store.sharing.election import SharedStore
from tidegate.store.sharing.owner import Owner
from tidegate.store.sharing.places import read_pointer
from tidegate.store.sharing.remote import Remote
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.store import OpenedStore

EVER: Final = Window(-(1 << 60), 1 << 60)
DIE: Final = "import os, signal; die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shared"


@pytest.fixture
def owner(folder: Path) -> Iterator[AnotherProcess]:
    """Another process that owns the store as `store`, with one series of key 1."""
    with AnotherProcess(
        "from pathlib import Path; from tidegate.store import open_store",
        "from tidegate.model.series import NewSeries",
        f"store = open_store(Path({str(folder)!r}))",
        "store.create_series([NewSeries(name='A')])",
    ) as process:
        yield process


def opened_by_the_impatient(folder: Path) -> OpenedStore:
    """A handle that gives up after half a second; on a busy machine opening it may take more."""
    until = time.monotonic() + 60
    while True:
        try:
            return open_store(folder, patience=0.5)
        except StoreBusy:
            if time.monotonic() > until:
                raise


def is_owner(store: OpenedStore) -> bool:
    assert isinstance(store, SharedStore)
    return isinstance(store._hold.line, Owner)


class TestSharing:
    def test_second_process_asks_the_owner(self, owner: AnotherProcess, folder: Path):
        """A second process reads and writes by way of the first, and both see it all."""
        with open_store(folder) as store:
            counts = store.merge_readings(numbered(1, 1000))
            read = store.read([SeriesKey(1)], EVER).read_all()

            assert not is_owner(store)
            assert counts.inserted == 1000
            assert read.equals(numbered(1, 1000))
            assert owner.do("answer = store.status().readings") == "1000"

    def test_read_while_another_writes(self, owner: AnotherProcess, folder: Path):
        """Reading answers at once while the owner is in the middle of its writes."""
        owner.begin("for n in range(40): store.put_unit(__import__('tidegate').model.units.NO)")
        owner.answer()
        owner.begin("for n in range(40): store.create_repository(f'r{n}')")
        with open_store(folder) as store:
            while len(store.repositories()) < 20:
                pass
            assert store.find_series()[0].name == "A"
        assert owner.answer() == "done"

    def test_two_writers(self, owner: AnotherProcess, folder: Path):
        """Two processes that write at once lose nothing of each other."""
        owner.begin("for n in range(25): store.create_series([NewSeries(name=f'mine {n}')])")
        with open_store(folder) as store:
            for number in range(25):
                store.create_series([NewSeries(name=f"theirs {number}")])
            assert owner.answer() == "done"
            assert len(store.find_series()) == 51

    def test_remote_becomes_owner(self, owner: AnotherProcess, folder: Path):
        """When the owner ends in peace, the next verb of another makes that one the owner."""
        with open_store(folder) as store:
            assert owner.do("store.close()") == "done"
            store.create_repository("next")

            assert is_owner(store)
            assert store.repositories() == ["main", "next"]
            assert read_pointer(folder).pid == os.getpid()  # type: ignore[union-attr]

    def test_many_at_once(self, folder: Path):
        """Of several processes that open a new store at once, each gets to write."""
        script = (
            "import sys; from pathlib import Path; from tidegate.store import open_store\n"
            "with open_store(Path(sys.argv[1]), patience=30) as store:\n"
            "    for n in range(5): store.create_repository(f'{sys.argv[2]}-{n}')\n"
        )
        children = [
            subprocess.Popen([sys.executable, "-c", script, str(folder), str(number)])
            for number in range(4)
        ]
        codes = [child.wait(50) for child in children]
        with open_store(folder) as store:
            assert codes == [0, 0, 0, 0]
            assert len(store.repositories()) == 21

    def test_one_owner_a_process(self, folder: Path):
        """Two handles in one process are on one store, which closes with the last."""
        first = open_store(folder)
        second = open_store(folder)
        first.close()
        second.create_repository("second")

        assert second.repositories() == ["main", "second"]
        second.close()
        assert Owner._held == {}
        assert read_pointer(folder) is None

    def test_closed(self, folder: Path):
        """A store that was closed, once or twice, says so."""
        store = open_store(folder)
        store.close()
        store.close()
        with pytest.raises(StoreError, match="closed"):
            store.repositories()

    def test_exit_without_closing(self, owner: AnotherProcess, folder: Path):
        """A process that ends without closing its store leaves no pointer behind."""
        owner.begin("import sys; sys.exit()")
        assert owner.wait() == 0
        assert read_pointer(folder) is None

    def test_errors_rise_as_they_are(self, owner: AnotherProcess, folder: Path):
        """An error of the owner rises with its class, message, hint and fields."""
        with open_store(folder) as store, pytest.raises(Duplicate) as caught:
            store.create_repository("main")

        local = Duplicate("repository", "main")
        assert caught.value.args == local.args
        assert (caught.value.hint, caught.value.fields) == (local.hint, local.fields)

    def test_long_path(self, tmp_path: Path):
        """A store deeper than a socket path may be long is shared like any other."""
        deep = tmp_path.joinpath(*["a-folder-with-quite-a-long-name"] * 6)
        with (
            AnotherProcess(
                "from pathlib import Path; from tidegate.store import open_store",
                f"store = open_store(Path({str(deep)!r}))",
            ),
            open_store(deep) as store,
        ):
            assert len(os.fsencode(deep)) > 107
            assert not is_owner(store)
            assert store.repositories() == ["main"]


class TestKilledOwner:
    def test_after_the_commit(self, owner: AnotherProcess, folder: Path):
        """A verb whose owner dies between commit and answer is not done a second time."""
        with open_store(folder) as store:
            owner.do(DIE)
            owner.do("from tidegate.store.sharing import owner; owner.answer_ = owner.answer")
            owner.do("owner.answer = lambda *call: (owner.answer_(*call), die())")
            created = store.create_series([NewSeries(name="B")])

            assert is_owner(store)
            assert [series.name for series in created] == ["B"]
            assert [series.name for series in store.find_series()] == ["A", "B"]
        assert owner.wait() == -signal.SIGKILL

    def test_before_the_commit(self, owner: AnotherProcess, folder: Path):
        """A verb whose owner dies before it is done is done by the next one."""
        with open_store(folder) as store:
            owner.do(DIE)
            owner.do("from tidegate.store.sharing import owner; owner.answer = die")
            store.create_repository("once")

            assert store.repositories() == ["main", "once"]

    def test_while_reading(self, owner: AnotherProcess, folder: Path):
        """A stream that breaks half way says so, and never looks like its end."""
        owner.do("from another_process import numbered")
        assert owner.do("store.merge_readings(numbered(1, 3000000))") == "done"
        with open_store(folder) as store:
            reader = store.read([SeriesKey(1)], EVER)
            reader.read_next_batch()
            owner.signal(signal.SIGKILL)
            with pytest.raises(StoreBusy, match="while it was read"):
                reader.read_all()

            assert store.read([SeriesKey(1)], EVER).read_all().num_rows == 3_000_000

    def test_several_turn_to_one(self, owner: AnotherProcess, folder: Path):
        """All who lose their owner at once find one and the same next."""
        with ExitStack() as stack:
            stores = [stack.enter_context(open_store(folder)) for _ in range(4)]
            owner.signal(signal.SIGKILL)
            with ThreadPoolExecutor(4) as pool:
                pool.map(lambda n: stores[n].create_repository(f"r{n}"), range(4))

            assert stores[0].repositories() == ["main", "r0", "r1", "r2", "r3"]


class TestStoppedOwner:
    def test_open(self, owner: AnotherProcess, folder: Path):
        """Opening a store whose owner is stopped ends in time with its process number."""
        owner.signal(signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(StoreBusy, match=f"process {owner.pid} .* does not answer"):
            open_store(folder, patience=1)

        assert time.monotonic() - started < 5

    @pytest.mark.parametrize("rows", [1, 2_000_000])
    def test_call(self, owner: AnotherProcess, folder: Path, rows: int):
        """A call to an owner that is stopped ends in time, however much it sends."""
        with open_store(folder, patience=1) as store:
            owner.signal(signal.SIGSTOP)
            started = time.monotonic()
            with pytest.raises(StoreBusy, match=str(owner.pid)):
                store.merge_readings(numbered(1, rows))

            assert time.monotonic() - started < 6

    def test_late_call(self, owner: AnotherProcess, folder: Path):
        """A call that was given up is not done when the owner goes on."""
        with opened_by_the_impatient(folder) as store:
            owner.signal(signal.SIGSTOP)
            with pytest.raises(StoreBusy):
                store.create_repository("late")
        owner.signal(signal.SIGCONT)
        with open_store(folder, patience=60) as patient:
            patient.create_repository("next")
            time.sleep(0.3)

            assert owner.do("answer = store.repositories()") == "['main', 'next']"
            assert patient.repositories() == ["main", "next"]

    def test_slow_is_not_silent(self, owner: AnotherProcess, folder: Path):
        """A call that takes longer than the patience is waited for while its owner is alive."""
        owner.do("import time; from tidegate.store.local import LocalStore")
        owner.do("LocalStore.repositories = lambda self: time.sleep(3) or ['slow']")
        with open_store(folder, patience=1) as store:
            assert store.repositories() == ["slow"]

    def test_owner_closes(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        """An owner that closes does not wait for a reader that is stopped."""
        monkeypatch.setattr("tidegate.store.sharing.owner._LINGER_S", 0.5)
        with AnotherProcess(
            "from pathlib import Path; from tidegate.store import open_store",
            "from tidegate.model.windows import Window",
        ) as reader:
            store = open_store(folder)
            store.create_series([NewSeries(name="A")])
            store.merge_readings(numbered(1, 2_000_000))
            reader.do(f"store = open_store(Path({str(folder)!r}))")
            reader.do("found = store.read([1], Window(0, 1 << 60)); found.read_next_batch()")
            reader.signal(signal.SIGSTOP)
            started = time.monotonic()
            store.close()

            assert time.monotonic() - started < 10
            with open_store(folder) as again:
                assert again.status().readings == 2_000_000

    def test_owner_closes_while_read(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        """An owner that closes lets a reader finish that takes its time but moves."""
        monkeypatch.setattr("tidegate.store.sharing.owner._LINGER_S", 3.0)
        with AnotherProcess(
            "from pathlib import Path; from tidegate.store import open_store",
            "from tidegate.model.windows import Window; import time",
        ) as reader:
            store = open_store(folder)
            store.create_series([NewSeries(name="A")])
            store.merge_readings(numbered(1, 2_000_000))
            reader.do(f"store = open_store(Path({str(folder)!r}))")
            reader.do("found = store.read([1], Window(0, 1 << 60))")
            reader.begin("answer = sum(len(one) for one in found if not time.sleep(0.3))")
            time.sleep(0.5)
            store.close()

            assert reader.answer() == "2000000"


class TestBelief:
    def test_stale_pointer(self, folder: Path):
        """A pointer that a killed owner left behind is in nobody's way."""
        open_store(folder).close()
        folder.joinpath("owner.json").write_text('{"socket":"/nowhere","pid":1,"host":"x"}')
        with open_store(folder) as store:
            assert is_owner(store)
            assert read_pointer(folder).pid == os.getpid()  # type: ignore[union-attr]

    def test_bad_pointer(self, owner: AnotherProcess, folder: Path):
        """A pointer that is none is as good as no pointer, and is never waited on."""
        (folder / "owner.json").unlink()
        os.mkfifo(folder / "owner.json")
        with pytest.raises(StoreBusy, match="another process"):
            open_store(folder, patience=0.2)
        assert owner.do("answer = store.repositories()") == "['main']"

    def test_socket_that_others_can_reach(
        self, owner: AnotherProcess, folder: Path, tmp_path: Path
    ):
        """A socket in a folder that others can enter is not spoken to."""
        trap = tmp_path / "trap"
        trap.mkdir(mode=0o755)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(trap / "s"))
            listener.listen()
            listener.settimeout(0.1)
            folder.joinpath("owner.json").write_text(
                f'{{"socket":"{trap / "s"}","pid":{owner.pid},"host":"x"}}'
            )
            with pytest.raises(StoreBusy, match="no socket of ours"):
                open_store(folder, patience=0.2)
            with pytest.raises(TimeoutError):
                listener.accept()

    def test_owner_of_another_store(self, owner: AnotherProcess, folder: Path, tmp_path: Path):
        """A pointer that came along in a copied folder leads nobody to the first store."""
        copied = tmp_path / "copied"
        copied.mkdir()
        owner.do(f"import shutil; a, b = {str(folder)!r}, {str(copied)!r}")
        owner.do("from tidegate.store.local import LocalStore")
        owner.do("second = LocalStore.open(Path(b)); shutil.copy(a + '/owner.json', b)")
        with pytest.raises(StoreBusy, match="owns another store"):
            open_store(copied, patience=2)

    def test_another_release(self, owner: AnotherProcess, folder: Path):
        """An owner that speaks another version is told apart at once, without waiting."""
        owner.do("from tidegate.store.sharing import owner; owner.protocol = lambda: '0-old'")
        started = time.monotonic()
        with pytest.raises(StoreBusy, match=f"process {owner.pid} .* another release"):
            open_store(folder)

        assert time.monotonic() - started < 2

    def test_no_place_for_a_socket(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        """Without a private folder for a socket the store still opens, for one process."""
        monkeypatch.setattr("tidegate.store.sharing.places._runtime_folders", list)
        with open_store(folder) as store, AnotherProcess() as other:
            other.do("from pathlib import Path; from tidegate.store import open_store")
            said = other.do(f"open_store(Path({str(folder)!r}), patience=0.2)")

            assert said.startswith("StoreBusy: another process")
            assert store.repositories() == ["main"]


class TestFork:
    FORKING: Final = (
        "import os, sys, gc\n"
        "from pathlib import Path\n"
        "from tidegate.store import open_store\n"
        "from tidegate.model.errors import StoreError\n"
        "store = open_store(Path(sys.argv[1]))\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try: store.repositories()\n"
        "    except StoreError as error: code = 7 if 'fork' in str(error) else 8\n"
        "    store.close()\n"
        "    del store; gc.collect()\n"
        "    sys.exit(code)\n"
        "code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "store.create_repository('after')\n"
        "sys.exit(code)\n"
    )

    def forked(self, folder: Path) -> int:
        command = [sys.executable, "-W", "ignore", "-c", self.FORKING, str(folder)]
        return subprocess.run(command, timeout=30, check=False).returncode

    def test_child_of_owner(self, folder: Path):
        """A forked child of the owner cannot use the store, ends well, and leaves it whole."""
        assert self.forked(folder) == 7
        with open_store(folder) as store:
            assert store.repositories() == ["after", "main"]

    def test_child_of_remote(self, owner: AnotherProcess, folder: Path):
        """A forked child of one who asks the owner cannot, and its parent still can."""
        assert self.forked(folder) == 7
        assert owner.do("answer = store.repositories()") == "['after', 'main']"


class TestLine:
    """Both ends in one process: what travels arrives as it was."""

    @pytest.fixture
    def near(self, folder: Path) -> Iterator[OpenedStore]:
        with open_store(folder) as store:
            yield store

    @pytest.fixture
    def far(self, near: OpenedStore, folder: Path) -> Iterator[OpenedStore]:
        """The same store by way of its socket."""
        store = open_store(folder)
        assert isinstance(store, SharedStore)
        assert isinstance(store._hold.line, Owner)
        store._hold.line.release()
        store._hold.line = Remote.reach(folder, patience=10)
        yield store
        store.close()

    def test_large_arguments(self, near: OpenedStore, far: OpenedStore):
        """Thousands of definitions travel in one call."""
        created = far.create_series([NewSeries(name=f"s{n}", unit="kWh") for n in range(5000)])

        assert created == near.find_series()

    def test_streams_from_several_threads(self, near: OpenedStore, far: OpenedStore):
        """Several threads read through one handle at once, and one may stop early."""
        near.create_series([NewSeries(name="A")])
        near.merge_readings(numbered(1, 300_000))
        abandoned = far.read([SeriesKey(1)], EVER)
        abandoned.read_next_batch()
        del abandoned
        with ThreadPoolExecutor(4) as pool:
            read = list(pool.map(lambda _: far.read([SeriesKey(1)], EVER).read_all(), range(8)))

        assert all(one.equals(numbered(1, 300_000)) for one in read)

    def test_nothing_to_read(self, near: OpenedStore, far: OpenedStore):
        """An answer without rows has its columns all the same."""
        near.create_series([NewSeries(name="A")])

        assert far.read([SeriesKey(1)], EVER).read_all().equals(READINGS.empty_table())
        assert far.read_before([SeriesKey(1)], 0).equals(READINGS.empty_table())
        assert far.extents([SeriesKey(1)]).equals(near.extents([SeriesKey(1)]))

    def test_records(self, near: OpenedStore, far: OpenedStore):
        """Records and what was done with them arrive as they were, bytes that are no ASCII too."""
        near.put_connection(ConnectionRecord(name="cpo", platform="ocpi", url="https://x.example"))
        row = {"module": "sessions", "key": "a", "updated_at": 5, "document": '"Café"'}
        table = pa.Table.from_pylist([row | {"places": ["p", "q"]}], schema=RECORDS)
        run = far.start_run("cpo", "test")
        counts = far.confirm_records("cpo", run, [], table, CONTRIBUTIONS.empty_table())

        assert counts.records == Counts(inserted=1)
        expected = [Record("a", 5, '"Café"'.encode(), ("p", "q"))]
        assert far.records("cpo", "sessions", places=["q"]) == expected
        assert near.records("cpo", "sessions") == expected
        assert far.count_records("cpo", "sessions", updated_to=5) == 0

    def test_foreign_numbers(self, near: OpenedStore, far: OpenedStore):
        """Keys may be NumPy integers and collections of any kind, as they may be locally."""
        near.create_series([NewSeries(name="A")])
        near.merge_readings(numbered(1, 3))

        assert far.read(np.array([1]), EVER).read_all().num_rows == 3  # type: ignore[arg-type]
        assert far.extents({SeriesKey(1): None}.keys()).num_rows == 1  # type: ignore[arg-type]

    def test_wrong_arguments(self, far: OpenedStore):
        """A call that does not fit its verb fails before it travels."""
        with pytest.raises(TypeError):
            far.create_repository()  # type: ignore[call-arg]

    def test_closing_while_others_wait(self, near: OpenedStore, far: OpenedStore):
        """Threads that use a store are not disturbed by one that re-elects."""
        failures: list[BaseException] = []

        def ask() -> None:
            try:
                for _ in range(50):
                    far.repositories()
            except StoreError as error:
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        near.close()
        for thread in threads:
            thread.join()

        assert failures == []
