"""A `tidegate pull` of an OCPI platform, killed again and again in the middle of its pages."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.platforms.ocpi.pulled import by_evse, connect, sent, stored

from tidegate.model.coverage import CoverageState
from tidegate.services.opened import Store
from tidegate.standins.ocpi import Fault, running

if TYPE_CHECKING:
    from pathlib import Path

LIVES_S = (0.3, 1.5, 2.5)
"""Pages take four seconds, and what came is kept once a second."""
SESSIONS = 400


def pulling(folder: Path) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "tidegate", "pull", "ocpi", "sessions", "--store", str(folder))
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.mark.timeout(120)
def test_a_killed_pull_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Records of pages before a kill are there once; the window is due until its last page."""
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))
    folder = tmp_path / "store"
    with running(sessions=SESSIONS) as standin:
        with Store.open(folder) as store:
            connect(store, standin, energy_from="sessions", page_size=10)
            store.discover()
        standin.faults.add(Fault("delay", path="sessions", seconds=0.1))
        kept: list[int] = []
        for life in LIVES_S:
            before = len(standin.log)
            child = pulling(folder)
            while len(standin.log) == before and child.poll() is None:
                time.sleep(0.01)
            time.sleep(life)
            child.kill()
            child.communicate()
            with Store.open(folder) as store:
                keys = [one.key for one in store.verbs.records("ocpi", "sessions")]
                assert len(keys) == len(set(keys)) < SESSIONS
                states = [row.state for row in store.verbs.coverage("ocpi")]
                assert CoverageState.DONE not in states
                kept.append(len(keys))
        standin.faults.clear()
        last = pulling(folder)
        _, said = last.communicate(timeout=60)
        assert last.returncode == 0, said
        expected = by_evse(sent(standin, "sessions"))
    assert kept == sorted(kept)
    assert kept[-1] > 0
    with Store.open(folder) as store:
        found = stored(store)
        assert store.verbs.count_records("ocpi", "sessions") == SESSIONS
    assert found.keys() == expected.keys()
    for subject, quarters in expected.items():
        assert found[subject].keys() == quarters.keys()
        for ts, kwh in quarters.items():
            assert found[subject][ts] == pytest.approx(float(kwh), abs=1e-8)
