"""`tidegate repositories`: named sets of series within the store."""

from __future__ import annotations

from cyclopts import App

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show

app = App(name="repositories", help="Named sets of series within the store.")


@app.command(name="list")
def list_(*, common: Common = COMMON) -> None:
    """List the repositories."""
    with common.open() as store:
        show([{"name": name} for name in store.repositories()], json=common.json)


@app.command
def create(name: str, *, common: Common = COMMON) -> None:
    """Create a repository.

    Args:
        name: its name.
    """
    with common.open() as store:
        store.create_repository(name)
        note(f"created repository '{name}'", quiet=common.quiet)


@app.command
def remove(name: str, *, common: Common = COMMON) -> None:
    """Remove a repository that holds no series.

    Args:
        name: its name.
    """
    with common.open() as store:
        store.remove_repository(name)
        note(f"removed repository '{name}'", quiet=common.quiet)
