"""The App API of DCS, that of the browser's user interface, as `DCSSession`."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

from tidegate.model.instants import zone as zone_named
from tidegate.platforms.dcs.administration import Administration
from tidegate.platforms.dcs.cutting import RecordReader
from tidegate.platforms.dcs.facts import MEGA_WINDOW
from tidegate.platforms.dcs.queries import Query, app_query, whole_number
from tidegate.platforms.dcs.rows import Row, app_rows, in_turn, one_by_one
from tidegate.platforms.dcs.spans import Moment, dated_blocks

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from datetime import timedelta

    import pyarrow as pa

    from tidegate.platforms.dcs.turns import Turn


class DCSSession(Administration):
    """A session on a DCS server through the API of its user interface.

    Arguments and attributes are those of `DcsClient`, and:

    Args:
        zone: zone of the server, for times that it gives without one under `useLocalTime`.
    """

    _sign_in_path: ClassVar[str] = "/api/account/login/"
    _sign_out_path: ClassVar[str] = "/api/account/logout/"

    def __init__(
        self,
        rooturl: str,
        username: str | None = None,
        password: str | None = None,
        *,
        zone: str = "Europe/London",
        **connection: Any,
    ) -> None:
        self._zone = zone_named(zone)
        super().__init__(rooturl, username, password, **connection)

    def login(self, username: str, password: str) -> str:
        """Sign in, out of any other account first; gives the server's message, also on refusal.

        Raises:
            TransportError: the server did not answer, or with something else than DCS does.
            InsecureAddress: the password would travel by plain http to another machine.
        """
        return self._sign_in(username, password)

    def logout(self) -> None:
        """Sign out; never raises. The object can sign in again."""
        self._sign_out()

    def get_meters(self, id: int | None = None) -> Any:
        """All meters with their registers, or the one of an id, as the server describes them."""
        return self._described("Meters", "meter", id)

    def get_vms(self, id: int | None = None) -> Any:
        """All virtual meters, or the one of an id, as the server describes them."""
        return self._described("VirtualMeters", "virtual meter", id)

    @overload
    def get_readings(
        self, id: int, isVirtual: bool = ..., start: Moment | str | None = ...,
        end: Moment | str | None = ..., decimalPlaces: int = ..., calibrated: bool = ...,
        interpolated: bool = ..., useLocalTime: bool = ..., integrationPeriod: str = ...,
        source: str = ..., iterator: Literal[False] = ...,
    ) -> list[Row]: ...  # fmt: skip

    @overload
    def get_readings(
        self, id: int, isVirtual: bool = ..., start: Moment | str | None = ...,
        end: Moment | str | None = ..., decimalPlaces: int = ..., calibrated: bool = ...,
        interpolated: bool = ..., useLocalTime: bool = ..., integrationPeriod: str = ...,
        source: str = ..., *, iterator: Literal[True],
    ) -> Generator[Row]: ...  # fmt: skip

    @overload
    def get_readings(
        self, id: int, isVirtual: bool = ..., start: Moment | str | None = ...,
        end: Moment | str | None = ..., decimalPlaces: int = ..., calibrated: bool = ...,
        interpolated: bool = ..., useLocalTime: bool = ..., integrationPeriod: str = ...,
        source: str = ..., iterator: bool = ...,
    ) -> list[Row] | Generator[Row]: ...  # fmt: skip

    def get_readings(
        self,
        id: int,
        isVirtual: bool = False,
        start: Moment | str | None = None,
        end: Moment | str | None = None,
        decimalPlaces: int = 15,
        calibrated: bool = True,
        interpolated: bool = True,
        useLocalTime: bool = False,
        integrationPeriod: str = "halfhour",
        source: str = "automatic",
        iterator: bool = False,
    ) -> list[Row] | Generator[Row]:
        """Readings of a register or virtual meter, by its id, never by that of a meter.

        Args:
            id: of the register or virtual meter.
            isVirtual: whether it is a virtual meter.
            start: first day or instant; without one the server chooses, usually today.
            end: day or instant where the readings stop; it is not part of them.
            decimalPlaces: of numbers, 0 to 15.
            calibrated: whether totals are calibrated.
            interpolated: whether gaps are filled where the server can.
            useLocalTime: times in the zone of the server instead of UTC.
            integrationPeriod: `halfHour`, `hour`, `day`, `week` or `month`.
            source: `automatic`, `manual` or `merged`.
            iterator: one reading at a time, as it arrives, instead of a list.

        Returns:
            Dictionaries as the server sends them, with an aware `startTime`.

        Raises:
            UnknownToPlatform: no register has the id; the hint lists those of the meter meant.
            TransportError: the server refuses or cannot be asked, with `status` and `details`.
            BadValue: an argument cannot be; nothing was sent.
            UnknownName: a period or source does not exist; nothing was sent.
        """
        query = app_query(
            self._zone, id, isVirtual, start, end, decimalPlaces, calibrated, interpolated,
            useLocalTime, integrationPeriod, source,
        )  # fmt: skip
        return self._iterated(query) if iterator else self._listed(query)

    def get_readings_table(
        self,
        id: int,
        isVirtual: bool = False,
        start: Moment | str | None = None,
        end: Moment | str | None = None,
        decimalPlaces: int = 15,
        calibrated: bool = True,
        interpolated: bool = True,
        useLocalTime: bool = False,
        integrationPeriod: str = "halfhour",
        source: str = "automatic",
    ) -> pa.Table:
        """The readings of `get_readings` as Arrow columns: faster, and a tenth of the memory.

        Returns:
            Columns `startTime` (UTC), `totalValue`, `periodValue`, `isGenerated` and
            `isInterpolated`, one row a reading.

        Raises:
            TidegateError: as `get_readings`.
        """
        query = app_query(
            self._zone, id, isVirtual, start, end, decimalPlaces, calibrated, interpolated,
            useLocalTime, integrationPeriod, source,
        )  # fmt: skip
        return self._whole(partial(self._table, query))

    @overload
    def get_mega_readings(
        self, *args: Any, maxwindow: timedelta = ..., start: Moment, end: Moment,
        iterator: Literal[False] = ..., **kwargs: Any,
    ) -> list[Row]: ...  # fmt: skip

    @overload
    def get_mega_readings(
        self, *args: Any, maxwindow: timedelta = ..., start: Moment, end: Moment,
        iterator: Literal[True], **kwargs: Any,
    ) -> Generator[Row]: ...  # fmt: skip

    def get_mega_readings(
        self,
        *args: Any,
        maxwindow: timedelta = MEGA_WINDOW,
        start: Moment,
        end: Moment,
        iterator: bool = False,
        **kwargs: Any,
    ) -> list[Row] | Generator[Row]:
        """`get_readings` over a span of any length, asked for in windows and joined.

        Args:
            args: as of `get_readings`: the id, and whether it is that of a virtual meter.
            maxwindow: the longest span of one request.
            start: first day or instant; start and end are swapped if reversed.
            end: day or instant where the readings stop.
            iterator: one reading at a time instead of a list.
            kwargs: as of `get_readings`.

        Raises:
            BadSpan: the integration period does not fit into the span or the window.
            TidegateError: as `get_readings`.
        """
        period = kwargs.get("integrationPeriod", "halfHour")
        queries = [
            app_query(self._zone, *args, **{**kwargs, "start": first, "end": last})
            for first, last in dated_blocks(start, end, period, maxwindow)
        ]
        if iterator:
            return in_turn([partial(self._iterated, query) for query in queries])
        return list(chain.from_iterable(map(self._listed, queries)))

    def _meters(self) -> Any:
        return self.get_meters()

    def _virtual_meters(self) -> Any:
        return self.get_vms()

    def _described(self, path: str, kind: str, id: int | None) -> Any:
        if id is None:
            return self._ask("GET", f"/api/{path}/", subject=f"{kind}s")
        number = whole_number("id", id)
        return self._ask("GET", f"/api/{path}/{number}", subject=f"{kind} {number}")

    def _listed(self, query: Query) -> list[Row]:
        return self._whole(lambda: list(chain.from_iterable(self._slices(query))))

    def _slices(self, query: Query) -> Iterator[list[Row]]:
        with self._open_readings(query) as turn:
            yield from self._read(query, turn)

    def _read(self, query: Query, turn: Turn) -> Iterator[list[Row]]:
        reader = RecordReader(turn.chunks(), Row, subject=query.subject)
        return app_rows(reader, query.zone, query.subject)

    def _iterated(self, query: Query) -> Generator[Row]:
        turn = self._open_readings(query)
        return one_by_one(turn, lambda: self._read(query, turn))

    def _table(self, query: Query) -> pa.Table:
        import pyarrow as pa

        from tidegate.platforms.dcs.columns import APP_COLUMNS, app_batches

        with self._open_readings(query) as turn:
            batches = app_batches(turn.chunks(), zone=query.zone, subject=query.subject)
            return pa.Table.from_batches(batches, APP_COLUMNS)
