"""Versions, lists, pages and filters of the OCPI stand-in."""

from __future__ import annotations

import itertools
import json

import pytest
from tests.platforms.ocpi.vectors import DOCUMENTED_SESSION

from tidegate.model import instants
from tidegate.standins.ocpi.options import MODULES, VERSIONS, Options
from tidegate.standins.ocpi.platform import Platform as Data

FIRST = "4283da431b2a4f8c9f421eaa53d0428b"


def test_versions_lead_to_the_endpoints_of_each(shared):
    """Three versions; roles from 2.2.1 on, where tokens appear as receiver and as sender."""
    versions = shared.get("/versions").json()["data"]
    assert [one["version"] for one in versions] == list(VERSIONS)
    details = [shared.get(one["url"]).json()["data"] for one in versions]
    assert all("role" not in one for one in details[0]["endpoints"])
    for one in details[1:]:
        tokens = [end for end in one["endpoints"] if end["identifier"] == "tokens"]
        assert [end["role"] for end in tokens] == ["RECEIVER", "SENDER"]
        assert shared.get(tokens[0]["url"]).status_code == 404
        assert shared.get(tokens[1]["url"]).status_code == 200


def test_the_first_old_session_is_the_documented_record(shared):
    """Members, order and values are those of the original documentation."""
    record = shared.page("sessions", "2.1.1", limit=1).json()["data"][0]
    assert json.dumps(record) == json.dumps(DOCUMENTED_SESSION)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("module", MODULES)
def test_pages_of_any_size_join_to_one_list(shared, module, version):
    """Links lead through every record once, whatever the size of pages."""
    key = "uid" if module == "tokens" else "id"
    whole = shared.page(module, version, limit=1000)
    assert "link" not in whole.headers
    records = whole.json()["data"]
    assert int(whole.headers["x-total-count"]) == len(records) > 5
    assert shared.records(module, version, limit=7) == records
    assert len({record[key] for record in records}) == len(records)


def test_paging_headers_repeat_the_filters(shared):
    """`Link` keeps dates and limit, `X-Limit` is the server's own."""
    window = {"date_from": "2023-01-13T00:00:00Z", "date_to": "2030-01-01T00:00:00Z"}
    answer = shared.page("sessions", limit=16, **window)
    url = httpx_url(answer.links["next"]["url"])
    assert dict(url.params) == {**window, "offset": "16", "limit": "16"}
    assert answer.headers["x-limit"] == "1000"
    assert shared.page("sessions", limit=5000).headers["x-limit"] == "1000"


def httpx_url(text):
    """An address taken apart."""
    import httpx2

    return httpx2.URL(text)


def test_windows_are_half_open_and_leave_nothing_between_them(shared):
    """`date_from` is in, `date_to` is out, for each version and both kinds of text."""
    for version in VERSIONS:
        records = shared.records("sessions", version)
        cut = records[40]["last_updated"]
        before = shared.records("sessions", version, date_to=cut)
        after = shared.records("sessions", version, date_from=cut.replace("Z", "+00:00"))
        assert all(record["last_updated"] < cut for record in before)
        assert after[0]["last_updated"] == cut
        assert before + after == records


def test_a_lost_plus_sign_in_a_time_is_found(shared):
    """An offset that was sent without encoding means the same."""
    cut = shared.records("sessions")[60]["last_updated"]
    exact = shared.page("sessions", date_from=cut)
    lost = shared.get(shared.address("sessions") + f"?date_from={cut[:-1]}+00:00")
    assert exact.headers["x-total-count"] == lost.headers["x-total-count"] == "60"


@pytest.mark.parametrize("bad", [{"limit": "x"}, {"offset": "-1"}, {"date_from": "soon"}])
def test_parameters_without_sense_are_refused_with_2001(shared, bad):
    """The refusal comes with HTTP 200, as the standard wants."""
    answer = shared.page("sessions", **bad)
    assert (answer.status_code, answer.json()["status_code"]) == (200, 2001)
    assert "data" not in answer.json()


def test_the_data_follow_from_the_seed():
    """The same seed gives the same records, another seed gives others; size changes none."""

    def texts(count=300, **options):
        data = Data(Options(sessions=count, spacing_s=60, **options))
        return {
            name: data.modules[name].rendered(iter(range(5, 20)), "2.2.1")
            for name in ("sessions", "cdrs", "tokens", "locations")
        }

    assert texts() == texts(10_000_000)
    different = texts(seed=2)
    assert all(different[name] != records for name, records in texts().items())


def test_ten_million_sessions_are_there_at_once(start):
    """Any page, and any window, of a very long list comes without the others being made."""
    platform = start(sessions=10_000_000, locations=5_000)
    answer = platform.page("sessions", offset=9_999_990, limit=100)
    assert answer.headers["x-total-count"] == "10000000"
    records = answer.json()["data"]
    assert len(records) == 10
    cut = records[0]["last_updated"]
    assert platform.records("sessions", date_from=cut)[-10:] == records
    assert platform.page("cdrs", limit=1).headers["x-total-count"] == "10000000"


def test_last_updates_never_go_back():
    """Every module of every size is sorted by last update, as its filter relies on."""
    for spacing in (0.0, 0.001, 3600.0):
        data = Data(Options(sessions=3_000, spacing_s=spacing))
        for records in data.modules.values():
            every = [records.updated_at(at) for at in range(records.source.count())]
            assert all(one <= other for one, other in itertools.pairwise(every))
            assert records.source.sorted


def test_records_that_are_changed_or_taken_away_move_in_and_out_of_windows(platform):
    """A touched record has the server's time; a removed one is gone from lists and counts."""
    records = platform.records("sessions")
    late = records[-1]["last_updated"]
    platform.service.touch("sessions", 5)
    platform.service.remove("sessions", 7)
    assert platform.ids("sessions") == [
        record["id"] for at, record in enumerate(records) if at != 7
    ]
    window = platform.ids("sessions", date_to=late)
    assert window == [record["id"] for at, record in enumerate(records[:-1]) if at not in {5, 7}]
    assert platform.ids("sessions", date_from=late) == [records[5]["id"], records[-1]["id"]]
    shown = platform.records("sessions")[5]["last_updated"]
    assert abs(instants.parse(shown) - instants.now()) < instants.MINUTE
    assert platform.ids("sessions", limit=3) == platform.ids("sessions", limit=1000)


def test_new_sessions_come_at_the_end(platform):
    """Growing changes no record that was there; new ones have the time of the server."""
    now = platform.page("sessions", limit=1).json()["timestamp"]
    before = platform.records("sessions") + platform.records("cdrs")
    platform.service.grow(20)
    assert len(platform.records("sessions")) == 60
    assert platform.records("sessions")[:40] + platform.records("cdrs")[:40] == before
    assert platform.ids("sessions", date_from=now) == platform.ids("sessions")[40:]
    assert platform.ids("cdrs", date_from=now) == platform.ids("cdrs")[40:]
    assert platform.ids("sessions", date_to=now) == platform.ids("sessions")[:40]


def test_records_may_be_given(start):
    """Documents that a test brings are served as they are and filtered by their own times."""
    given = [
        {"id": "S1", "last_updated": "2024-01-01T10:00:00Z", "extra": [None, {"a": 1}]},
        {"id": "S2", "last_updated": "2024-01-01T09:00:00.5Z"},
        {"id": "S3"},
    ]
    platform = start(records={"sessions": given})
    assert platform.records("sessions", "2.1.1", limit=1) == given
    assert platform.ids("sessions", date_from="2024-01-01T09:30:00Z") == ["S1"]
    assert platform.ids("sessions", date_to="2024-01-01T10:00:00Z") == ["S2", "S3"]
    platform.service.touch("sessions", 2, instants.parse("2024-01-02"))
    assert platform.records("sessions", date_from="2024-01-02") == [
        {"id": "S3", "last_updated": "2024-01-02T00:00:00Z"}
    ]


def test_a_location_an_evse_and_a_connector_can_be_asked_for(shared):
    """Ids compare without regard to case; what is not there is 404 with 2003."""
    base = shared.address("locations")
    location = shared.records("locations")[3]
    evse = location["evses"][0]
    assert shared.get(f"{base}/{location['id'].lower()}").json()["data"] == location
    assert shared.get(f"{base}/{location['id']}/{evse['uid']}").json()["data"] == evse
    one = shared.get(f"{base}/{location['id']}/{evse['uid']}/1").json()["data"]
    assert one == evse["connectors"][0]
    for missing in ("LOC999999", f"{location['id']}/nowhere", f"{location['id']}/{evse['uid']}/7"):
        answer = shared.get(f"{base}/{missing}")
        assert (answer.status_code, answer.json()["status_code"]) == (404, 2003)
    assert shared.get(shared.address("sessions") + "/" + FIRST).status_code == 404


def test_pages_kept_to_be_sent_again_are_the_same(start):
    """With a memory for pages the second answer is the first; a change forgets them."""
    platform = start(sessions=40, cache_mb=1)
    first, again = (platform.page("sessions", limit=10) for _ in range(2))
    assert first.json()["data"] == again.json()["data"]
    platform.service.touch("sessions", 0)
    changed = platform.page("sessions", limit=10).json()["data"]
    assert changed[1:] == first.json()["data"][1:]
    assert changed[0] != first.json()["data"][0]


def test_the_memory_for_pages_has_an_end():
    """The oldest pages go when the memory is full."""
    from tidegate.standins.ocpi.service import Pages

    pages = Pages(100)
    for number in range(10):
        pages.keep((number,), b"x" * 30)
    assert [number for number in range(10) if pages.get((number,))] == [7, 8, 9]


def test_unknown_addresses_and_methods_are_refused(shared):
    """404 for what is not there, 405 for what cannot be written."""
    for path in ("/nowhere", "/9.9", "/cpo/2.2.1/chargingprofiles", "/emsp/2.2.1/sessions"):
        assert shared.get(path).status_code == 404, path
    headers = {"Authorization": "Token demo-token"}
    answer = shared.http.post(shared.address("sessions"), headers=headers, json={})
    assert answer.status_code == 405
