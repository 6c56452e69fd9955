"""Nothing secret is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.transport.redaction import is_sensitive, masked, scrubbed, secrets_in


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "newPassword",
        "passwd",
        "pwd",
        "token",
        "access_token",
        "apiKey",
        "api-key",
        "client_secret",
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
    ],
)
def test_sensitive(name: str):
    """Names under which secrets travel are known in every spelling."""
    assert is_sensitive(name)


@pytest.mark.parametrize("name", ["username", "id", "startTime", "passThrough", "keyboard", "unit"])
def test_harmless(name: str):
    """Other names are shown."""
    assert not is_sensitive(name)


def test_masked():
    """Secrets are masked at every depth, everything else is kept."""
    document = {"username": "Max", "login": {"password": "p", "roles": [{"token": "t"}, 1]}}
    assert masked(document) == {
        "username": "Max",
        "login": {"password": "***", "roles": [{"token": "***"}, 1]},
    }


def test_secrets_in():
    """The secrets of a document are found at every depth."""
    document = {"password": "p1", "x": [{"token": "t1", "n": 1}], "empty": {"secret": ""}}
    assert secrets_in(document) == {"p1", "t1"}
    assert secrets_in(None) == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bad password=geheim!", "bad password=***"),
        ('{"password": "ge heim", "id": 3}', '{"password": ***, "id": 3}'),
        ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***"),
        ("see ?token=abc&id=R733", "see ?token=***&id=R733"),
        ("two\r\nlines\x1b[31m", "two lines [31m"),
        ("span above 31 days", "span above 31 days"),
    ],
)
def test_scrubbed(text: str, expected: str):
    """A server's words become one line without control characters and secrets."""
    assert scrubbed(text) == expected


def test_scrubbed_is_short():
    """A long text is cut."""
    assert len(scrubbed("x" * 10_000)) == 400


@given(st.text("abcXYZ0189é", min_size=4, max_size=12), st.text(), st.text())
def test_known_secrets_never_pass(secret: str, before: str, after: str):
    """A secret that we sent is not in what is shown, wherever it stood."""
    assert secret not in scrubbed(before + secret + after, [secret])
