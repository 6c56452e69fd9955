"""The service under load: `python benchmarks/bench_service.py [--series 2000]`.

A store with a year of half hours of each series, and one series of quarter hours, is served by
`tidegate serve` in a process of its own; clients on loopback speak plain HTTP/1.1 to it, without
compression. Beside the sum stands the same sum done by a client that downloads series and adds
them with pandas, in the same run.
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import numpy as np
import pandas as pd
import pyarrow as pa

from tidegate.model.identities import Role
from tidegate.model.instants import DAY, MINUTE, parse, to_text
from tidegate.model.intervals import parse_interval
from tidegate.model.secret import Secret
from tidegate.model.series import NewSeries
from tidegate.services.identity import add_user
from tidegate.store.local import LocalStore
from tidegate.store.messages import AssignmentChange
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

START = parse("2024-01-01")
YEAR = "from=2024-01-01&to=2024-12-31"
LOGIN = b64encode(b"bench:bench-password").decode()
BASE = "/api/repositories/main"
BY_SUPPLIER = f"{YEAR}&interval=hour&attribute=Supplier%7CAT123456"


class Client:
    """One connection that asks and counts bytes, with as little work of its own as can be."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection(("127.0.0.1", port), 120)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._line.close()

    def ask(self, path: str, body: bytes | None = None, *, keep: bool = False) -> bytes:
        """The body of an answer, if it is to be kept."""
        head = (
            f"{'GET' if body is None else 'POST'} {BASE}/{path} HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Basic {LOGIN}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body or b'')}\r\n\r\n"
        )
        self._line.sendall(head.encode() + (body or b""))
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._line.recv(65536)
        found, _, rest = received.partition(b"\r\n\r\n")
        lines = found.lower().split(b"\r\n")
        assert lines[0].split()[1] == b"200", received[:600]
        (length,) = (int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        kept = [rest]
        left = length - len(rest)
        while left > 0:
            size = self._line.recv_into(self._buffer, min(left, len(self._buffer)))
            assert size, "the service hung up"
            left -= size
            if keep:
                kept.append(bytes(self._buffer[:size]))
        return b"".join(kept)


def filled(folder: Path, count: int) -> None:
    """A store with `count` series of half hours, each other one of one supplier."""
    slots = 365 * 48
    ts = START + np.arange(slots, dtype=np.int64) * 30 * MINUTE
    fine = START + np.arange(35_040, dtype=np.int64) * 15 * MINUTE
    random = np.random.default_rng(1)
    with LocalStore.open(folder) as store:
        add_user(store, "bench", Role.ADMINISTRATOR, Secret("bench-password"))
        names = [f"meter {n}" for n in range(count)] + [f"written {n}" for n in range(8)]
        half_hour, quarter = parse_interval("30m"), parse_interval("15m")
        new = [NewSeries(name=name, unit="kWh", interval=half_hour) for name in names]
        new.append(NewSeries(name="fine", unit="kWh", interval=quarter))
        series = store.create_series(new)
        store.create_attribute("Supplier")
        store.assign(
            [
                AssignmentChange(
                    series=one.key,
                    attribute="Supplier",
                    values={START: "AT123456", START + (one.id % 300) * DAY: "AT99999"},
                )
                for one in series[:count]
            ]
        )
        for first in range(0, count, 200):
            keys = np.array([one.key for one in series[first : min(first + 200, count)]], np.int32)
            store.merge_readings(table(keys, ts, random.gamma(2.0, 20.0, slots * len(keys))))
        store.merge_readings(table(np.array([series[-1].key]), fine, random.gamma(2, 20, 35_040)))
        store.compact()


def table(keys: Any, ts: Any, values: Any) -> pa.Table:
    flags = np.full(len(values), 9, np.int16)
    columns = [np.repeat(keys, len(ts)), np.tile(ts, len(keys)), values.round(3), flags]
    return pa.table(columns, schema=READINGS)


def median(call: Callable[[], object], times: int) -> float:
    """Milliseconds."""
    call()
    return statistics.median(timed(call) for _ in range(times))


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e3


def together(
    port: int, clients: int, seconds: float, ask: Callable[[Client, int], object]
) -> list[float]:
    """Milliseconds of every request that so many clients make, each as fast as it is answered."""
    took: list[list[float]] = [[] for _ in range(clients)]
    until = time.perf_counter() + seconds

    def work(number: int) -> None:
        with Client(port) as client:
            while time.perf_counter() < until:
                took[number].append(timed(lambda: ask(client, number)))

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, range(clients)))  # which raises what went wrong in any of them
    return list(itertools.chain(*took))


def line(what: str, value: float, unit: str, goal: float, *, at_least: bool = False) -> bool:
    good = value >= goal if at_least else value <= goal
    wanted = f"{'≥' if at_least else '≤'} {goal:g} {unit}"
    print(f"{what:58} {value:9.1f} {unit:4} {wanted:12} {'' if good else 'MISSED'}", flush=True)
    return good


_days = itertools.count()


def post(client: Client, number: int) -> None:
    """Two days of half hours, at a time where nothing is stored yet."""
    first = START - (next(_days) + 1) * 2 * DAY
    stamps = (to_text(first + slot * 30 * MINUTE) for slot in range(96))
    points = ",".join(f'{{"From":"{one}","Value":1.5,"Flag":9}}' for one in stamps)
    client.ask(f"timeseries/written%20{number}/data", f'{{"Data":[{points}]}}'.encode())


def by_pandas(client: Client, names: Sequence[str]) -> None:
    """What a client does that has only the data of each series."""
    total = None
    for name in names:
        got = json.loads(client.ask(f"timeseries/{quote(name)}/data?{YEAR}", keep=True))
        frame = pd.DataFrame(got["Data"])
        values = pd.Series(frame["Value"].to_numpy(), pd.to_datetime(frame["From"]))
        total = values if total is None else total.add(values, fill_value=0.0)
    assert total is not None
    total.resample("h").sum()


def reading(port: int) -> list[bool]:
    path = "timeseries/fine/data?from=2024-01-01&to=2024-12-31"
    with Client(port) as client:
        alone = median(lambda: client.ask(path), 40)
    seconds = 10.0
    many = together(port, 16, seconds, lambda client, _: client.ask(path))
    return [
        line("GET of 35,040 points, one client, median", alone, "ms", 25.0),
        line("the same, 16 clients", len(many) / seconds, "/s", 60.0, at_least=True),
    ]


def summing(port: int, count: int) -> list[bool]:
    formula = quote('TSAA("kWh","FALSE","Supplier|AT123456")')
    sampled = [f"meter {n}" for n in range(0, count, max(count // 50, 1))]
    with Client(port) as client:
        took = median(lambda: client.ask(f"timeseriescollections/data/sum?{BY_SUPPLIER}"), 5)
        ask = f"calculations?{YEAR}&calculationInterval=hour&formula={formula}"
        calculated = median(lambda: client.ask(ask), 5)
        pandas = timed(lambda: by_pandas(client, sampled)) * count / len(sampled)
    good = [
        line(f"sum over {count:,} series to hours of a year", took, "ms", 700.0),
        line("the same by TSAA, relative", calculated / took, "×", 1.2),
    ]
    print(f"a client adding with pandas: {pandas / took:.0f} × as long ({len(sampled)} scaled up)")
    return good


def writing(port: int) -> list[bool]:
    seconds = 10.0
    took = together(port, 8, seconds, post)
    return [line("POST of 96 points, 8 clients", len(took) / seconds, "/s", 300.0, at_least=True)]


def both(port: int, count: int) -> list[bool]:
    """A hundred readers of a day, without and with somebody who writes."""

    def day(client: Client, number: int) -> None:
        client.ask(f"timeseries/meter%20{number % count}/data?from=2024-03-01&to=2024-03-02")

    idle = statistics.median(together(port, 100, 5.0, day))
    writer = threading.Thread(target=together, args=(port, 1, 6.0, post))
    writer.start()
    busy = together(port, 100, 5.0, day)
    writer.join()
    p95 = statistics.quantiles(busy, n=20)[-1]
    print(f"100 readers: median {idle:.0f} ms idle, p95 {p95:.0f} ms while a writer writes")
    return [line("p95 of 100 readers beside a writer, to their idle median", p95 / idle, "×", 5.0)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=2000)
    count = parser.parse_args().series
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        filled(folder, count)
        words = [sys.executable, "-m", "tidegate", "serve", "--port", "0", "--quiet"]
        with subprocess.Popen(
            [*words, "--store", str(folder)], stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            port = int(server.stdout.readline().rsplit(":", 1)[1].split("/")[0])
            good = [*reading(port), *summing(port, count), *writing(port), *both(port, count)]
            server.send_signal(signal.SIGTERM)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
