"""A run of downloads killed again and again: in the end every file is there once, and right."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

from tests.plans.products import content

from tidegate.plans.files import sha256_of
from tidegate.plans.journal import Journal, read_log
from tidegate.plans.log import COMPLETE, DefinitionEntry, Log
from tidegate.plans.merging import Cut, recut

if TYPE_CHECKING:
    from pathlib import Path

_CHILD = """
import sys
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo
from tests.plans.products import Platform
from tidegate.plans.daily_window import DailyWindow
from tidegate.plans.download_desk import Pace
from tidegate.plans.downloading import download
from tidegate.plans.files import Folder
from tidegate.plans.journal import Journal, locked, read_log
from tidegate.plans.resuming import due_tasks
from tidegate.model.instants import now

path, root, ledger = map(Path, sys.argv[1:])
platform = Platform(files=49, size=20_000, waits=1, ledger=ledger)
with locked(path):
    log, folder = read_log(path), Folder(root)
    due = due_tasks(log, folder, now=now())
    print("begun", flush=True)
    report = download(
        platform, Journal(path, log), folder, due,
        window=DailyWindow(time(0), time(0), ZoneInfo("UTC")),
        pace=Pace(poll=(0.02, 0.02)),
    )
sys.exit(0 if set(report.tasks) <= {"complete"} else 1)
"""


def test_v16_kill_loop_over_500_files(tmp_path: Path) -> None:
    path, root, ledger = tmp_path / "plan.json", tmp_path / "data", tmp_path / "ledger"
    entry = DefinitionEntry(
        row_id="r",
        tab="By Device",
        filters={
            "deviceCode": "CTD1",
            "dataProductCode": "TSSD",
            "extension": "dat",
            "dpo_qualityControl": "1",
        },
        begin="2020-01-01T00:00:00.000Z",
        end="2020-01-11T00:00:00.000Z",
    )
    from tidegate.plans.date_pieces import Split

    recut(entry, Cut(Split.DAY))
    Journal(path, Log(definitions=[entry])).save()
    root.mkdir()
    chance = random.Random(5)
    kills = 0
    for turn in range(25):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(path), str(root), str(ledger)],
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"begun\n"
        child.stdout.close()
        try:
            code = child.wait(chance.uniform(0.002, 0.06) if turn < 20 else 20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            kills += 1
            read_log(path)  # it can be read whenever the process died
            continue
        assert code == 0
        break
    else:
        raise AssertionError("25 rounds were not enough")
    log = read_log(path)
    files = [one for _, task in log.tasks() for one in task.files()]
    assert {task.status for _, task in log.tasks()} == {COMPLETE}
    assert len(files) == 500
    on_disk = sorted(one.name for one in root.iterdir())
    assert sorted(one.path for one in files) == on_disk
    for one in files:
        assert (root / one.path).read_bytes() == content(one.name, one.size)
        assert sha256_of(root / one.path) == one.sha256
    ordered = Counter(ledger.read_text().splitlines())
    orders = {line.split()[1] for line in ordered if line.startswith("order")}
    assert len(orders) == 10
    assert kills >= 3
