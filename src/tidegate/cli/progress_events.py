"""Progress for other programs: a JSON object a line on standard error."""

from __future__ import annotations

import sys
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tidegate.transport.progress import Progress

Form = Literal["auto", "jsonl"]


class EventLines:
    """Writes each change of a task and of a file, and how far the plan is, as it happens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun: set[str] = set()
        self._done = 0

    def update(
        self, event: str, *, amount: int = 1, total: int | None = None, subject: str | None = None
    ) -> None:
        """Take one event; those that change no state are passed over."""
        kind, _, state = event.partition(".")
        with self._lock:
            if kind == "state":
                self._write("task", task=subject, state=state)
            elif kind == "task":
                self._done += amount
                self._write("plan", task=subject, state=state, done=self._done, total=total)
            elif kind == "file":
                self._file(subject or "", state, total)

    def _file(self, name: str, state: str, total: int | None) -> None:
        if state == "received":
            if name in self._begun:
                return
            self._begun.add(name)
            state = "receiving"
        else:
            self._begun.discard(name)
            state = "complete" if state == "done" else state
        self._write("file", file=name, state=state, bytes=total)

    @staticmethod
    def _write(event: str, **fields: Any) -> None:
        import msgspec

        from tidegate.model.instants import now, to_text

        line = msgspec.json.encode({"time": to_text(now()), "event": event, **fields})
        sys.stderr.write(line.decode() + "\n")
        sys.stderr.flush()


def progress_as(
    form: Form, drawn: Callable[..., AbstractContextManager[Progress]], *, quiet: bool
) -> AbstractContextManager[Progress]:
    """Progress as lines for other programs where these are wanted, else as it is drawn."""
    return nullcontext(EventLines()) if form == "jsonl" else drawn(quiet=quiet)
