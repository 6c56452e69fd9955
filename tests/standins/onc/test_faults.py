"""Faults of the ONC stand-in, and its log."""

from __future__ import annotations

import concurrent.futures
import gzip
import json
import time
from email.utils import parsedate_to_datetime

import httpx2
import pytest

from tidegate.standins.onc import Fault
from tidegate.standins.onc.faults import KINDS, BadFault, parse_fault

NAME = "ICLISTENHF1354_20200102T000403.000Z.mp3"
FILE = {"path": "archivefile/download", "filename": NAME}
SIZE = 24576


@pytest.fixture
def whole(shared):
    """The right bytes of the file."""
    return shared.ask(**FILE).content


@pytest.mark.parametrize(
    ("kind", "settings", "status", "header"),
    [
        ("status", {"status": 500}, 500, None),
        ("status", {"status": 503, "retry_after": "7"}, 503, "7"),
        ("throttle", {"retry_after": "3"}, 429, "3"),
        ("throttle", {}, 429, None),
        ("gone", {"path": "nothing"}, 200, None),
    ],
)
def test_http_errors(platform, kind, settings, status, header):
    """Any status, with the header as it is given."""
    platform.fault(kind, **settings)
    answer = platform.ask(**FILE)
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, header)


def test_a_pause_can_be_a_date(platform):
    """`Retry-After` counts from the `Date` of the answer."""
    platform.fault("throttle-date", seconds=30)
    answer = platform.ask(**FILE)
    until, now = (parsedate_to_datetime(answer.headers[name]) for name in ("retry-after", "date"))
    assert 29 <= (until - now).total_seconds() <= 31


def test_errors_of_the_service(platform):
    """Any code about any parameter."""
    platform.fault("error", code=96, text="filename", times=1)
    assert platform.error("locations") == (400, 96, "filename")
    platform.fault("error", code=127, status=401, text="token", times=1)
    assert platform.error("locations") == (401, 127, "token")
    assert platform.ask("locations").status_code == 200


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("reset", {}),
        ("cut", {"bytes": 5000}),
        ("cut", {"bytes": 0}),
        ("short", {"bytes": 5000}),
        ("length", {"bytes": 100}),
    ],
)
def test_connections_that_break(platform, kind, settings):
    """Before the answer, in the middle, or before as many bytes as were promised."""
    platform.fault(kind, **settings)
    with pytest.raises(httpx2.HTTPError):
        platform.ask(**FILE)
    platform.standin.faults.clear()
    assert len(platform.ask(**FILE).content) == SIZE


def test_bodies_that_lie(platform, whole):
    """Too short as if whole, without length, changed, compressed unannounced or announced."""
    platform.fault("truncate", bytes=1000)
    answer = platform.ask(**FILE)
    assert (answer.headers["content-length"], answer.content) == ("1000", whole[:1000])
    platform.fault("no-length")
    answer = platform.ask(**FILE)
    assert "content-length" not in answer.headers
    assert answer.content == whole
    platform.fault("changed")
    changed = platform.ask(**FILE).content
    assert sum(one != other for one, other in zip(changed, whole, strict=True)) == 1
    platform.fault("gzip")
    answer = platform.ask(**FILE)
    assert "content-encoding" not in answer.headers
    assert gzip.decompress(answer.content) == whole
    platform.fault("encode")
    answer = platform.ask(**FILE)
    assert (answer.headers["content-encoding"], answer.content) == ("gzip", whole)


def test_documents_that_are_none(platform):
    """A page of HTML, or JSON with something in it that is none."""
    platform.fault("html")
    answer = platform.ask("locations")
    assert (answer.status_code, answer.headers["content-type"]) == (
        200, "text/html; charset=utf-8",
    )  # fmt: skip
    platform.fault("malformed")
    with pytest.raises(json.JSONDecodeError):
        platform.ask("locations").json()


def test_a_name_that_leads_elsewhere(platform):
    """`Content-Disposition` says what the fault says."""
    platform.fault("name", text="../../evil.sh")
    answer = platform.ask(**FILE)
    assert answer.headers["content-disposition"] == "attachment; filename=../../evil.sh"


def test_pauses(platform):
    """Before the answer; and a body at a rate."""
    platform.fault("delay", seconds=0.2)
    before = time.monotonic()
    platform.ask("locations")
    assert time.monotonic() - before >= 0.2
    platform.fault("slow", bytes=SIZE * 4)
    before = time.monotonic()
    assert len(platform.ask(**FILE).content) == SIZE
    assert time.monotonic() - before >= 0.15
    platform.fault("hang")
    with pytest.raises(httpx2.TimeoutException):
        platform.http.get(platform.standin.base_url + "api/locations", timeout=0.2)


def test_pages_that_go_wrong(platform):
    """The same page again, a page left out, rows sent twice, no way on."""
    asked = {"deviceCode": "ICLISTENHF1354", "fileExtension": "mp3", "rowLimit": 2,
             "dateFrom": "2020-01-02", "dateTo": "2020-01-02T00:25:00.000Z"}  # fmt: skip
    path = "archivefile/device"
    first = platform.rows(path, **asked)
    second = platform.rows(path, **first["next"]["parameters"])
    platform.fault("self-next")
    assert platform.rows(path, **asked)["next"]["parameters"]["page"] == "1"
    platform.fault("skip-page")
    assert platform.rows(path, **asked)["next"]["parameters"]["page"] == "3"
    platform.fault("repeat-page", query="page=2")
    again = platform.rows(path, **first["next"]["parameters"])
    assert again["files"] == first["files"] != second["files"]
    assert again["next"] is not None
    platform.fault("no-next")
    assert platform.rows(path, **asked)["next"] is None
    assert platform.rows("scalardata/device", deviceCode="SBECTD16p7036", rowLimit=2,
                         dateFrom="2020-01-01", dateTo="2020-01-02")["next"] is None  # fmt: skip


def test_a_file_that_is_not_there_yet(platform):
    """410 with a message, as often as the fault says."""
    run = platform.finished()
    platform.fault("gone", path="download", times=2)
    assert [platform.file(run, 1).status_code for _ in range(3)] == [410, 410, 200]


def test_faults_hit_by_chance_or_in_turn(start):
    """A share of the requests, the same ones for the same seed; after some, some times."""
    patterns = []
    for _ in range(2):
        platform = start(seed=5)
        platform.fault("status", status=502, chance=0.4)
        patterns.append([platform.ask("locations").status_code for _ in range(20)])
    assert patterns[0] == patterns[1]
    assert set(patterns[0]) == {200, 502}
    platform.fault("status", status=502, after=1, times=2)
    assert [platform.ask("locations").status_code for _ in range(4)] == [200, 502, 502, 200]


def test_the_log_hides_tokens_and_counts(platform):
    """Service, status, bytes and requests under way; the token is nowhere in it."""
    platform.fault("delay", seconds=0.4)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: platform.ask(**FILE), range(3)))
    platform.error("locations", locationCode="nowhere")
    entries = platform.standin.log
    assert [entry.service for entry in entries] == ["archive/download"] * 3 + ["locations"]
    assert sorted(entry.concurrent for entry in entries[:3]) == [1, 2, 3]
    assert [entry.status for entry in entries] == [200] * 3 + [400]
    assert [entry.sent for entry in entries[:3]] == [SIZE] * 3
    assert all(entry.seconds >= 0.4 for entry in entries[:3])
    assert entries[0].parameters == {"token": "***", "filename": NAME}
    assert platform.standin.token not in json.dumps(platform.service.documents())
    assert abs(entries[0].instant - platform.service.clock.now()) < 10_000_000


def test_faults_are_written_as_texts():
    """What is not known is named with what is."""
    assert parse_fault("short:bytes=5,times=2") == Fault("short", bytes=5, times=2)
    with pytest.raises(BadFault, match="unknown fault 'shot', known: status, throttle"):
        parse_fault("shot")
    with pytest.raises(BadFault, match="unknown setting 'byte'"):
        parse_fault("short:byte=5")
    assert len(KINDS) > 25
