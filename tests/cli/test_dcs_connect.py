"""Connecting to DCS servers, and looking after connections."""

from __future__ import annotations

import io

import pytest
from tests.faults.campus import the_error

from tidegate.standins.dcs import Options, running


@pytest.fixture
def password(monkeypatch):
    """The password of the stand-in in the environment."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")


def test_connect_signs_in_and_says_what_is_next(tidegate, standin, password):
    """The sign-in is logged, the API is named, the next command is hinted; all on stderr."""
    ran = tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo")

    assert ran.out == ""
    assert ran.err.splitlines() == [
        "Successfully logged in to DCS as 'demo' with Administrator privileges",
        f"connected 'campus' by the Web API at {standin.base_web}",
        "hint: tidegate discover campus",
    ]


def test_connect_says_nothing_when_quiet(tidegate, standin, password):
    """`--quiet` leaves nothing on either stream when all is well."""
    ran = tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo", "--quiet")

    assert (ran.out, ran.err) == ("", "")


@pytest.mark.parametrize(
    ("ending", "api", "spoken"),
    [
        ("", "auto", "web"),
        ("/", "auto", "web"),
        ("/DCS", "auto", "web"),
        ("/DCS/", "app", "app"),
        ("/DCSWebApi", "app", "app"),
        ("/DCS", "web", "web"),
    ],
)
def test_connect_finds_the_api(tidegate, standin, monkeypatch, ending, api, spoken):  # noqa: PLR0917
    """From any usual address the API asked for is found; `auto` prefers the Web API."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "demo")
    host = standin.base_web.removesuffix("/DCSWebApi")
    tidegate("connect", "dcs", "campus", host + ending, "--user", "demo", "--api", api)

    (row,) = tidegate("connections", "--json").rows
    base = {"web": standin.base_web, "app": standin.base_app}[spoken]
    assert (row["api"], row["root"], row["role"]) == (spoken, base, "Administrator")


def test_connect_takes_the_app_api_where_there_is_no_other(tidegate, password):
    """`auto` goes on to the App API where the Web API is not installed, and says so."""
    with running(Options(meters=0, examples=False, web_path="/nowhere")) as standin:
        words = ("connect", "dcs", "campus", standin.base_app, "--user", "demo")
        assert f"by the App API at {standin.base_app}" in tidegate(*words).err


def test_connect_without_user_is_anonymous(tidegate, standin):
    """Without a user the public part of the Web API is asked, with no sign-in."""
    tidegate("connect", "dcs", "open", standin.base_web)

    assert {entry.path for entry in standin.log} == {"/DCSWebApi/public/meters"}
    assert tidegate("discover", "open", "--json").rows


def test_connect_to_a_wrong_address(tidegate, standin, password):
    """Where something else answers, the usual places of the APIs are named; nothing is kept."""
    words = ("connect", "dcs", "campus", standin.base_web + "/no/such", "--user", "demo")
    ran = tidegate(*words, check=False)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (28, "refused")
    assert message == f"no DCS server is at {standin.base_web}/no/such"
    assert "…/DCSWebApi" in hint
    assert tidegate("connections", "--json").rows == []


def test_connect_refuses_plain_http_to_another_host(tidegate, password):
    """A password never travels by plain http to another machine unless that is allowed by name."""
    words = ("connect", "dcs", "campus", "http://dcs.example/DCS", "--user", "demo")
    ran = tidegate(*words, check=False)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (10, "insecure-address")
    assert "dcs.example" in message
    assert "--allow-http" in hint


def test_connect_takes_the_password_from_standard_input(tidegate, standin, monkeypatch):
    """`--password-stdin` takes one line; the environment is not looked at."""
    monkeypatch.setenv("TIDEGATE_PASSWORD", "of something else")
    monkeypatch.setattr("sys.stdin", io.StringIO("demo\n"))
    tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo", "--password-stdin")

    monkeypatch.delenv("TIDEGATE_PASSWORD")
    assert tidegate("connections", "test").code == 0


def test_connect_without_any_password(tidegate, standin, monkeypatch):
    """Without a terminal to ask at, the ways to give a password are named."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    words = ("connect", "dcs", "campus", standin.base_web, "--user", "demo")
    ran = tidegate(*words, check=False)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (13, "no-credentials")
    assert message == "no password or token for user 'demo' at 'campus'"
    assert "TIDEGATE_PASSWORD" in hint
    assert "--password-stdin" in hint


def test_connect_again_replaces_the_connection(tidegate, standin, password):
    """The same name connects anew: address and settings are replaced, the catalogue stays."""
    tidegate("connect", "dcs", "campus", standin.base_web, "--user", "demo")
    tidegate("discover")
    tidegate("connect", "dcs", "campus", standin.base_app, "--user", "viewer", "--api", "app")

    (row,) = tidegate("connections", "--json").rows
    assert (row["api"], row["user"], row["role"]) == ("app", "viewer", "Viewer")
    assert tidegate("discover", "--offline", "--json").rows


@pytest.mark.parametrize("name", ["my campus", "a/b", "-x", ""])
def test_connect_refuses_names_that_need_quotes(tidegate, standin, name):
    """A connection has a name that a command line takes as one word."""
    ran = tidegate("connect", "dcs", "--", name, standin.base_web, check=False)

    assert ran.code == 2


def test_connections_lists_address_user_and_api(web_campus, standin):
    """`connections` shows a line a connection."""
    lines = web_campus("connections").out.splitlines()

    assert lines[0].split() == ["name", "platform", "url", "user", "api"]
    assert lines[1].split() == ["campus", "dcs", standin.base_web, "demo", "web"]


def test_connections_test_signs_in(campus, standin):
    """`connections test` signs in with the kept password and signs out again."""
    (row,) = campus("connections", "test", "--json").rows

    assert (row["name"], row["user"], row["role"]) == ("campus", "demo", "Administrator")
    paths = [entry.path.rstrip("/").rpartition("/")[2].lower() for entry in standin.log]
    assert paths in (["signin", "signout"], ["login", "logout"])


def test_connections_remove_keeps_the_data(web_campus, standin, tmp_path):
    """Removing a connection forgets its password and catalogue; series and readings stay."""
    web_campus("pull", "campus", "R733", "--from", "2024-01-01", "--to", "2024-01-03")
    secrets = tmp_path / "secrets.json"
    assert '"demo"' in secrets.read_text()

    web_campus("connections", "remove", "campus")

    assert web_campus("connections", "--json").rows == []
    assert '"demo"' not in secrets.read_text()
    assert web_campus("pull", "campus", check=False).code == 2
    name = "Sample meter: Active Energy (import)"
    assert web_campus("series", "show", name, "--json").rows[0]["readings"] == 96


def test_series_show_in_words(web_campus):
    """Text tells type and origin of a series in words, as the list does; JSON has the members."""
    web_campus("pull", "campus", "R733", "--from", "2024-01-01", "--to", "2024-01-02")
    name = "Sample meter: Active Energy (import)"

    lines = [" ".join(line.split()) for line in web_campus("series", "show", name).out.splitlines()]
    assert "type begin" in lines
    assert "origin campus R733 period" in lines
    (row,) = web_campus("series", "show", name, "--json").rows
    assert row["origin"] == {"connection": "campus", "subject": "R733", "quantity": "period"}
