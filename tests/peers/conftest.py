"""Real clients and servers, each in an environment of its own, run as programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tidegate.standins.dcs import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.standins.dcs import Standin

HERE = Path(__file__).parent
OURS = "tidegate"


def _interpreter(name: str) -> Path:
    """The interpreter of an environment, made by the command that `make peers` runs."""
    base = getattr(sys, "_base_executable", sys.executable)
    made = subprocess.run(
        [base, HERE / "make.py", name], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.fail(f"no environment for {name}; run `make peers`\n{made.stderr}", pytrace=False)
    return HERE.parents[1] / ".peers" / name / "bin" / "python"


@pytest.fixture(scope="session")
def make_peer() -> Callable[[str], Path]:
    """Gives the interpreter of an environment, made if it is not there."""
    return _interpreter


@pytest.fixture(scope="session")
def run_peer() -> Callable[..., Any]:
    """Runs a script of `scripts/` in an environment and gives the JSON that it prints."""
    interpreters: dict[str, Path] = {}

    def run(name: str, script: str, *arguments: str) -> Any:
        if name not in interpreters:
            interpreters[name] = Path(sys.executable) if name == OURS else _interpreter(name)
        python = interpreters[name]
        done = subprocess.run(
            [python, "-I", HERE / "scripts" / script, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        # A destructor of the old release prints after the script has ended.
        return json.JSONDecoder().raw_decode(done.stdout)[0]

    return run


@pytest.fixture
def standin() -> Iterator[Standin]:
    """A stand-in of its own for one test."""
    with running() as started:
        yield started
