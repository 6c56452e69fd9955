"""Sign-in, roles, restrictions and sessions of the stand-in."""

from __future__ import annotations

import time

import pytest

from tidegate.standins.dcs import Options, running

DAY = {"startTime": "2024-01-01T00:00:00Z", "endTime": "2024-01-02T00:00:00Z"}


def test_both_apis_give_a_cookie_of_their_own(web, app):
    """The cookies differ in name, cover every path and are not marked secure."""
    for api, name, version in ((web, "COHERENT-DCS-API", True), (app, "COHERENT-DCSV3", False)):
        answer = api.sign_in()
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith(name + "=")
        assert "Path=/;" in cookie
        assert "Secure" not in cookie
        assert answer.json()["role"] == "Administrator"
        assert ("appVersion" in answer.json()) is version


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"username": "demo", "password": "wrong"}, 401),
        ({"username": "nobody", "password": "demo"}, 401),
        ({"username": "demo"}, 400),
        (["demo", "demo"], 400),
    ],
)
def test_a_sign_in_that_does_not_fit_is_refused(web, body, status):
    """Wrong credentials give 401, a body without them 400."""
    assert web.post("/authentication/signin", body).status_code == status


def test_a_token_of_one_api_is_nothing_to_the_other(web, app):
    """Sessions of the two APIs are separate."""
    app.http.cookies = web.http.cookies
    assert app.get("/meters").status_code == 401


def test_signing_out_cancels_the_token_and_empties_the_cookie(web):
    """The old token is refused afterwards, and signing out again is accepted."""
    token = web.http.cookies["COHERENT-DCS-API"]
    for _ in range(2):
        answer = web.post("/authentication/signout")
        assert answer.status_code == 204
        assert answer.headers["Set-Cookie"].startswith("COHERENT-DCS-API=;")
    old = web.http.get(web.base + "/meters", headers={"Cookie": f"COHERENT-DCS-API={token}"})
    assert old.status_code == 401


def test_a_session_ends_by_itself(call):
    """After its life every call gives 401."""
    with running(Options(session_s=0.2)) as standin:
        web = call(standin.base_web)
        assert web.get("/meters").status_code == 200
        time.sleep(0.3)
        assert web.get("/meters").status_code == 401


def test_guests_see_metered_data_without_addresses(shared, call):
    """Addresses are blank for a guest, and collectors and groups of users are closed to it."""
    app = call(shared.base_app + "/api", "guest")
    assert {meter["remoteAddress"] for meter in app.json("/meters")} == {""}
    assert app.get("/idcs").status_code == 403
    assert app.get("/registerReadings/list", registerId=733).status_code == 200


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("administrator", [200, 200, 200]),
        ("operator", [200, 200, 403]),
        ("viewer", [200, 403, 403]),
        ("guest", [403, 403, 403]),
    ],
)
def test_each_role_has_its_rights(shared, call, user, expected):
    """What a role may not see gives 403."""
    app = call(shared.base_app + "/api", user)
    statuses = [app.get(path).status_code for path in ("/idcs", "/metertypes", "/users")]
    assert statuses == expected


def test_viewers_change_nothing(shared, call):
    """A change by a viewer gives 403."""
    app = call(shared.base_app + "/api", "viewer")
    answer = app.http.put(app.base + "/meters", json={"id": 405, "name": "Mine"})
    assert answer.status_code == 403


def test_a_restricted_account_sees_what_its_profile_allows(shared, call):
    """Other meters are neither listed nor readable."""
    web = call(shared.base_web, "restricted")
    assert [meter["id"] for meter in web.json("/meters")] == [405]
    assert [meter["id"] for meter in web.json("/virtualMeters")] == [9]
    assert web.get("/readings", id="R733", **DAY).status_code == 200
    assert web.get("/readings", id="R123", **DAY).status_code == 403
    assert web.get("/readings", id="VM12", **DAY).status_code == 403
    app = call(shared.base_app + "/api", "restricted")
    assert [app.get(f"/meters/{n}").status_code for n in (405, 101)] == [200, 403]
    assert [app.get(f"/virtualmeters/{n}").status_code for n in (9, 12)] == [200, 403]


def test_an_expired_account_is_forbidden_everything(shared, call):
    """An account past its date signs in and gets 403 from then on."""
    assert call(shared.base_web, "expired").get("/meters").status_code == 403


def test_an_account_may_be_limited_to_dates(shared, call):
    """Readings outside the dates of an account give 403."""
    web = call(shared.base_web, "dated")
    assert web.get("/readings", id="R733", **DAY).status_code == 200
    early = {"startTime": "2023-12-31T00:00:00Z", "periodCount": 2}
    assert web.get("/readings", id="R733", **early).status_code == 403
