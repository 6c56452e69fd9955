"""Every command of the page of recipes runs as printed, against a stand-in and with the real jq."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.seeds.ocpi_export import connect

from tidegate.standins.ocpi import running

PAGE = Path(__file__).parents[2] / "docs" / "ocpi-recipes.md"
BLOCKS = [
    (version or "2.2.1", block)
    for version, block in re.findall(
        r"^```sh ?([\d.]*)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
]
ADDRESS = "https://cpo.example/ocpi/versions"


@dataclass
class Shell:
    """Runs blocks of the page in a folder of their own."""

    folder: Path
    environment: dict[str, str]
    url: str

    def run(self, block: str) -> str:
        script = f"set -euo pipefail\n{block.replace(ADDRESS, self.url)}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, block: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", f"exec {block}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def standin():
    """A platform with a few sessions."""
    with running(sessions=30, seed=1) as standin:
        yield standin


@pytest.fixture
def shell(request, standin, tmp_path):
    """A shell with a connection to the platform by the version of the test."""
    assert shutil.which("jq"), "jq is needed: apt-get install jq"
    version = getattr(request, "param", "2.2.1")
    connect(tmp_path / "store", standin, version)
    (tmp_path / "token.txt").write_text(f"{standin.token}\n")
    environment = {
        **os.environ,
        "TIDEGATE_STORE": str(tmp_path / "store"),
        "TIDEGATE_SECRETS": str(tmp_path / "secrets.json"),
        "TIDEGATE_TOKEN": standin.token,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return Shell(tmp_path, environment, standin.versions_url)


def _ends(block: str) -> bool:
    return "--follow" not in block and "standin" not in block


@pytest.mark.parametrize(
    ("shell", "block"), [one for one in BLOCKS if _ends(one[1])], indirect=["shell"]
)
def test_a_recipe_runs_as_printed(shell, block):
    """The commands end well, and print or write something."""
    out = shell.run(block.replace("--throttle 2s", "--throttle 1ms"))
    written = [path for path in shell.folder.iterdir() if path.name.startswith("cdrs")]
    assert out or written or "login" in block
    for line in out.splitlines() if "jq" in block else []:
        assert line != "null"


@pytest.mark.parametrize("block", [block for _, block in BLOCKS if "--follow" in block])
def test_a_recipe_without_end_runs_until_it_is_stopped(shell, block):
    """It gives out what there is, and a signal ends it with its files whole."""
    with shell.start(block) as running:
        assert running.stdout
        if "--out" in block:
            _until(lambda: list(shell.folder.glob("store/exports/*.json")))
        else:
            assert json.loads(running.stdout.readline())
        running.send_signal(signal.SIGINT)
    assert running.returncode == 0
    files = list(shell.folder.glob("*/sessions-*.jsonl"))
    assert [len(file.read_text().splitlines()) for file in files] == [30] * ("--out" in block)


def test_the_test_platform_starts(shell):
    """The stand-in of the page says where it is and runs until it is stopped."""
    (block,) = [block for _, block in BLOCKS if "standin" in block]
    with shell.start(block) as running:
        assert running.stdout
        assert "http://127.0.0.1:" in running.stdout.readline()
        running.terminate()


def test_energy_by_month_is_that_of_the_sessions(shell, standin):
    """The recipe for months gives the sums of the records themselves."""
    block = next(block for _, block in BLOCKS if "[$one.start_date_time[:7]]" in block)
    expected: dict[str, float] = {}
    for line in shell.run("tidegate ocpi get sessions --privacy-pass .").splitlines():
        session = json.loads(line)
        month = session["start_date_time"][:7]
        expected[month] = expected.get(month, 0) + session["kwh"]
    assert json.loads(shell.run(block)) == pytest.approx(expected)


def test_credited_cdrs_do_not_count(tmp_path, shell):
    """The recipe for CDRs counts each session once, although some were credited and billed anew."""
    block = next(block for _, block in BLOCKS if "$credited" in block)
    cdrs = [
        json.loads(x) for x in shell.run("tidegate ocpi get cdrs --privacy-pass .").splitlines()
    ]
    credited = {cdr["credit_reference_id"] for cdr in cdrs if cdr.get("credit")}
    assert credited, "the stand-in has credits"
    kept = [cdr for cdr in cdrs if not cdr.get("credit") and cdr["id"] not in credited]
    total = sum(month["kwh"] for month in json.loads(shell.run(block)))
    assert total == pytest.approx(sum(cdr["total_energy"] for cdr in kept))


def test_every_wish_has_a_command():
    """Each capability of the exporter's lists of issues and wishes is shown by a command."""
    text = "\n".join(block for _, block in BLOCKS)
    for option in (
        "login", "--token-stdin", "TIDEGATE_TOKEN", "standin ocpi", "--explain", "--date-from",
        "--date-to", "--offset", "--limit", "--throttle", "--page-size", "--join", "--since-last",
        "--follow", "--rotate", "--format csv", "--format tsv", "--format json", ".parquet",
        ".xlsx", "--explode", "total_cost", "| jq", "jq -s", "--privacy-pass",
    ):  # fmt: skip
        assert option in text


def _until(holds):
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
