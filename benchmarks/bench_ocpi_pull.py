"""Pulling the sessions of an OCPI platform into a store, and its memory by how many there are.

`python benchmarks/bench_ocpi_pull.py [SESSIONS …]` (200000 and 1000000 unless given). The stand-in
runs in a process of its own and makes every record anew, so the two share the machine; each size
is pulled by a process of its own, whose peak is told. Flat memory is a peak that does not grow
with the number of sessions. Before each pull the same pages are fetched and filtered and thrown
away: the ratio to that, and the seconds of the processor, hold on a machine that others use too.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tidegate.gate.filtering import RecordFilter
from tidegate.model.secret import Secret
from tidegate.platforms.ocpi.access import open_client
from tidegate.platforms.ocpi.ingest import ingest_rules
from tidegate.platforms.ocpi.login import logged_in
from tidegate.platforms.ocpi.settings import OcpiSettings
from tidegate.services import hash_keys, secrets
from tidegate.services.pulling import Selection, pull
from tidegate.store.local import LocalStore
from tidegate.store.messages import ConnectionRecord

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

TOKEN = Secret("demo-token")


def serving(sessions: int) -> subprocess.Popen[str]:
    """A stand-in with so many sessions."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tidegate.standins.ocpi", "--until-stdin-closes"),
            *("--sessions", str(sessions), "--locations", "2000", "--no-examples"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def address(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return next(line.split()[-1] for line in child.stdout if line.startswith("versions"))


def bare(record: ConnectionRecord, settings: OcpiSettings, store: LocalStore) -> None:
    """Fetch the same pages and filter them, which no pull can do without; nothing is kept."""
    rules = ingest_rules("sessions", settings)
    filtering = RecordFilter(rules, hasher=hash_keys.hasher_of(store.status().id))
    with open_client(record, TOKEN) as client:
        for page in client.pages("sessions"):
            filtering.page(page.data)


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """What work gives, its seconds, and those of the processor."""
    began, used = time.perf_counter(), time.process_time()
    given = work()
    return given, time.perf_counter() - began, time.process_time() - used


def one_pull(url: str, folder: Path) -> None:
    """Pull everything once, and print what it took, beside the bare fetch of the same pages."""
    settings = logged_in(url, OcpiSettings(party="NLABC", energy_from="sessions"), TOKEN)
    record = ConnectionRecord(
        name="ocpi", platform="ocpi", url=url, settings=msgspec.to_builtins(settings)
    )
    with LocalStore.open(folder) as store:
        store.put_connection(record)
        secrets.save("ocpi", store.status().id, TOKEN)
        _, bare_seconds, bare_used = timed(lambda: bare(record, settings, store))
        report, seconds, used = timed(
            lambda: pull(store, record, Selection(subjects=("sessions",)))
        )
        assert report.exit_code == 0, report
        assert report.records is not None
        size = store.status().bytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sessions = report.records.inserted
    print(
        f"{sessions:>10,} sessions {report.counts.inserted:>12,} readings"
        f" {seconds:8.1f} s {sessions / seconds:9,.0f}/s {seconds / bare_seconds:5.2f} x bare"
        f" {used / sessions * 1e6:6.1f} ms CPU a thousand ({bare_used / sessions * 1e6:.1f} bare)"
        f" {peak:7.0f} MiB peak {size >> 20:>7,} MiB stored",
        flush=True,
    )


def main(sizes: list[int]) -> None:
    """Pull each size in a process of its own."""
    for sessions in sizes:
        child = serving(sessions)
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"TIDEGATE_SECRETS": str(Path(folder) / "secrets.json")}
            command = [sys.executable, __file__, "--pull", address(child), f"{folder}/store"]
            subprocess.run(command, env=environment, check=True)
        child.communicate()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--pull"]:
        one_pull(sys.argv[2], Path(sys.argv[3]))
    else:
        main([int(text) for text in sys.argv[1:]] or [200_000, 1_000_000])
