"""`tidegate onc createXLS`: a workbook of what can be downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show
from tidegate.cli.progress import progress

if TYPE_CHECKING:
    from tidegate.model.secret import Secret
    from tidegate.services.onc import Server
    from tidegate.services.planning import Made

Flag = Annotated[bool, Parameter(negative=())]


@Parameter(name="*", group="Filters")
@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which rows are made; several codes are separated by commas.

    Attributes:
        location: code of a location; the search covers it and all below it.
        category: code of a device category.
        device: code of a device.
        property_: code of a property.
        product: code of a data product.
        extension: of the files, such as mp3.
    """

    location: Annotated[str | None, Parameter(name=["--locationCode", "-l"])] = None
    category: Annotated[str | None, Parameter(name=["--deviceCategoryCode", "-c"])] = None
    device: Annotated[str | None, Parameter(name=["--deviceCode", "-d"])] = None
    property_: Annotated[str | None, Parameter(name=["--propertyCode", "-v"])] = None
    product: Annotated[str | None, Parameter(name=["--dataProductCode", "-p"])] = None
    extension: Annotated[str | None, Parameter(name=["--extension", "-x"])] = None


@Parameter(name="*", group="Who is asked")
@dataclass(frozen=True, kw_only=True)
class Asked:
    """Server and account.

    Attributes:
        connection: the connection; may be left out where there is only one, or ONC_TOKEN is set.
        base_url: address of the server, in place of the usual one.
        qa: ask the server for tests.
        allow_http: send the token by plain http to another machine.
        token: the token; everybody on this machine can read it while the command runs. It is kept
            with the connection to the server.
        token_in_workbook: write the token into the workbook too, which only you can read then.
    """

    connection: str | None = None
    base_url: str | None = None
    qa: Annotated[bool, Parameter(name=["--qa", "-q"], negative=())] = False
    allow_http: Flag = False
    token: Annotated[str | None, Parameter(name=["--token", "-t"])] = None
    token_in_workbook: Flag = False


def create_xls(
    *,
    out_path: Annotated[str, Parameter(name=["--outPath", "-o"])],
    begin: Annotated[
        str | None, Parameter(name=["--begin", "-b"], allow_leading_hyphen=True)
    ] = None,
    end: Annotated[str | None, Parameter(name=["--end", "-e"])] = None,
    file: Annotated[str | None, Parameter(name=["--file", "-f"])] = None,
    append: Annotated[bool, Parameter(name=["--append", "-a"], negative=())] = False,
    force: Flag = False,
    method: Annotated[
        Literal["byLocation", "byDevice", "all"], Parameter(name=["--downloadMethod", "-m"])
    ] = "byLocation",
    events: Path | None = None,
    padding: str | None = None,
    filters: Filters = Filters(),
    asked: Asked = Asked(),
    common: Common = COMMON,
) -> None:
    """Make a workbook of the data products that can be downloaded; edit it, then download.

    Args:
        out_path: folder of the data files, and of the workbook.
        begin: first instant: a date, 2017-05-01T00:00:00.000Z, today-7d, or -P1D back from the end.
        end: end, exclusive: a date, now, or PT12H forward from the begin.
        file: name of the workbook; download.xlsx unless given.
        append: add what is new to the workbook that is there; make it if there is none.
        force: replace the workbook that is there; it is kept as NAME.bak.xlsx.
        method: which tabs are made.
        events: list of events (columns time, place, padding); rows cover the time around them.
        padding: before and after each event, such as 30s or 5m.
        filters: which rows are made.
        asked: server and account.
        common: common options.
    """
    from tidegate.cli.logs import follow
    from tidegate.services.onc_planning import Request, create
    from tidegate.services.settings import resolve, store_path

    settings = resolve()
    follow(settings, quiet=common.quiet, debug=common.debug)
    request = Request(
        out_path=out_path,
        begin=begin,
        end=end,
        file=file,
        append=append,
        force=force,
        method=method,
        location=filters.location,
        category=filters.category,
        device=filters.device,
        property=filters.property_,
        product=filters.product,
        extension=filters.extension,
        events=events,
        padding=padding,
        token_in_workbook=asked.token_in_workbook,
    )
    with progress(quiet=common.quiet) as drawn:
        made = create(
            store_path(common.store), request, _server(asked), settings=settings, progress=drawn
        )
    tell(made, common, "tidegate onc download -f")


def tell(made: Made, common: Common, command: str) -> None:
    """Print what came of a workbook, and the command that runs it."""
    rows = [
        {"file": str(made.path), "tab": tab, "rows": count, "added": made.added.get(tab, 0)}
        for tab, count in made.rows.items()
    ]
    show(rows, json=common.json)
    for line in made.left:
        note(f"warning: {line}")
    if made.closed:
        note(f"{made.closed:,} rows now end with their deployment", quiet=common.quiet)
    if made.backup is not None:
        note(f"the old workbook is kept as {made.backup}", quiet=common.quiet)
    if not made.is_written:
        note("nothing new; the workbook stays as it is", quiet=common.quiet)
    elif made.path.name.endswith(".new.xlsx"):
        note(f"warning: the workbook is open elsewhere; the new one is {made.path}")
    else:
        note(f"hint: look through it, then {command} '{made.path}'", quiet=common.quiet)


def _server(asked: Asked) -> Server:
    from tidegate.services.onc import Server

    return Server(
        connection=asked.connection,
        base_url=asked.base_url,
        qa=asked.qa,
        allow_http=asked.allow_http,
        token=_token(asked),
    )


def _token(asked: Asked) -> Secret | None:
    """The token that was given; a warning with it if it was an option."""
    from tidegate.model.secret import Secret

    if asked.token is None:
        return None
    note(
        "warning: others on this machine can see --token while the command runs;"
        " set ONC_TOKEN, or use tidegate connect onc"
    )
    return Secret(asked.token)
