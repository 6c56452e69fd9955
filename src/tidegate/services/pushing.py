"""Pushing: readings and attributes of the store to a WebTSM server; only what differs is sent."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from tidegate.model.errors import NotFound
from tidegate.model.instants import BEGINNING, FOREVER
from tidegate.model.series import MAIN
from tidegate.model.windows import Window
from tidegate.platforms.tsm import bodies
from tidegate.platforms.tsm.connector import id_of
from tidegate.platforms.tsm.facts import POINTS_AT_ONCE
from tidegate.platforms.tsm.mapping import dated, interval_of
from tidegate.services.calculations import evaluate, extent
from tidegate.services.comparing import NOTHING, compared
from tidegate.services.connecting import opened
from tidegate.services.selection import find
from tidegate.store.messages import SeriesSelection, Version
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.attributes import Assignment, Attribute
    from tidegate.model.series import Series
    from tidegate.platforms.tsm.connector import TsmConnector
    from tidegate.platforms.tsm.wire import SeriesRecord
    from tidegate.services.selection import Named
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs
    from tidegate.transport.progress import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What to send.

    Attributes:
        series: names or ids.
        start: first instant of the readings; the first that is stored, if None.
        end: exclusive; to the last that is stored, if None.
        readings: whether readings are sent.
        attributes: whether attributes are, with all their dated values.
        quotations: whether named versions of readings are.
        create: make series, attributes and units that the server does not have.
        keep_ids: under the ids that they have here.
        dry_run: send nothing that changes the server.
        repository: of the series in the store.
    """

    series: tuple[Named, ...]
    start: int | None = None
    end: int | None = None
    readings: bool = True
    attributes: bool = False
    quotations: bool = False
    create: bool = False
    keep_ids: bool = False
    dry_run: bool = False
    repository: str = MAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What was sent of one series, or would be.

    Attributes:
        series: its name.
        id: on the server; None if it is still to be made there.
        created: whether it was made.
        new: readings that the server did not have, those of named versions included.
        changed: readings that it had with another value or flag.
        equal: readings that it had, and that were not sent.
        attributes: attributes whose dated values were sent.
    """

    series: str
    id: int | None
    created: bool = False
    new: int = 0
    changed: int = 0
    equal: int = 0
    attributes: int = 0


def push(
    store: Verbs,
    record: ConnectionRecord,
    request: Push,
    *,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
) -> Iterator[Pushed]:
    """Bring a server up to what the store has, series by series; nothing is removed there.

    A series that was pulled through the connection goes to where it came from, any other one to
    the series of its name. Sending twice sends nothing the second time.

    Raises:
        NotFound: the store or the server lacks a series or attribute, and `create` is not set.
        TransportError: the server refuses, or cannot be asked; what was sent before stays.
    """
    chosen = find(store, request.series, repository=request.repository)
    with opened(store, record, policies=policies, progress=progress) as connector:
        pushing = _Pushing(store, cast("TsmConnector", connector), record.name, request)
        for series in chosen:
            yield pushing.one(series)


class _Pushing:
    """One push on its way to one server."""

    def __init__(
        self, store: Verbs, connector: TsmConnector, connection: str, request: Push
    ) -> None:
        self._store = store
        self._connector = connector
        self._client = connector.client
        self._connection = connection
        self._request = request
        self._attributes: dict[str, int | None] | None = None
        self._units: set[str] | None = None

    def one(self, series: Series) -> Pushed:
        """Send what the server lacks of one series."""
        found = self._found(series)
        created = found is None
        if found is None:
            found = self._create(series)
        number = None if found is None else found.id
        new = changed = equal = 0
        if self._request.readings and not _is_calculated_there(series, found):
            new, changed, equal = self._send_readings(series, found)
        if self._request.quotations and series.formula is None and series.quotation:
            for quotation, window in self._quotations(series):
                counts = self._send_version(series, found, window, quotation)
                new, changed, equal = (
                    before + more
                    for before, more in zip((new, changed, equal), counts, strict=True)
                )
        sent = self._send_attributes(series, number) if self._request.attributes else 0
        return Pushed(
            series=series.name,
            id=number,
            created=created,
            new=new,
            changed=changed,
            equal=equal,
            attributes=sent,
        )

    # -- the series itself ---------------------------------------------------------------------

    def _found(self, series: Series) -> SeriesRecord | None:
        origin = series.origin
        if origin is not None and origin.connection == self._connection:
            return self._client.series_with(id_of(origin.subject))
        found = self._client.series_named(series.name)
        if found is None and not self._request.create:
            raise NotFound(
                "series", series.name, hint="the server lacks it; --create makes it there"
            )
        return found

    def _create(self, series: Series) -> SeriesRecord | None:
        if self._request.dry_run:
            return None
        self._create_unit(series.unit)
        number = series.id if self._request.keep_ids else bodies.SERVER_CHOOSES
        body = bodies.series_body(series, id=number, aliases=self._aliases(series))
        made = self._client.create_series(body)
        logger.info("made series %d '%s' on the server", made.id, made.name)
        return made

    def _aliases(self, series: Series) -> dict[str, str]:
        """The names of the series that the aliases of a formula stand for."""
        keys = series.formula.aliases if series.formula else {}
        selection = SeriesSelection(keys=tuple(keys.values()))
        found = self._store.find_series(selection, repository=series.repository) if keys else []
        names = {one.key: one.name for one in found}
        return {alias: names[key] for alias, key in keys.items() if key in names}

    def _create_unit(self, name: str) -> None:
        if self._units is None:
            self._units = {unit.name for unit in self._client.units()}
        known = {unit.name: unit for unit in self._store.units(repository=self._request.repository)}
        if name not in self._units and name in known:
            unit = known[name]
            self._units.add(name)
            for other in (unit.base_unit, unit.integral_unit):
                if other is not None:
                    self._create_unit(other)
            self._client.create_unit(bodies.unit_body(unit))

    # -- readings ------------------------------------------------------------------------------

    def _send_readings(self, series: Series, found: SeriesRecord | None) -> tuple[int, int, int]:
        new = changed = equal = 0
        for window in self._windows(series):
            mine = evaluate(self._store, series, window)
            more = self._send(series, found, window, mine)
            new, changed, equal = new + more[0], changed + more[1], equal + more[2]
        return new, changed, equal

    def _send(
        self,
        series: Series,
        found: SeriesRecord | None,
        window: Window,
        readings: pa.Table,
        quotation: int | None = None,
    ) -> tuple[int, int, int]:
        """Send those that the server lacks; how many it lacked, had otherwise, and had."""
        mine = readings.select(["ts", "value", "flag"])
        differs, is_known = compared(mine, self._theirs(series, found, window, quotation))
        if found is not None and not self._request.dry_run:
            self._write(series, found.id, mine.filter(pa.array(differs)), quotation)
        is_new = differs & ~is_known
        return int(is_new.sum()), int((differs & is_known).sum()), int((~differs).sum())

    def _quotations(self, series: Series) -> list[tuple[int, Window]]:
        """The named versions to send, each with the time that it has readings of."""
        asked = self._request
        start = BEGINNING if asked.start is None else asked.start
        end = FOREVER if asked.end is None else asked.end
        rows = self._store.quotations([series.key], Window(start, end)).to_pylist()
        return [(row["quotation"], Window(row["first"], row["last"] + 1)) for row in rows]

    def _send_version(
        self, series: Series, found: SeriesRecord | None, window: Window, quotation: int
    ) -> tuple[int, int, int]:
        version = Version(quotation=quotation, exact_quotation=True)
        mine = self._store.read([series.key], window, version=version).read_all()
        return self._send(series, found, window, mine, quotation)

    def _windows(self, series: Series) -> Iterator[Window]:
        """The time to send, in pieces."""
        whole = extent(self._store, [series])
        if whole is None:
            return
        start = whole.start if self._request.start is None else self._request.start
        end = whole.end if self._request.end is None else self._request.end
        start, end = max(start, whole.start), min(end, whole.end)
        longest = self._connector.capabilities.max_window or end - start
        while start < end:
            piece = Window(start, min(end, start + longest))
            yield piece
            start = piece.end

    def _theirs(
        self,
        series: Series,
        found: SeriesRecord | None,
        window: Window,
        quotation: int | None,
    ) -> pa.Table:
        """What the server has; nothing where it holds another raster or unit and must convert."""
        is_like = (
            found is not None
            and interval_of(found.interval) == series.interval
            and (found.unit or series.unit) == series.unit
        )
        if found is None or not is_like:
            return NOTHING
        return self._connector.readings(found.id, window, quotation=quotation)

    def _write(
        self, series: Series, number: int, readings: pa.Table, quotation: int | None
    ) -> None:
        for first in range(0, readings.num_rows, POINTS_AT_ONCE):
            part = readings.slice(first, POINTS_AT_ONCE)
            body = bodies.data_body(part, interval=series.interval, unit=series.unit)
            self._client.write(number, body, quotation=quotation)

    # -- attributes ----------------------------------------------------------------------------

    def _send_attributes(self, series: Series, number: int | None) -> int:
        mine = self._store.assignments([series.key])[series.key]
        theirs = {}
        if number is not None:
            assigned = self._client.assignments(number)
            theirs = {one.attribute_id: dated(one) for one in assigned}
        return sum(self._send_attribute(one, number, theirs) for one in mine)

    def _send_attribute(
        self, mine: Assignment, number: int | None, theirs: dict[int, dict[int, str | None]]
    ) -> bool:
        attribute = self._attribute(mine.attribute)
        if attribute in theirs and theirs[attribute] == mine.values:
            return False
        if number is not None and attribute is not None and not self._request.dry_run:
            body = bodies.assignment_body(attribute, mine.values)
            if attribute in theirs:
                self._client.replace_assignment(number, body)
            else:
                self._client.add_assignment(number, body)
        return True

    def _attribute(self, attribute: Attribute) -> int | None:
        """The id on the server; None where it would be made first."""
        if self._attributes is None:
            self._attributes = {one.name: one.id for one in self._client.attributes()}
        known = self._attributes
        if attribute.name in known:
            return known[attribute.name]
        if not self._request.create:
            raise NotFound(
                "attribute", attribute.name, hint="the server lacks it; --create makes it there"
            )
        if not self._request.dry_run:
            wanted = attribute.id if self._request.keep_ids else bodies.SERVER_CHOOSES
            made = self._client.create_attribute(bodies.attribute_body(attribute, id=wanted))
            known[attribute.name] = made.id
        return known.get(attribute.name)


def _is_calculated_there(series: Series, found: SeriesRecord | None) -> bool:
    if found is None:
        return bodies.is_sent_as_formula(series)
    return bool(found.formula)
