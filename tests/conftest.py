"""Shared fixtures: every test keeps to its own temporary folder."""

from __future__ import annotations

import logging
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.standins.dcs import Standin
    from tidegate.store.local import LocalStore

# The time of one example says more about the machine's load than about the code.
settings.register_profile("tidegate", deadline=None)
settings.load_profile("tidegate")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HOME, settings and runtime files of a test lie in its temporary folder."""
    for name in [name for name in os.environ if name.startswith("TIDEGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    (tmp_path / "home").mkdir()
    (tmp_path / "run").mkdir(mode=0o700)


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """What a command does to the loggers of the package ends with its test."""
    yield
    logger = logging.getLogger("tidegate")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store folder with nothing in it, made once; copy it, do not open it."""
    from tidegate.store.local import LocalStore

    folder = tmp_path_factory.mktemp("made") / "store"
    LocalStore.open(folder).close()
    return folder


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Iterator[LocalStore]:
    """A fresh store of its own for one test, in `tmp_path / "store"`."""
    from tidegate.store.local import LocalStore

    with LocalStore.open(shutil.copytree(empty_store, tmp_path / "store")) as opened:
        yield opened


@pytest.fixture
def dcs_standin() -> Iterator[Standin]:
    """A DCS stand-in of its own for one test, on a free loopback port."""
    from tidegate.standins.dcs import running

    with running() as standin:
        yield standin
