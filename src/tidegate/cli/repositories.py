"""`tidegate repositories`: named sets of series within the store."""

from __future__ import annotations

from cyclopts import App

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show

app = App(name="repositories", help="Named sets of series within the store.")


@app.command(name="list")
def list_(*, common: Common = COMMON) -> None:
    """List the repositories with their zones."""
    with common.open() as store:
        rows = [
            {"name": name, "zone": store.repository_zone(repository=name)}
            for name in store.repositories()
        ]
        show(rows, json=common.json)


@app.command
def create(name: str, *, zone: str = "UTC", common: Common = COMMON) -> None:
    """Create a repository.

    Args:
        name: its name.
        zone: time zone of times that name none, of sums, and of series made without one.
    """
    with common.open() as store:
        store.create_repository(name, zone=zone)
        note(f"created repository '{name}'", quiet=common.quiet)


@app.command
def change(name: str, *, zone: str, common: Common = COMMON) -> None:
    """Change the zone of a repository; the series that it has keep theirs.

    Args:
        name: its name.
        zone: time zone of times that name none, of sums, and of series made without one.
    """
    with common.open() as store:
        store.set_repository_zone(zone, repository=name)
        note(f"repository '{name}' is in {zone}", quiet=common.quiet)


@app.command
def remove(name: str, *, common: Common = COMMON) -> None:
    """Remove a repository that holds no series.

    Args:
        name: its name.
    """
    with common.open() as store:
        store.remove_repository(name)
        note(f"removed repository '{name}'", quiet=common.quiet)
