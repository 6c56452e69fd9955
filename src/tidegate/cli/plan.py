"""`tidegate plan`: workbooks that say what is wanted, from when to when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show
from tidegate.model.errors import BadValue

app = App(name="plan", help="Plans: workbooks that say what is wanted, from when to when.")

app.command(
    "tidegate.cli.plan_run:run", name="run", help="Carry out a plan; run it again to go on."
)
app.command("tidegate.cli.plan_run:status", name="status", help="Show how far a plan is.")
app.command(
    "tidegate.cli.plan_run:update",
    name="update",
    help="Complete and check what was written into a log by hand.",
)

Flag = Annotated[bool, Parameter(negative=())]


@app.command
def create(
    name: str,
    *subject: str,
    book: Path,
    from_: Annotated[str, Parameter(name=["--from"], allow_leading_hyphen=True)] = "today-7d",
    to: Annotated[str, Parameter(name=["--to"])] = "today",
    kind: str | None = None,
    format: str = "csv",
    append: Annotated[bool, Parameter(name=["--append", "-a"], negative=())] = False,
    force: Flag = False,
    events: Path | None = None,
    padding: str | None = None,
    common: Common = COMMON,
) -> None:
    """Make a workbook of what a connection can give: a row for each subject, to be edited.

    An OCPI connection gives a row for each module: sessions, cdrs, locations, tariffs, tokens.

    Args:
        name: the connection.
        subject: only these subjects (R733) or names; % and _ are wildcards. Of OCPI: these modules.
        book: the workbook, FILE.xlsx.
        from_: first instant of each row; what is relative (today-7d, -P1D) stays so in the rows.
        to: end of each row, exclusive.
        kind: only this kind of subject, e.g. register.
        format: of the files: csv, tsv, jsonl, parquet, xlsx or mat; of OCPI json, but no mat.
        append: add what is new to the workbook that is there; make it if there is none.
        force: replace the workbook that is there; it is kept as NAME.bak.xlsx.
        events: list of events (columns time, place, padding); rows cover the time around them.
        padding: before and after each event, such as 30s or 5m.
        common: common options.
    """
    from tidegate.cli.onc_create import tell
    from tidegate.services import subject_planning
    from tidegate.services.connection_files import connection
    from tidegate.services.planning import Target
    from tidegate.services.settings import store_path

    target = Target(path=book, append=append, force=force)
    record, _ = connection(store_path(common.store), name)
    if record.platform == "ocpi":
        from tidegate.services.ocpi.planning import create as create_of_modules

        for option, given in {"--kind": kind, "--events": events, "--padding": padding}.items():
            if given is not None:
                raise BadValue(option, given, "left out for an OCPI connection")
        made = create_of_modules(
            record, target, begin=from_, end=to, modules=subject, format=format
        )
        tell(made, common, "tidegate plan run")
        return
    request = subject_planning.Request(
        begin=from_,
        end=to,
        subjects=subject,
        kind=kind,
        format=format,
        events=events,
        padding=padding,
    )
    with common.open() as store:
        made = subject_planning.create(store.verbs, record, request, target)
    tell(made, common, "tidegate plan run")


@app.command
def check(
    file: Path,
    *,
    offline: Flag = False,
    common: Common = COMMON,
) -> int:
    """Check every cell of a workbook, and its products against the platform; nothing is run.

    The exit code is 0 if all is well, 1 if rows would fail, 2 if the workbook cannot be run.

    Args:
        file: the workbook.
        offline: ask the platform nothing.
        common: common options.
    """
    from tidegate.cli.logs import follow
    from tidegate.services.checking import check_book, sentence
    from tidegate.services.settings import resolve, store_path

    settings = resolve()
    follow(settings, quiet=common.quiet, debug=common.debug)
    checked = check_book(store_path(common.store), file, settings=settings, offline=offline)
    rows = [
        {"sheet": one.sheet, "cell": one.cell, "level": one.level, "problem": one.message}
        for one in checked.book.problems
    ]
    show(rows, json=common.json)
    if checked.unasked is not None:
        note(f"the platform was not asked: {checked.unasked}", quiet=common.quiet)
    note(sentence(checked.book), quiet=common.quiet)
    if checked.book.errors:
        return 2
    return 1 if checked.failing else 0
