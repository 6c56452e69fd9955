"""The public Web API of DCS, as `DcsWebApi`."""

from __future__ import annotations

import weakref
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from tidegate.platforms.dcs.client import DcsClient, Standing
from tidegate.platforms.dcs.cutting import RecordReader
from tidegate.platforms.dcs.facts import LARGE_WINDOW
from tidegate.platforms.dcs.queries import Query, web_query
from tidegate.platforms.dcs.rows import Row, in_turn, one_by_one, put_times, web_rows
from tidegate.platforms.dcs.spans import BadSpan, Moment, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    import pyarrow as pa

    from tidegate.platforms.dcs.turns import Turn


class DcsWebApi(DcsClient):
    """A client of the public Web API of a DCS server, signed in or anonymous.

    Without credentials, and after `signout()`, the server's public endpoint is asked. Arguments
    and attributes are those of `DcsClient`.
    """

    _sign_in_path: ClassVar[str] = "/authentication/signin"
    _sign_out_path: ClassVar[str] = "/authentication/signout"

    def signin(self, username: str, password: str) -> str:
        """Sign in, out of any other account first; gives the server's message, also on refusal.

        Raises:
            TransportError: the server did not answer, or with something else than DCS does.
            InsecureAddress: the password would travel by plain http to another machine.
        """
        return self._sign_in(username, password)

    def signout(self) -> None:
        """Sign out; never raises. The object goes on anonymously, or signs in again."""
        self._sign_out()

    def status(self) -> Any:
        """What the server says of itself."""
        return self._ask("GET", "/status", subject="status")

    def meters(self, iterator: bool = False) -> Any:
        """All meters that the account may see, as a list or one by one."""
        return self._listed("/meters", "meters", is_lazy=iterator)

    def virtualmeters(self, iterator: bool = False) -> Any:
        """All virtual meters that the account may see, as a list or one by one."""
        return self._listed("/virtualMeters", "virtual meters", is_lazy=iterator)

    def readings(
        self,
        id: str,
        startTime: Moment | str | None = None,
        endTime: Moment | str | None = None,
        periodCount: int | None = None,
        calibrated: bool = True,
        interpolated: bool = True,
        periodType: str = "halfhour",
        format: str = "standard",
        iterator: bool = False,
    ) -> dict[str, Any]:
        """Readings of a register or virtual meter, under a description of them.

        Args:
            id: `R` with the id of a register, or `VM` with that of a virtual meter.
            startTime: first instant; two of this, the end and the count are needed.
            endTime: instant where the readings stop; it is not part of them.
            periodCount: how many periods.
            calibrated: whether totals are calibrated.
            interpolated: whether gaps are filled where the server can.
            periodType: `halfHour`, `hour`, `day`, `week` or `month`.
            format: `standard`, or `complete` for totals and period values of registers.
            iterator: one reading at a time, as it arrives, under `readings`.

        Returns:
            The server's object with aware times and `readings` as dictionaries. With `iterator`,
            properties that the server sends after the readings are there once these are read.

        Raises:
            BadSpan: not exactly two of the three are given; nothing was sent.
            UnknownName: a period or format does not exist; nothing was sent.
            UnknownToPlatform: no register has the id; the hint lists those of the meter meant.
            TransportError: the server refuses or cannot be asked, with `status` and `details`.
        """
        query = web_query(
            id, startTime, endTime, periodCount, calibrated, interpolated, periodType, format
        )
        return self._iterated(query) if iterator else self._read(query)

    def readings_table(
        self,
        id: str,
        startTime: Moment | str | None = None,
        endTime: Moment | str | None = None,
        periodCount: int | None = None,
        calibrated: bool = True,
        interpolated: bool = True,
        periodType: str = "halfhour",
        format: str = "standard",
    ) -> pa.Table:
        """The readings of `readings` as Arrow columns: faster, and a tenth of the memory.

        Returns:
            Columns `timestamp` (UTC), `value`, `status`, or in format `complete` `timestamp`,
            `totalValue`, `periodValue`, `status`; the schema's metadata hold the description.

        Raises:
            TidegateError: as `readings`.
        """
        query = web_query(
            id, startTime, endTime, periodCount, calibrated, interpolated, periodType, format
        )
        return self._whole(partial(self._table, query))

    def largereadings(
        self,
        *args: Any,
        maxwindow: timedelta = LARGE_WINDOW,
        periodCount: int | None = None,  # noqa: ARG002 - accepted and ignored, as ever
        startTime: Moment | None = None,
        endTime: Moment | None = None,
        iterator: bool = False,
        periodType: str = "halfHour",
        **kwargs: Any,
    ) -> dict[str, Any]:
        """`readings` over a span of any length, asked for in blocks and joined.

        Args:
            args: the id, as of `readings`.
            maxwindow: the longest span of one request.
            periodCount: ignored.
            startTime: first instant; start and end are swapped if reversed.
            endTime: instant where the readings stop.
            iterator: one reading at a time under `readings`; the first request goes out at once.
            periodType: as of `readings`.
            kwargs: as of `readings`.

        Raises:
            BadSpan: an end is missing, or the period does not fit into the span or the window.
            TidegateError: as `readings`.
        """
        if startTime is None or endTime is None:
            raise BadSpan("startTime and endTime are needed", hint="give both as keywords")
        kwargs["periodType"] = periodType
        spans = blocks(startTime, endTime, periodType, maxwindow)
        queries = [
            web_query(*args, **{**kwargs, "startTime": first, "endTime": last})
            for first, last in spans
        ]
        read = self._iterated if iterator else self._read
        document = read(queries[0])
        document["endTime"] = spans[-1][1]
        first, following = document["readings"], queries[1:]
        if iterator:
            later = (lambda query=query: read(query)["readings"] for query in following)
            document["readings"] = in_turn([lambda: first, *later])
        else:
            document["readings"] = [
                *first,
                *(row for q in following for row in read(q)["readings"]),
            ]
        return document

    def _endpoint(self, path: str) -> str:
        return f"/public{path}" if self._account.standing is Standing.ANONYMOUS else path

    def _meters(self) -> Any:
        return self.meters()

    def _virtual_meters(self) -> Any:
        return self.virtualmeters()

    def _listed(self, path: str, subject: str, *, is_lazy: bool) -> Any:
        path = self._endpoint(path)
        if not is_lazy:
            return self._ask("GET", path, subject=subject)
        turn = self._open(path, None, subject)
        return one_by_one(turn, lambda: iter(RecordReader(turn.chunks(), Row, subject=subject)))

    def _opened(self, query: Query) -> Turn:
        return self._open_readings(replace(query, path=self._endpoint(query.path)))

    def _read(self, query: Query) -> Description:
        return self._whole(partial(self._read_once, query))

    def _read_once(self, query: Query) -> Description:
        with self._opened(query) as turn:
            reader = RecordReader(turn.chunks(), Row, key="readings", subject=query.subject)
            rows = list(chain.from_iterable(web_rows(reader, query.subject)))
            return Description(_described(reader, query.subject), readings=rows)

    def _iterated(self, query: Query) -> Description:
        turn = self._opened(query)
        try:
            reader = RecordReader(turn.chunks(), Row, key="readings", subject=query.subject)
            document = Description(_described(reader, query.subject))
        except BaseException:
            turn.close()
            raise
        slices = _completing(weakref.ref(document), reader, query.subject)
        document["readings"] = one_by_one(turn, lambda: slices)
        return document

    def _table(self, query: Query) -> pa.Table:
        from tidegate.platforms.dcs.columns import web_table

        with self._opened(query) as turn:
            is_complete = query.params["format"] == "complete"
            return web_table(turn.chunks(), is_complete=is_complete, subject=query.subject)


class Description(dict[str, Any]):
    """What the server says of readings, and the readings; a dict that can be referred to weakly."""

    __slots__ = ("__weakref__",)


def _completing(
    document: weakref.ref[Description], reader: RecordReader[Row], subject: str
) -> Iterator[list[Row]]:
    """The slices of an answer; then the properties that follow them are put into its document."""
    yield from web_rows(reader, subject)
    described = document()
    if described is not None:
        late = _described(reader, subject)
        late.pop("readings")
        for name, value in late.items():
            described.setdefault(name, value)


def _described(reader: RecordReader[Row], subject: str) -> dict[str, Any]:
    document = reader.surroundings()
    for name in ("startTime", "endTime"):
        if name in document:
            put_times([document], name, None, subject)
    return document
