"""`tidegate view` and `tidegate audit`, as a user types them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tidegate.cli import run
from tidegate.standins.ocpi import running


@pytest.fixture
def platform(tmp_path, monkeypatch):
    """A store that is connected to a platform, and pulled whole records."""
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    with running(sessions=12, seed=4) as standin:
        monkeypatch.setenv("TIDEGATE_TOKEN", standin.token)
        words = ["ocpi", "login", standin.versions_url, "--party", "NL-ABC", "--keep-full"]
        assert run([*words, "--quiet"]) == 0
        yield standin


def lines(capsys) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_life_of_a_view(platform, capsys):
    """Made, listed, shown, replaced, and removed once no key is bound to it."""
    assert run(["view", "create", "city", "--pass", "sessions.kwh", "--exclude", "nothing"]) == 0
    assert "view test city" in capsys.readouterr().err
    assert run(["view", "list", "--json"]) == 0
    (listed,) = lines(capsys)
    assert (listed["name"], listed["connection"], listed["modules"]) == ("city", "ocpi", "sessions")
    assert run(["view", "show", "city"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^modules\.sessions\.passed +kwh$", shown, re.MULTILINE)
    assert "()" not in shown
    assert run(["view", "show", "city", "--fields", "--json"]) == 0
    fields = {row["field"]: row["verdict"] for row in lines(capsys)}
    assert (fields["kwh"], fields["start_date_time"], fields["id"]) == ("pass", "blank", "hash")
    assert run(["key", "create", "c", "--view", "city", "--json"]) == 0
    (made,) = lines(capsys)
    assert run(["key", "list", "--json"]) == 0
    assert lines(capsys)[0]["view"] == "city"
    assert run(["view", "remove", "city"]) == 2
    assert str(made["id"]) in capsys.readouterr().err
    assert run(["key", "revoke", str(made["id"])]) == 0
    assert run(["view", "remove", "city"]) == 0
    assert run(["view", "show", "city"]) == 2


def test_trying_a_view_shows_no_value_unless_asked(platform, capsys):
    """Kinds of values by default, the values of the sample only with the option."""
    assert run(["pull", "ocpi", "--quiet"]) == 0
    assert run(["view", "create", "city", "--pass", "sessions.kwh", "--module", "tariffs"]) == 0
    capsys.readouterr()
    assert run(["view", "test", "city", "--json"]) == 0
    kinds = {(row["module"], row["field"]): row["leaves"] for row in lines(capsys)}
    assert kinds["sessions", "kwh"] == "number"
    assert kinds["sessions", "start_date_time"] == "blank"
    assert kinds["sessions", "currency"] == "text"
    assert run(["view", "test", "city", "--sample", "--json"]) == 0
    values = {(row["module"], row["field"]): row["leaves"] for row in lines(capsys)}
    assert isinstance(values["sessions", "kwh"], float | int)
    assert values["sessions", "start_date_time"] == "#NA"
    assert run(["audit", "--takings", "--json"]) == 0
    assert lines(capsys) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--pass", "sessions.kwhh"], "kwh"),
        (["--pass", "sessions"], "sessions.id"),
        (["--pass", "tokens.uid"], "customers"),
        (["--module", "nothing"], "locations"),
        (["--pass", "sessions.id.x"], "id"),
        (["--since", "yesterdayish"], "yesterdayish"),
        (["--smallest-group", "0"], "smallest group"),
        (["--connection", "nobody", "--module", "cdrs"], "nobody"),
        (["--round-places", "9", "--module", "locations"], "places"),
    ],
)
def test_what_a_view_cannot_be(platform, capsys, options, told):
    """One line and a hint, and nothing is made."""
    assert run(["view", "create", "city", *options]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") <= 2
    assert run(["view", "list", "--json"]) == 0
    assert lines(capsys) == []


def test_audit_shows_what_was_changed(platform, capsys):
    """Views that were made, by whom, from an instant on; what was taken only if it is wanted."""
    assert run(["view", "create", "city", "--module", "tariffs"]) == 0
    capsys.readouterr()
    assert run(["audit", "--json"]) == 0
    rows = lines(capsys)
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert [row["verb"] for row in rows if row["subject"] == "view city"] == ["put-view"]
    assert run(["audit", "--changes", "--json"]) == 0
    assert "take" not in {row["verb"] for row in lines(capsys)}
    assert run(["audit", "--since", "now+1h", "--json"]) == 0
    assert lines(capsys) == []
