"""`tidegate units`: units and how they convert."""

from __future__ import annotations

from cyclopts import App

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import show

app = App(name="units", help="Units and how they convert.")

COLUMNS = ("name", "factor", "offset", "base_unit", "aggregation", "integral_unit")


@app.command(name="list")
def list_(*, repository: str = "main", common: Common = COMMON) -> None:
    """List the units of a repository.

    Args:
        repository: the repository.
    """
    import msgspec

    with common.open() as store:
        rows = [msgspec.to_builtins(unit) for unit in store.units(repository=repository)]
        show(rows, json=common.json, columns=COLUMNS)


@app.command
def put(
    name: str,
    *,
    factor: float = 1.0,
    offset: float = 0.0,
    base_unit: str | None = None,
    aggregation: str = "Average",
    integral_unit: str | None = None,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Add a unit or change it: base = (x + offset) · factor.

    Args:
        name: its name.
        factor: what it is multiplied by to give the base unit.
        offset: what is added before that.
        base_unit: the unit it scales to; itself unless given.
        aggregation: how its values are condensed over time.
        integral_unit: the unit of its integral over hours, as kWh for kW.
        repository: the repository.
    """
    import msgspec

    with common.open() as store:
        unit = store.put_unit(
            name,
            factor=factor,
            offset=offset,
            base_unit=base_unit,
            aggregation=aggregation,
            integral_unit=integral_unit,
            repository=repository,
        )
        show([msgspec.to_builtins(unit)], json=common.json, columns=COLUMNS)
