"""Pulling 500 registers × 1 year from a local stand-in into a store, end to end.

`python benchmarks/bench_pull.py [REGISTERS]`. The stand-in runs in a process of its own and makes
every answer anew, so the two share the machine. Printed beside it, measured in the same run:
the same answers read from the same server by the client alone, without decoding or store.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.dcs import DcsWebApi
from tidegate.model.instants import DAY, parse, to_text
from tidegate.model.secret import Secret
from tidegate.services.opened import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.transport.client import HttpClient

START = parse("2024-01-01")
YEAR = 365 * DAY
HALF_HOURS = YEAR // (DAY // 48)
TARGET = 500_000


def serving(registers: int) -> subprocess.Popen[str]:
    """A stand-in with at least so many registers."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tidegate", "standin", "dcs", "--until-stdin-closes"),
            *("--meters", str(registers), "--no-examples", "--from", "2023-12-01"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def address(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return next(line.split()[-1] for line in child.stdout if line.startswith("Web API"))


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pulled(store: Store, subjects: list[str]) -> tuple[int, float]:
    """Readings stored and seconds taken, from an empty store."""
    span = {"start": to_text(START), "end": to_text(START + YEAR)}
    began = time.perf_counter()
    report = store.pull("campus", subjects=subjects, **span)  # type: ignore[arg-type]
    seconds = time.perf_counter() - began
    assert report.exit_code == 0, report
    return report.counts.inserted, seconds


def only_received(url: str, subjects: list[str]) -> float:
    """Seconds to read the same answers, byte by byte and no more."""
    session = DcsWebApi(url, "demo", "demo")
    http: HttpClient = session._http  # noqa: SLF001
    began = time.perf_counter()
    for subject in subjects:
        for _ in received(http, subject):
            pass
    seconds = time.perf_counter() - began
    session.close()
    return seconds


def received(http: HttpClient, subject: str) -> Iterator[bytes]:
    params = {
        "id": subject,
        "format": "complete",
        "startTime": to_text(START),
        "endTime": to_text(START + YEAR),
        "calibrated": "true",
        "interpolated": "true",
        "periodType": "halfHour",
    }
    with http.stream("GET", "/readings", params=params) as answer:
        yield from answer.chunks()


def main() -> None:
    registers = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    child = serving(registers)
    url = address(child)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEGATE_SECRETS"] = str(Path(folder) / "secrets.json")
        store = Store.open(Path(folder) / "store")
        store.connect_dcs("campus", url, user="demo", password=Secret("demo"))
        found = store.discover("campus")
        cumulative = [
            change.entry.subject
            for change in found.changes
            if change.entry.kind == "register" and len(change.entry.series) == 2
        ][:registers]
        idle = peak_mib()
        few, many = cumulative[: registers // 5], cumulative
        pulled(store, few)
        after_few = peak_mib()
        rows, seconds = pulled(store, many[len(few) :])
        after_many = peak_mib()
        store.close()
        alone = only_received(url, many[len(few) :])
    child.communicate()
    readings = (len(many) - len(few)) * HALF_HOURS
    rate = readings / seconds
    print(f"registers                       {len(many) - len(few)}")
    print(f"readings of registers           {readings:,} (stored as {rows:,}: total and period)")
    print(f"pull into the store             {seconds:.1f} s, {rate:,.0f} readings/s")
    print(f"target 500,000 readings/s       ratio {rate / TARGET:.2f} (at least 1)")
    print(f"the same answers only received  {alone:.1f} s, ratio {seconds / alone:.2f}")
    print(f"peak memory above idle          {after_few - idle:.0f} MiB after {len(few)} registers,")
    print(f"                                {after_many - idle:.0f} MiB after {len(many)}")


if __name__ == "__main__":
    main()
