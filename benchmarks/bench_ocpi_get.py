"""100,000 sessions of OCPI 2.2.1 (98 MB, pages of 1,000) through `tidegate ocpi get` to /dev/null.

Against it, in one run: a bare loop of the standard library (`http.client`, `json`, the same fields
blanked by a function for each field), and one that only downloads. The server sends pages made
beforehand, so that it is not the limit. Every figure is the median of fresh processes that take
turns; the time of a process is all of it, start to end, and its memory is its own peak. Where a
command is more than one process, the greatest peak is shown.

    python benchmarks/bench_ocpi_get.py [ROUNDS] [RECORDS]
"""

from __future__ import annotations

import json
import os
import socketserver
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PAGE = 1_000
LENGTH = 981
SECONDS, MIB = 1.0, 80
"""What is promised: median of the whole command, and peak of each of its processes."""


def session(number: int) -> dict[str, object]:
    """A session of 2.2.1 as the protocol has it, 981 bytes long."""
    minute = f"2024-03-{1 + number % 28:02d}T08:{number % 60:02d}"
    periods = [
        {
            "start_date_time": f"{minute}:{second:02d}Z",
            "dimensions": [{"type": "ENERGY", "volume": 3.5}, {"type": "TIME", "volume": 0.25}],
            "tariff_id": "T1",
        }
        for second in range(2)
    ]
    made: dict[str, object] = {
        "country_code": "NL",
        "party_id": "TST",
        "id": f"{number:032x}",
        "start_date_time": f"{minute}:00Z",
        "end_date_time": f"2024-03-{1 + number % 28:02d}T09:30:00Z",
        "kwh": 21.5 + number % 7,
        "cdr_token": {
            "country_code": "NL",
            "party_id": "MSP",
            "uid": f"04A1B2C3{number:06d}",
            "type": "RFID",
            "contract_id": f"NL-MSP-C{number:07d}-X",
        },
        "auth_method": "WHITELIST",
        "location_id": f"LOC{number % 500}",
        "evse_uid": f"E{number % 900}",
        "connector_id": "1",
        "meter_id": "",
        "currency": "EUR",
        "charging_periods": periods,
        "total_cost": {"excl_vat": 6.88, "incl_vat": 8.32},
        "status": "COMPLETED",
        "last_updated": f"2024-03-{1 + number % 28:02d}T09:31:00Z",
    }
    made["meter_id"] = "m" * (LENGTH - len(json.dumps(made, separators=(",", ":"))))
    return made


def page(first: int, count: int) -> bytes:
    """One answer with its envelope."""
    body = {
        "data": [session(number) for number in range(first, first + count)],
        "status_code": 1000,
        "timestamp": "2024-04-01T00:00:00Z",
    }
    return json.dumps(body, separators=(",", ":")).encode()


class _Pages(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


@contextmanager
def serving(records: int) -> Iterator[str]:
    """A server in a process of its own; the address of its sessions."""
    address, child = os.pipe()
    if pid := os.fork():
        os.close(child)
        root = os.read(address, 200).decode()
        try:
            yield root
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        return
    pages = [page(first, min(PAGE, records - first)) for first in range(0, records, PAGE)]
    with _Pages(("127.0.0.1", 0), _handler(pages, records)) as server:
        root = f"http://127.0.0.1:{server.server_address[1]}"
        os.write(child, root.encode())
        server.serve_forever()
    os._exit(0)


def _handler(pages: list[bytes], records: int) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            while line := self.rfile.readline():
                while self.rfile.readline() not in {b"\r\n", b""}:
                    pass
                query = parse_qs(urlsplit(line.split()[1].decode()).query)
                offset = int(query.get("offset", ["0"])[0])
                body = pages[offset // PAGE]
                link = f"/sessions?offset={offset + PAGE}&limit={PAGE}"
                following = offset + PAGE < records
                head = (
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\nX-Total-Count: {records}\r\n"
                    + (f'Link: <{link}>; rel="next"\r\n' if following else "")
                )
                self.request.sendall(head.encode() + b"\r\n")
                self.request.sendall(body)

    return Handler


CONNECT = """
import sys
import msgspec
from tidegate.model.secret import Secret
from tidegate.platforms.ocpi.settings import OcpiSettings
from tidegate.services.connecting import keep
from tidegate.services.opened import Store
from tidegate.store.messages import ConnectionRecord
folder, root = sys.argv[1:]
settings = OcpiSettings(
    party="NLABC", endpoints={"sessions": f"{root}/sessions"}, token_form="base64"
)
made = ConnectionRecord(
    name="ocpi", platform="ocpi", url=root, settings=msgspec.to_builtins(settings)
)
with Store.open(folder) as store:
    keep(store.verbs, made, Secret("demo-token"))
with Store.open(folder):
    pass
"""


def connected(folder: str, root: str) -> dict[str, str]:
    """The environment of a command that finds a connection to the server.

    It is made by another process: the peak of a process counts from that of the one that began it.
    """
    environment = {
        **os.environ,
        "TIDEGATE_STORE": folder,
        "TIDEGATE_SECRETS": f"{folder}/secrets.json",
        "HOME": folder,
    }
    subprocess.run([sys.executable, "-c", CONNECT, folder, root], env=environment, check=True)
    return environment


BARE = """
import http.client, json, sys
from urllib.parse import urlsplit
NA = "#NA"
def na(value): return NA
def same(value): return value
def fields(**known):
    def run(value):
        return {key: known[key](inner) for key, inner in value.items()}
    return run
def each(one):
    def run(value): return [one(inner) for inner in value]
    return run
session = fields(country_code=same, party_id=same, id=same, start_date_time=na, end_date_time=na,
    kwh=na, cdr_token=fields(country_code=same, party_id=same, uid=na, type=same, contract_id=na),
    auth_method=same, location_id=na, evse_uid=na, connector_id=na, meter_id=na, currency=same,
    charging_periods=each(fields(start_date_time=na, dimensions=each(fields(type=na, volume=na)),
    tariff_id=same)), total_cost=fields(excl_vat=na, incl_vat=na), status=na, last_updated=na)
parts = urlsplit(sys.argv[1])
server = http.client.HTTPConnection(parts.hostname, parts.port)
only = len(sys.argv) > 2
path = "/sessions?offset=0&limit=1000"
while path:
    server.request("GET", path)
    answer = server.getresponse()
    body = answer.read()
    if not only:
        dumps = json.dumps
        lines = [dumps(session(one)) for one in json.loads(body)["data"]]
        sys.stdout.write("\\n".join(lines) + "\\n")
    link = answer.headers.get("Link", "")
    path = link[link.index("/sessions"):link.index(">")] if link else None
"""


def run(words: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Seconds, seconds of processor and peak MiB of a command with its output thrown away."""
    started = time.perf_counter()
    with Path(os.devnull).open("wb") as nowhere:
        pid = os.posix_spawn(
            words[0],
            words,
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)],
        )
        _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{words[1]} ended with {os.waitstatus_to_exitcode(status)}")
    elapsed = time.perf_counter() - started
    return elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main(rounds: int = 5, records: int = 100_000) -> None:
    """Run, print, and say whether the promises hold."""
    program = str(Path(sys.executable).with_name("tidegate"))
    with serving(records) as root, tempfile.TemporaryDirectory() as folder:
        environment = connected(folder, root)
        ways = {
            "tidegate ocpi get sessions": [program, "ocpi", "get", "sessions"],
            "… --privacy-pass .": [program, "ocpi", "get", "sessions", "--privacy-pass", "."],
            "standard library, same fields": [sys.executable, "-c", BARE, root],
            "standard library, download only": [sys.executable, "-c", BARE, root, "only"],
        }
        runs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, words in ways.items():
                runs[name].append(run(words, environment))
    figures = {
        name: (
            statistics.median(one[0] for one in found),
            statistics.median(one[1] for one in found),
            max(one[2] for one in found),
        )
        for name, found in runs.items()
    }
    bare = figures["standard library, same fields"][0]
    print(f"{records:,} sessions, {records * LENGTH / 1e6:.0f} MB, medians of {rounds}")
    for name, (seconds, work, peak) in figures.items():
        ratio = seconds / bare
        print(f"{name:34} {seconds:5.2f} s {ratio:5.2f} of bare {work:5.2f} s CPU {peak:5.1f} MiB")
    seconds, _, peak = figures["tidegate ocpi get sessions"]
    verdict = "kept" if seconds <= SECONDS and peak <= MIB else "MISSED"
    print(f"promised {SECONDS} s and {MIB} MiB for 100,000 sessions: {verdict}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
