"""What a run did, by outcome and by cause of failure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.coverage import CoverageState
from tidegate.model.errors import Interrupted, NothingNew, RunFailed, TidegateError
from tidegate.store.messages import Counts, RecordCounts, RunState

if TYPE_CHECKING:
    from tidegate.model.connector import Task

_EXAMPLES: Final = 5
_WRONG: Final = frozenset({CoverageState.FAILED, CoverageState.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Failures with one code: how many, what the first said, and some of what was asked for."""

    code: str
    count: int
    message: str
    hint: str | None
    subjects: tuple[str, ...]
    exit_code: int = RunFailed.exit_code


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How a run ended.

    Attributes:
        run: its number in the store, None if nothing was due.
        planned: tasks it was given.
        states: tasks by what came of them; the others stay due.
        received: readings or records that the platform sent.
        counts: what writing them did.
        records: what writing records did; None for platforms that have none.
        causes: failures by code, the most frequent first.
        seconds: how long it took.
        interrupted: True if it was told to stop before its end.
        fatal: the error that made the rest of the run pointless.
    """

    run: int | None
    planned: int
    states: dict[CoverageState, int]
    received: int
    counts: Counts
    causes: tuple[Cause, ...]
    seconds: float
    interrupted: bool = False
    fatal: TidegateError | None = None
    records: Counts | None = None

    @property
    def failed(self) -> int:
        """Tasks that failed or were refused."""
        return sum(self.states.get(state, 0) for state in _WRONG)

    @property
    def left(self) -> int:
        """Tasks that nothing is known of: they are due as before."""
        return self.planned - sum(self.states.values())

    @property
    def is_new(self) -> bool:
        """True if the store holds something that it did not hold before."""
        written = (self.counts, self.records or Counts())
        return any(counts.inserted or counts.changed or counts.removed for counts in written)

    @property
    def exit_code(self) -> int:
        """0 good, 1 some failed, 3 nothing new; the cause's own if it alone made all fail."""
        if self.fatal is not None:
            return self.fatal.exit_code
        if self.interrupted:
            return Interrupted.exit_code
        if self.failed:
            is_one_cause = self.failed == self.planned and len(self.causes) == 1
            return self.causes[0].exit_code if is_one_cause else RunFailed.exit_code
        return 0 if self.is_new else NothingNew.exit_code

    @property
    def state(self) -> RunState:
        """As the store records it."""
        if self.interrupted:
            return RunState.INTERRUPTED
        return RunState.FAILED if self.failed or self.fatal else RunState.COMPLETE

    def summary(self) -> dict[str, Any]:
        """The report as plain data."""
        counts = self.counts
        records = {} if self.records is None else {"records": _as_data(self.records)}
        return {
            "planned": self.planned,
            "left": self.left,
            "tasks": {state.value: count for state, count in sorted(self.states.items())},
            "received": self.received,
            "inserted": counts.inserted,
            "changed": counts.changed,
            "removed": counts.removed,
            "equal": counts.equal,
            **records,
            "errors": [
                {"code": c.code, "count": c.count, "message": c.message, "subjects": [*c.subjects]}
                for c in self.causes
            ],
            "stopped_by": None if self.fatal is None else self.fatal.code,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
        }


@dataclass(slots=True)
class Ledger:
    """A report in the making; kept by the thread that writes."""

    states: Counter[CoverageState] = field(default_factory=Counter)
    received: int = 0
    counts: Counts = field(default_factory=Counts)
    records: Counts | None = None
    _errors: dict[str, list[tuple[Task, Exception]]] = field(default_factory=dict)
    _numbers: Counter[str] = field(default_factory=Counter)

    def enter(self, task: Task, state: CoverageState, error: Exception | None) -> None:
        """Count one task whose outcome is recorded."""
        self.states[state] += 1
        if error is not None:
            code = code_of(error)
            self._numbers[code] += 1
            examples = self._errors.setdefault(code, [])
            if len(examples) < _EXAMPLES:
                examples.append((task, error))

    def add(self, counts: RecordCounts) -> None:
        """Add what one write did."""
        self.counts = _sum(self.counts, counts.readings)
        if counts.records is not None:
            self.records = _sum(self.records or Counts(), counts.records)

    def causes(self) -> tuple[Cause, ...]:
        """Failures by code, the most frequent first."""
        return tuple(self._cause(code, count) for code, count in self._numbers.most_common())

    def _cause(self, code: str, count: int) -> Cause:
        examples = self._errors[code]
        first = examples[0][1]
        return Cause(
            code=code,
            count=count,
            message=str(first) or type(first).__name__,
            hint=first.hint if isinstance(first, TidegateError) else None,
            exit_code=first.exit_code if isinstance(first, TidegateError) else RunFailed.exit_code,
            subjects=tuple(dict.fromkeys(task.subject for task, _ in examples)),
        )


def _sum(left: Counts, right: Counts) -> Counts:
    return Counts(
        inserted=left.inserted + right.inserted,
        changed=left.changed + right.changed,
        removed=left.removed + right.removed,
        equal=left.equal + right.equal,
        revision=right.revision or left.revision,
    )


def _as_data(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in ("inserted", "changed", "equal")}


def code_of(error: Exception) -> str:
    """The stable code of an error; `internal` for one that nobody raised on purpose."""
    return error.code if isinstance(error, TidegateError) else "internal"
