"""`tidegate plan run`, `status` and `update`: plans of every platform, carried out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.onc_download import HOW, How, fetch, rounds
from tidegate.cli.output import note, show

if TYPE_CHECKING:
    from tidegate.services.plan_logs import Plan


def run(file: Path, *, how: How = HOW, common: Common = COMMON) -> int:
    """Carry out a plan; run it again to go on, or to fetch what is new.

    Rows of products are ordered and fetched as files; rows of subjects are pulled into the store
    and written to a file each; rows of OCPI modules are written to a file each, private unless the
    row says otherwise, and nothing is kept. The exit code is 0 if all is well, 1 if rows failed,
    2 if the workbook is wrong, 3 if there was nothing new.

    Args:
        file: the workbook, or the JSON log of an earlier run.
        how: how to go about it.
        common: common options.
    """
    return rounds(how, lambda: _once(file, how, common))


def _once(file: Path, how: How, common: Common) -> int:
    from tidegate.services.onc import Server
    from tidegate.services.plan_logs import read_plan

    plan = read_plan(file)
    if plan.is_of_modules:
        return _run_modules(plan, how, common)
    if not plan.is_of_subjects:
        return fetch(file, how, Server(), common)
    from tidegate.cli.progress import progress
    from tidegate.cli.progress_events import progress_as
    from tidegate.services.subject_runs import run_subjects, subjects_due

    with common.open() as store:
        if how.dry_run:
            show(subjects_due(store, plan), json=common.json)
            return 0
        with progress_as(how.progress, progress, quiet=common.quiet) as drawn:
            done = run_subjects(store, plan, progress=drawn)
    show(done.rows, json=common.json)
    if done.interrupted:
        note("stopped; run the same command again to go on", quiet=common.quiet)
    elif done.failed:
        note(f"{done.failed:,} rows failed; run the same command again to go on")
    elif not done.is_new:
        note("nothing new", quiet=common.quiet)
    return done.exit_code


def _run_modules(plan: Plan, how: How, common: Common) -> int:
    from tidegate.cli.logs import follow
    from tidegate.services.ocpi.planning import modules_due, run_modules
    from tidegate.services.settings import resolve, store_path
    from tidegate.services.stopping import stopping

    settings = resolve()
    follow(settings, quiet=common.quiet, debug=common.debug)
    folder = store_path(common.store)
    if how.dry_run:
        show(modules_due(folder, plan), json=common.json)
        return 0
    with stopping() as stop:
        done = run_modules(folder, plan, settings=settings, stop=stop)
    show(done.rows, json=common.json)
    if done.interrupted:
        note("stopped; run the same command again", quiet=common.quiet)
    elif done.failed:
        note(f"{done.failed:,} rows failed; run the same command again")
    elif done.exit_code:
        note("no records", quiet=common.quiet)
    return done.exit_code


def status(
    file: Path,
    *,
    tasks: Annotated[bool, Parameter(negative=())] = False,
    common: Common = COMMON,
) -> None:
    """Show how far a plan is; it may be running meanwhile.

    Args:
        file: the workbook, or the JSON log.
        tasks: a row for each request instead of one for each row of the workbook.
        common: common options.
    """
    from tidegate.services import downloading, plan_logs

    plan = plan_logs.read_plan(file)
    if plan.is_of_modules:
        from tidegate.services.ocpi.planning import modules_due
        from tidegate.services.settings import store_path

        show(modules_due(store_path(common.store), plan), json=common.json)
        return
    if plan.is_of_subjects:
        from tidegate.services.subject_runs import subjects_due

        with common.open() as store:
            show(subjects_due(store, plan), json=common.json)
        return
    log = downloading.status(file)
    rows = plan_logs.task_rows(log) if tasks else plan_logs.plain_rows(log)
    show(rows, json=common.json)
    totals = log.count()
    note(
        f"{totals.complete:,} of {totals.tasks:,} requests are complete, {totals.bytes:,} bytes",
        quiet=common.quiet,
    )


def update(file: Path, *, common: Common = COMMON) -> int:
    """Complete and check what was written into the log of a plan by hand; nothing is fetched.

    A definition needs its filters, begin and end; requests, names and states are made for it. The
    exit code is 1 if one cannot be run.

    Args:
        file: the JSON log, or its workbook, whose changes are brought in.
        common: common options.
    """
    from tidegate.cli.logs import follow
    from tidegate.plans.completing import problems
    from tidegate.services.downloading import update as bring_in
    from tidegate.services.settings import resolve, store_path

    settings = resolve()
    follow(settings, quiet=common.quiet, debug=common.debug)
    log, added = bring_in(store_path(common.store), file, settings=settings)
    rows = [{"row": one.label, "problem": fault.message} for one, fault in problems(log)]
    show(rows, json=common.json)
    note(f"{added:,} requests added, {len(rows):,} rows cannot be run", quiet=common.quiet)
    return 1 if rows else 0
