"""A second process with a store, driven line by line; the child runs this file as a script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from tidegate.store.verbs import READINGS

HERE = Path(__file__)


def numbered(series: int, count: int, *, first: int = 0) -> pa.Table:
    """Readings of one series, a second apart, numbered from `first` on."""
    ts = np.arange(first, first + count)
    columns = [np.full(count, series), ts * 1_000_000, ts.astype(float), np.zeros(count)]
    return pa.Table.from_arrays([pa.array(column) for column in columns], READINGS.names).cast(
        READINGS
    )


class AnotherProcess:
    """A child that executes the Python lines it is given and prints what `answer` became."""

    def __init__(self, *lines: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", str(HERE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._child.pid
        for line in lines:
            self.do(line)

    def do(self, line: str) -> str:
        """Execute a line and wait for it."""
        self.begin(line)
        return self.answer()

    def begin(self, line: str) -> None:
        """Execute a line without waiting."""
        assert self._child.stdin is not None
        self._child.stdin.write(f"{line}\n")
        self._child.stdin.flush()

    def answer(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline().rstrip("\n")

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        return self._child.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *unused: object) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGCONT)
            self._child.kill()
        self._child.wait(30)
        with suppress(BrokenPipeError):
            self._child.stdin.close()
        self._child.stdout.close()


def main() -> None:
    names: dict[str, object] = {}
    for line in sys.stdin:
        names["answer"] = "done"
        try:
            exec(line, names)
        except Exception as error:  # noqa: BLE001 - the parent judges
            names["answer"] = f"{type(error).__name__}: {error}"
        print(names["answer"], flush=True)


if __name__ == "__main__":
    main()
