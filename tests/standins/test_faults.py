"""Faults of the stand-in: each does what its name says, to the requests it is meant for."""

from __future__ import annotations

import json
import time
import zlib

import httpx2
import pytest

from tidegate.standins.dcs import Fault
from tidegate.standins.dcs.faults import KINDS, BadFault, Faults, make_fault, parse_fault

DAY = {"id": "R733", "startTime": "2024-01-01T00:00:00Z", "endTime": "2024-01-02T00:00:00Z"}


@pytest.fixture
def broken(dcs_standin, call):
    """A client of a stand-in of its own, and a way to set one fault there."""
    api = call(dcs_standin.base_web)

    def ask(kind, **settings):
        dcs_standin.faults.clear()
        dcs_standin.faults.add(Fault(kind, **settings))
        return api.get("/readings", **DAY)

    return ask


def test_a_status_is_answered_with_its_header(broken):
    """An error status comes with Retry-After if one was given."""
    assert broken("status", status=502).status_code == 502
    assert broken("status", retry_after="2").headers["Retry-After"] == "2"


@pytest.mark.parametrize(("given", "sent"), [("", "1"), ("1s", "1s"), ("none", None)])
def test_throttling_sends_the_header_in_every_form(broken, given, sent):
    """Whole seconds, an invalid text, or no header at all."""
    answer = broken("throttle", retry_after=given)
    assert answer.status_code == 429
    assert answer.headers.get("Retry-After") == sent


def test_a_delay_comes_before_the_answer(broken):
    """The answer is whole, but late."""
    started = time.monotonic()
    assert len(broken("delay", seconds=0.2).json()["readings"]) == 48
    assert time.monotonic() - started >= 0.2


def test_a_slow_body_pauses_before_each_piece(broken):
    """Header, records and end of a day arrive with three pauses at least."""
    started = time.monotonic()
    assert len(broken("slow", seconds=0.05).json()["readings"]) == 48
    assert time.monotonic() - started >= 0.15


def test_a_hang_never_answers(dcs_standin, call):
    """The client gives up; nothing was answered."""
    api = call(dcs_standin.base_web)
    dcs_standin.faults.add(Fault("hang"))
    with pytest.raises(httpx2.ReadTimeout):
        api.http.get(api.base + "/meters", timeout=0.3)
    assert dcs_standin.log[-1].status == 0


@pytest.mark.parametrize("after", [0, 100])
def test_a_dropped_connection_breaks_the_answer(broken, after):
    """The connection ends before the answer or in the middle of its body."""
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        broken("drop", bytes=after)


@pytest.mark.parametrize(
    ("kind", "settings"), [("truncate", {"bytes": 200}), ("malformed", {}), ("html", {})]
)
def test_damaged_text_is_no_json(broken, kind, settings):
    """The transfer is whole, but its text cannot be read."""
    answer = broken(kind, **settings)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(("kind", "value"), [("nan", "NaN"), ("null", None)])
def test_every_seventh_value_can_be_no_number(broken, kind, value):
    """The text NaN or null stands in place of values."""
    values = [row["value"] for row in broken(kind).json()["readings"]]
    assert [place for place, found in enumerate(values) if found == value] == list(range(6, 48, 7))


def test_deflate_is_sent_whatever_was_offered(dcs_standin, call):
    """The body is a zlib stream and says so."""
    api = call(dcs_standin.base_web)
    dcs_standin.faults.add(Fault("deflate"))
    with api.http.stream("GET", api.base + "/meters", headers={"Accept-Encoding": "gzip"}) as got:
        assert got.headers["Content-Encoding"] == "deflate"
        assert zlib.decompress(b"".join(got.iter_raw())).startswith(b'[{"id":')


def test_a_plain_answer_names_no_encoding(broken):
    """gzip was offered, but the body goes out as it is."""
    assert "Content-Encoding" not in broken("plain").headers


def test_properties_may_follow_the_readings(broken):
    """The readings come first, the rest of the answer after them."""
    answer = broken("readings-first").json()
    assert next(iter(answer)) == "readings"
    assert answer["unit"] == "kWh"


def test_a_fault_hits_the_requests_it_is_meant_for():
    """Path, number of hits and number of requests that pass first are honoured."""
    faults: Faults[Fault] = Faults()
    faults.add(Fault("html", path="/READINGS$", times=2, after=1))
    asked = ["/meters", "/readings", "/readings", "/meters", "/readings", "/readings"]
    assert [len(faults.take(path)) for path in asked] == [0, 0, 1, 0, 1, 0]
    assert faults.active == []


def test_a_fault_may_be_meant_for_one_register(dcs_standin, call):
    """A pattern for the query hits the requests that name the register there."""
    web = call(dcs_standin.base_web)
    dcs_standin.faults.add(Fault("status", query="id=R123&"))
    statuses = [web.get("/readings", **DAY | {"id": name}).status_code for name in ("R733", "R123")]
    assert statuses == [200, 503]


@pytest.mark.parametrize("text", ["unheard", "slow:pace=3", "slow:seconds=long", "html:path=("])
def test_a_fault_that_does_not_exist_is_refused(text):
    """Unknown kinds, settings and values are refused by name."""
    with pytest.raises(BadFault):
        parse_fault(text)


def test_a_fault_can_be_written_as_text():
    """Settings are read as what they are."""
    assert parse_fault("status:status=502,times=1,path=/meters") == Fault(
        "status", path="/meters", times=1, status=502
    )
    assert {make_fault({"kind": kind}).kind for kind in KINDS} == set(KINDS)


def test_faults_and_the_log_are_controlled_over_http(dcs_standin, call):
    """Faults are set, listed and cleared, the log is read and emptied, sessions end at a word."""
    web = call(dcs_standin.base_web)
    control = call(dcs_standin.base_app.removesuffix("/DCS") + "/standin")
    assert control.post("/faults", {"kind": "status", "status": 500, "times": 1}).status_code == 200
    assert control.json("/faults")["active"][0]["status"] == 500
    assert [web.get("/meters").status_code for _ in range(2)] == [500, 200]
    assert control.post("/faults", {"kind": "unheard"}).status_code == 400
    control.post("/faults", [{"kind": "html"}])
    control.http.delete(control.base + "/faults")
    assert control.json("/faults")["active"] == []
    entries = [(e["path"], e["status"]) for e in control.json("/log") if "meters" in e["path"]]
    assert entries == [("/DCSWebApi/meters", 500), ("/DCSWebApi/meters", 200)]
    control.http.delete(control.base + "/log")
    assert control.json("/log") == []
    control.post("/expire")
    assert web.get("/meters").status_code == 401


def test_data_are_changed_over_http(dcs_standin, call):
    """Readings can be withheld and given back, and a meter can go."""
    web = call(dcs_standin.base_web)
    control = call(dcs_standin.base_app.removesuffix("/DCS") + "/standin")
    span = {"register": 733, "from": "2024-01-01T06:00Z", "to": "2024-01-01T09:00Z"}
    assert control.post("/invalid", span).json() == {"slots": 6}
    assert len(web.json("/readings", **DAY)["readings"]) == 42
    control.http.delete(control.base + "/invalid/733")
    assert len(web.json("/readings", **DAY)["readings"]) == 48
    assert control.post("/invalid", {"register": 733}).status_code == 400
    control.http.delete(control.base + "/meters/405")
    assert web.get("/readings", **DAY).status_code == 400


def test_the_log_counts_requests_in_flight(dcs_standin, call):
    """A request that comes while another is answered sees both."""
    api = call(dcs_standin.base_web)
    dcs_standin.log.clear()
    dcs_standin.faults.add(Fault("slow", path="readings", seconds=0.1))
    with api.http.stream("GET", api.base + "/readings", params=DAY):
        api.get("/meters")
    assert [entry.in_flight for entry in dcs_standin.log] == [1, 2]
    first = dcs_standin.log[0]
    assert first.headers["accept-encoding"]
    assert first.query.startswith("id=R733")


def test_a_fault_may_be_for_one_query(dcs_standin, call):
    """`query` names the register that a fault of the Web API is meant for."""
    api = call(dcs_standin.base_web)
    dcs_standin.faults.add(Fault("status", query="id=R733"))

    assert api.get("/readings", **DAY).status_code == 503
    assert api.get("/readings", **{**DAY, "id": "R123"}).status_code == 200
