"""What the issue about a server mode asks for, by the real commands; names carry the ids."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tidegate.cli import run
from tidegate.standins.ocpi import running

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TIDEGATE = Path(sys.executable).with_name("tidegate")


@pytest.fixture
def pulled(tmp_path, monkeypatch):
    """A store that pulled whole records from a platform."""
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    with running(sessions=30, seed=5) as standin:
        monkeypatch.setenv("TIDEGATE_TOKEN", standin.token)
        words = ["ocpi", "login", standin.versions_url, "--party", "NL-ABC", "--keep-full"]
        assert run([*words, "--version", "2.2.1"]) == 0
        assert run(["pull", "ocpi"]) == 0
        yield standin


@pytest.fixture
def key(capsys):
    """Makes a view of these options, and a key for it."""

    def make(name, *options):
        assert run(["view", "create", name, *options]) == 0
        capsys.readouterr()
        assert run(["key", "create", "consumer", "--view", name]) == 0
        return capsys.readouterr().out.strip()

    return make


@contextmanager
def served() -> Iterator[str]:
    """The share server of the store, as its command starts it."""
    with subprocess.Popen(
        [TIDEGATE, "serve", "--port", "0", "--quiet"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip().removesuffix("/api") + "/share"
        finally:
            process.terminate()


def ask(url: str, key: str) -> Any:
    with urlopen(Request(url, headers={"Authorization": f"Token {key}"})) as answer:
        return json.load(answer)["data"]


def status(url: str, headers: dict[str, str]) -> int:
    with pytest.raises(HTTPError) as refusal:
        urlopen(Request(url, headers=headers))
    with refusal.value:
        return refusal.value.code


def test_o33_server_mode(pulled, key):
    """A key and a date give locations, CDRs and sessions; without a key there is nothing."""
    text = key("bi", "--module", "locations", "--pass", "sessions.last_updated,cdrs.last_updated")
    with served() as url:
        assert ask(f"{url}/locations", text)
        every = ask(f"{url}/cdrs", text)
        since = sorted(one["last_updated"] for one in every)[len(every) // 2]
        later = ask(f"{url}/cdrs?date_from={since}", text)
        assert {one["last_updated"] for one in later} == {
            stamp for stamp in (one["last_updated"] for one in every) if stamp >= since
        }
        assert 0 < len(later) < len(every)
        assert len(ask(f"{url}/sessions", text)) > 0
        assert status(f"{url}/sessions", {}) == 401
        assert status(f"{url}/sessions", {"Authorization": "Bearer tg_guess"}) == 401


def test_o34_just_the_fields_that_i_need(pulled, key):
    """The consumer's own choice of fields, inside what is allowed."""
    text = key("needs", "--pass", "sessions.kwh,sessions.charging_periods")
    with served() as url:
        (first, *_) = ask(f"{url}/sessions?fields=kwh,charging_periods.dimensions.volume", text)
        assert set(first) == {"kwh", "charging_periods"}
        assert all(
            set(dimension) == {"volume"}
            for period in first["charging_periods"]
            for dimension in period["dimensions"]
        )
        bearer = {"Authorization": f"Bearer {text}"}
        assert status(f"{url}/sessions?fields=start_date_time", bearer) == 403


def test_o35_selection_by_evse_and_by_its_properties(pulled, key, capsys):
    """By id in any spelling, and by what is known of the EVSE."""
    by_id = key("one", "--evse", "nl-tst-e000001-1", "--pass", "locations.evses.evse_id")
    fast = key("fast", "--attribute", "power_type|DC", "--module", "locations")
    with served() as url:
        (location,) = ask(f"{url}/locations", by_id)
        assert [evse["evse_id"] for evse in location["evses"]] == ["NL*TST*E000001*1"]
        kinds = {
            connector["power_type"]
            for location in ask(f"{url}/locations", fast)
            for evse in location["evses"]
            for connector in evse["connectors"]
        }
        assert kinds == {"DC"}


def test_o36_an_image_with_some_customisation():
    """The image starts the server and takes store, settings and secrets from outside."""
    text = (ROOT / "Containerfile").read_text()
    assert re.search(r'^CMD \["serve",', text, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", text, re.MULTILINE)
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    for mounted in ("/data/store", "/run/secrets/tidegate", "/config"):
        assert mounted in text
    page = (ROOT / "docs" / "share-with-a-city.md").read_text()
    assert "/config/tidegate/config.toml" in page


def test_a_view_of_what_the_store_does_not_hold(tmp_path, monkeypatch, capsys):
    """Refused when it is made, with the field and both remedies; a live one is not."""
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    with running(sessions=5) as standin:
        monkeypatch.setenv("TIDEGATE_TOKEN", standin.token)
        assert run(["ocpi", "login", standin.versions_url, "--party", "NL-ABC"]) == 0
        capsys.readouterr()
        assert run(["view", "create", "x", "--pass", "sessions.kwh"]) == 2
        error = capsys.readouterr().err
        assert "sessions.kwh" in error
        assert "--keep-full" in error
        assert "--source live" in error
        assert run(["view", "create", "x", "--pass", "sessions.kwh", "--source", "live"]) == 0
        assert run(["view", "create", "y", "--hash", "sessions.id,sessions.location_id"]) == 0
