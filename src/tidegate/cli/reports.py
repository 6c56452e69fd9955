"""A run in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.cli.output import note, show, show_error

if TYPE_CHECKING:
    from tidegate.cli.common import Common
    from tidegate.plans.report import RunReport
    from tidegate.store.messages import Counts


def show_report(report: RunReport, common: Common) -> None:
    """Print what a run did: a sentence and a line for each cause of failure, or as JSON."""
    if common.json:
        show([report.summary()], json=True)
        return
    note(sentence(report), quiet=common.quiet)
    for cause in report.causes:
        subjects = ", ".join(cause.subjects) + (", …" if cause.count > len(cause.subjects) else "")
        note(f"error[{cause.code}]: {cause.message} ({_requests(cause.count)}: {subjects})")
        if cause.hint:
            note(f"hint: {cause.hint}")
    if report.fatal is not None and report.fatal.code not in {c.code for c in report.causes}:
        show_error(report.fatal)


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"


def sentence(report: RunReport) -> str:
    """What a run did, in one line."""
    if not report.planned:
        return "nothing was due"
    done = report.planned - report.failed - report.left
    problems = f", {report.failed:,} failed" if report.failed else ""
    problems += f", {report.left:,} left for the next run" if report.left else ""
    records = "" if report.records is None else f"records: {_written(report.records)}; "
    return (
        f"{done:,} of {report.planned:,} requests done{problems}; "
        f"{records}readings: {_written(report.counts)}; {report.seconds:.1f} s"
    )


def _written(counts: Counts) -> str:
    written = [
        f"{count:,} {what}"
        for what, count in (
            ("new", counts.inserted),
            ("changed", counts.changed),
            ("removed", counts.removed),
            ("equal", counts.equal),
        )
        if count
    ]
    return ", ".join(written) or "none"
