"""What an open store pulls from: connections, catalogues, runs, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.model.series import MAIN
from tidegate.services.connected_dcs import ConnectedDcs
from tidegate.services.connected_ocpi import ConnectedOcpi
from tidegate.services.connected_onc import ConnectedOnc
from tidegate.services.connected_tsm import ConnectedTsm
from tidegate.services.repeating import repeat
from tidegate.services.selection import Moment, Named, elapsed, matching
from tidegate.services.selection import connection as connection_named
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.model.connector import Task
    from tidegate.plans.report import RunReport
    from tidegate.services.coverage import SubjectCoverage
    from tidegate.services.discovering import Discovery
    from tidegate.services.events import Event
    from tidegate.services.gaps import Gap
    from tidegate.services.pulling import Selection
    from tidegate.transport.progress import Progress


class Platforms(ConnectedDcs, ConnectedTsm, ConnectedOcpi, ConnectedOnc):
    """Connections of an open store, and what is pulled through them."""

    def discover(
        self,
        name: str | None = None,
        *,
        offline: bool = False,
        repository: str = MAIN,
        progress: Progress = SILENT,
    ) -> Discovery:
        """The catalogue of a connection, compared with the last time; new series are created."""
        from tidegate.services import discovering

        record = connection_named(self.verbs, name)
        if offline:
            return discovering.known(self.verbs, record)
        return discovering.discover(
            self.verbs, record, repository=repository, policies=self.policies, progress=progress
        )

    def pull(
        self,
        name: str | None = None,
        *,
        subjects: Sequence[str] = (),
        kind: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        again: bool = False,
        repository: str = MAIN,
        progress: Progress = SILENT,
    ) -> RunReport:
        """Fetch what is due of a connection; run again, it goes on where it stopped.

        Args:
            name: the connection; the only one unless given.
            subjects: only these (`R733`, names, patterns).
            kind: only this kind of subject.
            start: the earliest time asked before, or a year ago, unless given.
            end: exclusive; now unless given.
            again: ask for everything in the window again.
            repository: of the series.
            progress: told of each task.
        """
        from tidegate.services.pulling import pull

        record = connection_named(self.verbs, name)
        chosen = self._selection(
            subjects, kind=kind, start=start, end=end, again=again, repository=repository
        )
        report = pull(self.verbs, record, chosen, policies=self.policies, progress=progress)
        self._mirror_connections()
        return report

    def pull_every(
        self,
        every: str,
        name: str | None = None,
        *,
        subjects: Sequence[str] = (),
        kind: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        again: bool = False,
        repository: str = MAIN,
        progress: Progress = SILENT,
    ) -> Iterator[RunReport]:
        """Pull once in every interval (`15m`, `hour`), for ever; a report each time."""
        chosen: dict[str, Any] = {
            "subjects": subjects,
            "kind": kind,
            "start": start,
            "end": end,
            "again": again,
            "repository": repository,
        }
        return repeat(elapsed(every), lambda: self.pull(name, progress=progress, **chosen))

    def new_events(
        self, condition: str, *, connection: str | None = None, repository: str = MAIN
    ) -> Iterator[Event]:
        """Events of a condition such as `[Hall A] > 100` that were not reported yet.

        Each counts as reported once the next one is asked for. The first look goes back one day.

        Args:
            condition: a formula.
            connection: whose readings bring the events; the only one unless given.
            repository: of the series.
        """
        from tidegate.services.events import new_events

        record = connection_named(self.verbs, connection)
        return new_events(self.verbs, record.name, condition, repository=repository)

    def plan_pull(
        self,
        name: str | None = None,
        *,
        subjects: Sequence[str] = (),
        kind: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        again: bool = False,
        repository: str = MAIN,
    ) -> list[Task]:
        """The requests that `pull` would send."""
        from tidegate.services.pulling import tasks_due

        record = connection_named(self.verbs, name)
        chosen = self._selection(
            subjects, kind=kind, start=start, end=end, again=again, repository=repository
        )
        return tasks_due(self.verbs, record, chosen, policies=self.policies)

    def coverage(
        self,
        name: str | None = None,
        *,
        subjects: Sequence[str] = (),
        start: Moment | None = None,
        end: Moment | None = None,
    ) -> list[SubjectCoverage]:
        """What was asked of a connection (all, unless given), and what is due."""
        from tidegate.services.coverage import coverage_report

        names = [name] if name else [record.name for record in self.connections()]
        first, last = self._bounds(start, end, MAIN)
        return [
            row
            for one in names
            for row in coverage_report(
                self.verbs,
                connection_named(self.verbs, one).name,
                subjects=subjects,
                start=first,
                end=last,
            )
        ]

    def gaps(
        self,
        *names: Named,
        connection: str | None = None,
        subjects: Sequence[str] = (),
        start: Moment | None = None,
        end: Moment | None = None,
        repository: str = MAIN,
    ) -> list[Gap]:
        """Where stored series lack raster points, between their first and last reading.

        Args:
            names: of the series; all unless given.
            connection: only those that it fills.
            subjects: only those that these subjects fill (`R733`, names, patterns).
            start: where to begin to look.
            end: where to stop, exclusive.
            repository: of the series.
        """
        from tidegate.services.discovering import matches
        from tidegate.services.gaps import gaps

        wanted = connection and connection_named(self.verbs, connection).name
        chosen = [
            one
            for one in matching(self.verbs, names=names, repository=repository)
            if wanted is None or (one.origin and one.origin.connection == wanted)
            if matches(one.name, one.origin.subject if one.origin else "", subjects)
        ]
        first, last = self._bounds(start, end, repository)
        return list(gaps(self.verbs, chosen, start=first, end=last))

    def _selection(
        self,
        subjects: Sequence[str],
        *,
        kind: str | None,
        start: Moment | None,
        end: Moment | None,
        again: bool,
        repository: str,
    ) -> Selection:
        from tidegate.services.pulling import Selection

        first, last = self._bounds(start, end, repository)
        return Selection(
            subjects=tuple(subjects),
            kind=kind,
            start=first,
            end=last,
            again=again,
            repository=repository,
        )
