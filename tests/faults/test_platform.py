"""A server that refuses, throttles or is not there: one clear error, and the run can go on."""

from __future__ import annotations

import io

import pytest
from tests.faults.campus import OPTIONS, SPAN, asked, assert_whole, the_error

from tidegate.standins.dcs import Fault, running


def test_wrong_password_makes_no_connection(tidegate, standin, monkeypatch):
    """A password that the server refuses is said so, asked once, and nothing is kept."""
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
    words = ("connect", "dcs", "campus", standin.base_web, "--user", "demo", "--password-stdin")

    ran = tidegate(*words, check=False)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (29, "not-signed-in")
    assert message == (
        "the server does not accept user 'demo' with this password: "
        "The user name or password is incorrect."
    )
    assert hint == "check the user name and the password"
    assert [entry.path for entry in standin.log] == ["/DCSWebApi/authentication/signin"]
    assert tidegate("connections", "--json").rows == []


def test_password_changed_on_the_server_ends_the_pull(campus, standin, monkeypatch, tmp_path):
    """A kept password that is refused ends the run after one attempt; everything stays due."""
    campus("pull", "campus", "R123", *SPAN)
    standin.log.clear()
    monkeypatch.setenv("TIDEGATE_PASSWORD_CAMPUS", "old")

    ran = campus("pull", "campus", *SPAN, check=False)

    assert (ran.code, the_error(ran)[0]) == (29, "not-signed-in")
    assert "7 left for the next run" in ran.err
    assert len([e for e in standin.log if "sign" in e.path or "login" in e.path]) == 1
    assert asked(standin) == []
    monkeypatch.delenv("TIDEGATE_PASSWORD_CAMPUS")
    campus("pull", "campus", *SPAN)
    assert_whole(standin, tmp_path / "store")


def test_a_session_that_ends_is_renewed(campus, standin, tmp_path):
    """When the server forgets the session amid a pull, the pull signs in again and goes on."""
    campus("pull", "campus", "R123", *SPAN)
    standin.faults.add(Fault("status", path="readings", status=401, times=1, after=2))

    ran = campus("pull", "campus", *SPAN)

    assert "7 of 7 requests done" in ran.err
    assert_whole(standin, tmp_path / "store")


@pytest.mark.parametrize("where", ["readings", "sign|login"])
def test_a_short_pause_is_waited_for(campus, standin, tmp_path, where):
    """429 with a short Retry-After holds the pull for that time, at the sign-in as well."""
    standin.faults.add(Fault("throttle", path=where, retry_after="1", times=1))

    ran = campus("pull", "campus", *SPAN)

    assert "asking again in 1." in ran.err or "signing in again in 1." in ran.err
    assert_whole(standin, tmp_path / "store")
    (refused,) = [entry for entry in standin.log if entry.status == 429]
    (again,) = [
        entry
        for entry in standin.log
        if (entry.path, entry.query) == (refused.path, refused.query) and entry.status == 200
    ]
    assert again.started - refused.started >= 1.0


def test_a_long_pause_ends_the_run(campus, standin, tmp_path):
    """429 with a long Retry-After ends the run at once; the rest is due and the next run has it."""
    standin.faults.add(Fault("throttle", path="readings", retry_after="3600", after=3))

    ran = campus("pull", "campus", *SPAN, check=False)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (23, "throttled")
    assert "3600 s" in message
    assert "again" in hint
    assert "3 of 8 requests done, 5 left for the next run" in ran.err
    states = {row["state"] for row in campus("coverage", "campus", "--json").rows}
    assert states == {"done", "due"}

    standin.faults.clear()
    standin.log.clear()
    campus("pull", "campus", *SPAN)
    assert len(asked(standin)) == 5
    assert_whole(standin, tmp_path / "store")


def test_a_web_page_everywhere_is_told_from_a_server(campus, standin):
    """A portal that answers every request with a page is named as such by every command."""
    standin.faults.add(Fault("html"))

    for words in (("pull", "campus", *SPAN), ("discover", "campus"), ("connections", "test")):
        ran = campus(*words, check=False)
        code, message, hint = the_error(ran)
        assert (ran.code, code) == (25, "malformed-answer")
        assert "web page" in message
        assert "address" in hint


def test_a_server_that_is_gone(tidegate, monkeypatch, tmp_path):
    """When nothing answers any more the pull ends soon, and the same command goes on later."""
    monkeypatch.setenv("TIDEGATE_RETRY_ATTEMPTS", "1")
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    with running(OPTIONS) as standin:
        tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo")
        tidegate("discover")
        tidegate("pull", "campus", "R123", *SPAN)

    ran = tidegate("pull", "campus", *SPAN, check=False)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (21, "unreachable")
    assert "127.0.0.1" in message
    assert "address" in hint
    rows = tidegate("coverage", "campus", "R123", "--json").rows
    assert [row["state"] for row in rows] == ["done"]


def test_nothing_at_the_address(tidegate, monkeypatch):
    """A connection to an address where nothing listens is refused with the address named."""
    monkeypatch.setenv("TIDEGATE_RETRY_ATTEMPTS", "1")

    ran = tidegate("connect", "dcs", "campus", "http://127.0.0.1:9/DCSWebApi", check=False)

    assert (ran.code, the_error(ran)[0]) == (21, "unreachable")
    assert tidegate("connections", "--json").rows == []


def test_every_register_refused_has_the_exit_code_of_the_cause(web_campus, standin):
    """When one cause alone makes every request fail, the exit code is that of the cause."""
    standin.faults.add(Fault("status", path="readings", status=500))

    ran = web_campus("pull", "campus", *SPAN, check=False)

    assert (ran.code, the_error(ran)[0]) == (24, "server-fault")
    assert "(8 requests: " in ran.err
