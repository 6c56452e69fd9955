"""The page runs as printed: from a fresh folder to the first answer, by the image's own command."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tidegate.standins.ocpi import running

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "share-with-a-city.md").read_text(encoding="utf-8")
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
TIDEGATE = Path(sys.executable).with_name("tidegate")


def commands(number: int) -> list[str]:
    """The lines of one console block of the page."""
    block = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)[number]
    return [line.removeprefix("$ ") for line in block.splitlines()]


def words_of(instruction: str) -> list[str]:
    """The words of an instruction of the Containerfile, such as CMD."""
    found = re.search(rf"^{instruction} (\[.*\])$", CONTAINERFILE, re.MULTILINE)
    assert found is not None
    words: list[str] = json.loads(found[1])
    return words


@contextmanager
def served(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The entry command of the image as it is, but for the port, which others may have."""
    entry, *words = [*words_of("ENTRYPOINT"), *words_of("CMD")]
    assert entry == "tidegate"
    words[words.index("--port") + 1] = "0"
    words[words.index("--host") + 1] = "127.0.0.1"
    with subprocess.Popen(
        [TIDEGATE, *words], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().removesuffix("/api")
        finally:
            process.terminate()
    assert process.returncode == 0


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Runs a line of the page with the `tidegate` of this environment; gives what it prints."""
    (tmp_path / "token.txt").write_text("demo-token\n")
    environment = {
        **os.environ,
        "TIDEGATE_STORE": str(tmp_path / "share" / "store"),
        "TIDEGATE_SECRETS": str(tmp_path / "share" / "secrets" / "secrets.json"),
        "PATH": f"{TIDEGATE.parent}:{os.environ['PATH']}",
    }

    def run(line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done.stderr)
        return done.stdout

    run.environment = environment  # type: ignore[attr-defined]
    return run


def test_ten_lines_to_the_first_answer(shell, tmp_path):
    """Folders, login, pull, view, key, server, answer: nothing of it needs more than it says."""
    lines = commands(0)
    assert len(lines) == 10
    build, folders, alias, login, *work, start, ask = lines
    assert (build.split()[:2], start.split()[:2]) == (["podman", "build"], ["podman", "run"])
    mounts = re.findall(r"-v (\S+)", alias)
    assert (
        mounts
        == re.findall(r"-v (\S+)", start)
        == [
            "./share/store:/data/store",
            "./share/secrets:/run/secrets/tidegate",
        ]
    )
    shell(folders.partition(" && ")[0])
    with running(sessions=60, seed=2) as standin:
        shell(login.replace("https://cpo.example/ocpi/versions", standin.versions_url))
        for line in work:
            shell(line)
        with served(tmp_path, shell.environment) as url:
            answer = json.loads(shell(ask.replace("http://127.0.0.1:8400", url)))
            check = words_of("HEALTHCHECK[^[]*CMD")[-1].replace("http://127.0.0.1:8400", url)
            subprocess.run([sys.executable, "-c", check], check=True)
    assert answer["status_code"] == 1000
    assert 0 < len(answer["data"]) <= 5
    for record in answer["data"]:
        assert record["kwh"] > 0
        assert record["start_date_time"].endswith(":00:00Z")
        assert record["cdr_token"]["uid"] not in {None, ""}
        assert not str(record["location_id"]).startswith("LOC")
    taken = [json.loads(line) for line in shell(f"{commands(2)[0]} --json").splitlines()]
    assert [(one["view"], one["records"]) for one in taken] == [("city-of-x", len(answer["data"]))]
    shell(commands(2)[1])


def test_sums_of_groups(shell, tmp_path):
    """The view of groups sums by month; what is too small is null."""
    folders, login = commands(0)[1], commands(0)[3]
    shell(folders.partition(" && ")[0])
    with running(sessions=60, seed=2) as standin:
        shell(login.replace("https://cpo.example/ocpi/versions", standin.versions_url))
        shell("tidegate pull ocpi")
    make, ask = commands(1)
    shell(make)
    rows = [json.loads(line) for line in shell(f"{ask} --json").splitlines()]
    assert len(rows) == 3
    assert {row["value"] for row in rows} == {None}
    shell(make.replace("15", "1").replace("share 1 ", "share 100 "))
    rows = [json.loads(line) for line in shell(f"{ask} --json").splitlines()]
    assert any(row["value"] for row in rows)


def test_the_image_is_not_root_and_mounts_what_it_needs():
    """A user of its own; the store and the secrets are the only places that are written to."""
    assert re.findall(r"^USER (\S+)$", CONTAINERFILE, re.MULTILINE) == ["10001"]
    assert words_of("VOLUME") == ["/data/store", "/run/secrets/tidegate"]
    words = shlex.split(CONTAINERFILE.partition("ENV ")[2].partition("USER")[0])
    settings = dict(word.split("=", 1) for word in words if "=" in word)
    assert settings["TIDEGATE_STORE"] == "/data/store"
    assert settings["TIDEGATE_SECRETS"].startswith("/run/secrets/tidegate/")
    assert "pip install" in CONTAINERFILE
    assert not re.search(r"(?i)token|password", CONTAINERFILE)
