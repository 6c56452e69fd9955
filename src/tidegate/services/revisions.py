"""Revisions: what a WebTSM server believed when, taken into the store's own history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import pyarrow as pa

from tidegate.model.errors import NotFound
from tidegate.model.instants import DAY, FOREVER
from tidegate.model.series import MAIN
from tidegate.model.windows import Window
from tidegate.platforms.tsm.connector import id_of
from tidegate.services.connecting import opened
from tidegate.services.selection import find
from tidegate.store.messages import SeriesSelection
from tidegate.store.verbs import HISTORY
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tidegate.model.intervals import Interval
    from tidegate.model.series import Series
    from tidegate.platforms.tsm.connector import TsmConnector
    from tidegate.services.selection import Named
    from tidegate.store.messages import ConnectionRecord
    from tidegate.store.verbs import Verbs
    from tidegate.transport.progress import Progress

_DAYS_AT_ONCE: Final = 31 * DAY
_POINTS_AT_ONCE: Final = 3_000
"""Time whose revisions are asked for together: each costs one answer over all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """What was learned of one series.

    Attributes:
        series: its name.
        instants: how many instants of writing the server names.
        earlier: readings that were believed before the store knew of them, and now can be read.
    """

    series: str
    instants: int
    earlier: int


def take_revisions(
    store: Verbs,
    record: ConnectionRecord,
    names: Sequence[Named] = (),
    *,
    start: int | None = None,
    end: int | None = None,
    repository: str = MAIN,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
) -> Iterator[Revised]:
    """Learn what a server believed of series at each instant at which it was written to.

    Afterwards `as_of` gives here what `audit` gives there, for the time before the store first
    pulled a reading. Since then the store's own history counts.

    Args:
        store: where the series are.
        record: the connection that they were pulled through.
        names: of the series; all of the connection unless given.
        start: first instant of the readings; the first that is stored, if None.
        end: exclusive; to the last that is stored, if None.
        repository: of the series.
        policies: how to treat the server.
        progress: told of requests.

    Raises:
        NotFound: a series was not pulled through the connection.
        TransportError: the server keeps no revisions, or cannot be asked.
    """
    chosen = chosen_of(store, record, names, repository)
    with opened(store, record, policies=policies, progress=progress) as connector:
        for series in chosen:
            window = _window(store, series, start, end)
            yield _revised(store, cast("TsmConnector", connector), record, series, window)


def chosen_of(
    store: Verbs, record: ConnectionRecord, names: Sequence[Named], repository: str
) -> list[Series]:
    """The series of names, all stored ones of a connection unless given.

    Raises:
        NotFound: one was not pulled through the connection.
    """
    if not names:
        found = store.find_series(SeriesSelection(connection=record.name), repository=repository)
        return [series for series in found if series.formula is None]
    chosen = find(store, names, repository=repository)
    for series in chosen:
        if series.origin is None or series.origin.connection != record.name:
            hint = f"it was not pulled through '{record.name}'"
            raise NotFound("versions of series", series.name, hint=hint)
    return chosen


def _window(store: Verbs, series: Series, start: int | None, end: int | None) -> Window | None:
    rows = store.extents([series.key]).to_pylist()
    first = rows[0]["first"] if rows and start is None else start
    last = rows[0]["last"] + 1 if rows and end is None else end
    return None if first is None or last is None else Window(first, last)


def _revised(
    store: Verbs,
    connector: TsmConnector,
    record: ConnectionRecord,
    series: Series,
    window: Window | None,
) -> Revised:
    told = earlier = 0
    for piece in _pieces(window, series.interval) if window else ():
        count, history = _history(connector, series, piece)
        told += count
        if history.num_rows:
            earlier += store.record_history(history, actor=f"connection {record.name}")
    return Revised(series=series.name, instants=told, earlier=earlier)


def _history(connector: TsmConnector, series: Series, window: Window) -> tuple[int, pa.Table]:
    assert series.origin is not None
    number = id_of(series.origin.subject)
    instants = connector.modifications(number, window)
    states = [connector.readings(number, window, audit=at) for at in instants]
    return len(instants), beliefs(int(series.key), instants, states)


def beliefs(series: int, instants: Sequence[int], states: Sequence[pa.Table]) -> pa.Table:
    """From when to when each reading was believed, as `HISTORY`.

    Args:
        series: the key.
        instants: sorted; what was known changed at each of them and at no other.
        states: `ts, value, flag` of all that was known from each instant on.
    """
    if not any(state.num_rows for state in states):
        return HISTORY.empty_table()
    table = pa.concat_tables(states)
    turn = np.repeat(np.arange(len(states)), [state.num_rows for state in states])
    order = np.lexsort((turn, table["ts"].to_numpy()))
    table, turn = table.take(pa.array(order)), turn[order]
    begins = _begins(table, turn)
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(turn)) - 1
    borders = np.append(np.asarray(instants, np.int64), FOREVER)
    rows = table.take(pa.array(starts))
    columns = [
        pa.array(np.full(len(starts), series, np.int32)),
        *(rows[name] for name in ("ts", "value", "flag")),
        pa.array(borders[turn[starts]]),
        pa.array(borders[turn[ends] + 1]),
    ]
    return pa.table(columns, schema=HISTORY)


def _begins(table: pa.Table, turn: NDArray[np.intp]) -> NDArray[np.bool_]:
    """True where a row says something else than the row before it, or not directly after it."""
    ts, flags = table["ts"].to_numpy(), table["flag"].to_numpy()
    values = table["value"].to_numpy(zero_copy_only=False)
    same = (ts[1:] == ts[:-1]) & (flags[1:] == flags[:-1]) & (turn[1:] == turn[:-1] + 1)
    same &= (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    return np.append(np.ones(min(1, len(ts)), np.bool_), ~same)


def _pieces(window: Window, interval: Interval) -> Iterator[Window]:
    start, length = window.start, max(_DAYS_AT_ONCE, _POINTS_AT_ONCE * interval.nominal)
    while start < window.end:
        piece = Window(start, min(window.end, start + length))
        yield piece
        start = piece.end
