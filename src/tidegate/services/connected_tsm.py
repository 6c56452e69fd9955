"""What an open store does with WebTSM servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.errors import UsageError
from tidegate.model.series import MAIN
from tidegate.model.windows import Window
from tidegate.services.connected import Connected
from tidegate.services.selection import Moment, Named, instant
from tidegate.services.selection import connection as connection_named
from tidegate.store.messages import ConnectionRecord
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.secret import Secret
    from tidegate.services.pushing import Pushed
    from tidegate.services.quotations import Quoted
    from tidegate.services.revisions import Revised
    from tidegate.transport.progress import Progress


class ConnectedTsm(Connected):
    """Connections to WebTSM servers: made, sent to, and asked for what they believed before."""

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
        return self._connect(record, secret)

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
            raise UsageError("a window needs both ends", hint="give --from and --to")
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
