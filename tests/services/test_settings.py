"""Tests of settings and where they come from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import tidegate
from tidegate.model.errors import BadFile, BadValue, UnknownName
from tidegate.services.settings import (
    Setting,
    Settings,
    definitions,
    effective,
    resolve,
    store_path,
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "measured"
    folder.mkdir()
    return folder


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


class TestPrecedence:
    def test_most_specific_wins(self, store: Path, user_file: Path):
        """Command line, environment, the store's file, the user's file, default: in this order."""
        layers: list[tuple[str, float]] = []

        def read() -> Setting:
            found = effective(given, environment=environment, user_file=user_file)
            return next(one for one in found if one.name == "read_timeout")

        given: dict[str, Any] = {"store": str(store), "read_timeout": None}
        environment: dict[str, str] = {}
        layers.append((read().source, read().value))
        user_file.write_text("read_timeout = 1")
        layers.append((read().source, read().value))
        (store / "tidegate.toml").write_text("read_timeout = 2")
        layers.append((read().source, read().value))
        environment["TIDEGATE_READ_TIMEOUT"] = "3"
        layers.append((read().source, read().value))
        given["read_timeout"] = 4
        layers.append((read().source, read().value))

        assert layers == [
            ("default", 120.0),
            (str(user_file), 1.0),
            (str(store / "tidegate.toml"), 2.0),
            ("environment TIDEGATE_READ_TIMEOUT", 3.0),
            ("command line", 4.0),
        ]

    def test_store_of_the_user_file(self, store: Path, user_file: Path):
        """The store that the user's file names has its own file read."""
        user_file.write_text(f'store = "{store}"')
        (store / "tidegate.toml").write_text("answer_limit_mib = 10")

        assert resolve(environment={}, user_file=user_file).answer_limit_mib == 10

    def test_defaults(self, user_file: Path):
        """Without any setting all defaults are in force."""
        assert resolve(environment={}, user_file=user_file) == Settings()

    def test_usual_user_file(self, tmp_path: Path):
        """The user's file lies where the system keeps configuration."""
        folder = tmp_path / "home" / ".config" / "tidegate"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text('log_level = "debug"')

        assert resolve(environment={}).log_level == "debug"


class TestStorePath:
    def test_given(self, store: Path, monkeypatch: pytest.MonkeyPatch):
        """The folder of the command line wins over the environment's."""
        monkeypatch.setenv("TIDEGATE_STORE", "elsewhere")

        assert store_path(store) == store
        assert store_path() == Path("elsewhere")

    def test_home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """A tilde is the user's home."""
        monkeypatch.setenv("TIDEGATE_STORE", "~/data")

        assert store_path() == tmp_path / "home" / "data"

    def test_default(self, tmp_path: Path):
        """Without a word the store lies in the user's data folder."""
        assert store_path() == tmp_path / "home" / ".local" / "share" / "tidegate"


class TestMistakes:
    @pytest.mark.parametrize("place", ["given", "environment", "user", "store"])
    def test_unknown_name(self, store: Path, user_file: Path, place: str):
        """An unknown setting fails with the nearest name, wherever it stands."""
        given: dict[str, Any] = {"store": str(store)}
        environment = {}
        if place == "given":
            given["answer_limit_mi"] = 5
        elif place == "environment":
            environment["TIDEGATE_ANSWER_LIMIT_MI"] = "5"
        else:
            path = user_file if place == "user" else store / "tidegate.toml"
            path.write_text("answer_limit_mi = 5")
        with pytest.raises(UnknownName) as caught:
            resolve(given, environment=environment, user_file=user_file)

        assert "did you mean" in str(caught.value.hint)
        assert "answer_limit_mib" in str(caught.value.hint).lower()

    def test_variables_of_others(self, user_file: Path):
        """Variables that merely begin like ours, as a cluster sets them, are left alone."""
        environment = {"TIDEGATE_SERVICE_HOST": "10.0.0.1", "TIDEGATE_PORT": "tcp://10.0.0.1:80"}

        assert resolve(environment=environment, user_file=user_file) == Settings()

    @pytest.mark.parametrize(
        ("name", "text", "wanted"),
        [
            ("READ_TIMEOUT", "soon", "seconds to wait"),
            ("READ_TIMEOUT", "0", "> 0"),
            ("RETRY_ATTEMPTS", "2.5", "int"),
            ("REQUESTS_IN_FLIGHT", "0", ">= 1"),
            ("REQUESTS_PER_SECOND", "-1", "> 0"),
            ("COLOR", "green", "one of auto, always, never"),
            ("LOG_LEVEL", "chatty", "one of debug, info, warning, error"),
        ],
    )
    def test_bad_value(self, user_file: Path, name: str, text: str, wanted: str):
        """A value that its setting cannot take fails with where it stands and what is wanted."""
        with pytest.raises(BadValue, match=f"environment TIDEGATE_{name}") as caught:
            resolve(environment={f"TIDEGATE_{name}": text}, user_file=user_file)

        assert wanted in str(caught.value.hint)

    @pytest.mark.parametrize("content", [b"read_timeout =", b"\xff\xfe", b"a = 1\na = 2"])
    def test_bad_file(self, user_file: Path, content: bytes):
        """A settings file that is no TOML is named, with what to write."""
        user_file.write_bytes(content)
        with pytest.raises(BadFile, match=r"config\.toml") as refused:
            resolve(environment={}, user_file=user_file)
        assert "TOML" in str(refused.value.hint)

    def test_store_inside_itself(self, store: Path, user_file: Path):
        """The file of a store cannot lead to another store."""
        (store / "tidegate.toml").write_text('store = "/elsewhere"')
        with pytest.raises(BadFile, match="'store' cannot be set inside"):
            resolve({"store": str(store)}, environment={}, user_file=user_file)

    def test_empty_variable(self, user_file: Path):
        """An empty variable counts as not set."""
        assert resolve(environment={"TIDEGATE_STORE": ""}, user_file=user_file) == Settings()


class TestShown:
    def test_secrets_are_masked(self, user_file: Path):
        """Secrets of the environment are listed by name, with their source, masked."""
        environment = {"TIDEGATE_PASSWORD": "hunter2", "TIDEGATE_TOKEN_CAMPUS": "hunter3"}
        found = effective(environment=environment, user_file=user_file)
        hidden = [one for one in found if one.secret]

        assert [one.name for one in hidden] == ["password", "token_campus"]
        assert "hunter" not in repr(found)

    def test_every_setting_is_defined(self):
        """Every setting has a name, a variable, a default and a help text."""
        assert [one.name for one in definitions()] == list(Settings.__struct_fields__)
        assert all(one.help and one.variable.startswith("TIDEGATE_") for one in definitions())

    def test_defaults_are_valid(self, user_file: Path):
        """Every default can be set as it is."""
        given = {one.name: one.default for one in definitions()}

        assert resolve(given, environment={}, user_file=user_file) == Settings()


def test_every_setting_has_an_effect():
    """No setting is only read and shown: each is used by name outside its table."""
    package = Path(tidegate.__file__).parent
    code = "".join(
        path.read_text("utf-8") for path in package.rglob("*.py") if path.name != "settings.py"
    )

    idle = [one.name for one in definitions() if not re.search(rf"\.{one.name}\b", code)]

    assert idle == []
