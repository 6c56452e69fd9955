"""What every request and answer has in common: vectors 52 to 57 and section 1 of WebTSM."""

from __future__ import annotations

import gzip
import json
import zlib
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.web.conftest import Caller

from tidegate.model.instants import parse
from tidegate.model.intervals import parse_interval
from tidegate.model.series import NewSeries
from tidegate.web.application import create_application
from tidegate.web.serving import listening, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.store.verbs import Verbs

DAY = "from=2017-04-01&to=2017-04-02"
PATH = "timeseries/hourly/data"


@pytest.fixture(autouse=True)
def series(store: Verbs) -> None:
    """An hourly series."""
    store.create_series([NewSeries(name="hourly", unit="kW", interval=parse_interval("hour"))])


def body(*stamps: str, value: object = 1) -> dict[str, object]:
    return {"Data": [{"From": stamp, "Value": value, "Flag": 9} for stamp in stamps]}


def starts(answer) -> list[str]:
    return [point["From"] for point in answer.json()["Data"]]


class TestVectors:
    """Section 13 G."""

    def test_52_trailing_commas(self, max_):
        """Commas before a closing bracket are accepted, and strings are left alone."""
        sent = b"""{ "Data": [ {"From": "2017-04-01T00:00:00Z", "Value": 3, "Flag": 9,}, ], }"""
        assert max_.post(PATH, sent).json()["Count"] == 1
        made = max_.post("attributes", b'{"Name": "x,}", "Type": 2, }')
        assert (made.status, made.json()["Name"]) == (201, "x,}")
        for wrong in (b"[,]", b"{,}", b'{"Data": [,]}', b'{"Data": [1,,]}', b'{"Data": []},'):
            answer = max_.post(PATH, wrong)
            assert (answer.status, answer.json()["Code"]) == (400, "BadRequest"), wrong

    @pytest.mark.parametrize("interval", ["3", "Hour", "hour", "PT1H", "HOUR"])
    def test_53_interval_names(self, max_, interval):
        """Code, name in any case and ISO form are one interval, echoed as its code."""
        answer = max_.get(f"{PATH}?{DAY}&interval={interval}")
        assert answer.json()["Interval"] == {"Value": 3, "Multiplier": 1}
        assert len(answer.json()["Data"]) == 24

    @pytest.mark.parametrize(
        ("now", "text", "expected"),
        [
            ("2025-03-20T10:47:12Z", "now[30m", "2025-03-20T10:30:00Z"),
            ("2025-03-20T10:47:12Z", "now[30m+30m", "2025-03-20T11:00:00Z"),
            ("2025-03-20T10:47:12Z", "now[30m%2B30m", "2025-03-20T11:00:00Z"),
            ("2025-03-20T10:47:12Z", "now]30m", "2025-03-20T11:00:00Z"),
            ("2025-03-20T10:30:00Z", "now]30m", "2025-03-20T10:30:00Z"),
            ("2025-03-20T10:30:00Z", "now[30m+30m", "2025-03-20T11:00:00Z"),
        ],
    )
    def test_54_relative_times(self, store, now, text, expected):
        """Steps round and move from left to right; a plus that came as a space counts."""
        asked = f"{PATH}?from={text}&to=2025-03-21T00:00:00Z&interval=minute"
        with served(store, now) as caller:
            assert starts(caller.get(asked))[0] == expected

    def test_55_today(self, store):
        """Today is the local midnight of the zone in force, and its days have their own length."""
        asked = f"{PATH}?from=today&to=today%2B1d&timeZone=Europe/Vienna"
        with served(store, "2025-03-30T12:00:00Z") as caller:
            found = starts(caller.get(asked))
        assert (found[0], found[-1]) == ("2025-03-29T23:00:00Z", "2025-03-30T21:00:00Z")
        assert len(found) == 23

    def test_56_edge_buckets_are_whole(self, max_):
        """A range that is not aligned gives the buckets that it touches, in full."""
        answer = max_.get(f"{PATH}?from=2025-03-30T10:30:00Z&to=2025-03-30T11:30:00Z&interval=hour")
        assert starts(answer) == ["2025-03-30T10:00:00Z", "2025-03-30T11:00:00Z"]

    def test_57_empty_range(self, max_):
        """A range without length has no data."""
        answer = max_.get(f"{PATH}?from=2017-04-01&to=2017-04-01")
        assert (answer.status, answer.json()["Data"]) == (200, [])
        several = max_.get("timeseriescollections/data?name=hourly&from=now&to=now")
        assert several.json()[0]["Data"]["Data"] == []
        total = max_.get(
            "timeseriescollections/data/sum?name=hourly&interval=3&from=2017-04-01&to=2017-04-01"
        )
        assert total.json()["Data"] == []


class TestNames:
    """Names of members and parameters."""

    def test_members_in_any_case(self, max_):
        """Bodies may write names of members as they like; answers write them in PascalCase."""
        sent = {"DATA": [{"from": "2017-04-01T00:00:00Z", "vALUE": 5, "flag": 9, "More": 1}]}
        assert max_.post(PATH, sent | {"Extra": None, "unit": "MW"}).status == 200
        assert max_.get(PATH).json()["Data"] == [
            {"From": "2017-04-01T00:00:00Z", "Value": 5000, "Flag": 9}
        ]

    def test_parameters_in_any_case(self, max_):
        """Names of parameters count in any case, values as they are."""
        answer = max_.get(f"{PATH}?FROM=2017-04-01&To=2017-04-02&INTERVAL=day&MISSINGASNULL=true")
        assert answer.json()["Data"] == [
            {"From": "2017-04-01T00:00:00Z", "Value": None, "Flag": 19}
        ]
        assert len(max_.get("timeseriescollections/data?id=1&NAME=hourly").json()) == 1

    def test_bars_and_quotes_arrive_raw(self, max_):
        """A bar in a request target may come as it is or escaped."""
        max_.post("attributes", {"Name": "A"})
        for bar in (b"|", b"%7C", b"%7c"):
            target = b"/api/repositories/main/timeseriescollections/data?attribute=A" + bar + b'"x"'
            answer = max_.send_raw(request(max_, target))
            assert answer.startswith(b"HTTP/1.1 200"), answer

    def test_absolute_form_and_any_host(self, max_):
        """The request line may hold the whole address, and Host anything."""
        target = b"http://webtsm.example:80/api/repositories/main/timeseries/hourly/data"
        assert max_.send_raw(request(max_, target)).startswith(b"HTTP/1.1 200")


class TestTimes:
    """Notations of instants."""

    @pytest.mark.parametrize(
        "text",
        [
            "2017-04-01T02:00:00Z",
            "2017-04-01T04:00:00+02:00",
            "2017-04-01T04:00:00%2B0200",
            "2017-04-01T02:00",
            "2017-04-01 02:00:00",
            "2017-04-01T02:00:00.000000Z",
        ],
    )
    def test_iso(self, max_, text):
        """Offsets are taken as they are; without one it is time of the repository: UTC."""
        answer = max_.get(f"{PATH}?from={text.replace(' ', '%20')}&to=2017-04-01T03:00:00Z")
        assert starts(answer) == ["2017-04-01T02:00:00Z"]

    def test_local_times_of_a_named_zone(self, max_):
        """With timeZone, times without offset are local to it."""
        answer = max_.get(
            f"{PATH}?from=2017-07-01T02:00&to=2017-07-01T03:00&timeZone=W.%20Europe%20Standard%20Time"
        )
        assert starts(answer) == ["2017-07-01T00:00:00Z"]


class TestMedia:
    """Media types, indentation, encodings."""

    @pytest.mark.parametrize(
        ("accept", "status"),
        [
            ("application/json", 200),
            ("*/*", 200),
            ("text/html, application/json;q=0.9", 200),
            ("application/json;format=timestamp", 200),
            ("text/html", 406),
            ("application/json;format=columns", 406),
            ("application/json;q=0", 406),
        ],
    )
    def test_accept(self, max_, accept, status):
        """Answers are JSON in the form `timestamp`; a caller who wants another gets 406."""
        answer = max_.get(PATH, headers={"Accept": accept})
        assert answer.status == status
        assert answer.headers["content-type"] == "application/json"
        if status == 406:
            assert answer.json()["Code"] == "NotAcceptable"

    def test_parameters_stand_for_the_header(self, max_):
        """`mediaType` and `format` replace the header, so that a browser can ask."""
        asked = f"{PATH}?{DAY}&interval=day&mediaType=application/json;indented=true"
        answer = max_.get(asked, headers={"Accept": "text/html"})
        assert answer.status == 200
        assert answer.body.startswith(b'{\n  "Interval": {\n')
        assert int(answer.headers["content-length"]) == len(answer.body)
        plain = max_.get(f"{PATH}?{DAY}&interval=day")
        assert answer.json() == plain.json()
        assert b"\n" not in plain.body
        assert max_.get(f"{PATH}?format=timestamp").status == 200
        assert max_.get(f"{PATH}?format=other").status == 406

    @pytest.mark.parametrize(
        ("wanted", "encoding"),
        [
            ("gzip", "gzip"),
            ("deflate", "deflate"),
            ("br, gzip;q=0.5, deflate;q=0.8", "deflate"),
            ("*", "gzip"),
            ("identity", None),
            ("gzip;q=0", None),
            ("gzip;q=oops", None),
        ],
    )
    def test_compression(self, max_, wanted, encoding):
        """Long answers are compressed as the caller likes it best; short ones are not."""
        asked = f"{PATH}?{DAY}&interval=minute"
        answer = max_.get(asked, headers={"Accept-Encoding": wanted})
        assert answer.headers.get("content-encoding") == encoding
        assert len(json.loads(unpacked(answer.body, encoding))["Data"]) == 1440
        assert answer.headers["vary"] == "Accept-Encoding"
        short = max_.get(f"{PATH}?{DAY}&interval=day", headers={"Accept-Encoding": wanted})
        assert "content-encoding" not in short.headers

    @pytest.mark.parametrize("encoding", [None, "gzip", "deflate"])
    def test_long_answers_are_sent_as_they_are_made(self, max_, encoding):
        """An answer of many points comes in chunks, in order; a pretty one comes whole."""
        asked = f"{PATH}?from=2017-04-01&to=2017-04-03&interval=second"
        headers = {"Accept-Encoding": encoding or "identity"}
        answer = max_.get(asked, headers=headers)
        assert answer.headers["transfer-encoding"] == "chunked"
        assert answer.headers.get("content-encoding") == encoding
        found = json.loads(unpacked(answer.body, encoding))["Data"]
        assert len(found) == 2 * 86_400
        assert found[-1]["From"] == "2017-04-02T23:59:59Z"
        pretty = max_.get(f"{asked}&mediaType=application/json;indented=true", headers=headers)
        assert "content-length" in pretty.headers
        assert json.loads(unpacked(pretty.body, encoding))["Data"] == found

    @pytest.mark.parametrize(
        "headers",
        [
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "text/csv"},
            {"Content-Type": "application/json; charset=utf-16"},
            {"Content-Encoding": "gzip"},
        ],
    )
    def test_415(self, max_, headers):
        """A body that is said to be something else than JSON is 415."""
        answer = max_.post(PATH, body("2017-04-01"), headers=headers)
        assert (answer.status, answer.json()["Code"]) == (415, "UnsupportedMedia")

    def test_kinds_of_json(self, max_):
        """The type may carry a charset, be of the older name, or of a vendor."""
        for kind in ("application/json; charset=utf-8", "text/json", "application/vnd.x+json"):
            answer = max_.post(PATH, body("2017-04-01"), headers={"Content-Type": kind})
            assert answer.status == 200


class TestErrors:
    """The form of errors."""

    def test_form(self, max_):
        """Every error has Message, Code and Details."""
        for answer in (
            max_.get("timeseries/nothing/data"),
            max_.ask("GET", "/nowhere"),
            max_.ask("PATCH", f"/api/repositories/main/{PATH}"),
            max_.post(PATH, b"\xff\xfe"),
            max_.post(PATH, b""),
            max_.post(PATH, b"[" * 100_000),
            max_.post(PATH, b'{"Data":' * 100_000),
            max_.post(PATH, b'{"Data": [{"From": "2017-04-01", "Value": NaN}]}'),
            max_.post(PATH, b'{"Data": [{"From": "\\ud800", "Value": 1}]}'),
            max_.post(PATH, b"[]"),
            max_.post(PATH, b"3"),
        ):
            assert answer.json().keys() == {"Message", "Code", "Details"}
            assert 400 <= answer.status < 500
        assert max_.ask("PATCH", f"/api/repositories/main/{PATH}").status == 405

    def test_a_failure_tells_nothing_of_the_inside(self, store, monkeypatch):
        """A bug answers 500 without a path, a statement or a traceback."""
        with served(store, "2025-01-01") as caller:
            monkeypatch.setattr("tidegate.web.routers.data.read_each", lambda *_, **__: 1 / 0)
            answer = caller.get(f"{PATH}?{DAY}")
        assert answer.status == 500
        assert answer.json() == {
            "Message": "The service failed; its log says why.",
            "Code": "InternalError",
            "Details": {},
        }


class TestPlaces:
    """Prefix, root, docs, health, measurements."""

    @pytest.mark.parametrize("prefix", ["", "metering", "/a/b/"])
    def test_prefix(self, store, prefix):
        """Everything lies under the prefix; `/api` follows it."""
        below = f"/{prefix.strip('/')}" if prefix else ""
        application = create_application(store, prefix=prefix)
        with (
            running(application, listening("127.0.0.1", 0)) as url,
            closing(Caller(url)) as caller,
        ):
            assert caller.get(f"{below}/api").json().keys() == {"Name", "Description", "Version"}
            assert caller.get(f"{below}/healthz").json() == {"Status": "ok"}
            made = caller.ask("POST", f"{below}/api/repositories/main/attributes", {"Name": "A"})
            assert made.headers["location"].startswith(f"{below}/api/repositories/main/")
            assert caller.get(made.headers["location"]).status == 200

    def test_openapi_describes_every_operation(self, max_):
        """Each operation has a summary, says what it takes and answers, and every form exists."""
        document = max_.get("/docs/openapi.json").json()
        assert (
            f"/api/repositories/{{repository}}/{PATH}".replace("hourly", "{series}")
            in (document["paths"])
        )
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                assert operation["description"], (method, path)
                assert {"200", "201", "204"} & operation["responses"].keys(), (method, path)
                assert "422" not in operation["responses"]
        text = json.dumps(document)
        for name in {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}:
            assert name in document["components"]["schemas"]

    def test_the_docs_page_needs_nothing_from_elsewhere(self, max_):
        """The page lists operations without scripts or foreign addresses."""
        page = max_.ask("GET", "/docs", headers={"Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html")
        assert b"timeseriescollections/data/sum" in page.body
        assert b"<script" not in page.body
        assert b"http://" not in page.body
        assert b"https://" not in page.body

    def test_metrics(self, max_, service):
        """Requests are counted by route and status, without names of series."""
        max_.get(f"{PATH}?{DAY}")
        found = max_.ask("GET", "/metrics").body.decode()
        assert 'status="200"' in found
        assert "hourly" not in found
        with closing(Caller(service, "Nobody")) as nobody:
            assert nobody.ask("GET", "/metrics").status == 401


def unpacked(body: bytes, encoding: str | None) -> bytes:
    if encoding == "gzip":
        return gzip.decompress(body)
    return zlib.decompress(body) if encoding == "deflate" else body


def request(caller: Caller, target: bytes) -> bytes:
    return (
        b"GET " + target + b" HTTP/1.1\r\nHost: somewhere.else\r\nConnection: close\r\n"
        b"Authorization: " + caller.authorization.encode() + b"\r\n\r\n"
    )


@contextmanager
def served(store: Verbs, now: str) -> Iterator[Caller]:
    """A service whose clock stands at an instant."""
    application = create_application(store, clock=lambda: parse(now))
    with (
        running(application, listening("127.0.0.1", 0)) as url,
        closing(Caller(url)) as caller,
    ):
        yield caller
