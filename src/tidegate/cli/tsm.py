"""`tidegate tsm`: WebTSM servers as places to write to, their revisions and quotations."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common, From, To
from tidegate.cli.output import note, show
from tidegate.cli.progress import progress

app = App(
    name="tsm", help="WebTSM servers: send them readings and attributes, take versions from them."
)

_NONE: Final[list[str]] = []


@app.command
def push(
    name: str,
    *series: str,
    from_: From = None,
    to: To = None,
    readings: bool = True,
    attributes: Annotated[bool, Parameter(negative=())] = False,
    quotations: Annotated[bool, Parameter(negative=())] = False,
    create: Annotated[bool, Parameter(negative=())] = False,
    keep_ids: Annotated[bool, Parameter(negative=())] = False,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Send what a server lacks or has otherwise; nothing is removed there.

    A series that was pulled through the connection goes back to where it came from, any other one
    to the series of its name.

    Args:
        name: the connection.
        series: names or ids; % and _ are wildcards.
        from_: first instant of the readings; the first that is stored unless given.
        to: until when, exclusive; to the last that is stored unless given.
        readings: send readings.
        attributes: send attributes with all their dated values.
        quotations: send named versions of readings too.
        create: make series, attributes and units that the server lacks.
        keep_ids: make them under the ids that they have here.
        dry_run: ask the server what it has, and only list what would be sent.
        repository: the repository that the series are in.
        common: common options.
    """
    with common.open() as store, progress(quiet=common.quiet) as drawn:
        pushed = store.push_tsm(
            name,
            *series,
            start=from_,
            end=to,
            readings=readings,
            attributes=attributes,
            quotations=quotations,
            create=create,
            keep_ids=keep_ids,
            dry_run=dry_run,
            repository=repository,
            progress=drawn,
        )
        rows = [msgspec.to_builtins(one) for one in pushed]
    show(rows, json=common.json)
    sent = sum(row["new"] + row["changed"] for row in rows)
    verb = "would be sent" if dry_run else "sent"
    note(f"{sent:,} readings of {len(rows):,} series {verb}", quiet=common.quiet)


@app.command
def revisions(
    name: str,
    *series: str,
    from_: From = None,
    to: To = None,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Take over what a server believed before: as-of reading then reaches back before the pull.

    Args:
        name: the connection that the series were pulled through.
        series: names or ids; all of the connection unless given.
        from_: first instant of the readings; the first that is stored unless given.
        to: until when, exclusive; to the last that is stored unless given.
        repository: the repository that the series are in.
        common: common options.
    """
    with common.open() as store, progress(quiet=common.quiet) as drawn:
        learned = store.take_tsm_revisions(
            name, *series, start=from_, end=to, repository=repository, progress=drawn
        )
        rows = [msgspec.to_builtins(one) for one in learned]
    show(rows, json=common.json)
    earlier = sum(row["earlier"] for row in rows)
    note(f"{earlier:,} earlier readings of {len(rows):,} series", quiet=common.quiet)


@app.command
def quotations(
    name: str,
    *series: str,
    quotation: list[str] = _NONE,
    from_: From = None,
    to: To = None,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Take named versions of readings, such as forecast runs; `pull` brings those without a name.

    Args:
        name: the connection that the series were pulled through.
        series: names or ids; all of the connection unless given.
        quotation: the version of this instant, may repeat; needs --from and --to. Those that the
            server lists unless given.
        from_: first instant of the readings.
        to: until when, exclusive.
        repository: the repository that the series are in.
        common: common options.
    """
    with common.open() as store, progress(quiet=common.quiet) as drawn:
        taken = store.take_tsm_quotations(
            name,
            *series,
            quotations=quotation,
            start=from_,
            end=to,
            repository=repository,
            progress=drawn,
        )
        rows = [msgspec.to_builtins(one) for one in taken]
    show(rows, json=common.json)
    new = sum(row["new"] + row["changed"] for row in rows)
    versions = sum(row["quotations"] for row in rows)
    note(f"{new:,} new readings of {versions:,} quotations", quiet=common.quiet)
