"""`tidegate read`: readings of series on any raster, in any zone and unit."""

from __future__ import annotations

from tidegate.cli.answers import show_answer
from tidegate.cli.common import COMMON, Common, From, To
from tidegate.cli.raster import RASTER, Plot, Raster


def read(
    *series: str,
    from_: From = None,
    to: To = None,
    raster: Raster = RASTER,
    repository: str = "main",
    view: str | None = None,
    plot: Plot = None,
    common: Common = COMMON,
) -> None:
    """Read series: stored ones, and those that are formulas.

    Args:
        series: names or ids; % and _ are wildcards.
        from_: start; from the first stored reading unless given.
        to: its end, exclusive; to the last stored reading unless given.
        raster: how the answer is laid out in time; each series' own raster unless given.
        repository: the repository.
        view: the view through which they leave.
        plot: draw the readings: on the terminal, or into a PNG file where one is named.
        common: common options.
    """
    with common.open() as store:
        answer = store.read(
            *series, start=from_, end=to, repository=repository, view=view, **raster.options()
        )
        show_answer(answer, common=common, plot=plot)
