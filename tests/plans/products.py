"""A platform in this process that makes files to order and keeps an archive, for the runner."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate.model.errors import UnknownToPlatform, Unreachable
from tidegate.model.products import (
    META,
    ArchiveFile,
    Citation,
    NotYet,
    Order,
    Outcome,
    ProductRun,
    Received,
    RunStatus,
    Stay,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tidegate.model.products import FileIndex, Sink
    from tidegate.model.windows import Window


def content(name: str, size: int) -> bytes:
    """The bytes of a file: its name decides them."""
    seed = hashlib.sha256(name.encode()).digest()
    return (seed * (size // len(seed) + 1))[:size]


@dataclass
class Platform:
    """Counts what it is asked; faults are set as attributes.

    Attributes:
        files: of each run.
        waits: questions after a run before it is complete.
        archived: the archive, name to (size, window, modified).
        deployed: stays of instruments, each with its citation.
        short: names that come cut the first time.
        gone: orders, by their turn, whose files are gone.
        ledger: a file that every order and run is written to, for tests with killed processes.
    """

    files: int = 2
    size: int = 1000
    waits: int = 0
    metadata: bool = True
    archived: dict[str, ArchiveFile] = field(default_factory=dict)
    deployed: list[Stay] = field(default_factory=list)
    short: set[str] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)
    failing: dict[str, Exception] = field(default_factory=dict)
    ledger: Path | None = None
    rename: str | None = None
    asked: Counter[str] = field(default_factory=Counter)
    orders: dict[int, str] = field(default_factory=dict)

    def order(self, filters: Mapping[str, str], window: Window) -> Order:
        self.asked["order"] += 1
        source = filters.get("deviceCode") or filters["locationCode"]
        if source in self.failing:
            raise self.failing[source]
        number = int(hashlib.sha256(f"{source}{window}".encode()).hexdigest()[:5], 16)
        number += 10_000_000 * self.asked["order"] if self.ledger is None else 0
        self.orders[number] = source
        self._write(f"order {number}")
        cite = Citation(citation=f"Society. 2020. {source}.", doi="10.0000/aaaa")
        return Order(id=number, size=self.size * self.files, seconds=1.0, citations=(cite,))

    def run(self, order: int) -> list[ProductRun]:
        self.asked[f"run {order}"] += 1
        if self.ledger is None and order not in self.orders:
            raise UnknownToPlatform("no such order", status=400)
        if self.asked[f"run {order}"] == 1:
            self._write(f"run {order}")
        if self.asked[f"run {order}"] <= self.waits:
            return [ProductRun(id=order + 1, status=RunStatus.RUNNING)]
        return [ProductRun(id=order + 1, status=RunStatus.COMPLETE, files=self.files)]

    def receive(self, run: int, index: FileIndex, sink: Sink) -> Received | NotYet | Outcome:
        self.asked["receive"] += 1
        if run // 10_000_000 in self.gone:
            return Outcome.GONE
        if run in self.cancelled or 0 in self.cancelled:
            return Outcome.CANCELLED
        if index == META:
            name = f"run{run}-meta.html"
            return self._pour(name, 20, sink) if self.metadata else Outcome.NO_MORE
        if index > self.files:
            return Outcome.NO_MORE if self.files else Outcome.NO_DATA
        name = self.rename or f"run{run}-{index:04d}.dat"
        return self._pour(name, self.size, sink, salt=str(run) if self.rename else "")

    def cancel(self, order: int) -> None:
        self.cancelled.add(order + 1)

    def restart(self, order: int) -> list[ProductRun]:
        self.cancelled.discard(order + 1)
        return self.run(order)

    def archive(self, filters: Mapping[str, str], window: Window | None) -> Iterator[ArchiveFile]:
        self.asked["archive"] += 1
        for file in self.archived.values():
            assert file.window is not None
            if window is None or file.window.intersection(window):
                yield file

    def fetch(self, name: str, sink: Sink, *, offset: int = 0) -> Received:
        self.asked[f"fetch {name}"] += 1
        self._write(f"fetch {name}")
        size = self.archived[name].size or self.size
        if offset:
            self.asked["ranges"] += 1
            sink.write(content(name, size)[offset:])
            return Received(name=name, size=size)
        return self._pour(name, size, sink)

    def stays(self, filters: Mapping[str, str]) -> list[Stay]:
        self.asked["stays"] += 1
        if "stays" in self.failing:
            raise self.failing["stays"]
        return self.deployed

    def products(self, filters: Mapping[str, str]) -> list[dict[str, Any]]:
        return []

    def _pour(self, name: str, size: int, sink: Sink, salt: str = "") -> Received:
        sink.begin(name, size=size, resumable=bool(self.archived))
        body = content(name + salt, size)
        if name in self.short:
            self.short.discard(name)
            sink.write(body[: size // 3])
            raise Unreachable("the connection broke")
        sink.write(body)
        return Received(name=name, size=size)

    def _write(self, text: str) -> None:
        if self.ledger is not None:
            handle = os.open(self.ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(handle, f"{text}\n".encode())
            os.close(handle)
