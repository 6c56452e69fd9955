"""A pull that is killed at random instants."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.plans.conftest import readings_of, series_keys, stored
from tests.plans.pulling import LATER, SUBJECTS, WINDOW

from tidegate.model.coverage import CoverageState
from tidegate.model.windows import Window, WindowSet
from tidegate.store.local import LocalStore
from tidegate.store.messages import RunState

ROOT = Path(__file__).parents[2]
KILLS = 6


def start(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """A pulling process, and how many tasks were due to it."""
    command = [sys.executable, "-m", "tests.plans.pulling", str(folder)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, int(child.stdout.readline())


def assert_confirmed_is_whole(store: LocalStore) -> WindowSet:
    """Where coverage says done every reading is stored, once; elsewhere none. Gives R1's."""
    keys = series_keys(store)
    for subject in SUBJECTS:
        rows = store.coverage("known", subjects=[subject])
        assert {row.state for row in rows} <= {CoverageState.DONE}
        done = WindowSet(row.window for row in rows)
        for quantity in ("period", "total"):
            key = keys[subject, quantity]
            expected = sum(readings_of(subject, quantity, span).num_rows for span in done)
            assert stored(store, key, Window(0, LATER)).num_rows == expected
            for span in done:
                assert stored(store, key, span).equals(readings_of(subject, quantity, span))
    return WindowSet(row.window for row in store.coverage("known", subjects=["R1"]))


@pytest.mark.timeout(120)
def test_kill_at_random_instants(tmp_path: Path):
    """A pull killed again and again ends complete: no reading lost, none doubled."""
    folder = tmp_path / "store"
    left: list[int] = []
    for _ in range(KILLS):
        child, due = start(folder)
        left.append(due)
        time.sleep(random.uniform(0, 0.35))
        child.kill()
        child.communicate()
        with LocalStore.open(folder) as store:
            assert_confirmed_is_whole(store)
    child, due = start(folder)
    child.communicate(timeout=60)
    assert left == sorted(left, reverse=True)
    assert due <= left[-1]
    assert child.returncode == 0
    with LocalStore.open(folder) as store:
        assert assert_confirmed_is_whole(store) == WindowSet([WINDOW])
        states = {run.state for run in store.runs("known")[1:]}
        assert states == {RunState.INTERRUPTED}
    again, due = start(folder)
    again.communicate(timeout=60)
    assert (due, again.returncode) == (0, 3)
