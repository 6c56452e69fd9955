"""Connections: what they are told by the settings, and how they are kept."""

from __future__ import annotations

import time

import pytest

from tidegate.model.errors import BadValue, Throttled, TimedOut, UnknownName
from tidegate.model.secret import Secret
from tidegate.services import connecting, secrets
from tidegate.services.opened import Store
from tidegate.services.settings import resolve
from tidegate.standins.dcs import Fault
from tidegate.store.messages import ConnectionRecord


@pytest.fixture
def own_secrets(tmp_path, monkeypatch):
    """Secrets are kept in the test's folder."""
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))


@pytest.fixture
def opened(tmp_path, own_secrets):
    """A store as users open it."""
    with Store.open(tmp_path / "store") as opened:
        yield opened


def record(url, **settings):
    return ConnectionRecord(
        name="campus", platform="dcs", url=url, settings={"user": "demo", **settings}
    )


def test_every_setting_of_transport_becomes_a_policy():
    """The settings about platforms are those that connections are opened with."""
    given = {
        "connect_timeout": 1.0, "read_timeout": 2.0, "answer_timeout": 3.0, "retry_attempts": 4,
        "silence_budget": 5.0, "longest_pause": 6.0, "answer_limit_mib": 7,
        "requests_per_second": 8.0, "requests_in_flight": 9,
    }  # fmt: skip
    policies = connecting.policies_of(resolve(given))

    assert (policies.timeouts.connect, policies.timeouts.read, policies.timeouts.whole) == (1, 2, 3)
    assert (policies.retry.attempts, policies.retry.silence) == (4, 5)
    assert policies.retry.longest_asked == 6
    assert policies.limits.whole == 7 << 20
    assert (policies.rate, policies.in_flight) == (8, 9)


def test_settings_of_the_store_are_in_force(opened, dcs_standin):
    """What `tidegate.toml` in the store says holds for connections of that store."""
    (opened.path / "tidegate.toml").write_text("read_timeout = 0.3\nretry_attempts = 1\n")
    opened.connect_dcs("campus", dcs_standin.base_web, user="demo", password=Secret("demo"))
    dcs_standin.faults.add(Fault("hang", path="meters"))
    began = time.monotonic()

    with pytest.raises(TimedOut):
        opened.discover()

    assert time.monotonic() - began < 5


def test_the_longest_pause_is_a_setting(opened, dcs_standin, monkeypatch):
    """A pause longer than the setting allows is not waited for."""
    opened.connect_dcs("campus", dcs_standin.base_web, user="demo", password=Secret("demo"))
    monkeypatch.setenv("TIDEGATE_LONGEST_PAUSE", "2")
    dcs_standin.faults.add(Fault("throttle", path="meters", retry_after="3"))

    with pytest.raises(Throttled):
        opened.discover()


def test_a_rate_is_kept(opened, dcs_standin, monkeypatch):
    """With `requests_per_second` requests go out no faster than that."""
    monkeypatch.setenv("TIDEGATE_REQUESTS_PER_SECOND", "10")
    opened.connect_dcs("campus", dcs_standin.base_web, user="demo", password=Secret("demo"))
    opened.discover()
    dcs_standin.log.clear()
    began = time.monotonic()
    opened.pull(subjects=["Library%"], start="2024-01-01", end="2024-01-02")
    took = time.monotonic() - began

    assert len([entry for entry in dcs_standin.log if "readings" in entry.path]) == 4
    assert took >= (len(dcs_standin.log) - 1) / 10


def test_a_refused_sign_in_keeps_nothing(opened, dcs_standin):
    """Neither the connection nor its password is kept when the server says no."""
    with pytest.raises(Exception, match="does not accept user 'demo'"):
        connecting.connect(opened.verbs, record(dcs_standin.base_web), Secret("wrong"))

    assert opened.connections() == []
    assert secrets.load("campus", opened.verbs.status().id) is None


def test_connecting_anonymously_forgets_the_old_password(opened, dcs_standin):
    """A connection made anew without a user has no password any more."""
    opened.connect_dcs("campus", dcs_standin.base_web, user="demo", password=Secret("demo"))
    opened.connect_dcs("campus", dcs_standin.base_web)

    assert secrets.load("campus", opened.verbs.status().id) is None
    assert opened.test_connection() == {
        "name": "campus", "platform": "dcs", "api": "web", "root": dcs_standin.base_web,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"platform": "dsc"}, UnknownName),
        ({"name": "two words"}, BadValue),
        ({"name": ""}, BadValue),
        ({"settings": {"api": "soap"}}, BadValue),
        ({"settings": {"lagg": "1d"}}, UnknownName),
        ({"settings": {"lag": "soon"}}, UnknownName),
    ],
)
def test_what_cannot_be_is_refused_before_asking(store, wrong, error):
    """A wrong name, platform or setting is refused without any request."""
    fields = {"name": "campus", "platform": "dcs", "url": "http://127.0.0.1:9/DCS", **wrong}

    with pytest.raises(error):
        connecting.connect(store, ConnectionRecord(**fields), None)
