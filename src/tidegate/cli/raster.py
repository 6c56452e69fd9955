"""Options that say on which raster, in which zone and unit an answer comes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter


@Parameter(name="*", group="Raster")
@dataclass(frozen=True, kw_only=True)
class Raster:
    """How an answer is laid out in time.

    Attributes:
        interval: raster of the answer, e.g. `hour`, `15m`, `day`, `PT1H`, `month`, `total`.
        interval_multiplier: how many of them make one step.
        zone: time zone of days and longer; also of times that name none. That of the repository
            unless given; days of one series are by its own zone.
        day_start: local wall time at which a day starts, e.g. 06:00 for gas days.
        unit: unit of the answer.
        aggregation: how values are condensed; each series' own way unless given.
        missing_as_null: show points without a number as null instead of 0.
        as_of: answer with what was known at this instant.
    """

    interval: str | None = None
    interval_multiplier: int = 1
    zone: str | None = None
    day_start: str = "00:00"
    unit: str | None = None
    aggregation: str | None = None
    missing_as_null: Annotated[bool, Parameter(negative=())] = False
    as_of: str | None = None

    def options(self) -> dict[str, Any]:
        """The same as keyword arguments of `Store.read` and `Store.sum`."""
        return dict(vars(self))


RASTER = Raster()

Plot = Annotated[
    list[Path] | None, Parameter(name=["--plot"], consume_multiple=(0, 1), negative=())
]
"""Draw the answer: on the terminal, or into a PNG file where one is named."""
