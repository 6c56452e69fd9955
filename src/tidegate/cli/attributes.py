"""`tidegate attributes`: attributes of series, with values that change over time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show

app = App(name="attributes", help="Attributes of series, with values that change over time.")

Names = Annotated[list[str], Parameter(negative=(), consume_multiple=True)]
Type = Literal["category", "text", "numeric", "date", "yes_or_no", "time_series", "node"]


@app.command(name="list")
def list_(*, repository: str = "main", common: Common = COMMON) -> None:
    """List the attributes of a repository.

    Args:
        repository: the repository.
    """
    with common.open() as store:
        rows = store.attributes(repository=repository)
        show(
            [{"id": a.id, "name": a.name, "type": a.type.name.lower()} for a in rows],
            json=common.json,
        )


@app.command
def create(
    name: str,
    *,
    type: Type = "text",
    id: int | None = None,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Create an attribute.

    Args:
        name: its name, unique in the repository, without a bar.
        type: what its values mean.
        id: its number, free in the repository.
        repository: the repository.
    """
    with common.open() as store:
        made = store.create_attribute(name, type=type, id=id, repository=repository)
        show([{"id": made.id, "name": made.name, "type": made.type.name.lower()}], json=common.json)


@app.command
def assign(
    name: str,
    value: str,
    *,
    series: Names,
    at: str | None = None,
    zone: str | None = None,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Give an attribute a value on series, from an instant on.

    Args:
        name: the attribute.
        value: its value; an empty text means none from there on.
        series: names or ids of series; % and _ are wildcards.
        at: since when; always unless given.
        zone: zone of an instant that names none.
        repository: the repository.
    """
    with common.open() as store:
        changed = store.assign(
            name, value or None, series=series, at=at, zone=zone, repository=repository
        )
        note(_told(changed), quiet=common.quiet)


@app.command
def remove(name: str, *, series: Names, repository: str = "main", common: Common = COMMON) -> None:
    """Take an attribute off series, with all its dated values.

    Args:
        name: the attribute.
        series: names or ids of series; % and _ are wildcards.
        repository: the repository.
    """
    with common.open() as store:
        changed = store.unassign(name, series=series, repository=repository)
        note(f"{changed} dated values removed", quiet=common.quiet)


@app.command
def delete(name: str, *, repository: str = "main", common: Common = COMMON) -> None:
    """Delete an attribute that no series has any more.

    Args:
        name: the attribute.
        repository: the repository.
    """
    with common.open() as store:
        store.remove_attribute(name, repository=repository)
        note(f"deleted attribute '{name}'", quiet=common.quiet)


@app.command(name="show")
def show_(
    *series: str,
    at: str | None = None,
    zone: str | None = None,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Show the attributes of series: every dated value, or the values in force at an instant.

    Args:
        series: names or ids; all series unless given.
        at: show what is in force at this instant.
        zone: zone of an instant that names none.
        repository: the repository.
    """
    with common.open() as store:
        rows = store.assignments(*series, at=at, zone=zone, repository=repository)
        show(rows, json=common.json, columns=("series", "attribute", "from", "value"))


@app.command(name="import")
def import_(
    path: Path,
    *,
    create: bool = False,
    zone: str | None = None,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Assign what a CSV file says, all or nothing; its columns are series,attribute,from,value.

    Args:
        path: the file; an empty `from` means always, an empty `value` none from there on.
        create: create attributes that do not exist.
        zone: zone of instants that name none.
        repository: the repository.
    """
    with common.open() as store:
        changed = store.import_attributes(path, create=create, zone=zone, repository=repository)
        note(_told(changed), quiet=common.quiet)


def _told(changed: int) -> str:
    return f"{changed:,} dated value{'' if changed == 1 else 's'} changed"
