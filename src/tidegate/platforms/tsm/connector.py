"""The connector of WebTSM: its catalogue with dated attributes, and the readings of its series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.closing import Closing
from tidegate.model.connector import Capabilities, Fetched
from tidegate.model.coverage import CoverageState
from tidegate.model.errors import (
    MalformedAnswer,
    NotSignedIn,
    Refused,
    TransportError,
    UsageError,
)
from tidegate.model.windows import Window
from tidegate.platforms.tsm import mapping
from tidegate.platforms.tsm.access import Access
from tidegate.platforms.tsm.facts import SUBJECT, VALUE
from tidegate.platforms.tsm.fetching import Fetching
from tidegate.platforms.tsm.settings import read_settings
from tidegate.platforms.tsm.wire import AssignmentRecord
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from tidegate.model.catalogue import Entry
    from tidegate.model.connector import Connection, Task
    from tidegate.model.secret import Secret
    from tidegate.platforms.tsm.client import Document, TsmClient
    from tidegate.transport.limiter import Limiter


class TsmConnector(Closing):
    """One open connection to a repository of a WebTSM server.

    Subjects are `TS1156` (a series), whose quantity is `value`, `A192` (an attribute) and `U:kW`
    (a unit), which have no readings.

    Args:
        connection: address and settings.
        secret: password of the connection's user, or a token where it has no user.
        policies: how to treat the server.
        progress: told of requests.
        limiter: shared by whoever else asks the same server.

    Raises:
        UnknownName: the connection has a setting that is none of this platform.
        NoCredentials: there is a user but no password.
    """

    def __init__(
        self,
        connection: Connection,
        secret: Secret | None,
        *,
        policies: Policies = Policies(),
        progress: Progress = SILENT,
        limiter: Limiter | None = None,
    ) -> None:
        self._name = connection.name
        self._settings = read_settings(connection.settings)
        self._access = Access(
            connection.url,
            self._settings,
            secret,
            policies=policies,
            limiter=limiter,
            progress=progress,
        )
        self._fetching = Fetching(self._settings)

    @property
    def capabilities(self) -> Capabilities:
        """What the server is asked for at once, as set."""
        return Capabilities(
            max_window=self._settings.longest,
            parallel=self._settings.requests_at_once,
            lag=self._settings.lateness,
            ahead=self._settings.foresight,
        )

    @property
    def client(self) -> TsmClient:
        """The client that the server has answered, to ask it itself.

        Raises:
            NotSignedIn: the server does not accept the account.
            TransportError: there is no server that speaks the API, or it lacks the repository.
        """
        return self._access.client

    def greet(self) -> dict[str, Any]:
        """Ask the repository; at which address the API is, and what the server calls itself.

        Raises:
            NotSignedIn: the server does not accept the account.
            TransportError: there is no server that speaks the API, or it lacks the repository.
        """
        self.client.units()
        about = self._access.about()
        facts = {"root": self._access.root, "server": about.name, "version": about.version}
        return {name: value for name, value in facts.items() if value is not None}

    def discover(self) -> Iterator[Entry]:
        """Units, attributes and series with their dated attributes, as they are now.

        Raises:
            TransportError: the server cannot be asked, or describes them in an unknown way.
        """
        client = self.client
        try:
            for unit in client.units():
                yield mapping.unit_entry(unit)
            records = client.attributes()
            attributes = {record.id: mapping.attribute_of(record) for record in records}
            for record in records:
                yield mapping.attribute_entry(record)
            for document in client.series():
                full, assigned = _completed(client, document)
                yield mapping.series_entry(
                    self._name, full, assigned, attributes, formulas=self._settings.formulas
                )
        except (msgspec.ValidationError, UsageError, KeyError) as problem:
            raise MalformedAnswer(
                f"the server describes its series in an unknown way: {problem}"
            ) from problem

    def fetch(self, task: Task) -> Fetched:
        """The readings of one task; failures of the server are in the answer.

        Raises:
            NotSignedIn: no further task can succeed.
        """
        try:
            found = self.readings(id_of(task.subject), task.window)
        except NotSignedIn:
            raise
        except TransportError as error:
            is_refused = isinstance(error, Refused)
            state = CoverageState.REFUSED if is_refused else CoverageState.FAILED
            return Fetched(task=task, state=state, error=error)
        if not found.num_rows:
            return Fetched(task=task, state=CoverageState.EMPTY)
        return Fetched(task=task, state=CoverageState.DONE, readings={VALUE: found})

    def readings(
        self,
        id: int,
        window: Window,
        *,
        audit: int | None = None,
        exact: bool = False,
        quotation: int | None = None,
    ) -> pa.Table:
        """Columns `ts, value, flag` of a series, as now or as known at an earlier instant.

        With a `quotation` those of the version of exactly that name.

        Raises:
            TransportError: the server refuses, or cannot be asked.
        """
        return self._fetching.readings(
            self.client, id, window, audit=audit, exact=exact, quotation=quotation
        )

    def quotations(self, id: int, window: Window | None) -> list[tuple[int, Window]]:
        """Named versions of a series with values in a window, or all, each with its span.

        Raises:
            UnknownToPlatform: the server does not list them, or lacks the series.
            TransportError: the server refuses, or cannot be asked.
        """
        subject = f"quotations of series {id}"
        found = []
        for one in self.client.quotations(id, window):
            named, first, last = mapping.instants_in_order(
                [one.quotation, one.from_, one.to], subject
            )
            found.append((named, Window(first, last + 1)))
        return found

    def modifications(self, id: int, window: Window) -> list[int]:
        """Instants at which readings of a series in a window were written.

        Raises:
            TransportError: the server refuses, or cannot be asked.
        """
        texts = self.client.modifications(id, window)
        return mapping.instants(texts, f"series {id}")

    def close(self) -> None:
        """Disconnect."""
        self._access.close()


def id_of(subject: str) -> int:
    """The id on the server of the series that a subject means."""
    return int(subject.removeprefix(SUBJECT))


def _completed(client: TsmClient, document: Document) -> tuple[Document, list[AssignmentRecord]]:
    """A definition with everything that a listing may leave out, and its attributes."""
    number = int(document["ID"])
    if "Interval" not in document:
        document = {**document, **client.definition(number)}
    told = document.get("Attributes")
    if told is None:
        return document, client.assignments(number)
    return document, msgspec.convert(told, list[AssignmentRecord])
