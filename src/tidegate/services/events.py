"""Events: spans in which a condition on series holds, found once or watched for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from tidegate.calc.formula.events import EVENTS, events, watched
from tidegate.calc.formula.frame import Grid
from tidegate.model.instants import DAY, now, to_text
from tidegate.model.instants import zone as zone_named
from tidegate.model.series import MAIN
from tidegate.model.windows import Window
from tidegate.services.calculating import CalculationRequest, calculation_interval, keys_of
from tidegate.services.formula_values import bind, values_of
from tidegate.services.recursion import Link, Recursion
from tidegate.store.messages import RunState
from tidegate.store.verbs import CURRENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.store.messages import Version
    from tidegate.store.verbs import Verbs

FIRST_LOOK: Final = DAY
"""How far back the first look for events goes."""
LOOK_BACK: Final = 7 * DAY
"""How far back later looks go, so that late readings are not missed."""


@dataclass(frozen=True, slots=True)
class Event:
    """One span in which a condition holds: as far as it is known, `end` exclusive.

    Attributes:
        start: UTC microseconds.
        end: UTC microseconds; of an event that goes on, the end of what is known.
        peak: the most extreme value of what the condition compares, None if it has none.
    """

    start: int
    end: int
    peak: float | None

    def touches(self, other: Window) -> bool:
        """True if the event and a window share an instant or a border."""
        return self.start <= other.end and other.start <= self.end

    def as_texts(self) -> dict[str, Any]:
        """The event with its instants as ISO 8601."""
        return {"start": to_text(self.start), "end": to_text(self.end), "peak": self.peak}

    def told(self, condition: str) -> dict[str, Any]:
        """What is told of the event of a condition; with the same `id` whenever it is told."""
        text = f"{condition}\n{self.start}"
        number = hashlib.sha256(text.encode()).hexdigest()[:16]
        return {"id": number, **self.as_texts(), "condition": condition}


def find_events(
    store: Verbs,
    request: CalculationRequest,
    *,
    repository: str = MAIN,
    version: Version = CURRENT,
) -> pa.Table:
    """The spans in which the formula of a request holds: `start`, `end` (exclusive), `peak`.

    A formula holds where it has a number other than 0. A span that goes on at the end of the
    window ends there. The raster of an answer, unit and aggregation of the request do not count.

    Raises:
        BadExpression: as for `calculate`.
        BadValue: as for `calculate`.
    """
    aliases = keys_of(store, request.aliases, repository)
    bound = bind(store, request.formula, aliases, repository=repository, as_of=version.as_of)
    steps = calculation_interval(bound, request.calculation_interval)
    if not request.window:
        return EVENTS.empty_table()
    zone = zone_named(request.zone)
    grid = Grid.over(request.window, steps, zone, day_start=request.day_start)
    part, direction = watched(bound.expression)
    holds, level = values_of(
        store,
        bound,
        [bound.expression.root, part],
        grid,
        version=version,
        recursion=Recursion((Link(None, request.formula, 0),)),
    )
    return events(grid.inner, holds, level, direction)


# ---- watching ---------------------------------------------------------------------------------


def new_events(
    store: Verbs, connection: str, condition: str, *, repository: str = MAIN
) -> Iterator[Event]:
    """Events of a condition that were not reported yet; each is once the next one is asked for.

    Who is killed before that is given the last one again, with the same `id` in `told`. What was
    reported is kept with the runs of the connection, so that another process goes on.

    Args:
        store: where the series are.
        connection: whose readings bring the events.
        condition: a formula.
        repository: of its series.

    Raises:
        BadExpression: the condition is no formula, or refers to what is not there.
    """
    present = int(now())
    memory = _Memory.of(store, connection, condition, present)
    window = Window(max(memory.since, present - LOOK_BACK), present)
    request = CalculationRequest(formula=condition, window=window)
    for event in _listed(find_events(store, request, repository=repository)):
        cut = event.start <= window.start and window.start > memory.since
        if cut or any(event.touches(span) for span in memory.reported):
            continue
        yield event
        memory = memory.after(event, window.start)
        memory.keep(store, connection)


def _listed(table: pa.Table) -> Iterator[Event]:
    starts, ends = (table[name].cast(pa.int64()).to_pylist() for name in ("start", "end"))
    for start, end, peak in zip(starts, ends, table["peak"].to_pylist(), strict=True):
        yield Event(start, end, peak)


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is known of earlier looks for the events of one condition."""

    condition: str
    since: int
    reported: tuple[Window, ...]

    @classmethod
    def of(cls, store: Verbs, connection: str, condition: str, present: int) -> _Memory:
        """What the runs of a connection tell; events of the last day count if they tell nothing."""
        for run in store.runs(connection):
            if run.summary.get("condition") == condition:
                spans = tuple(Window(start, end) for start, end in run.summary["reported"])
                return cls(condition, int(run.summary["since"]), spans)
        found = cls(condition, present - FIRST_LOOK, ())
        found.keep(store, connection)
        return found

    def after(self, event: Event, start: int) -> _Memory:
        """The same once an event is reported; what ended before `start` is forgotten."""
        kept = tuple(span for span in self.reported if span.end >= start)
        return _Memory(self.condition, self.since, (*kept, Window(event.start, event.end)))

    def keep(self, store: Verbs, connection: str) -> None:
        """Write it down."""
        run = store.start_run(connection, f"watch {self.condition}")
        spans = [[span.start, span.end] for span in self.reported]
        summary = {"condition": self.condition, "since": self.since, "reported": spans}
        store.end_run(run, RunState.COMPLETE, summary)
