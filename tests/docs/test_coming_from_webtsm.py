"""The page for users of WebTSM can be pasted, line by line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tidegate.cli import run
from tidegate.store.local import LocalStore
from tidegate.web.application import create_application
from tidegate.web.serving import listening, running

if TYPE_CHECKING:
    import io

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-webtsm.md"
CURL = "curl -s -S --noproxy '*' -w '\\n%{http_code}\\n'"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_example_runs(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command of the page succeeds, and where the page shows an answer it is that answer."""
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    (_, first), (_, export), *examples = blocks
    folder = shutil.copytree(empty_store, tmp_path / "store")
    make_user(first, folder, monkeypatch)
    with (
        closing(LocalStore.open(folder)) as store,
        running(create_application(store), listening("127.0.0.1", 0)) as url,
    ):
        said = ""
        for language, text in examples:
            if language == "json":
                assert json.loads(said) == json.loads(text)
            else:
                script = f"set -e\n{export}{text}".replace("http://127.0.0.1:8400", url)
                script = script.replace(
                    "curl -s", "curl -s -S --noproxy '*' -w '\\n%{http_code}\\n'"
                )
                lines = sh(script).splitlines()
                assert all(status[:1] == "2" for status in lines[1::2]), (text, lines)
                said = lines[-2]


def make_user(block: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what the first block of the page says, but for the service that it starts."""
    add, serve = block.splitlines()
    assert serve == "tidegate serve --port 8400"
    match = re.match(r"printf '%s' (\S+) \| tidegate (.*)$", add)
    assert match is not None
    monkeypatch.setenv("TIDEGATE_STORE", str(folder))
    monkeypatch.setattr("sys.stdin", stdin_of(match[1]))
    assert run(tuple(match[2].split())) in {0, None}


def stdin_of(text: str) -> io.TextIOWrapper:
    import io

    return io.TextIOWrapper(io.BytesIO(text.encode()))


def sh(script: str) -> str:
    """What a shell script writes."""
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
