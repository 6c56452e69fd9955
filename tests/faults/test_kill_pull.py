"""A `tidegate pull` killed again and again at random instants, and taken up each time."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.faults.campus import OPTIONS, REGISTERS, asked, assert_whole, truth

from tidegate.model.coverage import CoverageState
from tidegate.model.instants import to_text
from tidegate.model.windows import Window, WindowSet
from tidegate.services.opened import Store
from tidegate.standins.dcs import Fault, running
from tidegate.standins.dcs.slots import SLOT_US

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.standins.dcs import Standin

KILLS = 50
assert OPTIONS.end is not None
QUARTER = Window(OPTIONS.start, OPTIONS.end)
PULL = ("--from", to_text(QUARTER.start), "--to", to_text(QUARTER.end))
LONGEST_LIFE_S = 2.2
"""Batches are confirmed once a second: some lives end before the first, some after the second."""


@pytest.fixture
def slow() -> Iterator[Standin]:
    """A stand-in that takes some seconds for what a connection without a history asks."""
    with running(OPTIONS, [Fault("delay", path="readings", seconds=0.06)]) as standin:
        yield standin


def pulling(folder: Path) -> subprocess.Popen[str]:
    """A pull as a process of its own."""
    command = (sys.executable, "-m", "tidegate", "pull", "campus", "--store", str(folder), *PULL)
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def killed_within(child: subprocess.Popen[str], standin: Standin, life: float) -> bool:
    """Kill a pull some time after its first request for readings; False if it was done before."""
    before = len(standin.log)
    while not asked_since(standin, before) and child.poll() is None:
        time.sleep(0.01)
    try:
        child.wait(life)
    except subprocess.TimeoutExpired:
        child.kill()
    finally:
        child.communicate()
    return child.returncode == -9


def asked_since(standin: Standin, place: int) -> bool:
    return any("readings" in entry.path for entry in standin.log[place:])


def assert_confirmed_is_true(standin: Standin, folder: Path) -> int:
    """What coverage says is done is stored as on the server, and nothing else is; slots done."""
    slots = 0
    with Store.open(folder) as store:
        by_origin = {
            (one.origin.subject, one.origin.quantity): one
            for one in store.series()
            if one.origin and one.formula is None
        }
        for (subject, quantity), series in by_origin.items():
            rows = store.verbs.coverage("campus", subjects=[subject])
            assert {row.state for row in rows} <= {CoverageState.DONE}
            expected: dict[int, float] = {}
            for span in WindowSet(row.window for row in rows):
                starts = range(span.start, span.end, SLOT_US)
                values = truth(standin, subject, span)[quantity]
                expected |= dict(zip(starts, values, strict=True))
            table = store.verbs.read([series.key], QUARTER).read_all()
            assert table["ts"].to_pylist() == list(expected)
            assert table["value"].to_pylist() == list(expected.values())
            slots += len(expected)
        assert store.status().superseded == 0
    return slots


def assert_complete(standin: Standin, folder: Path) -> None:
    """The last pull ends well, everything is there once, and one more asks for nothing."""
    last = pulling(folder)
    last.communicate(timeout=120)
    assert last.returncode in {0, 3}
    assert_whole(standin, folder, window=QUARTER)
    with Store.open(folder) as store:
        report = store.coverage("campus", start=to_text(QUARTER.start), end=to_text(QUARTER.end))
        assert {one.subject for one in report} == set(REGISTERS)
        for one in report:
            assert [(row.window, row.state) for row in one.rows] == [(QUARTER, CoverageState.DONE)]
    standin.log.clear()
    once_more = pulling(folder)
    assert "nothing was due" in once_more.communicate(timeout=60)[1]
    assert (once_more.returncode, asked(standin)) == (3, [])


@pytest.mark.timeout(600)
def test_fifty_kills(tidegate, slow, monkeypatch, tmp_path):
    """A pull killed fifty times at random instants ends complete: nothing lost, nothing doubled."""
    seed = int(os.environ.get("KILL_SEED") or random.randrange(1 << 32))
    print(f"KILL_SEED={seed}")
    chance = random.Random(seed)
    monkeypatch.setenv("TIDEGATE_PASSWORD", slow.password)
    url = slow.base_web
    tidegate("connect", "dcs", "campus", url, "--user", slow.user, "--max-window", "7d")
    monkeypatch.delenv("TIDEGATE_PASSWORD")
    tidegate("discover")
    kills = stores = 0
    while kills < KILLS:
        stores += 1
        folder = shutil.copytree(tmp_path / "store", tmp_path / f"store-{stores}")
        is_killed, done = True, 0
        while is_killed and kills < KILLS:
            is_killed = killed_within(pulling(folder), slow, chance.uniform(0, LONGEST_LIFE_S))
            kills += is_killed
            now_done = assert_confirmed_is_true(slow, folder)
            assert now_done >= done
            done = now_done
        assert_complete(slow, folder)
        shutil.rmtree(folder)
    print(f"{kills} kills on {stores} stores")
