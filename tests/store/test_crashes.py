"""What was confirmed survives: processes that are killed, disks that are full."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tidegate.model.coverage import CoverageState
from tidegate.model.errors import DiskFull
from tidegate.model.windows import Window
from tidegate.store.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import pathlib, resource, sys
import numpy as np, pyarrow as pa
from tidegate.model.coverage import Coverage, CoverageState
from tidegate.model.errors import DiskFull
from tidegate.model.series import NewSeries
from tidegate.model.windows import Window
from tidegate.store.local import LocalStore
from tidegate.store.messages import Confirmation, ConnectionRecord

store = LocalStore.open(pathlib.Path(sys.argv[1]))
if not store.connections():
    store.put_connection(ConnectionRecord(name="c", platform="dcs", url="u"))
    store.create_series([NewSeries(name="a")])
run = store.start_run("c", "{}")
step = max((one.window.end for one in store.coverage("c")), default=0)
size = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
print("ready", flush=True)
while True:
    window = Window(step, step + size)
    readings = pa.table({
        "series": np.full(size, 1, np.int32),
        "ts": np.arange(step, step + size),
        "value": np.random.default_rng(step).random(size),
        "flag": np.full(size, 9, np.int16),
    })
    done = Coverage(subject="R1", window=window, state=CoverageState.DONE, asked_at=step)
    try:
        store.confirm("c", run, [Confirmation(coverage=done, replaced=(1,))], readings)
    except DiskFull as error:
        print(error, flush=True)
        sys.exit(44)
    step += size
    print(step, flush=True)
    if step % (4 * size) == 0:
        store.compact()
"""


def writer(folder: Path, size: int, limit: int = -1) -> subprocess.Popen[str]:
    """A process that confirms windows of `size` readings; no file grows beyond `limit` bytes."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(size), str(limit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check(folder: Path, confirmed: int) -> None:
    """Everything confirmed is there once, and coverage says just what is there."""
    with LocalStore.open(folder, create=False) as store:
        covered = store.coverage("c")
        end = max((one.window.end for one in covered), default=0)
        assert end >= confirmed
        assert [one.window for one in covered] == ([Window(0, end)] if end else [])
        assert all(one.state is CoverageState.DONE for one in covered)
        keys = [series.key for series in store.find_series()]
        times = store.read(keys, Window(0, 10**12)).read_all()["ts"]
        assert times.to_pylist() == list(range(end))


def test_a_killed_writer_loses_and_doubles_nothing(tmp_path):
    """Killed at any instant and begun again, a writer's store holds what was confirmed, once."""
    folder = tmp_path / "store"
    confirmed = 0
    for _ in range(5):
        child = writer(folder, 20_000)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(random.random() * 0.6)
        child.send_signal(signal.SIGKILL)
        printed, complaint = child.communicate()
        assert complaint == ""
        steps = [int(line) for line in printed.split("\n")[:-1]]
        confirmed = max([confirmed, *steps])
        check(folder, confirmed)


@pytest.mark.parametrize("size", [20_000, 300_000])
def test_a_full_disk_undoes_the_last_change_only(tmp_path, size):
    """When no more can be written, one clear error tells it, and the store opens again."""
    folder = tmp_path / "store"
    with LocalStore.open(folder) as store:
        room = store.status().bytes + 3 * size * 8
    with writer(folder, size, room) as child:
        printed, complaint = child.communicate(timeout=50)
    assert child.returncode == 44, complaint
    *steps, message = printed.splitlines()[1:]
    assert "is full; what was confirmed before is safe" in message
    assert steps
    check(folder, int(steps[-1]))
    with writer(folder, size) as again:
        assert again.stdout is not None
        assert [again.stdout.readline() for _ in range(2)] == [
            "ready\n",
            f"{int(steps[-1]) + size}\n",
        ]
        again.kill()


def test_a_store_goes_on_when_there_is_room_again(store, keys, readings):
    """After a full disk the open store still reads, and writes again as soon as it can."""
    batch = readings([(keys[0], ts, float(ts % 977), 9) for ts in range(30_000)])
    more = readings([(keys[1], ts, float(ts % 983), 9) for ts in range(30_000)])
    store.merge_readings(batch)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (store.status().bytes // 100, before[1]))
    try:
        for _ in range(2):
            with pytest.raises(DiskFull):
                store.merge_readings(more)
        assert store.read(keys, Window(0, 10**6)).read_all() == batch
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert store.merge_readings(more).inserted == 30_000


def test_a_process_killed_while_it_makes_a_store_leaves_none(tmp_path):
    """A store gets its name when it is whole: killed before, the next process makes it."""
    code = "import pathlib, sys\nfrom tidegate.store.local import LocalStore\nprint(flush=True)\n"
    code += "LocalStore.open(pathlib.Path(sys.argv[1]))\nprint('made', flush=True)\n"
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "store")], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(random.random() * 0.15)
        child.kill()
        child.communicate()
        if (tmp_path / "store" / "store.duckdb").exists():
            break
    with LocalStore.open(tmp_path / "store") as store:
        assert store.repositories() == ["main"]
