"""Coverage: rows of one subject never overlap; a later one takes its window from those before.

Only a failure takes nothing from what is done: those readings are there. It becomes their detail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from tidegate.model.coverage import ASKED_AGAIN, Coverage, CoverageState
from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.store.engine.duckdb import Session

_ROWS: Final = pa.schema(
    {
        "connection": pa.string(),
        "subject": pa.string(),
        "start": pa.int64(),
        "end": pa.int64(),
        "state": pa.string(),
        "asked_at": pa.int64(),
        "run": pa.int32(),
        "detail": pa.string(),
    }
)


_WRONG: Final = frozenset({CoverageState.FAILED, CoverageState.REFUSED})


@dataclass(frozen=True, slots=True)
class _Span:
    """One row of coverage of one subject."""

    start: int
    end: int
    state: str
    asked_at: int
    run: int
    detail: str


def record_coverage(session: Session, connection: str, run: int, rows: Sequence[Coverage]) -> None:
    """Lay rows over what is recorded, in their order."""
    by_subject: dict[str, list[_Span]] = {}
    for row in rows:
        if row.window and row.state is not CoverageState.DUE:
            by_subject.setdefault(row.subject, []).append(_span(row, run))
    touched = _take_out(session, connection, by_subject)
    kept: list[tuple[Any, ...]] = []
    for subject, spans in by_subject.items():
        laid = touched.get(subject, [])
        for span in spans:
            laid = laid_over(laid, span)
        kept += [(connection, subject, *_values(span)) for span in joined(laid)]
    _insert(session, kept)


def coverage(
    session: Session,
    connection: str,
    *,
    subjects: Sequence[str] | None = None,
    window: Window | None = None,
) -> list[Coverage]:
    """Recorded coverage, sorted by (subject, start), clipped to the window."""
    window = window or Window(BEGINNING, FOREVER)
    wanted = pa.table({"subject": pa.array(subjects or [], pa.string())})
    narrowed = "" if subjects is None else " AND subject IN (SELECT subject FROM wanted)"
    with session.bound(wanted=wanted):
        rows = session.rows(
            'SELECT subject, greatest(start, $start), least("end", $end), state, asked_at, detail'
            " FROM coverage WHERE connection = $connection"
            f' AND start < $end AND "end" > $start{narrowed} ORDER BY subject, start',
            connection=connection,
            start=window.start,
            end=window.end,
        )
    return [
        Coverage(
            subject=subject,
            window=Window(start, end),
            state=CoverageState(state),
            asked_at=asked_at,
            detail=detail,
        )
        for subject, start, end, state, asked_at, detail in rows
    ]


def laid_over(spans: Iterable[_Span], top: _Span) -> list[_Span]:
    """Spans with one more laid over them: what it covers of the others is gone.

    Done spans stay done under a failure, and tell of it; they keep the instant of their answer.
    """
    left, over = [], [top]
    for span in spans:
        if span.start < top.start:
            left.append(replace(span, end=min(span.end, top.start)))
        if span.end > top.end:
            left.append(replace(span, start=max(span.start, top.end)))
        start, end = max(span.start, top.start), min(span.end, top.end)
        if start < end and span.state == CoverageState.DONE and top.state in _WRONG:
            kept = replace(span, start=start, end=end, detail=f"{ASKED_AGAIN}{top.detail}")
            over = [*laid_over(over, kept)]
    return sorted([*left, *over], key=lambda span: span.start)


def joined(spans: Iterable[_Span]) -> list[_Span]:
    """Sorted spans with those that touch and say the same made one.

    Done windows of different runs are joined under the oldest of their instants: what is there is
    there. Empty and failed ones stay apart, since each must keep the instant it was asked.
    """
    result: list[_Span] = []
    for span in spans:
        if result and _say_the_same(result[-1], span):
            result[-1] = replace(
                result[-1],
                end=span.end,
                asked_at=min(result[-1].asked_at, span.asked_at),
                run=max(result[-1].run, span.run),
            )
        else:
            result.append(span)
    return result


def _say_the_same(left: _Span, right: _Span) -> bool:
    touching = left.end == right.start
    alike = (left.state, left.detail) == (right.state, right.detail)
    return touching and alike and (left.state == CoverageState.DONE or left.run == right.run)


def _take_out(
    session: Session, connection: str, by_subject: dict[str, list[_Span]]
) -> dict[str, list[_Span]]:
    """Remove and return the recorded rows that touch the new spans of each subject."""
    reach = pa.table(
        {
            "subject": pa.array(list(by_subject), pa.string()),
            "lo": pa.array(
                [min(s.start for s in spans) for spans in by_subject.values()], pa.int64()
            ),
            "hi": pa.array(
                [max(s.end for s in spans) for spans in by_subject.values()], pa.int64()
            ),
        }
    )
    condition = 'connection = $connection AND start <= reach.hi AND "end" >= reach.lo'
    with session.bound(reach=reach):
        rows = session.rows(
            'SELECT subject, start, "end", state, asked_at, run, detail FROM coverage'
            f" JOIN reach USING (subject) WHERE {condition} ORDER BY start",
            connection=connection,
        )
        if rows:
            session.run(
                "DELETE FROM coverage USING reach"
                f" WHERE coverage.subject = reach.subject AND {condition}",
                connection=connection,
            )
    found: dict[str, list[_Span]] = {}
    for subject, *values in rows:
        found.setdefault(subject, []).append(_Span(*values))
    return found


def _insert(session: Session, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    columns = dict(zip(_ROWS.names, zip(*rows, strict=True), strict=True))
    with session.bound(laid=pa.table(columns, schema=_ROWS)):
        session.run("INSERT INTO coverage FROM laid")


def _span(row: Coverage, run: int) -> _Span:
    return _Span(row.window.start, row.window.end, row.state.value, row.asked_at, run, row.detail)


def _values(span: _Span) -> tuple[Any, ...]:
    return span.start, span.end, span.state, span.asked_at, span.run, span.detail
