"""The file of connections says what the store says, and nothing that is secret."""

from __future__ import annotations

import stat

import pytest

import tidegate
from tidegate.model.errors import Ambiguous, NotFound
from tidegate.model.secret import Secret
from tidegate.platforms.ocpi.settings import OcpiSettings
from tidegate.services.connection_files import FILE, NotLoggedIn, connection
from tidegate.standins.ocpi import running


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A store with one connection to a platform."""
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))
    with running(sessions=1) as standin, tidegate.open(tmp_path / "store") as store:
        for name in ("ocpi", "city"):
            store.connect_ocpi(
                name, standin.versions_url, OcpiSettings(party="NLABC"), Secret(standin.token)
            )
        store.remove_connection("city")
    return tmp_path / "store"


def test_it_tells_what_the_store_tells(folder):
    """The only connection, under the id by which its secret is kept; its owner's alone."""
    record, store_id = connection(folder, platform="ocpi")
    with tidegate.open(folder) as store:
        assert store.connections() == [record]
        assert store.verbs.status().id == store_id
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert "demo-token" not in (folder / FILE).read_text()
    assert list(folder.glob(".connections*")) == []


@pytest.mark.parametrize("content", [None, "", "{", '{"store":"x","connections":[]}'])
def test_it_is_mended_when_the_store_is_opened(folder, content):
    """Lost, damaged or behind."""
    before = connection(folder)
    if content is None:
        (folder / FILE).unlink()
    else:
        (folder / FILE).write_text(content)
    tidegate.open(folder).close()
    assert connection(folder) == before


def test_a_store_without_the_file_is_asked(folder):
    """As after an upgrade; the file is there then."""
    before = connection(folder)
    (folder / FILE).unlink()
    assert connection(folder) == before
    assert (folder / FILE).exists()


def test_an_empty_store_has_no_file(tmp_path):
    """Nothing to say, nothing written; and no store is made by a question."""
    with pytest.raises(NotLoggedIn, match="not logged in") as caught:
        connection(tmp_path / "none", platform="ocpi")
    assert "tidegate ocpi login" in (caught.value.hint or "")
    assert not (tmp_path / "none").exists()
    tidegate.open(tmp_path / "store").close()
    assert not (tmp_path / "store" / FILE).exists()


def test_a_name_is_needed_where_there_are_several(folder):
    """And one that is unknown lists the known."""
    with running(sessions=1) as standin, tidegate.open(folder) as store:
        store.connect_ocpi(
            "city", standin.versions_url, OcpiSettings(party="NLABC"), Secret(standin.token)
        )
    with pytest.raises(Ambiguous, match="city, ocpi") as several:
        connection(folder, platform="ocpi")
    assert "--connection NAME" in (several.value.hint or "")
    with pytest.raises(NotFound) as unknown:
        connection(folder, "town", platform="ocpi")
    assert unknown.value.hint == "known: city, ocpi"
