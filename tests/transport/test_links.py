"""Links from answers, and addresses as typed."""

from __future__ import annotations

import string
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.model.errors import BadValue, UnsafeLink
from tidegate.transport.links import Origin, base_address, redacted, resolve

PAGE = "https://ocpi.example/cpo/sessions?offset=0"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("?offset=50", "https://ocpi.example/cpo/sessions?offset=50"),
        ("cdrs", "https://ocpi.example/cpo/cdrs"),
        ("/x#part", "https://ocpi.example/x"),
        ("https://OCPI.example:443/y", "https://OCPI.example:443/y"),
        ("//ocpi.example/z", "https://ocpi.example/z"),
        ("https:///x", "https://ocpi.example/x"),
    ],
)
def test_safe(link: str, expected: str):
    """A link within the host is resolved against its page, without fragment."""
    assert resolve(PAGE, link) == expected


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/",
        "//evil.example",
        "https://ocpi.example:8443/",
        "http://ocpi.example/",
        "https://user@ocpi.example/",
        "https://user:pw@ocpi.example/",
        "https://ocpi.example@evil.example/",
        "https://ocpi.example\\@evil.example/",
        "https://ocpi.example\t.evil.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://[::1",
        "https://ocpi.example:99999/",
    ],
)
def test_unsafe(link: str):
    """A link to another host, port, scheme or user, or one read in two ways, is refused."""
    with pytest.raises(UnsafeLink):
        resolve(PAGE, link)


def test_upgrade():
    """A link from http to https of the same host is followed; the reverse is not."""
    assert resolve("http://a.example/", "https://a.example/x") == "https://a.example/x"
    with pytest.raises(UnsafeLink):
        resolve("http://a.example:8080/", "https://a.example/x")


@given(st.text(string.ascii_letters + string.digits + ":/?#@\\[]%. \t\u200b-_", max_size=40))
def test_any_link_stays_or_is_refused(link: str):
    """Whatever a server sends, what comes out is its own host by https, or an error."""
    try:
        target = resolve(PAGE, link)
    except UnsafeLink:
        return
    parts = urlsplit(target)
    assert (parts.scheme, parts.hostname, parts.username) == ("https", "ocpi.example", None)


def test_error_has_no_query():
    """The error of a link shows no query, which may hold a secret."""
    with pytest.raises(UnsafeLink) as caught:
        resolve(PAGE, "https://evil.example/?token=s3cret")
    assert "s3cret" not in str(caught.value)
    assert "evil.example" in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (" https://dcs.example/DCS/ ", "https://dcs.example/DCS"),
        ("https://dcs.example", "https://dcs.example"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_base_address(typed: str, expected: str):
    """An address is taken without blanks around it and without trailing slashes."""
    assert base_address(typed) == expected


@pytest.mark.parametrize(
    "typed", ["", "dcs", "ftp://x", "https://u:pw@x", "https://x?q=pw", "https://x#pw", "https://["]
)
def test_bad_base_address(typed: str):
    """What is no plain address is refused, without repeating what may be secret."""
    with pytest.raises(BadValue) as caught:
        base_address(typed)
    assert "pw" not in str(caught.value)


def test_redacted():
    """An address that may be shown has neither user nor query."""
    assert redacted("https://u:pw@x.example/a?b=c#d") == "https://x.example/a"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://A.example", Origin("http", "a.example", 80)),
        ("https://a.example.", Origin("https", "a.example", 443)),
        ("https://a.example:8443/x", Origin("https", "a.example", 8443)),
    ],
)
def test_origin(url: str, origin: Origin):
    """An origin compares without case, default ports or the final dot."""
    assert Origin.of(url) == origin
