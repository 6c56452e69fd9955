"""`tidegate series`: the series of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common, aliases_of
from tidegate.cli.output import note, show
from tidegate.model.series import SeriesType

if TYPE_CHECKING:
    from tidegate.model.series import Series

app = App(name="series", help="List, show, create, rename and remove series.")


@app.command(name="list")
def list_(
    *name: str,
    attribute: Annotated[list[str], Parameter(negative=())] = [],  # noqa: B006
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """List series.

    Args:
        name: names, ids, or patterns with % and _; all series unless given.
        attribute: only series that match `Name` or `Name|Value` at any time; may be repeated.
        repository: the repository.
    """
    with common.open() as store:
        found = store.series(*name, attributes=attribute, repository=repository)
        show([_row(series) for series in found], json=common.json)


@app.command(name="show")
def show_(name: str, *, repository: str = "main", common: Common = COMMON) -> None:
    """Show one series: definition, origin, formula, stored span.

    Args:
        name: its name or id.
        repository: the repository.
    """
    with common.open() as store:
        for row in store.describe(name, repository=repository):
            if common.json:
                show([row], json=True)
            else:
                shown = _in_words(row)
                show([{"": key, "value": value} for key, value in shown.items()], json=False)


@app.command
def create(
    name: str,
    *,
    unit: str = "none",
    interval: str = "no",
    zone: str | None = None,
    aggregation: str | None = None,
    description: str = "",
    id: int | None = None,
    formula: str | None = None,
    formula_from: str | None = None,
    alias: Annotated[list[str], Parameter(negative=())] = [],  # noqa: B006
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Create a series; with --formula it is calculated whenever it is read.

    Args:
        name: its name, unique in the repository.
        unit: its unit.
        interval: its raster, e.g. `15m`, `halfHour`, `hour`, `PT1H`, `month`; `no` is spontaneous,
            for a formula the raster of its coarsest series.
        zone: time zone of its raster (the repository's unless given).
        aggregation: how it is condensed (the unit's way unless given).
        description: a text.
        id: its number, free in the repository.
        formula: what it is calculated by, e.g. `[Hall A] + [Hall B]`.
        formula_from: since when the formula holds; before it there is no value.
        alias: what a name in the formula stands for, e.g. `R1=1156`; may be repeated.
        repository: the repository.
    """
    with common.open() as store:
        made = store.create_series(
            name,
            unit=unit,
            interval=interval,
            zone=zone,
            aggregation=aggregation,
            description=description,
            id=id,
            formula=formula,
            formula_from=formula_from,
            aliases=aliases_of(alias),
            repository=repository,
        )
        show([_row(made)], json=common.json)


@app.command
def rename(name: str, new_name: str, *, repository: str = "main", common: Common = COMMON) -> None:
    """Give a series another name; readings, attributes and origin stay.

    Args:
        name: its name or id.
        new_name: the name it gets.
        repository: the repository.
    """
    with common.open() as store:
        show([_row(store.rename_series(name, new_name, repository=repository))], json=common.json)


@app.command
def remove(*name: str, repository: str = "main", common: Common = COMMON) -> None:
    """Remove series with all their readings and attributes.

    Args:
        name: names or ids.
        repository: the repository.
    """
    with common.open() as store:
        gone = store.remove_series(*name, repository=repository)
        note(f"removed {gone} series", quiet=common.quiet)


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A description with type and origin as `series list` writes them."""
    origin = row["origin"] and " ".join(
        row["origin"][part] for part in ("connection", "subject", "quantity")
    )
    return {**row, "type": SeriesType(row["type"]).name.lower(), "origin": origin}


def _row(series: Series) -> dict[str, Any]:
    return {
        "id": series.id,
        "name": series.name,
        "unit": series.unit,
        "interval": str(series.interval),
        "zone": series.zone,
        "aggregation": series.aggregation,
        "origin": f"{series.origin.connection} {series.origin.subject} {series.origin.quantity}"
        if series.origin
        else None,
    }
