"""A campaign of kills against a store that several processes share."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest

from tidegate.store import open_store
from tidegate.store.sharing.places import read_pointer

if TYPE_CHECKING:
    from pathlib import Path

WRITERS: Final = 3
KILLS: Final = 20

# Writes numbered readings, a run and a repository for each number, says which it knows to be
# kept, and begins again after the last that it said when it was killed.
WRITER: Final = """
import sys
from pathlib import Path
import pyarrow as pa
from tidegate.model.series import NewSeries
from tidegate.store import open_store
from tidegate.store.messages import SeriesSelection
from tidegate.store.verbs import READINGS

folder, name, said = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
with open_store(folder, patience=30) as store, said.open("a") as log:
    found = store.find_series(SeriesSelection(names=(name,)))
    key = (found or store.create_series([NewSeries(name=name)]))[0].key
    number = len(said.read_text().splitlines())
    while not Path(sys.argv[4]).exists():
        row = {"series": key, "ts": number, "value": float(number), "flag": 0}
        store.merge_readings(pa.Table.from_pylist([row], schema=READINGS))
        if f"{name}-{number}" not in store.repositories():
            store.create_repository(f"{name}-{number}")
        log.write(f"{number}\\n")
        log.flush()
        number += 1
"""


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_killed_owners(tmp_path: Path):
    """Owners killed at random instants lose nothing that was confirmed and double nothing."""
    folder, stop = tmp_path / "store", tmp_path / "stop"
    open_store(folder).close()
    children = {name: _start(folder, name, stop) for name in map(str, range(WRITERS))}
    for _ in range(KILLS):
        _wait_for_progress(folder)
        time.sleep(random.uniform(0, 0.2))
        _kill_owner(folder)
        for name, child in children.items():
            if child.poll() is not None:
                assert child.returncode == -signal.SIGKILL
                children[name] = _start(folder, name, stop)
    stop.touch()
    codes = [child.wait(60) for child in children.values()]

    assert set(codes) <= {0, -signal.SIGKILL}
    with open_store(folder) as store:
        series_stored = store.find_series()
        extents = store.extents([series.key for series in series_stored]).to_pylist()
        counts = {row["series"]: row["count"] for row in extents}
        repositories = store.repositories()
        assert len(repositories) == len(set(repositories))
        for series in series_stored:
            said = _said(folder, series.name).read_text().splitlines()
            assert len(said) <= counts.get(series.key, 0) <= len(said) + 1
            assert {f"{series.name}-{number}" for number in said} <= set(repositories)


def _start(folder: Path, name: str, stop: Path) -> subprocess.Popen[bytes]:
    said = _said(folder, name)
    said.touch()
    return subprocess.Popen([sys.executable, "-c", WRITER, folder, name, said, stop])


def _wait_for_progress(folder: Path) -> None:
    def all_said() -> int:
        return sum(_said(folder, str(n)).stat().st_size for n in range(WRITERS))

    before, until = all_said(), time.monotonic() + 30
    while all_said() == before and time.monotonic() < until:
        time.sleep(0.01)
    assert all_said() > before, "nobody wrote for half a minute"


def _said(folder: Path, name: str) -> Path:
    return folder.with_name(f"said-{name}")


def _kill_owner(folder: Path) -> None:
    pointer = read_pointer(folder)
    if pointer is not None and pointer.pid != os.getpid():
        try:
            os.kill(pointer.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # the pointer is that of the last one; the next is about to write its own
