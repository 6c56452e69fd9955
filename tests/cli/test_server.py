"""`tidegate user` and `tidegate key`."""

from __future__ import annotations

import io

import pytest

from tidegate.gate.passwords import proves
from tidegate.model.identities import Role
from tidegate.store import open_store


@pytest.fixture
def password(monkeypatch):
    """Feed a password on standard input."""

    def feed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))

    return feed


def users(tmp_path):
    with open_store(tmp_path / "store") as store:
        return {user.name: user for user in store.users()}


def test_a_user_is_added_listed_changed_and_removed(tidegate, password, tmp_path):
    """The password comes on standard input, and only its hash is kept."""
    password("geheim")
    tidegate("user", "add", "anna", "--role", "writer", "--password-stdin")
    (row,) = tidegate("user", "list", "--json").rows
    assert (row["name"], row["role"]) == ("anna", "writer")
    assert row.keys() == {"name", "role", "created"}
    assert proves("geheim", users(tmp_path)["anna"].verifier)
    password("anderes")
    tidegate("user", "change", "anna", "--password-stdin")
    tidegate("user", "change", "anna", "--role", "reader")
    anna = users(tmp_path)["anna"]
    assert anna.role is Role.READER
    assert proves("anderes", anna.verifier)
    tidegate("user", "remove", "anna")
    assert tidegate("user", "list", "--json").rows == []


def test_a_hash_of_another_server(tidegate, password, tmp_path):
    """A user can be taken over with the SHA-256 that the other server keeps."""
    password("5E884898DA28047151D0E56F8DC6292773603D0D6AABBDD62A11EF721D1542D8")
    tidegate("user", "add", "old", "--role", "reader", "--hash-stdin")
    assert proves("password", users(tmp_path)["old"].verifier)


@pytest.mark.parametrize("name", ["", "a:b", "two\nlines", "owner", "key 1", "connection campus"])
def test_names_that_cannot_be_used(tidegate, password, name):
    """A name must fit into a Basic header, and mean nobody else in the audit trail."""
    password("geheim")
    ran = tidegate("user", "add", name, "--role", "reader", "--password-stdin", check=False)
    assert ran.code == 2
    assert "the name of a user" in ran.err


def test_names_are_taken_once(tidegate, password):
    """Adding somebody who exists changes nothing."""
    for code in (0, 2):
        password("geheim")
        words = ("user", "add", "anna", "--role", "reader", "--password-stdin")
        assert tidegate(*words, check=False).code == code
    assert tidegate("user", "change", "otto", "--role", "reader", check=False).code == 2


def test_without_a_terminal_or_input_it_says_how(tidegate, password):
    """No password is an error with a hint, not an empty password."""
    password("")
    ran = tidegate("user", "add", "anna", "--role", "reader", "--password-stdin", check=False)
    assert ran.code == 13
    assert "hint:" in ran.err


def test_a_key_is_made_listed_and_revoked(tidegate):
    """The key is printed once and alone on standard output; the list shows its beginning."""
    text = tidegate("key", "create", "job", "--role", "writer", "--expires", "now+1d").out.strip()
    assert text.startswith("tg_")
    made = tidegate("key", "create", "other", "--repository", "main", "--json").rows[0]
    assert made.keys() == {"id", "key"}
    first, second = tidegate("key", "list", "--json").rows
    assert (first["name"], first["role"], first["repositories"]) == ("job", "writer", "all")
    assert text.startswith(str(first["begins"]))
    assert first["expires"] is not None
    assert (second["role"], second["repositories"], second["expires"]) == ("reader", "main", None)
    assert text not in tidegate("key", "list").out
    tidegate("key", "revoke", str(first["id"]))
    assert [row["id"] for row in tidegate("key", "list", "--json").rows] == [made["id"]]
    assert tidegate("key", "revoke", "nothing", check=False).code == 2
    assert tidegate("key", "create", "late", "--expires", "2001-01-01", check=False).code == 2
