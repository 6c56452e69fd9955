"""What an open store pulls from: connections, catalogues, runs, coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.model.series import MAIN
from tidegate.model.windows import Window
from tidegate.services.held import Held
from tidegate.services.repeating import repeat
from tidegate.services.selection import Moment, Named, elapsed, instant, matching
from tidegate.services.selection import connection as connection_named
from tidegate.store.messages import ConnectionRecord
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.model.connector import Task
    from tidegate.model.secret import Secret
    from tidegate.plans.report import RunReport
    from tidegate.platforms.dcs.asking import Question
    from tidegate.platforms.ocpi.settings import OcpiSettings
    from tidegate.services.coverage import SubjectCoverage
    from tidegate.services.dcs import Answered, Row
    from tidegate.services.discovering import Discovery
    from tidegate.services.events import Event
    from tidegate.services.gaps import Gap
    from tidegate.services.pulling import Selection
    from tidegate.services.pushing import Pushed
    from tidegate.services.revisions import Revised
    from tidegate.transport.progress import Progress


class Platforms(Held):
    """Connections of an open store, and what is pulled through them."""

    def connect_dcs(
        self,
        name: str,
        url: str,
        *,
        user: str | None = None,
        password: Secret | None = None,
        api: str = "auto",
        allow_http: bool = False,
        calibrated: bool = True,
        max_window: str | None = None,
        lag: str = "3d",
    ) -> ConnectionRecord:
        """Make a connection to a Coherent DCS server, once it has answered; anonymous without user.

        Raises:
            NotSignedIn: the server does not accept the user or the password.
        """
        from tidegate.services.connecting import connect

        settings = {
            "user": user,
            "api": api,
            "allow_http": allow_http,
            "calibrated": calibrated,
            "max_window": max_window,
            "lag": lag,
        }
        record = ConnectionRecord(name=name, platform="dcs", url=url, settings=settings)
        made = connect(self.verbs, record, password, policies=self.policies)
        self._mirror_connections()
        return made

    def connect_tsm(
        self,
        name: str,
        url: str,
        *,
        repository: str = MAIN,
        user: str | None = None,
        secret: Secret | None = None,
        allow_http: bool = False,
        formulas: bool = False,
        max_window: str | None = None,
        lag: str = "3d",
        ahead: str | None = None,
    ) -> ConnectionRecord:
        """Make a connection to a repository of a WebTSM server, once it has answered.

        Args:
            name: what to call it.
            url: address of the server, with or without `/api` at its end.
            repository: the one to ask, as the server names it.
            user: the account whose password `secret` is; None if that is a token.
            secret: password or token; None to ask anonymously.
            allow_http: send the secret by plain http to another machine.
            formulas: take formulas over as such, instead of the values that the server calculates.
            max_window: longest span of one request.
            lag: how far back each pull asks again.
            ahead: how far beyond now each pull asks too, for forecasts.

        Raises:
            NotSignedIn: the server does not accept the password or token.
            UnknownToPlatform: it has no such repository.
        """
        from tidegate.services.connecting import connect

        settings = {
            "repository": repository,
            "user": user,
            "allow_http": allow_http,
            "formulas": formulas,
            "max_window": max_window,
            "lag": lag,
            "ahead": ahead,
        }
        record = ConnectionRecord(name=name, platform="tsm", url=url, settings=settings)
        made = connect(self.verbs, record, secret, policies=self.policies)
        self._mirror_connections()
        return made

    def connect_ocpi(
        self,
        name: str,
        url: str,
        settings: OcpiSettings,
        token: Secret,
        *,
        version: str | None = None,
        progress: Progress = SILENT,
    ) -> ConnectionRecord:
        """Log in to an OCPI platform: make a connection once the platform has answered.

        Args:
            name: what to call it; a connection of that name is replaced.
            url: address of the platform's versions, or of one version.
            settings: at least the party in whose name the platform is asked.
            token: as the platform's operator gave it, not encoded.
            version: of OCPI; the best that both sides speak unless given.
            progress: told of requests.

        Raises:
            NotSignedIn, Forbidden: the platform does not take the token.
            InsecureAddress: the token would travel by plain http.
        """
        from tidegate.services.ocpi.login import log_in

        made = log_in(
            self.verbs,
            name,
            url,
            settings,
            token,
            version=version,
            policies=self.policies,
            progress=progress,
        )
        self._mirror_connections()
        return made

    def push_tsm(
        self,
        name: str | None,
        *series: Named,
        start: Moment | None = None,
        end: Moment | None = None,
        readings: bool = True,
        attributes: bool = False,
        quotations: bool = False,
        create: bool = False,
        keep_ids: bool = False,
        dry_run: bool = False,
        repository: str = MAIN,
        progress: Progress = SILENT,
    ) -> list[Pushed]:
        """Send readings and attributes that a WebTSM server lacks; see `tidegate tsm push`."""
        from tidegate.services.pushing import Push, push

        first, last = self._bounds(start, end, repository)
        request = Push(
            series=series,
            start=first,
            end=last,
            readings=readings,
            attributes=attributes,
            quotations=quotations,
            create=create,
            keep_ids=keep_ids,
            dry_run=dry_run,
            repository=repository,
        )
        record = connection_named(self.verbs, name, platform="tsm")
        sent = push(self.verbs, record, request, policies=self.policies, progress=progress)
        return list(sent)

    def take_tsm_quotations(
        self,
        name: str | None,
        *series: Named,
        quotations: Sequence[Moment] = (),
        start: Moment | None = None,
        end: Moment | None = None,
        repository: str = MAIN,
        progress: Progress = SILENT,
    ) -> list[Quoted]:
        """Take named versions of readings; see `tidegate tsm quotations`."""
        from tidegate.services.quotations import take_quotations

        first, last = self._bounds(start, end, repository)
        if (first is None) != (last is None) or (quotations and first is None):
            raise BadWindow("quotations of a window need both ends, --from and --to")
        zone = self.zone_or_default(None, repository)
        taken = take_quotations(
            self.verbs,
            connection_named(self.verbs, name, platform="tsm"),
            series,
            quotations=[instant(one, zone=zone) for one in quotations],
            window=None if first is None or last is None else Window(first, last),
            repository=repository,
            policies=self.policies,
            progress=progress,
        )
        return list(taken)

    def take_tsm_revisions(
        self,
        name: str | None,
        *series: Named,
        start: Moment | None = None,
        end: Moment | None = None,
        repository: str = MAIN,
        progress: Progress = SILENT,
    ) -> list[Revised]:
        """Learn what a WebTSM server believed before; see `tidegate tsm revisions`."""
        from tidegate.services.revisions import take_revisions

        first, last = self._bounds(start, end, repository)
        learned = take_revisions(
            self.verbs,
            connection_named(self.verbs, name, platform="tsm"),
            series,
            start=first,
            end=last,
            repository=repository,
            policies=self.policies,
            progress=progress,
        )
        return list(learned)

    def connections(self) -> list[ConnectionRecord]:
        """The connections that there are."""
        return self.verbs.connections()

    def test_connection(self, name: str | None = None) -> dict[str, Any]:
        """Sign in with the kept password; what the platform tells of itself."""
        from tidegate.services import connecting

        record = connection_named(self.verbs, name)
        return connecting.test(self.verbs, record, policies=self.policies)

    def remove_connection(self, name: str) -> None:
        """Forget a connection; its series and readings stay."""
        from tidegate.services import connecting

        connecting.remove(self.verbs, connection_named(self.verbs, name))
        self._mirror_connections()

    def _mirror_connections(self) -> None:
        """Keep the file of connections, which commands without a database read, as the store."""
        from tidegate.services.connection_files import mirror

        mirror(self.verbs, self.path)

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
        return pull(self.verbs, record, chosen, policies=self.policies, progress=progress)

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

    def dcs_meters(self, id: int | None = None, *, connection: str | None = None) -> list[Row]:
        """All meters of a DCS server with their registers, or one, as the server has them."""
        from tidegate.services import dcs

        return dcs.meters(self.verbs, self._dcs(connection), id, policies=self.policies)

    def dcs_virtual_meters(
        self, id: int | None = None, *, connection: str | None = None
    ) -> list[Row]:
        """All virtual meters of a DCS server, or one, as the server has them."""
        from tidegate.services import dcs

        return dcs.virtual_meters(self.verbs, self._dcs(connection), id, policies=self.policies)

    def dcs_readings(self, question: Question, *, connection: str | None = None) -> Answered:
        """Readings straight from a DCS server, as they arrive; nothing is stored."""
        from tidegate.services import dcs

        return dcs.readings(self.verbs, self._dcs(connection), question, policies=self.policies)

    def _dcs(self, name: str | None) -> ConnectionRecord:
        return connection_named(self.verbs, name, platform="dcs")

    def _bounds(
        self, start: Moment | None, end: Moment | None, repository: str
    ) -> tuple[int | None, int | None]:
        zone = self.zone_or_default(None, repository)
        first, last = (
            None if moment is None else instant(moment, zone=zone) for moment in (start, end)
        )
        if first is not None and last is not None:
            Window(first, last)
        return first, last

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
