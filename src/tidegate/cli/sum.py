"""`tidegate sum`: sums over the series that match dated attributes."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from tidegate.cli.answers import show_answer
from tidegate.cli.common import COMMON, Common
from tidegate.cli.raster import RASTER, Plot, Raster

Several = Annotated[list[str], Parameter(negative=())]


def sum_(
    *,
    attribute: Several = [],  # noqa: B006
    name: Several = [],  # noqa: B006
    id: Several = [],  # noqa: B006
    from_: Annotated[str, Parameter(name=["--from"])],
    to: Annotated[str, Parameter(name=["--to"])],
    raster: Raster = RASTER,
    valid_if_any: Annotated[bool, Parameter(negative=())] = False,
    repository: str = "main",
    view: str | None = None,
    plot: Plot = None,
    common: Common = COMMON,
) -> None:
    """Sum series, each for as long as its attributes match all filters.

    Args:
        attribute: `Name`, `Name|Value` or `Name|` (no value); may be repeated, all must hold.
        name: only series of this name; may be repeated, % and _ are wildcards.
        id: only the series of this id; may be repeated.
        from_: start of the time to sum.
        to: its end, exclusive.
        raster: how the answer is laid out in time.
        valid_if_any: a sum is valid (flag 9) as soon as one summed value is.
        repository: the repository.
        view: the view through which they leave.
        plot: draw the sums: on the terminal, or into a PNG file where one is named.
        common: common options.
    """
    with common.open() as store:
        answer = store.sum(
            attributes=attribute,
            series=[*name, *id],
            start=from_,
            end=to,
            valid_if_any=valid_if_any,
            repository=repository,
            view=view,
            **raster.options(),
        )
        show_answer(answer, common=common, plot=plot)
