"""Ten years of half hours of one register: our clients against `pythondcs` 1.1.1 on one server.

The server is the stand-in in a process of its own with answers kept ready, so that it is not the
limit. Every figure is the median of fresh processes that take turns on one core; the time runs
from the call to the last item, sign-in and a first request of one hour apart. Memory is the peak
of that time above what the process held before.

    python benchmarks/bench_dcs_client.py [ROUNDS]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]
PEER = ROOT / ".peers" / "pythondcs-1.1.1" / "bin" / "python"
FROM, TO = datetime(2014, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
HOUR = (FROM, FROM.replace(hour=1))
READINGS = 175_296
REGISTER = 733
MIB = 1 << 20

APIS = {"app": "App API", "standard": "Web API, standard", "complete": "Web API, complete"}
WAYS = {
    "peer-list": "pythondcs 1.1.1, list",
    "table": "ours, Arrow columns",
    "list": "ours, list of dictionaries",
    "iterator": "ours, iterator",
}
CEILINGS = {
    ("app", "table"): 0.333,
    ("standard", "table"): 0.4,
    ("complete", "table"): 0.4,
    **{(api, way): 1.0 for api in APIS for way in ("list", "iterator")},
}
"""Ratios of time that are promised."""
MEMORY_MIB = 60
"""Peak above idle that is promised for Arrow columns and the iterator."""


def measure(api: str, way: str, address: str) -> dict[str, float]:
    """Time and memory of one way to read the ten years, in this process."""
    read = _reader(api, way, address)
    read(*HOUR)
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    started, worked = time.perf_counter(), time.process_time()
    count = read(FROM, TO)
    elapsed, work = time.perf_counter() - started, time.process_time() - worked
    if count != READINGS:
        raise SystemExit(f"{count} readings instead of {READINGS}")
    peak = (_memory("VmHWM") - before) / MIB
    return {"seconds": elapsed, "work": work, "mib": peak}


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _reader(api: str, way: str, address: str) -> Callable[[datetime, datetime], int]:
    if api == "app":
        return _session_reader(way, address)
    return _web_reader(api, way, address)


def _session_reader(way: str, address: str) -> Callable[[datetime, datetime], int]:
    if way == "peer-list":
        from pythondcspro import DCSSession  # type: ignore[import-not-found]
    else:
        from tidegate.dcs import DCSSession
    dcs = DCSSession(address, "demo", "demo")
    if way == "table":
        return lambda start, end: len(dcs.get_readings_table(REGISTER, start=start, end=end))
    lazily = way == "iterator"
    return lambda start, end: _count(
        dcs.get_readings(REGISTER, start=start, end=end, iterator=lazily)
    )


def _web_reader(api: str, way: str, address: str) -> Callable[[datetime, datetime], int]:
    web: Any
    if way == "peer-list":
        import pythondcs

        web = pythondcs.DcsWebApi(address, "demo", "demo")
    else:
        from tidegate.dcs import DcsWebApi

        web = DcsWebApi(address, "demo", "demo")
    if way == "table":
        return lambda start, end: len(web.readings_table(f"R{REGISTER}", start, end, format=api))
    lazily = way == "iterator"
    return lambda start, end: _count(
        web.readings(f"R{REGISTER}", start, end, format=api, iterator=lazily)["readings"]
    )


def _count(items: Any) -> int:
    """The number of items; an iterator is drained and keeps nothing."""
    if isinstance(items, list):
        return len(items)
    last = deque(enumerate(items, start=1), maxlen=1)
    return last[0][0]


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """The stand-in with ten years of readings, on another core where there is one."""
    command = [sys.executable, "-m", "tidegate.standins.dcs", "--until-stdin-closes"]
    command += ["--from", f"{FROM:%Y-%m-%d}", "--to", f"{TO:%Y-%m-%d}", "--cache-mb", "256"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        os.sched_setaffinity(child.pid, {max(os.sched_getaffinity(0))})
        addresses = [child.stdout.readline().split()[-1] for _ in range(2)]
        yield {"app": addresses[0], "standard": addresses[1], "complete": addresses[1]}
        child.stdin.close()
        child.wait()


def in_fresh_process(api: str, way: str, address: str) -> dict[str, float]:
    """One measurement."""
    python = PEER if way == "peer-list" else sys.executable
    done = subprocess.run(
        [python, __file__, "--measure", api, way, address], stdout=subprocess.PIPE, check=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def compare(rounds: int) -> None:
    """Measures everything and prints the table."""
    cases = [(api, way) for api in APIS for way in WAYS]
    found: dict[tuple[str, str], list[dict[str, float]]] = {case: [] for case in cases}
    with server() as addresses:
        for turn in range(rounds + 1):
            for api, way in cases:
                result = in_fresh_process(api, way, addresses[api])
                if turn:  # the first turn fills the server's memory
                    found[api, way].append(result)
    medians = {
        case: {name: statistics.median(one[name] for one in results) for name in results[0]}
        for case, results in found.items()
    }
    print(f"{READINGS:,} readings of one register, median of {rounds} fresh processes each")
    print(f"{'':48}{'time s':>8}{'ratio':>7}{'limit':>7}{'cpu s':>8}{'ratio':>7}{'peak MiB':>10}")
    for case, result in medians.items():
        print(_line(case, result, medians[case[0], "peer-list"]))
    print("cpu: the client alone, for machines that do other things too")
    print(f"peak: above idle with imports; promised for columns and iterator: {MEMORY_MIB} MiB")


def _line(case: tuple[str, str], result: dict[str, float], base: dict[str, float]) -> str:
    limit = CEILINGS.get(case)
    return (
        f"{APIS[case[0]]:20}{WAYS[case[1]]:28}"
        f"{result['seconds']:8.3f}{result['seconds'] / base['seconds']:7.2f}"
        f"{'' if limit is None else format(limit, '.2f'):>7}"
        f"{result['work']:8.3f}{result['work'] / base['work']:7.2f}{result['mib']:10.1f}"
    )


def main() -> None:
    """The comparison, or one measurement where the first argument says so."""
    if sys.argv[1:2] == ["--measure"]:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        json.dump(measure(*sys.argv[2:]), sys.stdout)
        return
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, ROOT / "tests" / "peers" / "make.py", "pythondcs-1.1.1"], check=True)
    compare(int(sys.argv[1]) if sys.argv[1:] else 5)


if __name__ == "__main__":
    main()
