"""Tests of where passwords and tokens come from, and where they are kept."""

from __future__ import annotations

import copy
import io
import logging
import os
import pickle
import stat
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any

import keyring
import keyring.backend
import keyring.errors
import pytest

from tidegate.model.errors import BadFile, BadValue, NoCredentials, SecretExposed
from tidegate.model.secret import Secret
from tidegate.services import secrets
from tidegate.services.secret_file import SecretFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STORE = "store-1"


class Memory(keyring.backend.KeyringBackend):
    """A keyring that works, for one test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[Memory]:
    before = keyring.get_keyring()
    memory = Memory()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of secrets, and no keyring."""
    path = tmp_path / "kept" / "secrets.json"
    monkeypatch.setenv("TIDEGATE_SECRETS", str(path))
    return path


class TestSecret:
    def test_shows_nothing(self):
        """No representation of a secret has its text."""
        secret = Secret("hunter2")
        shown = f"{secret} {secret!r} {secret!s:>20} {[secret]} {{'a': secret}}"

        assert "hunter2" not in shown + repr(vars) + str(secret)
        assert secret.reveal() == "hunter2"

    def test_is_not_written_out(self):
        """A secret is neither pickled nor copied into something that is."""
        with pytest.raises(TypeError):
            pickle.dumps(Secret("hunter2"))
        with pytest.raises(TypeError):
            copy.deepcopy(Secret("hunter2"))

    def test_equality(self):
        """Secrets are equal by their text, and equal to nothing else."""
        assert Secret("a") == Secret("a")
        assert Secret("a") != Secret("b")
        assert Secret("a") != "a"
        assert len({Secret("a"), Secret("a")}) == 1

    @pytest.mark.parametrize("text", ["", "two\nlines", "end\r", "nul\0"])
    def test_refused(self, text: str):
        """A text that no sign-in can send is refused without being shown."""
        with pytest.raises(BadValue) as caught:
            Secret(text)

        assert text.strip() == "" or text not in str(caught.value)

    def test_traceback(self, caplog: pytest.LogCaptureFixture):
        """A traceback through code that holds a secret does not have it, logged or printed."""
        secret = Secret("hunter2")

        def sign_in(password: Secret) -> None:
            raise RuntimeError("signing in failed", password)

        with pytest.raises(RuntimeError) as caught:
            sign_in(secret)
        logging.getLogger("tidegate").error("failed with %s", secret, exc_info=caught.value)
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)

        assert "password = Secret" in "".join(shown.format())
        assert "hunter2" not in "".join(shown.format())
        assert "hunter2" not in caplog.text


class TestEnvironment:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"TIDEGATE_PASSWORD": "all"}, "all"),
            ({"TIDEGATE_TOKEN": "all"}, "all"),
            ({"TIDEGATE_PASSWORD": "all", "TIDEGATE_PASSWORD_MY_CAMPUS": "one"}, "one"),
            ({"TIDEGATE_TOKEN_MY_CAMPUS": "one", "TIDEGATE_PASSWORD": "all"}, "one"),
            ({"TIDEGATE_PASSWORD_OTHER": "other"}, None),
            ({"TIDEGATE_PASSWORD": ""}, None),
        ],
    )
    def test_names(self, given: dict[str, str], expected: str | None):
        """The variable of the connection wins over the one of all connections."""
        secret = secrets.from_environment("my-campus", given)

        assert (secret and secret.reveal()) == expected

    def test_wins(self, file: Path):
        """The environment wins over what is kept."""
        secrets.save("campus", STORE, Secret("kept"))
        given = secrets.load("campus", STORE, environment={"TIDEGATE_PASSWORD": "given"})

        assert given == Secret("given")
        assert secrets.load("campus", STORE, environment={}) == Secret("kept")


class TestKeyring:
    def test_kept_there(self, ring: Memory, tmp_path: Path):
        """With a keyring, that is where secrets are, and no file is made."""
        secrets.save("campus", STORE, Secret("hunter2"))

        assert ring.kept == {("tidegate", "store-1/campus"): "hunter2"}
        assert secrets.load("campus", STORE) == Secret("hunter2")
        assert not list((tmp_path / "home").rglob("secrets*"))

    def test_removed(self, ring: Memory):
        """A secret that is removed is nowhere; removing it again is no error."""
        secrets.save("campus", STORE, Secret("hunter2"))
        secrets.remove("campus", STORE)
        secrets.remove("campus", STORE)

        assert secrets.load("campus", STORE) is None

    def test_moves_from_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        """What a keyring takes over does not stay in the file."""
        secrets.save("campus", STORE, Secret("old"))
        (kept,) = (tmp_path / "home").rglob("secrets.json")
        memory = Memory()
        monkeypatch.setattr(keyring, "get_password", memory.get_password)
        monkeypatch.setattr(keyring, "set_password", memory.set_password)
        secrets.save("campus", STORE, Secret("new"))

        assert secrets.load("campus", STORE) == Secret("new")
        assert "old" not in kept.read_text()

    def test_without_one(self, tmp_path: Path):
        """Without a keyring, secrets are in a file of the user's configuration."""
        secrets.save("campus", STORE, Secret("hunter2"))
        (kept,) = (tmp_path / "home").rglob("secrets.json")

        assert secrets.load("campus", STORE) == Secret("hunter2")
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


class TestFile:
    def test_of_each_store(self, file: Path):
        """Connections of one name in two stores have secrets of their own."""
        secrets.save("campus", "a", Secret("first"))
        secrets.save("campus", "b", Secret("second"))
        secrets.remove("campus", "a")

        assert secrets.load("campus", "a") is None
        assert secrets.load("campus", "b") == Secret("second")

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
    def test_exposed(self, file: Path, mode: int):
        """A file that others can read or write is refused with the command that mends it."""
        secrets.save("campus", STORE, Secret("hunter2"))
        file.chmod(mode)
        uses: list[Callable[[], object]] = [
            lambda: secrets.load("campus", STORE),
            lambda: secrets.save("campus", STORE, Secret("new")),
            lambda: secrets.remove("campus", STORE),
        ]
        for use in uses:
            with pytest.raises(SecretExposed) as caught:
                use()
            assert caught.value.hint == f"chmod 600 {file}"

    def test_never_readable(self, file: Path):
        """The file is private from the moment it exists, whatever the umask."""
        before = os.umask(0)
        try:
            secrets.save("campus", STORE, Secret("hunter2"))
        finally:
            os.umask(before)

        assert {stat.S_IMODE(one.stat().st_mode) for one in file.parent.iterdir()} == {0o600}

    def test_link(self, file: Path, tmp_path: Path):
        """A link in place of the file is not followed."""
        target = tmp_path / "target"
        SecretFile(target).put("a", Secret("hunter2"))
        file.parent.mkdir()
        file.symlink_to(target)
        with pytest.raises(BadFile) as refused:
            secrets.load("campus", STORE)
        assert refused.value.hint

    @pytest.mark.parametrize("content", ["", "no json", '{"format":2}', '{"secrets":{"a":5}}'])
    def test_not_one(self, file: Path, content: str):
        """A file that is none is named; what it holds is not."""
        file.parent.mkdir()
        file.touch(mode=0o600)
        file.write_text(content)
        with pytest.raises(BadFile, match=r"secrets\.json") as refused:
            secrets.load("campus", STORE)
        assert refused.value.hint

    def test_kept_through_a_failure(self, file: Path, monkeypatch: pytest.MonkeyPatch):
        """A write that fails leaves the file as it was, and nothing beside it."""
        secrets.save("campus", STORE, Secret("old"))

        def fail(*_: Any) -> None:
            raise OSError("no room")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="no room"):
            secrets.save("campus", STORE, Secret("new"))

        assert secrets.load("campus", STORE) == Secret("old")
        assert {one.name for one in file.parent.iterdir()} == {file.name, f"{file.name}.lock"}

    def test_several_processes(self, file: Path):
        """Processes that change the file at once lose nothing of each other."""
        script = (
            "import sys; from pathlib import Path; from tidegate.model.secret import Secret\n"
            "from tidegate.services.secret_file import SecretFile\n"
            "file = SecretFile(Path(sys.argv[1]))\n"
            "for n in range(20): file.put(f'{sys.argv[2]}-{n}', Secret('x'))\n"
        )
        children = [
            subprocess.Popen([sys.executable, "-c", script, str(file), str(who)])
            for who in range(2)
        ]
        kept = SecretFile(file)

        assert [child.wait(30) for child in children] == [0, 0]
        assert all(kept.get(f"{who}-{n}") == Secret("x") for who in range(2) for n in range(20))


class TestAsking:
    def test_stdin(self):
        """The first line of standard input is the secret, without its line end."""
        assert secrets.from_stream("x", io.StringIO("hunter2 \r\nrest")) == Secret("hunter2 ")

    def test_empty_stdin(self):
        """An empty standard input is no secret."""
        with pytest.raises(NoCredentials, match="for anna"):
            secrets.from_stream("password of anna", io.StringIO("\n"))

    def test_environment(self, monkeypatch: pytest.MonkeyPatch):
        """A secret of the environment is not asked for."""
        monkeypatch.setenv("TIDEGATE_PASSWORD", "given")

        assert secrets.ask("password of anna") == Secret("given")
        assert secrets.ask("password of anna", environment="TIDEGATE_PASSWORD") == Secret("given")

    def test_stdin_wins(self, monkeypatch: pytest.MonkeyPatch):
        """Standard input is what was asked for, so it wins over the environment."""
        monkeypatch.setenv("TIDEGATE_PASSWORD", "given")
        monkeypatch.setattr("sys.stdin", io.StringIO("piped\n"))

        assert secrets.ask("password of anna", stdin=True) == Secret("piped")

    def test_no_terminal(self):
        """Without a terminal nothing is asked, and the hint names the ways."""
        script = (
            "from tidegate.services.secrets import ask\n"
            "try: ask('password of anna')\n"
            "except Exception as error: print(type(error).__name__, error.hint)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )

        assert done.stdout.startswith("NoCredentials set TIDEGATE_PASSWORD")
        assert done.stderr == ""

    def test_terminal(self):
        """At a terminal the prompt goes to it, and what is typed is not echoed."""
        import pty

        script = (
            "from tidegate.services.secrets import ask\n"
            "print('got', len(ask('password of anna').reveal()))\n"
        )
        child, terminal = pty.fork()
        if child == 0:
            os.execv(sys.executable, [sys.executable, "-c", script])
        shown = b""
        while b"anna: " not in shown:
            shown += os.read(terminal, 1000)
        os.write(terminal, b"hunter2\n")
        try:
            while block := os.read(terminal, 1000):
                shown += block
        except OSError:
            pass  # the child closed its end
        os.close(terminal)

        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert b"got 7" in shown
        assert b"hunter2" not in shown
