"""`tidegate coverage`: what is done, empty, failed and due; gaps."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common, From, To
from tidegate.cli.output import show
from tidegate.model.coverage import CoverageState
from tidegate.model.instants import SECOND, to_text

COLUMNS = ("connection", "subject", "name", "from", "to", "state", "asked_at", "detail")


def coverage(
    name: str | None = None,
    *subject: str,
    from_: From = None,
    to: To = None,
    gaps: Annotated[bool, Parameter(negative=())] = False,
    common: Common = COMMON,
) -> None:
    """Show what was asked of a platform, for which time, and what came of it.

    Args:
        name: the connection; all unless given.
        subject: only these subjects (R733) or names; % and _ are wildcards.
        from_: start of the time to show.
        to: its end, exclusive.
        gaps: show instead where the stored series lack raster points.
    """
    with common.open() as store:
        if gaps:
            found = store.gaps(connection=name, subjects=subject, start=from_, end=to)
            rows = [_gap_row(gap) for gap in found]
            show(rows, json=common.json, columns=("series", "from", "to", "points"))
            return
        report = store.coverage(name, subjects=subject, start=from_, end=to)
        rows = [
            {
                "connection": one.connection,
                "subject": one.subject,
                "name": one.name,
                "from": to_text(row.window.start),
                "to": to_text(row.window.end),
                "state": row.state.value,
                "asked_at": _second(row.asked_at) if row.state is not CoverageState.DUE else None,
                "detail": row.detail or None,
            }
            for one in report
            for row in one.rows
        ]
        show(rows, json=common.json, columns=COLUMNS)


def _second(instant: int) -> str:
    return to_text(instant // SECOND * SECOND)


def _gap_row(gap: Any) -> dict[str, Any]:
    return {
        "series": gap.series,
        "from": to_text(gap.window.start),
        "to": to_text(gap.window.end),
        "points": gap.points,
    }
