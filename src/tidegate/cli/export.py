"""`tidegate export`: readings or sums to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common, From, To
from tidegate.cli.output import note
from tidegate.cli.raster import RASTER, Raster

Format = Literal["jsonl", "csv", "tsv", "parquet", "xlsx", "mat"]
Several = Annotated[list[str], Parameter(negative=())]


def export(
    *series: str,
    attribute: Several = [],  # noqa: B006
    out: Path | None = None,
    format: Format | None = None,
    from_: From = None,
    to: To = None,
    raster: Raster = RASTER,
    valid_if_any: Annotated[bool, Parameter(negative=())] = False,
    repository: str = "main",
    view: str | None = None,
    common: Common = COMMON,
) -> None:
    """Write the readings of series, or with --attribute their sum, to a file or standard output.

    Args:
        series: names or ids; % and _ are wildcards; all series unless given.
        attribute: sum the series that match `Name|Value`; may be repeated.
        out: the file; its ending names the format unless --format does. Standard output without.
        format: jsonl, csv, tsv, parquet, xlsx or mat (MATLAB); jsonl on standard output unless
            given.
        from_: start.
        to: its end, exclusive.
        raster: how the answer is laid out in time.
        valid_if_any: with --attribute, a sum is valid as soon as one summed value is.
        repository: the repository.
        view: the view through which they leave.
        common: common options.
    """
    with common.open() as store:
        count = store.export(
            *series,
            attributes=attribute,
            out=out,
            format=format,
            start=from_,
            end=to,
            valid_if_any=valid_if_any,
            repository=repository,
            view=view,
            **raster.options(),
        )
    note(f"wrote {count:,} rows to {out or 'standard output'}", quiet=common.quiet)
