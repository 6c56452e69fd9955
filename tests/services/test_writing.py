"""Writing from a URL, once and again and again."""

from __future__ import annotations

import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from tidegate.model.errors import BadFile, NotFound, Refused, UnknownToPlatform
from tidegate.services.opened import Store

CLOCK = "tidegate.services.repeating.time"
HOURS = "from,value\n2024-05-01T00:00:00Z,1.5\n2024-05-01T01:00:00Z,2.5\n"


@pytest.fixture
def opened(tmp_path):
    """A store with one hourly series."""
    with Store.open(tmp_path / "store") as opened:
        opened.create_series("Buoy", unit="°C", interval="1h")
        yield opened


@pytest.fixture
def page():
    """A web server with one document: its address, and what it answers next."""
    answers: dict[str, Any] = {"text": HOURS, "status": 200}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = answers["text"].encode()
            self.send_response(answers["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/buoy.csv?token=hidden", answers
    server.shutdown()
    thread.join()
    server.server_close()


def values(opened):
    return opened.read("Buoy")["value"].to_pylist()


def test_a_url_is_read_like_a_file(opened, page):
    """What a URL answers is merged like a file."""
    counts = opened.write(page[0], "Buoy")

    assert (counts.inserted, counts.changed, counts.equal) == (2, 0, 0)
    assert values(opened) == [1.5, 2.5]


def test_every_round_keeps_what_changed(opened, page, monkeypatch):
    """`write_every` takes the URL on its beat; corrections are revisions like those of a pull."""
    url, answers = page
    change = SimpleNamespace(sleep=lambda _: answers.update(text=HOURS.replace("2.5", "3")))
    monkeypatch.setattr(CLOCK, change)

    rounds = list(itertools.islice(opened.write_every("15m", url, "Buoy"), 2))

    assert [(one.inserted, one.changed, one.equal) for one in rounds] == [(2, 0, 0), (0, 1, 1)]
    assert values(opened) == [1.5, 3.0]
    assert opened.status().superseded == 1


def test_a_bad_answer_writes_nothing_and_tells_no_query(opened, page):
    """An answer with a bad row, or an error, writes nothing; the query of the URL stays hidden."""
    url, answers = page
    answers["text"] = HOURS + "2024-05-01T02:00:00Z,warm\n"
    with pytest.raises(BadFile, match="line 4") as bad:
        opened.write(url, "Buoy")
    answers["status"] = 404
    with pytest.raises(UnknownToPlatform) as missing:
        opened.write(url, "Buoy")
    answers["status"] = 410
    with pytest.raises(Refused):
        opened.write(url, "Buoy")

    assert "hidden" not in f"{bad.value}{bad.value.hint}{missing.value}{missing.value.hint}"
    assert opened.status().readings == 0


def test_series_that_do_not_exist(opened, page):
    """An unknown series is refused, and made where that is asked for."""
    with pytest.raises(NotFound) as missing:
        opened.write(page[0], "Mooring")
    assert "--create" in str(missing.value.hint)

    opened.write(page[0], "Mooring", create=True, unit="°C", interval="1h")
    assert opened.read("Mooring")["value"].to_pylist() == [1.5, 2.5]
