"""Where credentials may go."""

from __future__ import annotations

import pytest

from tidegate.model.errors import InsecureAddress
from tidegate.transport.credentials import Credentials, is_confidential, require_confidential


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://dcs.example/x", True),
        ("http://dcs.example/x", False),
        ("http://127.0.0.1:8000", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:80/", True),
        ("http://localhost:1", True),
        ("http://LOCALHOST.:1", True),
        ("http://localhost.evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
    ],
)
def test_confidential(url: str, expected: bool):
    """Secrets may go by https, and by http to this machine only."""
    assert is_confidential(url) is expected
    assert is_confidential(url, allow_http=True)


def test_refusal_names_the_host_only():
    """The error of an insecure address names the host and how to allow it."""
    with pytest.raises(InsecureAddress) as caught:
        require_confidential("http://dcs.example/x?token=s3cret")
    assert "dcs.example" in caught.value.message
    assert "s3cret" not in str(caught.value)
    assert "--allow-http" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://dcs.example/api", True),
        ("https://DCS.example:443/other", True),
        ("https://dcs.example:8443/api", False),
        ("http://dcs.example/api", False),
        ("https://evil.example/", False),
        ("https://dcs.example.evil.example/", False),
    ],
)
def test_bound_to_origin(url: str, sent: bool):
    """Credentials go to the origin they were given for, and to nobody else."""
    token = Credentials.bearer("https://dcs.example/DCS", "t0ken")
    assert bool(token.headers_for(url)) is sent
    assert bool(token.headers_for(url, allow_http=True)) is sent
    parameter = Credentials.parameter("https://dcs.example/DCS", "token", "t0ken")
    assert bool(parameter.parameters_for(url)) is sent
    assert parameter.headers_for(url) == {}


def test_upgrade_keeps_credentials():
    """The same host by https instead of http may have them."""
    token = Credentials.bearer("http://dcs.example", "t")
    assert token.headers_for("http://dcs.example/") == {}
    assert token.headers_for("http://dcs.example/", allow_http=True)
    assert token.headers_for("https://dcs.example/") == {"Authorization": "Bearer t"}


def test_kinds():
    """A token, a password and a header of its own each travel in their own way."""
    url = "https://x.example"
    assert Credentials.basic(url, "Max", "Mustermann123").headers_for(url) == {
        "Authorization": "Basic TWF4Ok11c3Rlcm1hbm4xMjM="
    }
    assert Credentials.header(url, "X-Key", "v").headers_for(url) == {"X-Key": "v"}


def test_hidden():
    """Printing credentials shows none."""
    shown = repr(Credentials.basic("https://x.example", "Max", "Mustermann123"))
    assert "Muster" not in shown
    assert "TWF4" not in shown
    assert "x.example" in shown
