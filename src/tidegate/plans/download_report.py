"""What a run of downloads did: by outcome, by cause of failure, and what changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate.model.errors import Interrupted, NothingNew, RunFailed, TidegateError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.plans.log import Fault

_EXAMPLES = 5


@dataclass(slots=True)
class Failure:
    """Failures with one code: how many, what the first said, and some of what failed."""

    code: str
    message: str
    hint: str | None
    count: int = 0
    subjects: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class DownloadReport:
    """How a run of downloads ended.

    Attributes:
        planned: tasks that were due.
        tasks: tasks by what came of them; the others are due as before.
        files: files that came.
        bytes: in them.
        invalid: rows that could not be run at all, with the reason.
        failures: by code.
        new, changed, vanished: names of files, as far as the archive tells them.
        complaints: files whose first bytes do not fit their name.
        seconds: how long it took.
        interrupted: True if it was told to stop.
        outside: True if it stopped because its daily window was closed.
        fatal: the error that made the rest pointless.
    """

    planned: int = 0
    tasks: Counter[str] = field(default_factory=Counter)
    files: int = 0
    bytes: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False
    outside: bool = False
    fatal: TidegateError | None = None

    def enter_failure(self, fault: Fault, subject: str) -> None:
        """Count one failure."""
        failure = self.failures.setdefault(
            fault.code, Failure(fault.code, fault.message, fault.hint)
        )
        failure.count += 1
        if len(failure.subjects) < _EXAMPLES:
            failure.subjects.append(subject)

    def enter_invalid(self, rows: Iterable[tuple[str, Fault]]) -> None:
        """Count the rows that could not be run."""
        for label, fault in rows:
            self.tasks["invalid"] += 1
            self.enter_failure(fault, label)

    @property
    def exit_code(self) -> int:
        """0 all good, 1 some failed, 3 nothing new, 4 outside the window, 130 interrupted."""
        if self.fatal is not None:
            return self.fatal.exit_code
        if self.interrupted:
            return Interrupted.exit_code
        if self.failures:
            return RunFailed.exit_code
        if self.outside:
            return 4
        return 0 if self.files else NothingNew.exit_code

    def summary(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "planned": self.planned,
            "tasks": dict(sorted(self.tasks.items())),
            "files": self.files,
            "bytes": self.bytes,
            "new": self.new,
            "changed": self.changed,
            "vanished": self.vanished,
            "complaints": self.complaints,
            "errors": [
                {
                    "code": one.code,
                    "count": one.count,
                    "message": one.message,
                    "hint": one.hint,
                    "subjects": one.subjects,
                }
                for one in sorted(self.failures.values(), key=lambda one: -one.count)
            ],
            "stopped_by": None if self.fatal is None else self.fatal.code,
            "interrupted": self.interrupted,
            "outside_window": self.outside,
            "seconds": round(self.seconds, 3),
        }
