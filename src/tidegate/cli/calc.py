"""`tidegate calc`: formulas over series, and the events in which a condition holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tidegate.cli.answers import show_answer
from tidegate.cli.common import COMMON, Common, aliases_of
from tidegate.cli.output import note
from tidegate.cli.raster import RASTER, Plot, Raster

if TYPE_CHECKING:
    from tidegate.services.opened import Store

Several = Annotated[list[str], Parameter(negative=())]


def calc(
    formula: str,
    *,
    from_: Annotated[str, Parameter(name=["--from"])],
    to: Annotated[str, Parameter(name=["--to"])],
    calculation_interval: str | None = None,
    calculation_interval_multiplier: int = 1,
    alias: Several = [],  # noqa: B006
    raster: Raster = RASTER,
    events: Path | None = None,
    repository: str = "main",
    plot: Plot = None,
    common: Common = COMMON,
) -> None:
    """Calculate a formula over series, or with --events find the spans in which it holds.

    Args:
        formula: such as `[Hall A] + 2 * R1` or `TSAA("kW", "TRUE", "Supplier|AT123456")`.
        from_: start of the time to calculate.
        to: its end, exclusive.
        calculation_interval: raster on which the formula is evaluated, e.g. `hour`, `15m`; the
            coarsest one of the series in it unless given.
        calculation_interval_multiplier: how many of them make one step.
        alias: what a name in the formula stands for, e.g. `R1=1156`; may be repeated.
        raster: how the answer is laid out in time; on the raster of the calculation unless given.
        events: write the spans in which the formula holds to this file, with their peak.
        repository: the repository.
        plot: draw the values: on the terminal, or into a PNG file where one is named.
        common: common options.
    """
    asked: dict[str, Any] = {
        "start": from_,
        "end": to,
        "calculation_interval": calculation_interval,
        "calculation_interval_multiplier": calculation_interval_multiplier,
        "aliases": aliases_of(alias),
        "repository": repository,
    }
    with common.open() as store:
        if events is not None:
            count = _write_events(store, formula, events, asked, raster)
            note(f"wrote {count:,} events to {events}", quiet=common.quiet)
            return
        answer = store.calculate(formula, **asked, **raster.options())
        show_answer(answer, common=common, plot=plot)


def _write_events(
    store: Store, condition: str, path: Path, asked: dict[str, Any], raster: Raster
) -> int:
    from tidegate.services.exporting import export

    found = store.events(
        condition, **asked, zone=raster.zone, day_start=raster.day_start, as_of=raster.as_of
    )
    return export(found, path, None)
