"""The key of a store for keyed hashes."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tidegate.services.hash_keys import hasher_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))
    return tmp_path / "secrets.json"


def test_the_key_is_made_once(secrets: Path):
    """The same store gives the same hashes, from a file that only its owner can read."""
    assert hasher_of("a")("E1") == hasher_of("a")("E1")
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600


def test_stores_do_not_share_keys():
    """Another store gives other hashes, so that they cannot be told together."""
    assert hasher_of("a")("E1") != hasher_of("b")("E1")


def test_no_token_of_the_environment_is_the_key(monkeypatch: pytest.MonkeyPatch):
    """A token that the environment gives for connections is never taken for the key."""
    before = hasher_of("a")("E1")
    monkeypatch.setenv("TIDEGATE_TOKEN", "00" * 32)
    assert hasher_of("a")("E1") == before
