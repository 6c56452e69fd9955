"""`tidegate store`: size, health and upkeep of the store."""

from __future__ import annotations

from cyclopts import App

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show
from tidegate.model.instants import to_text

app = App(name="store", help="Size, health and upkeep of the store.")


@app.command
def status(*, common: Common = COMMON) -> None:
    """Show what the store holds and how large it is."""
    with common.open() as store:
        found = store.status()
        row = {
            "path": str(store.path),
            "format": found.format,
            "series": found.series,
            "readings": found.readings,
            "superseded": found.superseded,
            "bytes": found.bytes,
            "from": to_text(found.window.start) if found.window else None,
            "to": to_text(found.window.end) if found.window else None,
            "uncompacted_months": len(found.uncompacted_months),
        }
        show([row], json=common.json)


@app.command
def compact(*, months: int | None = None, common: Common = COMMON) -> None:
    """Rewrite unsorted months so that reading is fast; safe to stop at any time.

    Args:
        months: how many at the most; all unless given.
    """
    with common.open() as store:
        done = store.compact(months=months)
        note(f"compacted {done} months", quiet=common.quiet)


@app.command
def audit(*, since: str | None = None, common: Common = COMMON) -> None:
    """Show who changed which definition or assignment, when.

    Args:
        since: the first instant to show.
    """
    import msgspec

    with common.open() as store:
        rows = [msgspec.to_builtins(record) for record in store.audit_trail(since=since)]
        show([{**row, "at": to_text(row["at"])} for row in rows], json=common.json)
