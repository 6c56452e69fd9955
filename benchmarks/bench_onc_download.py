"""Files of an archive: by our runner of plans, and by the `onc` client 2.6.0.

The server is the stand-in in a process of its own. Every figure is the median of fresh processes
that take turns; the time runs from the list of files to the last file. Ours holds the SHA-256 of
every file, has flushed it to disk and has written log, and gives names only to whole files; the
client does none of that. Memory is the peak above what the process held before.

    python benchmarks/bench_onc_download.py [ROUNDS]
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / ".peers" / "onc-2.6.0" / "bin" / "python"
MIB = 1 << 20
DEVICE, FROM = "NAXYS_HYD_007", "2011-08-01T00:00:00.000Z"
CASES = {
    "200 files of 1 MiB": (MIB, 200, 0.0, 3.0),
    "the same, 50 ms a request": (MIB, 200, 0.05, 6.0),
    "one file of 256 MiB": (256 * MIB, 1, 0.0, 0.0),
}
"""Bytes of a file, files, seconds of delay, and how many times the client's speed is promised."""
IDLE = 32.0
"""MiB above idle that are promised for a file of any size."""
PLANNED = 100_000


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def measure(way: str, address: str, token: str, files: int) -> dict[str, float]:
    """Time and memory of one way to fetch all files, in this process."""
    with tempfile.TemporaryDirectory(dir=ROOT / "benchmarks") as folder:
        fetch = (_peer if way == "peer" else _ours)(address, token, Path(folder))
        before = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
        started = time.perf_counter()
        fetch(_end(files))
        elapsed = time.perf_counter() - started
        found = list(Path(folder).rglob("*.wav"))
        assert len(found) == files, len(found)
        peak = (_memory("VmHWM") - before) / MIB
    return {"seconds": elapsed, "mib": peak}


def _end(files: int) -> str:
    minutes = (files - 1) * 5 + 1  # the first file began before
    return f"2011-08-01T{minutes // 60:02d}:{minutes % 60:02d}:00.000Z"


def _peer(address: str, token: str, folder: Path) -> Callable[[str], None]:
    from onc import ONC

    client = ONC(token, outPath=str(folder))
    client.baseUrl = address

    def fetch(end: str) -> None:
        asked = {"deviceCode": DEVICE, "dataProductCode": "AD", "extension": "wav"}
        client.downloadDirectArchivefile({**asked, "dateFrom": FROM, "dateTo": end})

    return fetch


def _ours(address: str, token: str, folder: Path) -> Callable[[str], None]:
    from dataclasses import replace as with_
    from datetime import time as clock
    from zoneinfo import ZoneInfo

    from tidegate.model.secret import Secret
    from tidegate.plans.daily_window import DailyWindow
    from tidegate.plans.download_desk import Pace
    from tidegate.plans.downloading import download
    from tidegate.plans.files import Folder
    from tidegate.plans.journal import Journal
    from tidegate.plans.log import DefinitionEntry, Log
    from tidegate.plans.merging import Cut, recut
    from tidegate.plans.resuming import due_tasks
    from tidegate.platforms.onc.client import OncClient
    from tidegate.platforms.onc.settings import OncSettings
    from tidegate.transport.policies import Policies

    policies = with_(Policies(), in_flight=14)
    client = OncClient(address, Secret(token), OncSettings(parallel=14), policies=policies)

    def fetch(end: str) -> None:
        filters = {"deviceCode": DEVICE, "dataProductCode": "AD", "extension": "wav"}
        entry = DefinitionEntry(row_id="r", tab="By Device", filters=filters, begin=FROM, end=end)
        recut(entry, Cut())
        log, root = Log(definitions=[entry]), Folder(folder)
        report = download(
            client,
            Journal(folder / "log.json", log),
            root,
            due_tasks(log, root, now=0),
            window=DailyWindow(clock(0), clock(0), ZoneInfo("UTC")),
            pace=Pace(download_threads=10),
        )
        assert report.exit_code == 0

    return fetch


def plan(folder: Path) -> tuple[float, float]:
    """Seconds to make the log of a plan with 100,000 tasks, and to decide what of it is missing."""
    from tidegate.model.instants import DAY, parse
    from tidegate.plans.date_pieces import Split
    from tidegate.plans.definitions import Configuration, Definition
    from tidegate.plans.files import Folder
    from tidegate.plans.journal import Journal, read_log
    from tidegate.plans.log import COMPLETE, FileEntry, Log, RunEntry
    from tidegate.plans.merging import merge
    from tidegate.plans.resuming import due_tasks

    started = time.perf_counter()
    begin = parse("2011-01-01")
    rows = [
        Definition(
            row_id=f"{number}",
            tab="By Device",
            download=True,
            filters={"deviceCode": f"D{number}", "dataProductCode": "AD", "extension": "wav"},
            options={},
            begin=begin,
            end=begin + 1000 * DAY,
        )
        for number in range(PLANNED // 1000)
    ]
    path = folder / "plan.json"
    setting = Configuration(download_folder=folder, log_file=path, split=Split.DAY)
    log = Log()
    merge(log, rows, setting)
    Journal(path, log).save()
    made = time.perf_counter() - started
    for number, (_, task) in enumerate(log.tasks()):
        name = f"{number:06d}.wav"
        (folder / name).write_bytes(b"RIFF")
        task.status = COMPLETE
        file = FileEntry(index="1", name=name, path=name, size=4, sha256="0" * 64, status=COMPLETE)
        task.runs = [RunEntry(dp_run_id=number + 1, status=COMPLETE, files=[file], is_listed=True)]
    (folder / "000077.wav").unlink()
    Journal(path, log).save()
    started = time.perf_counter()
    due = due_tasks(read_log(path), Folder(folder), now=parse("2020-01-01"))
    assert len(due) == 1
    return made, time.perf_counter() - started


@contextmanager
def server(size: int, delay: float) -> Iterator[tuple[str, str]]:
    """Address and token of the stand-in."""
    command = [sys.executable, "-m", "tidegate.standins.onc", "--until-stdin-closes"]
    command += ["--file-bytes", str(size), "--file-every", "300"]
    if delay:
        command += ["--fault", f"delay:seconds={delay},path=archivefile"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        address, token = (child.stdout.readline().split()[-1] for _ in range(2))
        yield address, token
        child.stdin.close()
        child.wait()


def compare(rounds: int) -> int:
    """Measures everything, prints the table, and gives the exit code."""
    code = 0
    for case, (size, files, delay, promised) in CASES.items():
        found: dict[str, list[dict[str, float]]] = {"peer": [], "ours": []}
        with server(size, delay) as (address, token):
            for turn in range(rounds + 1):
                for way, results in found.items():
                    python = PEER if way == "peer" else sys.executable
                    command = [python, __file__, "--measure", way, address, token, str(files)]
                    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
                    if turn:  # the first turn warms up the server
                        results.append(json.loads(done.stdout.splitlines()[-1]))
        seconds, memory = (
            {way: statistics.median(one[name] for one in results) for way, results in found.items()}
            for name in ("seconds", "mib")
        )
        ratio = seconds["peer"] / seconds["ours"]
        code |= ratio < promised or memory["ours"] > (IDLE if not promised else 1e9)
        print(
            f"{case:28} client {seconds['peer']:6.2f} s {memory['peer']:6.1f} MiB"
            f"   ours {seconds['ours']:6.2f} s {memory['ours']:6.1f} MiB"
            f"   {ratio:4.1f} times as fast (promised {promised:g})"
        )
    folder = Path(tempfile.mkdtemp(dir=ROOT / "benchmarks"))
    try:
        made, decided = plan(folder)
    finally:
        shutil.rmtree(folder)
    print(f"{PLANNED:,} tasks: made in {made:.1f} s (30), decided in {decided:.1f} s (3)")
    return code | (made > 30 or decided > 3)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        way, address, token, files = sys.argv[2:]
        print(json.dumps(measure(way, address, token, int(files))))
    else:
        raise SystemExit(compare(int(sys.argv[1]) if sys.argv[1:] else 5))
