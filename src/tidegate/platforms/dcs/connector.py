"""The connector of DCS: its catalogue, and the readings of its registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.closing import Closing
from tidegate.model.connector import Capabilities, Fetched
from tidegate.model.coverage import CoverageState
from tidegate.model.errors import MalformedAnswer, NotSignedIn, Refused, TransportError
from tidegate.platforms.dcs import mapping
from tidegate.platforms.dcs.access import Access
from tidegate.platforms.dcs.facts import HALF_HOUR
from tidegate.platforms.dcs.fetching import Fetching
from tidegate.platforms.dcs.settings import read_settings
from tidegate.platforms.dcs.webapi import DcsWebApi
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.catalogue import Entry
    from tidegate.model.connector import Connection, Task
    from tidegate.model.secret import Secret
    from tidegate.platforms.dcs.access import Client
    from tidegate.platforms.dcs.mapping import Points
    from tidegate.transport.limiter import Limiter


class DcsConnector(Closing):
    """One open connection to a DCS server; nothing is asked of it before that is needed.

    Subjects are `M405` (a meter, without readings), `R733` (a register) and `VM9` (a virtual
    meter). Quantities of a register are `period` and `total`, or `value` if it is instantaneous;
    that of a virtual meter is `value`, as the server calculates it.

    Args:
        connection: address and settings.
        secret: password of the connection's user.
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
        """What the server allows, as set and as learned since."""
        return Capabilities(
            max_window=self._fetching.longest,
            parallel=self._settings.requests_at_once,
            lag=self._settings.lateness,
            alignment=HALF_HOUR,
        )

    @property
    def client(self) -> Client:
        """The client that is signed in, to ask the server itself.

        Raises:
            NotSignedIn: the server does not accept the account.
            TransportError: there is no server that speaks the API.
        """
        return self._access.first()

    def greet(self) -> dict[str, Any]:
        """Sign in; which API answered at which address, and what it says of the account.

        Raises:
            NotSignedIn: the server does not accept the account.
            TransportError: there is no server that speaks the API.
        """
        client = self.client
        facts = {
            "api": "web" if isinstance(client, DcsWebApi) else "app",
            "root": client.rooturl,
            "user": client.username,
            "role": client.role,
            "version": client.version,
        }
        return {name: value for name, value in facts.items() if value is not None}

    def discover(self) -> Iterator[Entry]:
        """Meters, registers and virtual meters as they are now.

        Raises:
            TransportError: the server cannot be asked, or describes them in an unknown way.
        """
        client = self.client
        try:
            if isinstance(client, DcsWebApi):
                meters, virtual_meters = client.meters(), client.virtualmeters()
            else:
                meters, virtual_meters = client.get_meters(), client.get_vms()
            yield from mapping.entries(self._name, meters, virtual_meters, zone=self._settings.zone)
        except (msgspec.ValidationError, TypeError, KeyError) as problem:
            raise MalformedAnswer(
                f"the server describes its meters in an unknown way: {problem}"
            ) from problem

    def fetch(self, task: Task) -> Fetched:
        """The readings of one task; failures of the server are in the answer.

        Raises:
            NotSignedIn: no further task can succeed.
        """
        try:
            points = self._points(task)
        except NotSignedIn:
            raise
        except TransportError as error:
            is_refused = isinstance(error, Refused)
            state = CoverageState.REFUSED if is_refused else CoverageState.FAILED
            return Fetched(task=task, state=state, error=error)
        if not mapping.has_numbers(points):
            return Fetched(task=task, state=CoverageState.EMPTY)
        return Fetched(task=task, state=CoverageState.DONE, readings=points)

    def close(self) -> None:
        """Sign out and disconnect."""
        self._access.close()

    def _points(self, task: Task) -> Points:
        with self._access.client() as client:
            sign_ins = self._access.sign_ins
            try:
                return self._fetching.points(client, task.subject, task.window)
            except NotSignedIn:
                self._access.sign_in_again(sign_ins)
            return self._fetching.points(client, task.subject, task.window)
