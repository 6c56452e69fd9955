"""The connector of Ocean Networks Canada: its places and instruments, and what they measure."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

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
from tidegate.platforms.onc import mapping
from tidegate.platforms.onc.client import OncClient
from tidegate.platforms.onc.discovery import flattened
from tidegate.platforms.onc.settings import read_settings
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.catalogue import Entry
    from tidegate.model.connector import Connection, Task
    from tidegate.model.secret import Secret
    from tidegate.platforms.onc.access import Row
    from tidegate.platforms.onc.scalar import Sensor
    from tidegate.transport.limiter import Limiter


logger = logging.getLogger(__name__)


class OncConnector(Closing):
    """One open connection to a server of Ocean Networks Canada.

    Subjects that are asked for are a place and a type of instrument (`BACAX/CTD`); their
    quantities are the categories of sensors (`temperature`), so that a series outlasts a change of
    devices. Locations (`BACAX`) have no readings of their own.

    Args:
        connection: address and settings.
        secret: the token.
        policies: how to treat the server.
        progress: told of requests.
        limiter: shared by whoever else asks the same server.

    Raises:
        UnknownName, BadValue: the connection has settings that it cannot have.
        NoCredentials: there is no token.
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
        self.client = OncClient(
            connection.url,
            secret,
            self._settings,
            policies=policies,
            limiter=limiter,
            progress=progress,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the server is asked for at once, as set."""
        return Capabilities(
            max_window=self._settings.longest,
            parallel=self._settings.requests_at_once,
            lag=self._settings.lateness,
        )

    def greet(self) -> dict[str, Any]:
        """Ask the server; how it is addressed.

        Raises:
            NotSignedIn: it does not accept the token.
            TransportError: nothing that speaks for it answers, or it does not know
                a code of the settings.
        """
        facts = {"scheme": self.client.access.probe()}
        for code in self._settings.locations:
            self.client.discovery.require_known({"locationCode": code})
        for code in self._settings.categories:
            self.client.discovery.require_known({"deviceCategoryCode": code})
        return facts

    def discover(self) -> Iterator[Entry]:
        """Places, and instruments by place and type with a series for each sensor.

        Raises:
            TransportError: the server cannot be asked, or describes them in an unknown way.
        """
        try:
            yield from mapping.attribute_entries()
            places = self._places()
            for row, parent in places.values():
                yield mapping.location_entry(row, parent)
            yield from self._instruments(places)
        except (KeyError, TypeError, UsageError) as problem:
            raise MalformedAnswer(
                f"the server describes its places in an unknown way: {problem!r}"
            ) from problem

    def fetch(self, task: Task) -> Fetched:
        """The readings of all sensors of a place and type of instrument over a window.

        Raises:
            NotSignedIn: no further task can succeed.
        """
        location, _, category = task.subject.rpartition("/")
        filters = {
            "locationCode": location,
            "deviceCategoryCode": category,
            "qualityControl": self._settings.quality,
            "fillGaps": False,
        }
        columns = mapping.Columns()
        try:
            for page in self.client.measurements.samples(filters, task.window):
                columns.add(page.sensor_data or [], task.subject)
        except NotSignedIn:
            raise
        except TransportError as error:
            is_refused = isinstance(error, Refused)
            state = CoverageState.REFUSED if is_refused else CoverageState.FAILED
            return Fetched(task=task, state=state, error=error)
        tables = columns.tables()
        state = CoverageState.DONE if tables else CoverageState.EMPTY
        return Fetched(task=task, state=state, readings=tables)

    def close(self) -> None:
        """Disconnect."""
        self.client.close()

    def _places(self) -> dict[str, tuple[Row, str | None]]:
        """Locations as set, by code, each with the code of the one above."""
        roots: tuple[str | None, ...] = self._settings.locations or (None,)
        found: dict[str, tuple[Row, str | None]] = {}
        for root in roots:
            asked = {} if root is None else {"locationCode": root}
            tree = flattened(self.client.discovery.tree(asked))
            parents = {node["locationCode"]: node["parent"] for node in tree}
            rows = (
                self.client.discovery.locations({})
                if root is None
                else self.client.discovery.below(root)
            )
            for row in rows:
                found[row["locationCode"]] = (row, parents.get(row["locationCode"]))
        return found

    def _instruments(self, places: dict[str, tuple[Row, str | None]]) -> Iterator[Entry]:
        stays: dict[tuple[str, str], list[Row]] = {}
        for category in self._settings.categories or (None,):
            for stay in self.client.discovery.deployments({"deviceCategoryCode": category}):
                if stay["locationCode"] in places and stay.get("hasDeviceData", True):
                    key = (stay["locationCode"], stay["deviceCategoryCode"])
                    stays.setdefault(key, []).append(stay)
        devices = self.client.discovery.devices({})
        periods = {device["deviceCode"]: mapping.period_of(device) for device in devices}
        units: set[str] = set()
        with ThreadPoolExecutor(self._settings.requests_at_once) as pool:
            asked = [
                {"locationCode": location, "deviceCategoryCode": category}
                for location, category in stays
            ]
            sensors = pool.map(self._sensors, asked)
            for (key, rows), found in zip(stays.items(), sensors, strict=True):
                for unit in sorted({mapping.unit_of(sensor) for sensor in found} - units):
                    units.add(unit)
                    yield mapping.unit_entry(unit)
                place, _ = places[key[0]]
                yield from mapping.instrument_entries(self._name, place, rows, found, periods)

    def _sensors(self, source: dict[str, str]) -> list[Sensor]:
        """The sensors of a place and type of instrument; none where these are kept back from us."""
        try:
            return self.client.measurements.sensors(source)
        except NotSignedIn:
            raise
        except Refused as refusal:
            logger.warning("%s; it is left out", refusal)
            return []
