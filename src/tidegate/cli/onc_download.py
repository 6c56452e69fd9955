"""`tidegate onc download`: fetch what a workbook asks for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.download_progress import progress
from tidegate.cli.output import note, show
from tidegate.cli.progress_events import Form, progress_as
from tidegate.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.plans.download_report import DownloadReport
    from tidegate.services.downloading import Wish
    from tidegate.services.onc import Server

Flag = Annotated[bool, Parameter(negative=())]


@Parameter(name="*", group="How")
@dataclass(frozen=True, kw_only=True)
class How:
    """How a run goes about it.

    Attributes:
        dry_run: show what would be done; nothing is ordered or fetched.
        retry_failed: also try again what the platform refused for good, or what was cancelled.
        recheck: look again for files that came to the archive, changed or vanished in ranges that
            ended within this span, such as 60d.
        keep_old: keep a file that changed, as NAME.old-HASH.
        layout: folders within the download folder, such as {location}/{product}/{yyyy}/{mm}.
        no_archive: order products even where the archive has their files.
        no_wait: end with exit code 4 where the daily window is closed, rather than wait.
        after_success: command to call when files came and nothing failed.
        links: write the addresses of what is missing into this file, a line each, for download
            managers; nothing is ordered or fetched.
        token_in_links: with the token in each address; only you can read the file then.
        progress: auto draws bars on a terminal; jsonl writes a JSON object on standard error for
            each change of a task or file, for other programs.
        every: go on until Ctrl-C, once in this interval (15m, 6h, 1d).
    """

    dry_run: Flag = False
    retry_failed: Flag = False
    recheck: str | None = None
    keep_old: Flag = False
    layout: str = ""
    no_archive: Flag = False
    no_wait: Flag = False
    after_success: str | None = None
    links: Path | None = None
    token_in_links: Flag = False
    progress: Form = "auto"
    every: str | None = None


@Parameter(name="*", group="Server")
@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who is asked, in place of what the workbook says.

    Attributes:
        connection: the connection.
        base_url: address of the server.
        qa: ask the server for tests.
        allow_http: send the token by plain http to another machine.
    """

    connection: str | None = None
    base_url: str | None = None
    qa: Annotated[bool, Parameter(name=["--qa", "-q"], negative=())] = False
    allow_http: Flag = False


HOW, ASKED = How(), Asked()


def download(
    *,
    file: Annotated[Path, Parameter(name=["--file", "-f"])],
    how: How = HOW,
    asked: Asked = ASKED,
    common: Common = COMMON,
) -> int:
    """Fetch the files that a workbook asks for; run it again to go on, or to fetch what is new.

    The exit code is 0 if all is well, 1 if rows failed, 2 if the workbook is wrong, 3 if there
    was nothing new, 4 outside the daily window.

    Args:
        file: the workbook, or the JSON log of an earlier run.
        how: how to go about it.
        asked: who is asked.
        common: common options.
    """
    server = _server(asked)
    return rounds(how, lambda: fetch(file, how, server, common))


def rounds(how: How, once: Callable[[], int]) -> int:
    """Carry out a plan once, or again and again where that is wanted; the exit code."""
    if how.every is None:
        return once()
    if how.dry_run or how.links:
        other = "--dry-run" if how.dry_run else "--links"
        raise UsageError(f"--every and {other} do not go together", hint="leave one out")
    from tidegate.cli.output import show_error
    from tidegate.services.watching import watch

    def told() -> int:
        code = once()
        sys.stdout.flush()
        return code

    return watch(how.every, told, failed=show_error)


def fetch(file: Path, how: How, server: Server, common: Common) -> int:
    """Run a plan of products, or show what that would do; the exit code."""
    from tidegate.cli.logs import follow
    from tidegate.services import downloading
    from tidegate.services.settings import resolve, store_path

    settings, folder = resolve(), store_path(common.store)
    follow(settings, quiet=common.quiet, debug=common.debug)
    wish = _wish(file, how)
    if how.links is not None or how.token_in_links:
        return _write_links(folder, wish, how, server, common)
    if how.dry_run:
        rows = downloading.outlook(folder, wish, settings=settings, server=server)
        show(rows, json=common.json)
        _tell_totals(downloading.totals(rows, downloading.target_of(file)), common)
        return 0
    with progress_as(how.progress, progress, quiet=common.quiet) as drawn:
        report = downloading.download(
            folder, wish, settings=settings, server=server, progress=drawn
        )
    return tell(report, common)


def _write_links(folder: Path, wish: Wish, how: How, server: Server, common: Common) -> int:
    from tidegate.services import downloading
    from tidegate.services.settings import resolve

    if how.links is None:
        raise UsageError("--token-in-links says nothing alone", hint="add --links FILE")
    written = downloading.links(
        folder,
        wish,
        how.links,
        with_token=how.token_in_links,
        settings=resolve(),
        server=server,
    )
    show(
        [{"file": str(how.links), "links": written.count, "unmade": written.unmade}],
        json=common.json,
    )
    if written.unmade:
        note(
            f"{written.unmade:,} requests have no address yet: their products are to be ordered",
            quiet=common.quiet,
        )
    if not how.token_in_links:
        note("the addresses need &token=… of your account", quiet=common.quiet)
    return 0


def tell(report: DownloadReport, common: Common) -> int:
    """Print what a run did; its exit code."""
    from tidegate.cli.output import show_error

    summary = report.summary()
    if common.json:
        show([summary], json=True)
    else:
        shown = ("planned", "files", "bytes", "seconds")
        show([{**{name: summary[name] for name in shown}, **summary["tasks"]}], json=False)
    for change in ("new", "changed", "vanished"):
        names = summary[change]
        if change != "new" and names:
            note(f"{change} in the archive: {', '.join(names[:5])} ({len(names):,} in all)")
    for line in report.complaints[:5]:
        note(f"look at {line}")
    for one in summary["errors"]:
        note(f"{one['count']:,} failed with {one['code']}: {one['message']}")
        note(f"  {'; '.join(one['subjects'])}")
        if one["hint"]:
            note(f"  hint: {one['hint']}")
    if report.fatal is not None:
        show_error(report.fatal)
    _tell_end(report, common)
    return report.exit_code


def _tell_end(report: DownloadReport, common: Common) -> None:
    if report.exit_code == 3:
        note("nothing new", quiet=common.quiet)
    if report.outside:
        note("the daily window is closed: beginRun and endRun of the workbook", quiet=common.quiet)
    if report.interrupted:
        note("stopped; run the same command again to go on", quiet=common.quiet)


def _wish(file: Path, how: How) -> Wish:
    from tidegate.services.downloading import Wish, span_of

    return Wish(
        file=file,
        retry_failed=how.retry_failed,
        recheck=None if how.recheck is None else span_of(how.recheck),
        keep_old=how.keep_old,
        layout=how.layout,
        archive=not how.no_archive,
        wait=not how.no_wait,
        after_success=how.after_success,
    )


def _tell_totals(totals: dict[str, float], common: Common) -> None:
    note(
        f"{totals['tasks']:,} requests due, about {totals['requests']:,} calls;"
        f" {totals['files']:,} files with {totals['bytes']:,} bytes known,"
        f" {totals['unknown']:,} still to be made; at least {totals['seconds']:g} s;"
        f" {totals['free']:,} bytes free on disk",
        quiet=common.quiet,
    )
    if totals["bytes"] > totals["free"]:
        note(f"warning: the disk lacks {totals['bytes'] - totals['free']:,} bytes for these files")


def _server(asked: Asked) -> Server:
    from tidegate.services.onc import Server

    if asked.qa and asked.base_url:
        raise UsageError("--qa and --base-url name two servers", hint="leave one out")
    return Server(
        connection=asked.connection,
        base_url=asked.base_url,
        qa=asked.qa,
        allow_http=asked.allow_http,
    )
