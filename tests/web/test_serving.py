"""`tidegate serve` as a process: first start, TLS, clean ends, kills."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from asyncio import get_running_loop, open_connection, start_server
from base64 import b64encode
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tidegate.cli import run
from tidegate.model.identities import Role
from tidegate.model.instants import MINUTE, parse, to_text
from tidegate.model.intervals import parse_interval
from tidegate.model.secret import Secret
from tidegate.model.series import NewSeries, SeriesKey
from tidegate.model.windows import Window
from tidegate.services.identity import add_user
from tidegate.standins import serving as standin_serving
from tidegate.store import open_store
from tidegate.web import serving as web_serving

if TYPE_CHECKING:
    from asyncio import Future, StreamReader, StreamWriter
    from collections.abc import Iterator
    from pathlib import Path

USER = "Max:Mustermann123"
HEADERS = {
    "Authorization": "Basic " + b64encode(USER.encode()).decode(),
    "Content-Type": "application/json",
}


@contextmanager
def serving(store: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`tidegate serve` on a store, and the address that it prints."""
    words = [sys.executable, "-m", "tidegate", "serve", "--port", "0", "--store", str(store)]
    with subprocess.Popen(
        [*words, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"HOME": str(store.parent), "XDG_RUNTIME_DIR": str(store.parent)},
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            if process.poll() is None:
                process.kill()


def ask(url: str, path: str, body: Any = None, context: ssl.SSLContext | None = None) -> Any:
    """The document that comes back; the status must be good."""
    parts = urlsplit(url)
    line: HTTPConnection
    if context is not None:
        line = HTTPSConnection(parts.netloc, timeout=20, context=context)
    else:
        line = HTTPConnection(parts.netloc, timeout=20)
    try:
        sent = None if body is None else json.dumps(body)
        line.request("GET" if body is None else "POST", parts.path + path, sent, HEADERS)
        answer = line.getresponse()
        found = answer.read()
        assert answer.status < 300, found
        return json.loads(found)
    finally:
        line.close()


def filled(folder: Path) -> Path:
    """A store with Max and eight series."""
    with open_store(folder) as store:
        add_user(store, "Max", Role.ADMINISTRATOR, Secret("Mustermann123"))
        minute = parse_interval("minute")
        store.create_series([NewSeries(name=f"s{n}", interval=minute) for n in range(8)])
    return folder


def test_an_empty_folder_is_enough(tmp_path, monkeypatch, capsys):
    """One command serves a new store, says how to make the first user, and sees it once made."""
    folder = tmp_path / "new"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TIDEGATE_PASSWORD", "Mustermann123")
    with serving(folder, "--prefix", "meters") as (process, url):
        assert url.endswith("/meters/api")
        assert process.stderr is not None
        told = [process.stderr.readline() for _ in range(4)]
        assert "tidegate user add NAME --role administrator" in "".join(told)
        assert "tidegate key create NAME" in "".join(told)
        words = ["user", "add", "Max", "--role", "administrator", "--store", str(folder)]
        assert run(words) == 0
        assert ask(url, "/repositories") == ["main"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    capsys.readouterr()


def test_tls(tmp_path):
    """With a certificate the service speaks https, and only that."""
    chain, key = certificate(tmp_path)
    folder = filled(tmp_path / "store")
    with serving(folder, "--certificate", str(chain), "--key", str(key)) as (_, url):
        assert url.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(chain))
        assert ask(url, "/repositories", context=trusting) == ["main"]
        with pytest.raises((OSError, HTTPException)):
            ask(url.replace("https", "http"), "/repositories")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--certificate", "nothing.pem"], "usage"),
        (["--certificate", "nothing.pem", "--key", "nothing.key"], "bad-file"),
        (["--host", "256.1.1.1"], "bad-value"),
    ],
)
def test_what_cannot_be_served(tmp_path, monkeypatch, capsys, options, code):
    """A certificate or an address that cannot be used is told before anything is served."""
    monkeypatch.chdir(tmp_path)
    words = ["serve", "--store", str(tmp_path / "store"), "--port", "0", *options]
    assert run(words) == 2
    assert f"error[{code}]" in capsys.readouterr().err


@pytest.mark.parametrize("listening", [web_serving.listening, standin_serving.listening])
def test_short_answers_do_not_wait_for_the_callers_acknowledgement(listening):
    async def sends_at_once() -> bool:
        found: Future[int] = get_running_loop().create_future()

        def met(_: StreamReader, writer: StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with closing(listening("127.0.0.1", 0)) as listener:
            async with await start_server(met, sock=listener):
                _, caller = await open_connection(*listener.getsockname())
                caller.close()
                return bool(await found)

    assert asyncio.run(sends_at_once())


def test_a_clean_stop_answers_what_is_under_way(tmp_path):
    """SIGTERM lets requests end; everything that was answered is there afterwards."""
    folder = filled(tmp_path / "store")
    with serving(folder) as (process, url):
        ask(url, "/repositories")
        with Writers(url) as writers:
            writers.wait_for(40)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert writers.lost(folder) == set()


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path):
    """Killed at any instant, again and again, the store holds every point that was answered."""
    folder = filled(tmp_path / "store")
    acknowledged = 0
    for turn in range(3):
        with serving(folder) as (process, url):
            ask(url, "/repositories")
            with Writers(url, turn) as writers:
                writers.wait_for(30 + 17 * turn)
                process.kill()
                process.wait(20)
        assert writers.lost(folder) == set()
        acknowledged += len(writers.acknowledged)
    assert acknowledged >= 100


class Writers:
    """Eight clients that write one point after the other, and know which were acknowledged."""

    def __init__(self, url: str, turn: int = 0) -> None:
        self.acknowledged: set[tuple[int, int]] = set()
        self._start = parse("2017-01-01") + turn * 10**6 * MINUTE
        self._url = url
        self._stop = threading.Event()
        self._more = threading.Condition()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(8)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: len(self.acknowledged) >= count, 40)

    def lost(self, folder: Path) -> set[tuple[int, int]]:
        """What was acknowledged and is not in the store."""
        with open_store(folder) as store:
            keys = [SeriesKey(key) for key in range(1, 9)]
            table = store.read(keys, Window(0, 10**17)).read_all()
            kept = set(zip(table["series"].to_pylist(), table["ts"].to_pylist(), strict=True))
        return self.acknowledged - kept

    def _write(self, number: int) -> None:
        instant = self._start
        with suppress(OSError, HTTPException):
            while not self._stop.is_set():
                instant += MINUTE
                point = {"From": to_text(instant), "Value": 1}
                ask(self._url, f"/repositories/main/timeseries/s{number}/data", {"Data": [point]})
                with self._more:
                    self.acknowledged.add((number + 1, instant))
                    self._more.notify()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself."""
    chain, key = folder / "chain.pem", folder / "key.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=here -addext"
    subprocess.run(
        ["openssl", *words.split(), "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", chain],
        check=True,
        capture_output=True,
    )
    return chain, key
