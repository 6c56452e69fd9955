"""Tokens, routing headers, the handshake and the clock of the OCPI stand-in."""

from __future__ import annotations

import pytest

from tidegate.model import instants

LISTS = ["/versions", "/2.2.1", "/cpo/2.2.1/sessions", "/emsp/2.2.1/tokens", "/2.2.1/credentials"]
ROUTING = {
    "OCPI-from-country-code": "NL",
    "OCPI-from-party-id": "ABC",
    "OCPI-to-country-code": "NL",
    "OCPI-to-party-id": "TST",
}


@pytest.mark.parametrize("path", LISTS)
def test_no_address_answers_without_a_known_token(shared, path):
    """401 for a wrong, an empty and a missing token."""
    assert shared.get(path).status_code == 200
    assert shared.get(path, token="wrong").status_code == 401
    assert shared.http.get(shared.root + path).status_code == 401
    answer = shared.http.get(shared.root + path, headers={"Authorization": "Bearer demo-token"})
    assert answer.status_code == 401
    assert answer.json()["status_code"] == 2000


@pytest.mark.parametrize(
    ("accepted", "old", "new"),
    [
        ("both", {"plain", "base64"}, {"plain", "base64"}),
        ("plain", {"plain"}, {"plain"}),
        ("base64", {"base64"}, {"base64"}),
        ("standard", {"plain"}, {"base64"}),
    ],
)
def test_the_accepted_form_of_the_token_can_be_chosen(start, accepted, old, new):
    """Plain, Base64, both, or what each version says."""
    platform = start(sessions=1, token_form=accepted)

    def forms(path):
        return {
            form for form in ("plain", "base64") if platform.get(path, form=form).status_code == 200
        }

    assert forms("/cpo/2.1.1/sessions") == old
    assert forms("/cpo/2.2.1/sessions") == forms("/cpo/2.3.0/locations") == new
    assert forms("/versions") == ({"plain", "base64"} if accepted == "standard" else new)


def test_a_fault_may_hit_one_form_of_the_token(platform):
    """A server that breaks on plain tokens only."""
    platform.fault("status", status=500, token="plain")
    assert platform.get("/versions").status_code == 500
    assert platform.get("/versions", form="base64").status_code == 200


def test_sessions_may_demand_a_date(start):
    """2001 without `date_from`, as strict platforms answer; other modules need none."""
    platform = start(sessions=3, require_date_from=True)
    answer = platform.page("sessions")
    assert (answer.status_code, answer.json()["status_code"]) == (200, 2001)
    assert len(platform.records("sessions", date_from="1970-01-01T00:00:00Z")) == 3
    assert platform.page("cdrs").json()["status_code"] == 1000


def test_routing_headers_may_be_checked(start):
    """Needed on functional modules from 2.2.1 on, forbidden elsewhere, 4001 for a wrong party."""
    platform = start(sessions=3, routing="check")

    def code(path, headers):
        return platform.get(path, headers=headers).json()["status_code"]

    assert code("/cpo/2.2.1/sessions", ROUTING) == 1000
    assert code("/cpo/2.2.1/sessions", {}) == 2001
    assert code("/cpo/2.2.1/sessions", {**ROUTING, "OCPI-to-party-id": "ABC"}) == 4001
    assert code("/cpo/2.1.1/sessions", {}) == 1000
    assert code("/versions", {}) == code("/2.2.1", {}) == 1000
    assert code("/versions", ROUTING) == code("/2.2.1", ROUTING) == 2001


def test_request_ids_come_back(shared):
    """The response repeats the ids of the request."""
    ids = {"X-Request-ID": "one", "X-Correlation-ID": "two"}
    answer = shared.get("/cpo/2.2.1/sessions", headers=ids)
    assert {name: answer.headers[name] for name in ids} == ids


def test_credentials_name_the_roles_of_the_platform(shared):
    """One party in 2.1.1, a CPO and an eMSP in later versions."""
    old = shared.get("/2.1.1/credentials").json()["data"]
    assert (old["country_code"], old["party_id"]) == ("NL", "TST")
    new = shared.get("/2.2.1/credentials").json()["data"]
    parties = [(one["role"], one["country_code"], one["party_id"]) for one in new["roles"]]
    assert parties == [("CPO", "NL", "TST"), ("EMSP", "NL", "MSP")]
    assert new["token"] == "demo-token"
    assert new["url"] == shared.standin.versions_url


def _body(client, version, token="demo-token"):
    body = {"token": token, "url": client.standin.versions_url}
    business = {"name": "Client"}
    role = {"business_details": business, "party_id": "ABC", "country_code": "NL"}
    return {**body, **role} if version == "2.1.1" else {**body, "roles": [{"role": "NAP", **role}]}


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_the_handshake_exchanges_tokens_a_b_and_c(start, version):
    """A registers once, B opens the client's server, C opens the modules until it ends."""
    platform = start(sessions=2)
    client = start(sessions=0, token_form="standard")

    def ask(method, token, body=None):
        headers = {"Authorization": f"Token {token}"}
        url = f"{platform.root}/{version}/credentials"
        return platform.http.request(method, url, headers=headers, json=body)

    a = "demo-registration"
    sessions = f"/cpo/{version}/sessions"
    assert platform.get(sessions, token=a).status_code == 401
    assert platform.get("/versions", token=a).status_code == 200
    assert ask("PUT", a, _body(client, version)).status_code == 405
    assert ask("DELETE", a).status_code == 405
    answer = ask("POST", a, _body(client, version))
    c = answer.json()["data"]["token"]
    assert [entry.path for entry in client.standin.log] == ["/ocpi/versions", f"/ocpi/{version}"]
    assert platform.get("/versions", token=a).status_code == 401
    assert len(platform.get(sessions, token=c).json()["data"]) == 2
    assert ask("POST", c, _body(client, version)).status_code == 405
    newer = ask("PUT", c, _body(client, version)).json()["data"]["token"]
    assert platform.get(sessions, token=c).status_code == 401
    assert platform.get(sessions, token=newer).status_code == 200
    assert ask("DELETE", newer).json()["status_code"] == 1000
    assert platform.get(sessions, token=newer).status_code == 401


def test_credentials_that_do_not_work_register_nobody(start):
    """3001 if the client's server refuses token B or is not there; token A stays valid."""
    platform, client = start(sessions=1), start(sessions=0)

    def post(body):
        headers = {"Authorization": "Token demo-registration"}
        return platform.http.post(f"{platform.root}/2.2.1/credentials", headers=headers, json=body)

    assert post(_body(client, "2.2.1", "wrong")).json()["status_code"] == 3001
    nowhere = {**_body(client, "2.2.1"), "url": "http://127.0.0.1:9/versions"}
    assert post(nowhere).json()["status_code"] == 3001
    assert post({**nowhere, "url": "file:///etc/passwd"}).json()["status_code"] == 2001
    assert post({"token": "x"}).status_code == 400
    assert post(_body(client, "2.2.1")).json()["status_code"] == 1000


def test_the_clock_can_be_set(start):
    """Envelope and headers show the server's own time, which runs on or stands still."""
    platform = start(sessions=1, clock=instants.parse("2023-02-01"))

    def shown():
        return platform.get("/versions").json()["timestamp"]

    assert shown().startswith("2023-02-01T00:00:")
    platform.service.clock.set(instants.parse("2024-05-05T12:00:00.75Z"), still=True)
    assert shown() == "2024-05-05T12:00:00Z"
    assert platform.get("/versions").headers["date"] == "Sun, 05 May 2024 12:00:00 GMT"
    platform.service.touch("sessions", 0)
    assert platform.records("sessions")[0]["last_updated"] == "2024-05-05T12:00:00Z"


def test_the_log_holds_what_was_asked(platform):
    """Method, path, query, all headers, time and status of each request, in order."""
    platform.page("sessions", limit=3, headers={"X-Request-ID": "one"})
    platform.get("/versions", token="wrong")
    first, second = platform.standin.log
    assert (first.method, first.path, first.query) == ("GET", "/ocpi/cpo/2.2.1/sessions", "limit=3")
    assert first.parameters == {"limit": "3"}
    assert first.headers["authorization"] == "Token demo-token"
    assert first.headers["x-request-id"] == "one"
    assert (first.status, second.status) == (200, 401)
    assert first.at <= second.at
    assert first.sent > 1000
