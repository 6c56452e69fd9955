"""A pull from a WebTSM server, forecasts included, killed at random instants and taken up."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from tests.platforms.tsm.servers import PASSWORD, VERIFIER

from tidegate.model.coverage import CoverageState
from tidegate.model.identities import Role, User
from tidegate.model.instants import DAY, HOUR, now, to_text
from tidegate.model.intervals import Interval, IntervalUnit
from tidegate.model.secret import Secret
from tidegate.model.series import NewSeries
from tidegate.model.windows import Window, WindowSet
from tidegate.services.opened import Store
from tidegate.store.local import LocalStore
from tidegate.store.verbs import READINGS
from tidegate.web.application import create_application
from tidegate.web.serving import listening, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KILLS = 5
LONGEST_LIFE_S = 1.6
"""Batches are confirmed once a second: some lives end before the first, some after it."""
SERIES = 6
TODAY = now() // DAY * DAY
SPAN = Window(TODAY - 60 * DAY, TODAY + 5 * DAY)


class Counted:
    """An application that counts the requests for data, and takes its time for them."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path", "").endswith("/data"):
            self.asked += 1
            time.sleep(0.005)
        await self._application(scope, receive, send)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[LocalStore, Counted, str]]:
    """A service with hourly series from two months ago to five days ahead."""
    with LocalStore.open(tmp_path / "server") as store:
        store.put_user(User(name="Max", role=Role.ADMINISTRATOR, verifier=VERIFIER))
        hour = Interval(IntervalUnit.HOUR)
        made = store.create_series(
            [NewSeries(name=f"forecast {n}", interval=hour) for n in range(SERIES)]
        )
        starts = range(SPAN.start, SPAN.end, HOUR)
        for one in made:
            rows = [(one.key, at, at / HOUR % 97 + one.key, 12) for at in starts]
            columns = [pa.array(column) for column in zip(*rows, strict=True)]
            store.merge_readings(pa.table(columns, names=READINGS.names).cast(READINGS))
        counted = Counted(create_application(store))
        with running(counted, listening("127.0.0.1", 0)) as url:
            yield store, counted, url


def pulling(folder: Path) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "tidegate", "pull", "market", "--store", str(folder))
    start = ("--from", to_text(SPAN.start))
    return subprocess.Popen((*command, *start), stderr=subprocess.PIPE, text=True)


def killed_within(child: subprocess.Popen[str], counted: Counted, life: float) -> bool:
    """Kill a pull some time after its first request for data; False if it was done before."""
    before = counted.asked
    while counted.asked == before and child.poll() is None:
        time.sleep(0.005)
    try:
        child.wait(life)
    except subprocess.TimeoutExpired:
        child.kill()
    finally:
        child.communicate()
    return child.returncode == -9


def confirmed(folder: Path, truth: LocalStore) -> int:
    """Microseconds of which coverage says that they are done; they are as on the server."""
    total = 0
    with Store.open(folder) as store:
        for there in truth.find_series():
            (series,) = store.series(there.name)
            rows = store.verbs.coverage("market", subjects=[f"TS{there.id}"])
            assert {row.state for row in rows} <= {CoverageState.DONE, CoverageState.EMPTY}
            expected: list[tuple[int, float, int]] = []
            for span in WindowSet(row.window for row in rows):
                table = truth.read([there.key], span).read_all()
                expected += zip(
                    *(table[name].to_pylist() for name in READINGS.names[1:]), strict=True
                )
                total += span.length
            mine = store.verbs.read([series.key], SPAN).read_all()
            columns = [mine[name].to_pylist() for name in READINGS.names[1:]]
            assert list(zip(*columns, strict=True)) == expected
        assert store.status().superseded == 0
    return total


@pytest.mark.timeout(180)
def test_killed_and_taken_up(server, tmp_path, monkeypatch):
    """What is confirmed is true after every kill, and the last pull completes it, days ahead."""
    truth, counted, url = server
    seed = int(os.environ.get("KILL_SEED") or random.randrange(1 << 32))
    print(f"KILL_SEED={seed}")
    chance = random.Random(seed)
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))
    folder = tmp_path / "store"
    with Store.open(folder) as store:
        store.connect_tsm(
            "market", url, user="Max", secret=Secret(PASSWORD), max_window="1d", ahead="5d"
        )
        store.discover("market")
    done = 0
    for _ in range(KILLS):
        if not killed_within(pulling(folder), counted, chance.uniform(0, LONGEST_LIFE_S)):
            break
        now_done = confirmed(folder, truth)
        assert now_done >= done
        done = now_done
    last = pulling(folder)
    last.communicate(timeout=120)
    assert last.returncode in {0, 3}
    assert confirmed(folder, truth) >= SERIES * SPAN.length
