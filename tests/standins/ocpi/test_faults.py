"""Every fault of the OCPI stand-in does what it says."""

from __future__ import annotations

import gzip
import json
import re
import time
from pathlib import Path

import httpx2
import pytest

from tidegate.standins.ocpi.faults import KINDS, BadFault, make_fault, parse_fault

PATH = "/ocpi/cpo/2.2.1/sessions"


def link(answer):
    """The address that a page leads to."""
    return httpx2.URL(answer.links["next"]["url"])


def test_errors_of_http_carry_the_header_that_is_asked_for(platform):
    """Any status, and 429 with, without and with odd `Retry-After`."""
    for status in (401, 403, 404, 500, 503):
        platform.fault("status", status=status)
        answer = platform.page("sessions")
        assert answer.status_code == status
        assert "retry-after" not in answer.headers
    platform.fault("status", status=503, retry_after="7")
    assert platform.page("sessions").headers["retry-after"] == "7"
    platform.fault("throttle", retry_after="2")
    answer = platform.page("sessions")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    platform.fault("throttle")
    assert "retry-after" not in platform.page("sessions").headers


@pytest.mark.parametrize("code", [2001, 2004, 3000, 4001])
def test_errors_of_ocpi_come_with_http_200(platform, code):
    """The envelope has the code and no data."""
    platform.fault("code", code=code)
    answer = platform.page("sessions")
    assert answer.status_code == 200
    assert answer.json()["status_code"] == code
    assert "data" not in answer.json()


def test_pauses_come_before_the_answer_or_inside_it(platform):
    """`delay` pauses once, `slow` before each quarter."""
    for kind, least in (("delay", 0.05), ("slow", 0.2)):
        platform.fault(kind, seconds=0.05)
        began = time.monotonic()
        assert len(platform.page("sessions").json()["data"]) == 40
        assert time.monotonic() - began >= least


def test_a_hanging_request_is_never_answered(platform):
    """The client gives up; the server then answers others."""
    platform.fault("hang")
    platform.http.timeout = 0.2
    with pytest.raises(httpx2.ReadTimeout):
        platform.page("sessions")
    platform.standin.faults.clear()
    assert platform.page("sessions").status_code == 200


@pytest.mark.parametrize("cut", [0, 500])
def test_a_connection_breaks_before_or_inside_the_answer(platform, cut):
    """The length says more than what comes."""
    platform.fault("drop", bytes=cut, times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        platform.page("sessions")
    assert len(platform.page("sessions").json()["data"]) == 40


def test_bodies_that_are_no_json(platform):
    """Cut short, with text inside, or a page for people."""
    platform.fault("truncate", bytes=500)
    assert len(platform.page("sessions").content) == 500
    for kind in ("truncate", "malformed", "html"):
        platform.fault(kind)
        answer = platform.page("sessions")
        assert answer.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    assert answer.headers["content-type"].startswith("text/html")


def test_bodies_may_be_compressed(platform):
    """The content encoding is gzip and the length that of the compressed body."""
    plain = platform.page("sessions")
    platform.fault("gzip")
    with platform.http.stream(
        "GET", platform.address("sessions"), headers={"Authorization": "Token demo-token"}
    ) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(raw) == int(answer.headers["content-length"]) < len(plain.content) // 3
    assert json.loads(gzip.decompress(raw))["data"] == plain.json()["data"]


def test_pages_may_be_empty_or_short_and_go_on(platform):
    """Links lead on; an empty page loses its records, a short one none."""
    everything = platform.ids("sessions")
    platform.fault("empty-page", after=1, times=1)
    assert platform.ids("sessions", limit=10) == everything[:10] + everything[20:]
    platform.fault("short-page", items=3)
    assert len(platform.page("sessions", limit=10).json()["data"]) == 3
    assert platform.ids("sessions", limit=10) == everything
    platform.fault("ignore-limit", items=16)
    assert [len(platform.page("sessions", limit=n).json()["data"]) for n in (1, 500)] == [16, 16]
    assert platform.ids("sessions", limit=1) == everything
    platform.fault("ignore-offset")
    first, later = (platform.page("sessions", offset=at, limit=10) for at in (0, 30))
    assert first.json()["data"] == later.json()["data"]
    assert "link" in later.headers


def test_headers_about_the_list_may_be_missing_or_wrong(platform):
    """`Link`, `X-Total-Count` and `X-Limit`."""
    for kind, header in (
        ("no-link", "link"),
        ("no-total", "x-total-count"),
        ("no-limit", "x-limit"),
    ):
        platform.standin.faults.clear()
        assert header in platform.page("sessions", limit=10).headers
        platform.fault(kind)
        assert header not in platform.page("sessions", limit=10).headers
    platform.fault("wrong-total", items=-3)
    assert platform.page("sessions").headers["x-total-count"] == "37"
    platform.fault("empty-link")
    assert platform.page("sessions").headers["link"] == ""
    assert "link" in platform.page("sessions", limit=10).headers


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("bare-link", r'<http://127.0.0.1:\d+{path}\?offset=10>; rel="next"'),
        ("relative-link", r'<{path}\?date_to=2030-01-01&offset=10&limit=10>; rel="next"'),
        (
            "unquoted-link",
            r'<http://[^>]+\?offset=0>; rel="prev", <http://[^>]+offset=10&limit=10>;rel=next',
        ),
        ("foreign-link", r"<http://elsewhere.example{path}\?date_to=[^>]+offset=10&limit=10>.*"),
        ("scheme-link", r"<https://127.0.0.1:\d+{path}\?.*offset=10.*"),
        (
            "placeholder-link",
            r"<https://[^>]+/VersionNumber.v_2_2_1/ModuleID.sessions/"
            r"\?date_from=None&date_to=2030-01-01&offset=10&limit=10>.*",
        ),
        ("undefined-link", r"<http://[^>]+offset=undefined&limit=10>.*"),
        ("self-link", r"<http://[^>]+offset=0&limit=10>.*"),
        ("cursor-link", r"<http://[^>]+{path}\?cursor=10-10&date_to=2030-01-01>.*"),
    ],
)
def test_links_come_in_every_known_form(platform, kind, pattern):
    """The header as sent, for a first page of ten with an end."""
    platform.fault(kind)
    sent = platform.page("sessions", limit=10, date_to="2030-01-01").headers["link"]
    assert re.fullmatch(pattern.replace("{path}", PATH), sent), sent


def test_cursors_lead_through_the_list(platform):
    """The link with a cursor is answered with the page that it stands for."""
    everything = platform.ids("sessions")
    platform.fault("cursor-link")
    assert platform.ids("sessions", limit=7) == everything


def test_addresses_may_be_redirected_to_a_slash(platform):
    """308 keeps the query; the address with a slash is answered."""
    platform.fault("slash")
    answer = platform.page("sessions", limit=10, date_from="2020-01-01T00:00:00+00:00")
    assert answer.status_code == 308
    target = httpx2.URL(answer.headers["location"])
    assert target.path == PATH + "/"
    assert dict(target.params) == {"limit": "10", "date_from": "2020-01-01T00:00:00+00:00"}
    assert len(platform.get(str(target)).json()["data"]) == 10


def test_the_details_may_name_a_module_of_the_platform_itself(platform):
    """It comes first; the others stay."""
    plain = platform.get("/2.2.1").json()["data"]["endpoints"]
    platform.fault("custom-endpoint")
    first, *others = platform.get("/2.2.1").json()["data"]["endpoints"]
    assert first["identifier"] == "nltst-tokens"
    assert others == plain


def test_the_end_of_a_window_may_be_inclusive(platform):
    """A server that takes `date_to` itself in sends the record twice in two windows."""
    cut = platform.records("sessions")[20]["last_updated"]
    platform.fault("inclusive-end")
    assert len(platform.records("sessions", date_to=cut)) == 21


def test_the_envelope_may_lack_its_timestamp(platform):
    """The other members are there."""
    platform.fault("no-timestamp")
    assert sorted(platform.page("sessions").json()) == ["data", "status_code", "status_message"]


def test_records_may_change_between_pages(platform):
    """A touched one leaves a window with an end, a removed one is gone, new ones come last."""
    everything = platform.ids("sessions")
    end = "2024-01-01T00:00:00Z"
    platform.fault("touch", item=5, after=1, times=1)
    first = platform.page("sessions", limit=10, date_to=end)
    second = platform.get(str(link(first)))
    totals = [answer.headers["x-total-count"] for answer in (first, second)]
    assert totals == ["40", "39"]
    assert [record["id"] for record in second.json()["data"]] == everything[11:21]
    platform.fault("vanish", item=0, times=1)
    assert platform.ids("sessions") == everything[1:]
    platform.fault("grow", items=5, times=1)
    assert platform.page("sessions").headers["x-total-count"] == "44"


@pytest.mark.parametrize("module", ["locations", "sessions", "cdrs", "tariffs", "tokens"])
def test_optional_members_may_be_null(platform, module):
    """Optional members that were absent are null, lists empty; others stay as they were."""
    (plain, *_) = platform.records(module)
    platform.fault("nulls")
    (filled, *_) = platform.records(module)
    added = {name: value for name, value in filled.items() if name not in plain}
    assert added
    assert all(value in (None, []) for value in added.values())
    assert {name: filled[name] for name in plain} == plain


def test_lists_may_be_null(platform):
    """Null stands where the standard wants a list."""
    platform.fault("null-lists")
    assert platform.records("sessions")[0]["charging_periods"] is None
    assert platform.records("locations", "2.1.1")[0]["evses"] is None


def test_members_of_no_standard_carry_a_text_to_look_for(platform):
    """The text stands in the record, in lists inside it and in an object."""
    platform.fault("extension", text="XX-01")
    record = platform.records("sessions")[0]
    assert record["custom_ext"]["plate"] == record["x_remark"] == "XX-01"
    assert record["charging_periods"][0]["x_inner"] == "XX-01"


def test_prices_may_have_the_shape_of_another_version(platform):
    """Numbers for objects and objects for numbers."""
    platform.fault("price-shape")
    assert isinstance(platform.records("sessions", "2.2.1")[3]["total_cost"], float)
    assert isinstance(platform.records("cdrs", "2.3.0")[3]["total_energy_cost"], float)
    assert sorted(platform.records("cdrs", "2.1.1")[3]["total_cost"]) == ["excl_vat"]


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("offset-times", "2023-01-13T12:44:41+00:00"),
        ("space-times", "2023-01-13 12:44:41+00:00"),
        ("fraction-times", "2023-01-13T12:44:41.000Z"),
    ],
)
def test_times_come_in_every_known_spelling(platform, kind, written):
    """All times of a record, inner ones too; nothing else changes."""
    plain = platform.records("sessions")[0]
    platform.fault(kind)
    record = platform.records("sessions")[0]
    assert record["start_date_time"] == written
    assert record["charging_periods"][0]["start_date_time"] == written
    assert record["cdr_token"] == plain["cdr_token"]


def test_ids_may_come_in_lower_case(platform):
    """Ids of all kinds; other texts stay."""
    platform.fault("lower-case")
    record = platform.records("sessions")[1]
    assert record["country_code"] == "nl"
    assert record["location_id"] == record["location_id"].lower() != ""
    assert record["cdr_token"]["contract_id"].startswith("nl-msp-c")
    assert record["charging_periods"][0]["tariff_id"].startswith("t")
    assert record["status"] == "COMPLETED"


def test_lists_may_hold_what_is_no_record(platform):
    """Nulls, a text and a number, and one record twice."""
    everything = platform.page("sessions", limit=9).json()["data"]
    platform.fault("null-records")
    got = platform.page("sessions", limit=9).json()["data"]
    assert got.count(None) == 3
    assert [record for record in got if record is not None] == everything
    platform.fault("odd-records")
    assert platform.page("sessions", limit=9).json()["data"][2:] == everything
    platform.fault("repeat")
    assert platform.page("sessions", limit=9).json()["data"] == [*everything, everything[-1]]


def test_faults_hit_the_requests_they_name(platform):
    """By path and query, after some requests, a number of times."""
    platform.fault("status", path="cdrs", query="offset=10", after=1, times=1)
    asked = [("sessions", 10), ("cdrs", 0), ("cdrs", 10), ("cdrs", 10), ("cdrs", 10)]
    got = [platform.page(module, offset=at).status_code for module, at in asked]
    assert got == [200, 200, 200, 503, 200]


def test_several_faults_hit_one_request(platform):
    """Those of the link, of the headers and of the records together."""
    platform.fault("no-total")
    platform.standin.faults.add(make_fault({"kind": "bare-link"}), parse_fault("repeat"))
    answer = platform.page("sessions", limit=5)
    assert "x-total-count" not in answer.headers
    assert dict(link(answer).params) == {"offset": "5"}
    assert len(answer.json()["data"]) == 6


@pytest.mark.parametrize("text", ["unheard", "status:colour=1", "status:status=x", "delay:path=("])
def test_a_wrong_fault_says_what_is_wrong(text):
    """An unknown kind, an unknown setting, a wrong value, a wrong expression."""
    with pytest.raises(BadFault, match=r"\w"):
        parse_fault(text)


def test_every_kind_has_a_test_here():
    """No fault is on offer that this file does not show."""
    text = Path(__file__).read_text("utf-8")
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []
