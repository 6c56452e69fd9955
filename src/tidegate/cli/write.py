"""`tidegate write`: readings from a file, standard input or a URL."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show
from tidegate.model.errors import UsageError

if TYPE_CHECKING:
    from tidegate.store.messages import Counts


def write(
    *series_and_file: str,
    create: Annotated[bool, Parameter(negative=())] = False,
    unit: str | None = None,
    interval: str | None = None,
    format: Literal["jsonl", "csv", "tsv", "parquet"] | None = None,
    zone: str | None = None,
    decimal: str | None = None,
    delimiter: str | None = None,
    every: str | None = None,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Take readings from a file into series, all or nothing; what changes is kept as superseded.

    Args:
        series_and_file: the series, if the file names none or only some are wanted, then the
            file: a path, a URL, or - for standard input.
        create: make series that do not exist.
        unit: unit of new series.
        interval: raster of new series, e.g. 15m; spontaneous unless given.
        format: of the file; told by its content unless given.
        zone: zone of times that name none; that of the repository unless given, and where that
            is UTC such times are refused.
        decimal: decimal sign of CSV, . or ,.
        delimiter: what stands between CSV cells; told by the first line unless given.
        every: write it again once in this interval (15m, hour, day), for ever.
        repository: the repository.
        common: common options.
    """
    *series, file = series_and_file or [""]
    if not file:
        raise UsageError("nothing to write", hint="tidegate write [SERIES…] FILE")
    options: dict[str, Any] = {
        "create": create,
        "unit": unit,
        "interval": interval,
        "format": format,
        "zone": zone,
        "decimal": decimal,
        "delimiter": delimiter,
        "repository": repository,
    }
    source: Any = sys.stdin.buffer if file == "-" else file
    with common.open() as store:
        if every is None:
            _report(store.write(source, *series, **options), common)
            return
        for counts in store.write_every(every, source, *series, **options):
            _report(counts, common)


def _report(counts: Counts, common: Common) -> None:
    row = {"inserted": counts.inserted, "changed": counts.changed, "equal": counts.equal}
    if common.json:
        show([row], json=True)
    else:
        note(", ".join(f"{count:,} {what}" for what, count in row.items()), quiet=common.quiet)
