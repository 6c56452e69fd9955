"""Filtered sessions a second of the share server, against a bare FastAPI answer of the same size.

    python benchmarks/bench_share.py [--sessions 100000]

The bare peer is the same framework on the same server: a route that returns a list of as many
dictionaries, made once, as JSON. Both are asked for pages of 1,000 over one connection, each in a
process of its own, as a consumer would walk them; the median of five walks counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = 1_000
WALKS = 5
TIDEGATE = Path(sys.executable).with_name("tidegate")
BARE = """
import json, sys
import uvicorn
from fastapi import FastAPI
application = FastAPI()
page = json.loads(open(sys.argv[1]).read())
@application.get("/page")
def give():
    return page
from tidegate.web.serving import address_of, listening
socket = listening("127.0.0.1", 0)
print(address_of(socket), flush=True)
uvicorn.Server(uvicorn.Config(application, log_level="error")).run(sockets=[socket])
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=100_000)
    wanted = parser.parse_args().sessions
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ["HOME"] = folder
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        os.environ["TIDEGATE_STORE"] = str(place / "store")
        os.environ["TIDEGATE_SERVICE_SHARE_RATE"] = "1000000"
        key = prepare(wanted)
        with served([TIDEGATE, "serve", "--port", "0", "--quiet"]) as (url, server):
            first = walk(url, f"/share/sessions?limit={PAGE}", 1, key)
            (place / "page.json").write_text(json.dumps(json.loads(first)["data"]))
            pages = wanted // PAGE
            before = processor_seconds(server)
            mine = rate(pages, lambda at: f"/share/sessions?limit={PAGE}&offset={at}", url, key)
            spent = (processor_seconds(server) - before) / (WALKS * pages * PAGE)
            table = rate(
                pages, lambda at: f"/share/sessions.csv?limit={PAGE}&offset={at}", url, key
            )
        with served([sys.executable, "-c", BARE, str(place / "page.json")]) as (url, _):
            bare = rate(pages, lambda at: f"/page?offset={at}", url, key)
    print(f"share server, JSON   {mine:10,.0f} sessions/s   target 30,000")
    print(f"                     {spent * 1e6:10.1f} µs of processor a session")
    print(f"share server, CSV    {table:10,.0f} sessions/s")
    print(f"bare FastAPI answer  {bare:10,.0f} sessions/s   ratio {mine / bare:.2f}")


def prepare(wanted: int) -> str:
    """Pull from a stand-in, make a view and a key for it; the key."""
    from tidegate.standins.ocpi import running

    with running(sessions=wanted, seed=1) as standin:
        os.environ["TIDEGATE_TOKEN"] = standin.token
        tidegate("ocpi", "login", standin.versions_url, "--party", "NL-ABC", "--version", "2.2.1")
        tidegate("pull", "ocpi", "sessions", "locations")
    tidegate("view", "create", "city", "--module", "sessions,locations")
    return tidegate("key", "create", "city", "--view", "city").strip()


def tidegate(*words: str) -> str:
    return subprocess.run(
        [TIDEGATE, *words, "--quiet"], check=True, capture_output=True, text=True
    ).stdout


@contextmanager
def served(words: list[object]) -> Iterator[tuple[str, int]]:
    """Its address and process, while the block runs."""
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removesuffix("/api"), process.pid
    finally:
        process.terminate()
        process.wait()


def processor_seconds(process: int) -> float:
    """Processor time that a process has taken, by all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(pages: int, path_of: Callable[[int], str], url: str, key: str) -> float:
    """Sessions a second of one walk over all pages, the median of several."""
    times = []
    for _ in range(WALKS):
        connection = HTTPConnection(urlsplit(url).netloc)
        began = time.perf_counter()
        for number in range(pages):
            ask(connection, path_of(number * PAGE), key)
        times.append(time.perf_counter() - began)
        connection.close()
    return pages * PAGE / statistics.median(times)


def walk(url: str, path: str, pages: int, key: str) -> bytes:
    connection = HTTPConnection(urlsplit(url).netloc)
    body = b"".join(ask(connection, path, key) for _ in range(pages))
    connection.close()
    return body


def ask(connection: HTTPConnection, path: str, key: str) -> bytes:
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body[:300]
    return body


if __name__ == "__main__":
    main()
