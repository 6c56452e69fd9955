"""`tidegate pull`: fetch what is due into the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common, From, To
from tidegate.cli.onc_options import NEAR, Near
from tidegate.cli.output import note, show, show_error
from tidegate.cli.progress import progress
from tidegate.cli.reports import show_report
from tidegate.model.errors import BadValue, TidegateError, UsageError
from tidegate.model.instants import to_text

if TYPE_CHECKING:
    from tidegate.services.hooks import Hook
    from tidegate.services.opened import Store


def pull(
    name: str | None = None,
    *subject: str,
    kind: str | None = None,
    from_: From = None,
    to: To = None,
    every: str | None = None,
    again: Annotated[bool, Parameter(negative=())] = False,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    when: str | None = None,
    run: str | None = None,
    near: Near = NEAR,
    repository: str = "main",
    common: Common = COMMON,
) -> int:
    """Fetch what is due; what is confirmed is never asked for again, so run it again to resume.

    Args:
        name: the connection; may be left out when there is one.
        subject: only these subjects (R733) or names; % and _ are wildcards.
        kind: only this kind of subject, e.g. register.
        from_: since when; the earliest time asked before, or a year ago, unless given; everything
            of an OCPI platform at first.
        to: until when, exclusive; now unless given.
        every: go on for ever, once in this interval (15m, hour, day).
        again: ask for everything in the window again; corrections are kept beside the old values.
        dry_run: only list what would be asked for.
        when: after each pull look for events in which this condition holds, e.g. `[Hall A] > 100`.
        run: with --when, the command to run once for each new event; it gets the event as
            TIDEGATE_EVENT_START, _END, _PEAK and as JSON on its standard input.
        near: only what Ocean Networks Canada measures there; with --every looked for once.
        repository: the repository that the series are in.
        common: common options.
    """
    place = near.place()
    if place is not None and subject:
        raise BadValue("the subject", subject[0], "left out beside --near and --near-file")
    options: dict[str, Any] = {
        "subjects": subject,
        "kind": kind,
        "start": from_,
        "end": to,
        "again": again,
        "repository": repository,
    }
    watch = _Watch.of(when, run, repository)
    with common.open() as store:
        if place is not None:
            from tidegate.services.onc_places import subjects_near

            found = subjects_near(store.path, name, place, settings=store.settings)
            options["subjects"] = found
        if dry_run:
            return _list_tasks(store, name, options, common)
        if every:
            for report in store.pull_every(every, name, **options):
                show_report(report, common)
                watch.look(store, name, forever=True)
        with progress(quiet=common.quiet) as drawn:
            report = store.pull(name, progress=drawn, **options)
        show_report(report, common)
        watch.look(store, name)
        return report.exit_code


@dataclass(frozen=True)
class _Watch:
    """A condition to look for after each pull, and what to run when it comes true."""

    condition: str | None
    hook: Hook | None
    repository: str

    @classmethod
    def of(cls, when: str | None, run: str | None, repository: str) -> _Watch:
        """The watch that options ask for, checked before anything is fetched."""
        if when is None and run is None:
            return cls(None, None, repository)
        if when is None or run is None:
            raise UsageError("--when and --run go together", hint="give both or none")
        from tidegate.calc.formula.languages import language
        from tidegate.services.hooks import Hook

        language("tsm").parse(when, ())
        return cls(when, Hook(run), repository)

    def look(self, store: Store, name: str | None, *, forever: bool = False) -> None:
        """Run the command for each event that is new; what goes wrong does not stop a loop."""
        if self.condition is None or self.hook is None:
            return
        try:
            for event in store.new_events(
                self.condition, connection=name, repository=self.repository
            ):
                self.hook.call(event.told(self.condition))
        except TidegateError as error:
            if not forever:
                raise
            show_error(error)


def _list_tasks(store: Store, name: str | None, options: dict[str, Any], common: Common) -> int:
    tasks = store.plan_pull(name, **options)
    rows = [
        {
            "subject": task.subject,
            "from": to_text(task.window.start),
            "to": to_text(task.window.end),
        }
        for task in tasks
    ]
    show(rows, json=common.json)
    note(f"{len(rows)} requests would be sent", quiet=common.quiet)
    return 0
