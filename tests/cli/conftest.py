"""The command line in this process, on a store of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pytest

from tidegate.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What a command left: exit code, standard output and error."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, object]]:
        """The JSON lines of standard output."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]


@pytest.fixture
def tidegate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run `tidegate WORDS` on a store in the test's folder."""
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))

    def command(*words: str, check: bool = True) -> Ran:
        try:
            code = run(words)
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capfd.readouterr()
        assert not check or code == 0, err
        return Ran(code, out, err)

    return command
