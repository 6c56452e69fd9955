"""A million samples of one sensor: into our Arrow columns, and by the `onc` client 2.6.0.

The server is the stand-in in a process of its own with its pages kept ready, so that it is not the
limit. Every figure is the median of fresh processes that take turns on one core; the time runs
from the call to the last sample, a first request of one minute apart. Memory is the peak of that
time above what the process held before.

    python benchmarks/bench_onc_scalar.py [ROUNDS]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / ".peers" / "onc-2.6.0" / "bin" / "python"
DEVICE, SENSOR = "SBECTD16p7036", "temperature"
FROM, MINUTE_LATER, TO = (
    "2016-01-01T00:00:00.000Z",
    "2016-01-01T00:01:00.000Z",
    "2016-01-12T13:46:40.000Z",
)
SECONDS = 1_000_000
"""Length of the span; outages leave a few thousand of its samples out."""
WAYS = {"peer": "onc 2.6.0, lists", "ours": "ours, Arrow columns"}
TIME, MEMORY = 1.0, 0.5
"""Ratios that are promised."""
MIB = 1 << 20


def measure(way: str, address: str, token: str) -> dict[str, float]:
    """Time and memory of one way to read all samples, in this process."""
    read = _peer(address, token) if way == "peer" else _ours(address, token)
    read(MINUTE_LATER)
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    started, worked = time.perf_counter(), time.process_time()
    count = read(TO)
    elapsed, work = time.perf_counter() - started, time.process_time() - worked
    peak = (_memory("VmHWM") - before) / MIB
    return {"seconds": elapsed, "work": work, "mib": peak, "samples": count}


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _peer(address: str, token: str) -> Callable[[str], int]:
    from onc import ONC

    client = ONC(token)
    client.baseUrl = address

    def read(end: str) -> int:
        asked = {"deviceCode": DEVICE, "sensorCategoryCodes": SENSOR, "fillGaps": "false"}
        found = client.getScalardata({**asked, "dateFrom": FROM, "dateTo": end}, allPages=True)
        return len(found["sensorData"][0]["data"]["values"])

    return read


def _ours(address: str, token: str) -> Callable[[str], int]:
    from tidegate.model.instants import parse
    from tidegate.model.secret import Secret
    from tidegate.model.windows import Window
    from tidegate.platforms.onc.client import OncClient
    from tidegate.platforms.onc.mapping import Columns

    client = OncClient(address, Secret(token))

    def read(end: str) -> int:
        columns = Columns()
        asked = {"deviceCode": DEVICE, "sensorCategoryCodes": SENSOR, "fillGaps": False}
        for page in client.measurements.samples(asked, Window(parse(FROM), parse(end))):
            columns.add(page.sensor_data or [], DEVICE)
        return int(columns.tables()[SENSOR].num_rows)

    return read


@contextmanager
def server() -> Iterator[tuple[str, str]]:
    """Address and token of the stand-in, on another core where there is one."""
    command = [sys.executable, "-m", "tidegate.standins.onc", "--until-stdin-closes"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        os.sched_setaffinity(child.pid, {max(os.sched_getaffinity(0))})
        address, token = (child.stdout.readline().split()[-1] for _ in range(2))
        yield address, token
        child.stdin.close()
        child.wait()


def compare(rounds: int) -> int:
    """Measures both, prints the table, and gives the exit code."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with server() as (address, token):
        for turn in range(rounds + 1):
            for way in WAYS:
                python = PEER if way == "peer" else sys.executable
                command = [python, __file__, "--measure", way, address, token]
                done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
                if turn:  # the first turn fills the server's memory
                    found[way].append(json.loads(done.stdout.splitlines()[-1]))
    medians = {
        way: {name: statistics.median(one[name] for one in results) for name in results[0]}
        for way, results in found.items()
    }
    peer, ours = medians["peer"], medians["ours"]
    print(f"{SECONDS:,} s of samples at 1 Hz, median of {rounds} fresh processes each")
    print(f"{'':24}{'samples':>11}{'time s':>8}{'cpu s':>8}{'peak MiB':>10}")
    for way, one in medians.items():
        print(
            f"{WAYS[way]:24}{one['samples']:11,.0f}{one['seconds']:8.3f}{one['work']:8.3f}"
            f"{one['mib']:10.1f}"
        )
    ratios = (ours["seconds"] / peer["seconds"], ours["mib"] / peer["mib"])
    print(f"time {ratios[0]:.2f} (promised: at most {TIME}),", end=" ")
    print(f"memory {ratios[1]:.2f} (promised: at most {MEMORY})")
    return 0 if ratios[0] <= TIME and ratios[1] <= MEMORY else 1


def main() -> int:
    """The comparison, or one measurement where the first argument says so."""
    if sys.argv[1:2] == ["--measure"]:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        print(json.dumps(measure(*sys.argv[2:])))
        return 0
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, ROOT / "tests" / "peers" / "make.py", "onc-2.6.0"], check=True)
    return compare(int(sys.argv[1]) if sys.argv[1:] else 5)


if __name__ == "__main__":
    sys.exit(main())
